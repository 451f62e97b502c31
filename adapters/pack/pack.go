// Package pack reads content packs: a folder or a zip file with exam.json and the media files it refers to. It
// trusts nothing in them, and reports everything that is wrong at once.
package pack

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

// Manifest is the file that holds the form.
const Manifest = "exam.json"

// The limits of a pack.
const (
	MaxManifest = 8 << 20   // bytes of exam.json
	MaxMedia    = 20 << 20  // bytes of one media file
	MaxPack     = 200 << 20 // bytes of all files, unpacked
	MaxFiles    = 1000
)

// Reader reads packs. It implements ports.Packs.
type Reader struct {
	root fs.FS // nil reads the file system of the machine
}

var _ ports.Packs = (*Reader)(nil)

// New reads packs from folders and zip files of the machine.
func New() *Reader { return &Reader{} }

// NewFS reads packs from the folders of a file system, such as those that the program ships.
func NewFS(root fs.FS) *Reader { return &Reader{root: root} }

// Read returns the pack at path and every fault that can be found without the rules of the form, ordered by file
// and place. With faults the pack holds what could be read. The error is exam.ErrUnreadable or exam.ErrPackTooLarge
// around the reason.
func (r *Reader) Read(ctx context.Context, path string) (ports.Pack, []ports.PackIssue, error) {
	files, issues, err := r.files(ctx, path)
	if err != nil {
		return ports.Pack{}, nil, err
	}
	var form exam.Form
	text, there := files[Manifest]
	switch {
	case there:
		var faults []ports.PackIssue
		if form, faults, err = readManifest(text); err != nil {
			return ports.Pack{}, nil, err
		}
		issues = append(issues, faults...)
	case !mentioned(issues, Manifest):
		issues = append(issues, ports.PackIssue{File: Manifest, Code: "missing", Detail: "The pack has no exam.json."})
	}
	media, faults := readMedia(form, files, issues)
	return ports.Pack{Form: form, Files: media}, presented(append(issues, faults...)), nil
}

// presented puts issues in order, and takes out of them what a terminal would obey rather than show: they quote the
// pack, which is not to be trusted.
func presented(issues []ports.PackIssue) []ports.PackIssue {
	visible := func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}
	for n, i := range issues {
		issues[n] = ports.PackIssue{
			File: strings.Map(visible, i.File), Pointer: strings.Map(visible, i.Pointer),
			Code: i.Code, Detail: strings.Map(visible, i.Detail),
		}
	}
	slices.SortFunc(issues, func(a, b ports.PackIssue) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Detail, b.Detail))
	})
	return issues
}

// files reads everything in the pack into memory, within the limits.
func (r *Reader) files(ctx context.Context, path string) (map[string][]byte, []ports.PackIssue, error) {
	if r.root != nil {
		sub, err := fs.Sub(r.root, path)
		if err != nil {
			return nil, nil, exam.ErrUnreadable.Because(err)
		}
		return fromFolder(ctx, sub)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, nil, exam.ErrUnreadable.Because(err)
	case info.IsDir():
		return fromFolder(ctx, os.DirFS(path))
	case !info.Mode().IsRegular():
		return nil, nil, exam.ErrUnreadable.Because(fmt.Errorf("%s is neither a folder nor a file", path))
	case info.Size() > MaxPack:
		return nil, nil, exam.ErrPackTooLarge.Because(fmt.Errorf("%s has %d bytes", path, info.Size()))
	}
	file, err := os.Open(path) //nolint:gosec // the operator chose the path
	if err != nil {
		return nil, nil, exam.ErrUnreadable.Because(err)
	}
	defer file.Close()
	archive, err := openZip(file, info.Size())
	if err != nil {
		return nil, nil, err
	}
	return fromZip(ctx, archive)
}
