package pack

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

// format is a kind of media file that a pack may hold.
type format struct {
	extensions []string
	mediaType  string
	kind       exam.StimulusKind
	is         func(data []byte) bool
}

func formats() []format {
	return []format{
		{[]string{".svg"}, "image/svg+xml", exam.Image, func(d []byte) bool { return bytes.Contains(d[:min(len(d), 1024)], []byte("<svg")) }},
		{[]string{".png"}, "image/png", exam.Image, starts("\x89PNG\r\n\x1a\n")},
		{[]string{".jpg", ".jpeg"}, "image/jpeg", exam.Image, starts("\xff\xd8\xff")},
		{[]string{".webp"}, "image/webp", exam.Image, riff("WEBP")},
		{[]string{".mp3"}, "audio/mpeg", exam.Audio, func(d []byte) bool {
			return starts("ID3")(d) || (len(d) > 2 && d[0] == 0xff && d[1]&0xe0 == 0xe0 && d[1]&0x06 != 0) // layer 0 is AAC
		}},
		{[]string{".m4a"}, "audio/mp4", exam.Audio, func(d []byte) bool { return len(d) > 12 && string(d[4:8]) == "ftyp" }},
		{[]string{".ogg", ".opus"}, "audio/ogg", exam.Audio, starts("OggS")},
		{[]string{".wav"}, "audio/wav", exam.Audio, riff("WAVE")},
	}
}

func starts(magic string) func([]byte) bool {
	return func(d []byte) bool { return bytes.HasPrefix(d, []byte(magic)) }
}

func riff(form string) func([]byte) bool {
	return func(d []byte) bool { return len(d) > 12 && string(d[:4]) == "RIFF" && string(d[8:12]) == form }
}

// readMedia checks each media file for itself and, when the form could be read, against it. A file with a known
// issue is in the pack, even though its bytes are not among the files.
func readMedia(form exam.Form, files map[string][]byte, known []ports.PackIssue) (map[string]ports.PackFile, []ports.PackIssue) {
	var issues []ports.PackIssue
	media := map[string]ports.PackFile{}
	used := references(form)
	readable := !slices.ContainsFunc(known, func(i ports.PackIssue) bool { return i.File == Manifest && i.Pointer == "" })
	for name, data := range files {
		if name == Manifest {
			continue
		}
		f, fault := identify(name, data)
		if fault == nil && readable && used[name] == nil {
			fault = &ports.PackIssue{File: name, Code: "unused", Detail: "The form does not refer to this file."}
		}
		if fault != nil {
			issues = append(issues, *fault)
			continue
		}
		media[name] = ports.PackFile{Media: exam.Media{Hash: exam.Hash(data), Type: f.mediaType, Size: int64(len(data))}, Data: data}
		issues = append(issues, otherKinds(name, f.kind, used[name])...)
	}
	for name, refs := range used {
		if _, there := files[name]; !there && !mentioned(known, name) {
			issues = append(issues, ports.PackIssue{File: Manifest, Pointer: refs[0].pointer, Code: "media_missing", Detail: "The pack has no file " + name + "."})
		}
	}
	return media, issues
}

// otherKinds names the places of the form that take a file for something else than it is.
func otherKinds(name string, is exam.StimulusKind, refs []reference) []ports.PackIssue {
	var issues []ports.PackIssue
	for _, ref := range refs {
		if ref.kind != is {
			issues = append(issues, ports.PackIssue{
				File: Manifest, Pointer: ref.pointer, Code: "media_kind",
				Detail: fmt.Sprintf("%s is not a file of kind %s.", name, ref.kind),
			})
		}
	}
	return issues
}

// mentioned reports whether some issue is about the file.
func mentioned(issues []ports.PackIssue, name string) bool {
	return slices.ContainsFunc(issues, func(i ports.PackIssue) bool { return i.File == name })
}

// reference is one place of the form that names a media file.
type reference struct {
	pointer string
	kind    exam.StimulusKind
}

func references(form exam.Form) map[string][]reference {
	out := map[string][]reference{}
	for p, part := range form.Parts {
		for g, group := range part.Groups {
			for s, stimulus := range group.Stimuli {
				if stimulus.Media != "" {
					at := fmt.Sprintf("/parts/%d/groups/%d/stimuli/%d/media", p, g, s)
					out[stimulus.Media] = append(out[stimulus.Media], reference{at, stimulus.Kind})
				}
			}
		}
	}
	return out
}

// identify tells what a file is by its bytes, and whether its name agrees.
func identify(name string, data []byte) (format, *ports.PackIssue) {
	extension := strings.ToLower(path.Ext(name))
	for _, f := range formats() {
		if !slices.Contains(f.extensions, extension) {
			continue
		}
		if !f.is(data) {
			return f, &ports.PackIssue{File: name, Code: "media_type", Detail: "The content is not what the name says."}
		}
		if extension == ".svg" {
			if reason := unsafeSVG(data); reason != "" {
				return f, &ports.PackIssue{File: name, Code: "unsafe_svg", Detail: reason}
			}
		}
		return f, nil
	}
	return format{}, &ports.PackIssue{File: name, Code: "media_type", Detail: "Files of this type are not accepted."}
}
