package pack_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/toeic-app/toeic/adapters/pack"
	"github.com/toeic-app/toeic/domain/exam"
)

// zeros writes a zip file whose named entries unpack to so many zero bytes each.
func zeros(t *testing.T, entries map[string]int64) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	packed := map[int64]*zip.FileHeader{} // by size: to compress takes longer than anything else here
	bodies := map[int64][]byte{}
	for name, size := range entries {
		if packed[size] == nil {
			packed[size], bodies[size] = deflated(t, size)
		}
		header := *packed[size]
		header.Name = name
		entry, err := w.CreateRaw(&header)
		if err == nil {
			_, err = entry.Write(bodies[size])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return save(t, b.Bytes())
}

func deflated(t *testing.T, size int64) (*zip.FileHeader, []byte) {
	t.Helper()
	var b bytes.Buffer
	sum := crc32.NewIEEE()
	z, err := flate.NewWriter(&b, flate.BestSpeed)
	if err == nil {
		_, err = io.CopyN(io.MultiWriter(z, sum), nothing{}, size)
	}
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return &zip.FileHeader{
		Method: zip.Deflate, CRC32: sum.Sum32(), UncompressedSize64: uint64(size), CompressedSize64: uint64(b.Len()),
	}, b.Bytes()
}

// nothing reads as zeros without an end.
type nothing struct{}

func (nothing) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestABombIsDefusedBeforeItFillsTheMemory(t *testing.T) {
	entries := map[string]int64{}
	for i := range 15 {
		entries[fmt.Sprintf("media/%d.mp3", i)] = pack.MaxMedia
	}
	path := zeros(t, entries)
	if info, err := os.Stat(path); err != nil || info.Size() > 2<<20 {
		t.Fatal("the bomb is not small", err)
	}
	if _, _, err := pack.New().Read(t.Context(), path); !errors.Is(err, exam.ErrPackTooLarge) {
		t.Errorf("300 MiB unpacked: %v", err)
	}
	many := map[string]int64{}
	for i := range pack.MaxFiles + 1 {
		many[fmt.Sprintf("media/%d.mp3", i)] = 1
	}
	if _, _, err := pack.New().Read(t.Context(), zeros(t, many)); !errors.Is(err, exam.ErrPackTooLarge) {
		t.Errorf("too many files: %v", err)
	}
	_, issues := read(t, zeros(t, map[string]int64{"media/a.mp3": pack.MaxMedia + 1, pack.Manifest: pack.MaxManifest + 1}))
	large := 0
	for _, i := range issues {
		if i.Code == "too_large" {
			large++
		}
	}
	if large != 2 {
		t.Errorf("issues %v, want two files that are too large", issues)
	}
}

// A header that announces fewer bytes than come is caught by the bytes, or by the checksum.
func TestAHeaderThatLiesDoesNotHelp(t *testing.T) {
	path := zeros(t, map[string]int64{"media/a.mp3": pack.MaxMedia + 1})
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	// The uncompressed size in the central directory, 24 bytes after its signature.
	at := bytes.Index(data, []byte("PK\x01\x02"))
	copy(data[at+24:], []byte{1, 0, 0, 0})
	_, issues, err := pack.New().Read(t.Context(), save(t, data))
	if err == nil && len(issues) == 0 {
		t.Error("the lie is believed")
	}
	for _, i := range issues {
		if i.File == "media/a.mp3" && i.Code != "too_large" && i.Code != "unreadable" {
			t.Errorf("issue %+v", i)
		}
	}
}

func TestNamesThatLeadOutOfThePackAreRefused(t *testing.T) {
	for _, name := range []string{"../evil.svg", "media/../../evil.svg", "/etc/evil.svg", `media\evil.svg`, "C:/evil.svg", "./media/x.svg", "media//x.svg"} {
		f := sound(t)
		f[name] = drawing
		_, issues := read(t, f.zip(t, ""))
		found := false
		for _, i := range issues {
			found = found || i.Code == "unsafe_name"
		}
		if !found {
			t.Errorf("%s: issues %v", name, issues)
		}
	}
}

func TestLinksAreRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege on Windows")
	}
	secret := filepath.Join(t.TempDir(), "secret.svg")
	if err := os.WriteFile(secret, []byte(drawing), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := sound(t).folder(t)
	if err := os.Symlink(secret, filepath.Join(dir, "media", "link.svg")); err != nil {
		t.Fatal(err)
	}
	got, issues := read(t, dir)
	if len(issues) != 1 || issues[0].Code != "not_a_file" || got.Files["media/link.svg"].Data != nil {
		t.Errorf("a link in a folder: %v", issues)
	}

	var b bytes.Buffer
	w := zip.NewWriter(&b)
	header := &zip.FileHeader{Name: "media/link.svg"}
	header.SetMode(os.ModeSymlink | 0o777)
	entry, err := w.CreateHeader(header)
	if err == nil {
		_, err = entry.Write([]byte(secret))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	_, issues = read(t, save(t, b.Bytes()))
	if !strings.Contains(fmt.Sprint(issues), "not_a_file") {
		t.Errorf("a link in a zip file: %v", issues)
	}
}

func TestTwoFilesOfOneNameAreRefused(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for range 2 {
		if _, err := w.Create(pack.Manifest); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, issues := read(t, save(t, b.Bytes())); !strings.Contains(fmt.Sprint(issues), "duplicate_file") {
		t.Errorf("issues %v", issues)
	}
}
