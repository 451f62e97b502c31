package pack

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"unicode"

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
	case unsafeName(e.name):
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

// unsafeName reports whether a name leads out of the pack, or would do so or be another one on some system.
func unsafeName(name string) bool {
	return !fs.ValidPath(name) || strings.ContainsAny(name, `\:`) || strings.ContainsFunc(name, unicode.IsControl)
}

// expected reports whether a file of that name belongs into a pack.
func expected(name string) bool {
	return name == Manifest || path.Dir(name) == "media"
}

// ignored reports whether a file may lie in a pack without being part of it: notes and licences at the top, and
// what operating systems leave behind.
func ignored(name string) bool {
	base := path.Base(name)
	top := path.Dir(name) == "."
	hidden := func(part string) bool { return part != ".." && part != "." && strings.HasPrefix(part, ".") }
	return slices.ContainsFunc(strings.Split(name, "/"), hidden) || base == "Thumbs.db" || strings.HasPrefix(name, "__MACOSX/") ||
		(top && (strings.HasSuffix(base, ".md") || strings.HasPrefix(base, "LICEN")))
}

func fromFolder(ctx context.Context, root fs.FS) (map[string][]byte, []ports.PackIssue, error) {
	in := newIntake()
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return exam.ErrUnreadable.Because(err)
		case name == "." && !d.IsDir():
			return exam.ErrUnreadable.Because(errors.New("not a folder"))
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
	top := ""
	for _, f := range archive.File {
		if dir, base := path.Split(f.Name); base == Manifest && strings.Count(dir, "/") == 1 {
			top = dir
			break
		}
	}
	if top == "./" || unsafeName(strings.TrimSuffix(top, "/")) { // what is unsafe is to be named, not cut off
		return ""
	}
	for _, f := range archive.File {
		if !strings.HasPrefix(f.Name, top) && !ignored(f.Name) {
			return ""
		}
	}
	return top
}

// maxDirectory bounds the bytes of the list of files in a zip file, as all of it is read before the first file.
const maxDirectory = 4 << 20

// openZip reads the list of files.
func openZip(file io.ReaderAt, size int64) (*zip.Reader, error) {
	limited := &limitedReaderAt{from: file, left: maxDirectory}
	archive, err := zip.NewReader(limited, size)
	switch {
	case limited.left < 0:
		return nil, exam.ErrPackTooLarge.Because(fmt.Errorf("the list of files is longer than %d bytes", maxDirectory))
	case err != nil && !errors.Is(err, zip.ErrInsecurePath): // insecure paths are named one by one
		return nil, exam.ErrUnreadable.Because(fmt.Errorf("no zip file: %w", err))
	}
	limited.left = math.MaxInt64 // from here on the intake counts
	return archive, nil
}

// limitedReaderAt refuses to read when too much was read. It is for one goroutine.
type limitedReaderAt struct {
	from io.ReaderAt
	left int64
}

// ReadAt implements io.ReaderAt.
func (l *limitedReaderAt) ReadAt(p []byte, offset int64) (int, error) {
	if l.left < 0 {
		return 0, exam.ErrPackTooLarge
	}
	n, err := l.from.ReadAt(p, offset)
	l.left -= int64(n)
	return n, err //nolint:wrapcheck // io.EOF has to arrive as it is
}
