package pack_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/toeic-app/toeic/adapters/pack"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/ports"
)

const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>`

// files is a pack in memory.
type files map[string]string

// sound returns a pack without faults.
func sound(tb testing.TB) files {
	tb.Helper()
	form := examtest.Mini()
	encoded, err := json.Marshal(form)
	if err != nil {
		tb.Fatal(err)
	}
	out := files{pack.Manifest: string(encoded)}
	for _, name := range form.MediaFiles() {
		out[name] = drawing
	}
	return out
}

func (f files) folder(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	for name, content := range f {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

func (f files) zip(tb testing.TB, prefix string) string {
	tb.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range f {
		entry, err := w.Create(prefix + name)
		if err == nil {
			_, err = entry.Write([]byte(content))
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return save(tb, b.Bytes())
}

func save(tb testing.TB, data []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "pack.zip")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func (f files) fs() fstest.MapFS {
	out := fstest.MapFS{}
	for name, content := range f {
		out["p/"+name] = &fstest.MapFile{Data: []byte(content)}
	}
	return out
}

func read(t *testing.T, path string) (ports.Pack, []ports.PackIssue) {
	t.Helper()
	got, issues, err := pack.New().Read(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return got, issues
}

func TestAPackIsTheSameFromAFolderAZipFileAndTheProgramItself(t *testing.T) {
	f := sound(t)
	f["README.md"], f[".DS_Store"], f["LICENSE"] = "ignored", "ignored", "ignored"
	want, issues := read(t, f.folder(t))
	if len(issues) > 0 {
		t.Fatalf("issues: %v", issues)
	}
	if diff := cmp.Diff(examtest.Mini(), want.Form); diff != "" {
		t.Errorf("the form differs: %s", diff)
	}
	media := want.Files[want.Form.MediaFiles()[0]]
	if string(media.Data) != drawing || media.Media != (exam.Media{Hash: exam.Hash([]byte(drawing)), Type: "image/svg+xml", Size: int64(len(drawing))}) {
		t.Errorf("media %+v", media)
	}
	embedded, more, err := pack.NewFS(f.fs()).Read(t.Context(), "p")
	if err != nil || len(more) > 0 || !cmp.Equal(want, embedded) {
		t.Errorf("from the program: %v, %v", more, err)
	}
	for _, prefix := range []string{"", "my-test/"} {
		if got, more := read(t, f.zip(t, prefix)); len(more) > 0 || !cmp.Equal(want, got) {
			t.Errorf("from a zip file with everything below %q: %v", prefix, more)
		}
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(f[pack.Manifest]), "", " "); err != nil {
		t.Fatal(err)
	}
	f[pack.Manifest] = "\xef\xbb\xbf" + strings.ReplaceAll(indented.String(), "\n", "\r\n")
	if got, more := read(t, f.folder(t)); len(more) > 0 || !cmp.Equal(want, got) {
		t.Errorf("with a byte order mark and Windows line ends: %v", more)
	}
}

// change replaces text in the manifest once, and fails when it is not there.
func change(old, fresh string) func(*testing.T, files) {
	return func(t *testing.T, f files) {
		t.Helper()
		if !strings.Contains(f[pack.Manifest], old) {
			t.Fatalf("the manifest has no %s", old)
		}
		f[pack.Manifest] = strings.Replace(f[pack.Manifest], old, fresh, 1)
	}
}

func put(name, content string) func(*testing.T, files) {
	return func(_ *testing.T, f files) { f[name] = content }
}

func TestEachFaultIsNamedWithItsFilePlaceAndCode(t *testing.T) {
	const photo = "media/p1-1.svg"
	svg := func(inside string) string { return `<svg xmlns="http://www.w3.org/2000/svg">` + inside + `</svg>` }
	cases := []struct {
		name                string
		harm                func(*testing.T, files)
		file, pointer, code string
	}{
		{"no manifest", func(_ *testing.T, f files) { delete(f, pack.Manifest) }, pack.Manifest, "", "missing"},
		{"an empty manifest", put(pack.Manifest, ""), pack.Manifest, "", "syntax"},
		{"a truncated manifest", put(pack.Manifest, `{"format": "toeic-lr",`), pack.Manifest, "", "syntax"},
		{"something after the end", func(_ *testing.T, f files) { f[pack.Manifest] += "{}" }, pack.Manifest, "", "syntax"},
		{"another encoding", put(pack.Manifest, "{\"title\": \"caf\xe9\"}"), pack.Manifest, "", "encoding"},
		{"endless nesting", put(pack.Manifest, strings.Repeat("[", 100_000)), pack.Manifest, "", "too_deep"},
		{"a list instead of an object", put(pack.Manifest, "[]"), pack.Manifest, "", "type"},
		{"a repeated key", change(`{"format"`, `{"kind":"full","format"`), pack.Manifest, "/kind", "duplicate_key"},
		{"an unknown field", change(`"slug"`, `"slugg":"x","slug"`), pack.Manifest, "/slugg", "unknown"},
		{"a field in the wrong case", change(`"slug"`, `"Slug"`), pack.Manifest, "/Slug", "unknown"},
		{"a missing field", change(`"licence":"CC0-1.0",`, ``), pack.Manifest, "/licence", "required"},
		{"a wrong type", change(`"language":"en"`, `"language":7`), pack.Manifest, "/language", "type"},
		{"a null list", change(`"stimuli":[`, `"stimuli":null,"transcript":[],"questions":[`), pack.Manifest, "/parts/0/groups/0/stimuli", "type"},
		{"a value outside its list", change(`"kind":"mini"`, `"kind":"maxi"`), pack.Manifest, "/kind", "enum"},
		{"a pattern", change(`"slug":"mini-form"`, `"slug":"Mini Form"`), pack.Manifest, "/slug", "pattern"},
		{"a number out of range", change(`"number":1,"groups"`, `"number":8,"groups"`), pack.Manifest, "/parts/0/number", "maximum"},
		{"an empty text", change(`"title":"Form mini-form"`, `"title":""`), pack.Manifest, "/title", "min_length"},
		{"a missing media file", func(_ *testing.T, f files) { delete(f, photo) }, pack.Manifest, "/parts/0/groups/0/stimuli/0/media", "media_missing"},
		{"an unused media file", put("media/other.svg", drawing), "media/other.svg", "", "unused"},
		{"a file of another kind", change(`"kind":"image"`, `"kind":"audio"`), pack.Manifest, "/parts/0/groups/0/stimuli/0/media", "media_kind"},
		{"a name that lies", put(photo, "\x89PNG\r\n\x1a\n"), photo, "", "media_type"},
		{"a type that is not accepted", put("media/x.html", "<p>"), "media/x.html", "", "media_type"},
		{"a file that does not belong", put("run.sh", "#!"), "run.sh", "", "unexpected_file"},
		{"a folder in media", put("media/a/b.svg", drawing), "media/a/b.svg", "", "unexpected_file"},
		{"a script", put(photo, svg(`<script>1</script>`)), photo, "", "unsafe_svg"},
		{"an event attribute", put(photo, svg(`<rect onload="x()"/>`)), photo, "", "unsafe_svg"},
		{"a foreign object", put(photo, svg(`<foreignObject/>`)), photo, "", "unsafe_svg"},
		{"an outside picture", put(photo, svg(`<image href="https://example.com/x.png"/>`)), photo, "", "unsafe_svg"},
		{"an outside style", put(photo, svg(`<style>@import "x.css";</style>`)), photo, "", "unsafe_svg"},
		{"an outside paint", put(photo, svg(`<rect fill="url(https://example.com/x)"/>`)), photo, "", "unsafe_svg"},
		{"an entity", put(photo, `<!DOCTYPE svg [<!ENTITY x "y">]>`+svg(``)), photo, "", "unsafe_svg"},
		{"a title that gives the answer away", put(photo, svg(`<title>A man pushes a cart</title>`)), photo, "", "unsafe_svg"},
		{"a comment that gives the answer away", put(photo, svg(`<!-- key: B -->`)), photo, "", "unsafe_svg"},
		{"a drawing that is not well-formed", put(photo, `<svg><rect></svg>`), photo, "", "unsafe_svg"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := sound(t)
			c.harm(t, f)
			_, issues := read(t, f.folder(t))
			found := false
			for _, i := range issues {
				found = found || (i.File == c.file && i.Pointer == c.pointer && i.Code == c.code)
				if i.Code == "" || i.Detail == "" {
					t.Errorf("an issue without words: %+v", i)
				}
			}
			if !found {
				t.Errorf("issues %+v, want %s at %s#%s", issues, c.code, c.file, c.pointer)
			}
		})
	}
}

func TestAnUnfinishedDocumentIsSaidToBeUnfinished(t *testing.T) {
	_, issues := read(t, files{pack.Manifest: "{\n  \"a\": 1,"}.folder(t))
	if len(issues) != 1 || !strings.Contains(issues[0].Detail, "Line 2") || !strings.Contains(issues[0].Detail, "unexpected") {
		t.Errorf("issues: %+v", issues)
	}
}

func TestAPackThatCannotBeReadAtAllSaysWhy(t *testing.T) {
	for name, path := range map[string]string{
		"nothing there": filepath.Join(t.TempDir(), "nowhere"), "no zip file": save(t, []byte("hello")), "an empty file": save(t, nil),
	} {
		if _, _, err := pack.New().Read(t.Context(), path); !errors.Is(err, exam.ErrUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := pack.New().Read(ctx, sound(t).folder(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who gave up: %v", err)
	}
}

// The example of the guide for authors has to work.
func TestTheExampleInTheGuideIsSound(t *testing.T) {
	guide, err := os.ReadFile("../../docs/content-pack.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```json\n(.*?)```").FindSubmatch(guide)
	if example == nil {
		t.Fatal("the guide has no example")
	}
	got, issues := read(t, files{pack.Manifest: string(example[1])}.folder(t))
	if faults := got.Form.Check(); len(issues)+len(faults) > 0 {
		t.Errorf("issues %v, faults %v", issues, faults)
	}
}

func ExampleSchema() {
	schema, err := pack.Schema()
	fmt.Println(err, bytes.Contains(schema, []byte(pack.SchemaID)))
	// Output: <nil> true
}
