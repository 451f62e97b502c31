//go:build unix

package private

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheFirstBrowserThatIsThereIsFound(t *testing.T) {
	root := t.TempDir()
	inPath := install(t, filepath.Join(root, "path"), "google-chrome", "chrome")
	elsewhere := filepath.Join(install(t, filepath.Join(root, "Applications"), "Chromium"), "Chromium")
	t.Setenv("PATH", inPath)
	t.Setenv(noServersVariable, "")
	cases := []struct {
		name  string
		names []string
		want  string
	}{
		{"in PATH", []string{"chromium", "google-chrome", "chrome"}, filepath.Join(inPath, "google-chrome")},
		{"elsewhere", []string{"chromium", elsewhere, "chrome"}, elsewhere},
	}
	for _, c := range cases {
		if got, err := findChromium(c.names); err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", c.name, got, err, c.want)
		}
	}
	_, none := findChromium([]string{"chromium"})
	t.Setenv(noServersVariable, "1")
	_, pretended := findChromium([]string{"chrome"})
	for _, err := range []error{none, pretended} {
		if !errors.Is(err, ErrMissing) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q", err)
		}
	}
}

func TestABrowserMayBeNamed(t *testing.T) {
	t.Setenv(noServersVariable, "1")
	t.Setenv(chromiumVariable, "/opt/browser")
	if got := Chromium(t); got != "/opt/browser" {
		t.Error(got)
	}
}

func TestWithoutABrowserATestIsSkippedAndFailsInCI(t *testing.T) {
	t.Setenv(noServersVariable, "1")
	t.Setenv(chromiumVariable, "")
	for ci, skipped := range map[string]bool{"": true, "true": false} {
		t.Setenv("CI", ci)
		got := observe(t.Context(), func(tb testing.TB) { Chromium(tb) })
		if got.skipped != skipped || got.fatal == skipped {
			t.Errorf("CI=%s: skipped %v, failed %v", ci, got.skipped, got.fatal)
		}
	}
}
