package pack

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

// entry is one file of a pack, wherever it comes from.
type entry struct {
	name string
	mode fs.FileMode
	open func() (io.ReadCloser, error)
}

// intake reads entries within the limits, counting the bytes that really come rather than those announced.
type intake struct {
	files  map[string][]byte
	issues []ports.PackIssue
	seen   int
	bytes  int64
}

func newIntake() *intake { return &intake{files: map[string][]byte{}} }

func (in *intake) fault(file, code, detail string) {
	in.issues = append(in.issues, ports.PackIssue{File: file, Code: code, Detail: detail})
}

// take reads one entry. The error ends the reading of the whole pack.
func (in *intake) take(ctx context.Context, e entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if in.seen++; in.seen > MaxFiles {
		return exam.ErrPackTooLarge.Because(fmt.Errorf("more than %d files", MaxFiles))
	}
	switch {
	case !fs.ValidPath(e.name) || strings.ContainsAny(e.name, "\\:\x00"):
		in.fault(e.name, "unsafe_name", "The name points outside the pack or has characters that some systems forbid.")
		return nil
	case e.mode&fs.ModeSymlink != 0 || !e.mode.IsRegular():
		in.fault(e.name, "not_a_file", "Only regular files are allowed, no links.")
		return nil
	case ignored(e.name):
		return nil
	case !expected(e.name):
		in.fault(e.name, "unexpected_file", "A pack holds exam.json and files directly in media/, nothing else.")
		return nil
	}
	if _, twice := in.files[e.name]; twice {
		in.fault(e.name, "duplicate_file", "The pack has two files of this name.")
		return nil
	}
	return in.read(e)
}

func (in *intake) read(e entry) error {
	most := int64(MaxMedia)
	if e.name == Manifest {
		most = MaxManifest
	}
	body, err := e.open()
	if err != nil {
		in.fault(e.name, "unreadable", "The file cannot be read: "+err.Error())
		return nil
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, most+1))
	in.bytes += int64(len(data))
	switch {
	case in.bytes > MaxPack:
		return exam.ErrPackTooLarge.Because(fmt.Errorf("more than %d bytes unpacked", MaxPack))
	case err != nil:
		in.fault(e.name, "unreadable", "The file cannot be read: "+err.Error())
	case int64(len(data)) > most:
		in.fault(e.name, "too_large", fmt.Sprintf("The file is larger than %d MiB.", most>>20))
	default:
		in.files[e.name] = data
	}
	return nil
}

// expected reports whether a file of that name belongs into a pack.
func expected(name string) bool {
	return name == Manifest || (path.Dir(name) == "media" && path.Base(name) != "")
}

// ignored reports whether a file may lie in a pack without being part of it: notes and licences at the top, and
// what operating systems leave behind.
func ignored(name string) bool {
	base := path.Base(name)
	top := path.Dir(name) == "."
	return strings.HasPrefix(base, ".") || base == "Thumbs.db" || strings.HasPrefix(name, "__MACOSX/") ||
		(top && (strings.HasSuffix(base, ".md") || strings.HasPrefix(base, "LICEN")))
}

func fromFolder(ctx context.Context, root fs.FS) (map[string][]byte, []ports.PackIssue, error) {
	in := newIntake()
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return exam.ErrUnreadable.Because(err)
		case err != nil:
			in.fault(name, "unreadable", "The folder cannot be read: "+err.Error())
			return nil
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		return in.take(ctx, entry{name: name, mode: d.Type(), open: func() (io.ReadCloser, error) { return root.Open(name) }})
	})
	return in.files, in.issues, err
}

func fromZip(ctx context.Context, archive *zip.Reader) (map[string][]byte, []ports.PackIssue, error) {
	in := newIntake()
	top := topFolder(archive)
	for _, f := range archive.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		e := entry{name: strings.TrimPrefix(f.Name, top), mode: f.Mode(), open: f.Open}
		if err := in.take(ctx, e); err != nil {
			return nil, nil, err
		}
	}
	return in.files, in.issues, nil
}

// topFolder returns the one folder that holds everything, as zipping a folder makes it; "" when there is none.
func topFolder(archive *zip.Reader) string {
	for _, f := range archive.File {
		if dir, base := path.Split(f.Name); base == Manifest && dir != "" && strings.Count(dir, "/") == 1 && dir != "media/" {
			return dir
		}
	}
	return ""
}

// place turns an offset into a line and a column, both from one.
func place(text []byte, offset int64) (line, column int) {
	before := text[:min(max(int(offset)-1, 0), len(text))]
	line = 1 + strings.Count(string(before), "\n")
	return line, len(before) - strings.LastIndexByte(string(before), '\n')
}

// errTooDeep ends the reading of a document that nests beyond any form.
var errTooDeep = errors.New("the document is nested too deeply")
