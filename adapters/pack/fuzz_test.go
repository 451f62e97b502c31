package pack_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/toeic-app/toeic/adapters/pack"
)

// FuzzRead gives the reader arbitrary bytes, as a document and as a zip file. Whatever they are, it ends without
// a panic, every issue has words, and what it finds sound stays so when it is written and read again.
func FuzzRead(f *testing.F) {
	good := sound(f)
	f.Add([]byte(good[pack.Manifest]))
	f.Add([]byte(`{"parts":[{"number":1,"groups":[{"stimuli":[{"media":"media/x.svg"}]}]}]}`))
	f.Add([]byte(`{"a":{"a":[1,{"b":null}]},"a":"\ud800"}`))
	f.Add([]byte(`{"parts":[{"number":1.0,"groups":[]},{"number":1e999999}]}`))
	zipped, err := os.ReadFile(good.zip(f, ""))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(zipped)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "x.zip")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, from := range []string{path, files{pack.Manifest: string(data), "media/p1-1.svg": drawing}.folder(t)} {
			got, issues, err := pack.New().Read(t.Context(), from)
			for _, i := range issues {
				if i.Code == "" || i.Detail == "" {
					t.Errorf("an issue without words: %+v", i)
				}
			}
			if err != nil || len(issues) > 0 {
				continue
			}
			again, err := json.Marshal(got.Form)
			if err != nil {
				t.Fatal(err)
			}
			copied := files{pack.Manifest: string(again)}
			for name, file := range got.Files {
				copied[name] = string(file.Data)
			}
			same, more := read(t, copied.folder(t))
			if diff := cmp.Diff(got, same, cmpopts.EquateEmpty()); len(more) > 0 || diff != "" {
				t.Errorf("written and read again: %v %s", more, diff)
			}
		}
	})
}
