package pack

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
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
			return starts("ID3")(d) || (len(d) > 2 && d[0] == 0xff && d[1]&0xe0 == 0xe0)
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

// readMedia checks each media file for itself and against the form.
func readMedia(form exam.Form, files map[string][]byte) (map[string]ports.PackFile, []ports.PackIssue) {
	var issues []ports.PackIssue
	media := map[string]ports.PackFile{}
	used := references(form)
	for name, data := range files {
		if name == Manifest {
			continue
		}
		f, fault := identify(name, data)
		if fault == nil && len(used) > 0 && used[name] == nil {
			fault = &ports.PackIssue{File: name, Code: "unused", Detail: "The form does not refer to this file."}
		}
		if fault != nil {
			issues = append(issues, *fault)
			continue
		}
		media[name] = ports.PackFile{Media: exam.Media{Hash: exam.Hash(data), Type: f.mediaType, Size: int64(len(data))}, Data: data}
		for _, ref := range used[name] {
			if ref.kind != f.kind {
				issues = append(issues, ports.PackIssue{
					File: Manifest, Pointer: ref.pointer, Code: "media_kind",
					Detail: fmt.Sprintf("%s is not a file of kind %s.", name, ref.kind),
				})
			}
		}
	}
	for name, refs := range used {
		if _, there := files[name]; !there {
			issues = append(issues, ports.PackIssue{File: Manifest, Pointer: refs[0].pointer, Code: "media_missing", Detail: "The pack has no file " + name + "."})
		}
	}
	return media, issues
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

// maxSVGDepth is how deep the elements of a drawing may nest.
const maxSVGDepth = 64

// unsafeSVG returns why a drawing is refused: it could run something, reach something, or tell in words what a
// learner has to see.
func unsafeSVG(data []byte) string {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	depth := 0
	for {
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF) && depth == 0:
			return ""
		case err != nil:
			return "The drawing is not well-formed: " + err.Error()
		}
		switch t := token.(type) {
		case xml.Directive:
			return "The drawing has a DOCTYPE, which could define entities."
		case xml.Comment:
			return "The drawing has a comment, which could give an answer away."
		case xml.ProcInst:
			if t.Target != "xml" {
				return "The drawing has a processing instruction."
			}
		case xml.StartElement:
			if depth++; depth > maxSVGDepth {
				return "The drawing is nested too deeply."
			}
			if reason := unsafeElement(t); reason != "" {
				return reason
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if text := strings.ToLower(string(t)); strings.Contains(text, "@import") || external(text) {
				return "The drawing refers to something outside itself."
			}
		}
	}
}

func unsafeElement(e xml.StartElement) string {
	switch name := strings.ToLower(e.Name.Local); name {
	case "script", "foreignobject", "iframe", "embed", "object", "audio", "video", "handler", "listener", "set", "animate", "a":
		return "The drawing has an element " + e.Name.Local + "."
	case "title", "desc", "metadata":
		return "The drawing has an element " + e.Name.Local + ", which could give an answer away."
	}
	for _, a := range e.Attr {
		name, value := strings.ToLower(a.Name.Local), strings.ToLower(strings.TrimSpace(a.Value))
		switch {
		case strings.HasPrefix(name, "on"):
			return "The drawing has an event attribute " + a.Name.Local + "."
		case name == "href" && !strings.HasPrefix(value, "#"), name == "src", name != "xmlns" && a.Name.Space != "xmlns" && external(value):
			return "The drawing refers to something outside itself."
		case strings.HasPrefix(name, "aria-") || name == "alt":
			return "The drawing has an attribute " + a.Name.Local + ", which could give an answer away."
		}
	}
	return ""
}

// external reports whether a value leads out of the drawing.
func external(value string) bool {
	for rest := value; ; {
		_, after, found := strings.Cut(rest, "url(")
		if !found {
			break
		}
		if rest = strings.TrimLeft(after, ` '"`); !strings.HasPrefix(rest, "#") {
			return true
		}
	}
	return strings.Contains(value, "://") || strings.Contains(value, "javascript:") || strings.Contains(value, "data:")
}
