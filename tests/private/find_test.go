//go:build unix

package private

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// install makes a directory with these programs and returns it.
func install(t *testing.T, dir string, programs ...string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		if err := os.WriteFile(filepath.Join(dir, p), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPostgresIsFoundWherePackagesPutIt(t *testing.T) {
	root := t.TempDir()
	inPath := install(t, filepath.Join(root, "path"), "initdb", "postgres")
	half := install(t, filepath.Join(root, "half"), "initdb")
	install(t, filepath.Join(root, "pg", "9.6", "bin"), "initdb", "postgres")
	newest := install(t, filepath.Join(root, "pg", "15", "bin"), "initdb", "postgres")
	install(t, filepath.Join(root, "pg", "16", "bin"), "postgres")
	pattern := []string{filepath.Join(root, "pg", "*", "bin")}
	list := string(filepath.ListSeparator)

	cases := []struct{ name, path, want string }{
		{"PATH comes first", half + list + inPath, inPath},
		{"the newest whole version otherwise", half, newest},
		{"an empty PATH", "", newest},
		{"a relative PATH is nobody's business", "." + list + "path", newest},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got, err := findPostgres(c.path, pattern); err != nil || got != c.want {
				t.Errorf("got %s, %v; want %s", got, err, c.want)
			}
		})
	}
	if _, err := findPostgres(half, []string{filepath.Join(root, "none", "*")}); !errors.Is(err, ErrMissing) {
		t.Errorf("where there is none: %v", err)
	}
}
