// Package docs_test holds the documents to what they say.
package docs_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// asvs are the requirements of levels 1 and 2 in chapters 2 to 4 of OWASP ASVS 4.0.3: section to its last number, less
// what is of level 3 or was deleted.
var asvs = []struct {
	section string
	numbers []int
}{
	{"2.1", upTo(12)},
	{"2.2", upTo(3)},
	{"2.3", upTo(3)},
	{"2.4", upTo(5)},
	{"2.5", upTo(7)},
	{"2.6", upTo(3)},
	{"2.7", upTo(6)},
	{"2.8", upTo(7)},
	{"2.9", upTo(3)},
	{"2.10", upTo(4)},
	{"3.1", upTo(1)},
	{"3.2", upTo(4)},
	{"3.3", upTo(4)},
	{"3.4", upTo(5)},
	{"3.5", upTo(3)},
	{"3.7", upTo(1)},
	{"4.1", []int{1, 2, 3, 5}},
	{"4.2", upTo(2)},
	{"4.3", upTo(3)},
}

func upTo(n int) []int {
	var out []int
	for i := range n {
		out = append(out, i+1)
	}
	return out
}

func TestEveryRequirementIsJudgedOnceAndTheCountsAreRight(t *testing.T) {
	text := read(t)
	var want, got []string
	for _, s := range asvs {
		for _, n := range s.numbers {
			want = append(want, fmt.Sprintf("%s.%d", s.section, n))
		}
	}
	counts := map[string]int{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+\.\d+\.\d+) \|[^|]+\| (met|open|not applicable) \| (.+) \|$`).FindAllStringSubmatch(text, -1) {
		got = append(got, row[1])
		counts[row[2]]++
	}
	if !slices.Equal(got, want) {
		t.Errorf("requirements\n%v\nwant\n%v", got, want)
	}
	summary := fmt.Sprintf("%d requirements: %d met, %d not applicable, %d open.", len(want), counts["met"], counts["not applicable"], counts["open"])
	if !strings.Contains(text, summary) {
		t.Errorf("the document does not say: %s", summary)
	}
}

func TestEveryTestThatTheDocumentNamesExists(t *testing.T) {
	exist := map[string]bool{}
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		source, err := os.ReadFile(filepath.Clean(name))
		for _, f := range regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`).FindAllStringSubmatch(string(source), -1) {
			exist[f[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(read(t), -1)
	if len(named) < 50 || len(exist) < 500 {
		t.Fatalf("%d tests are named and %d exist, which cannot be", len(named), len(exist))
	}
	for _, n := range named {
		if !exist[n[1]] {
			t.Errorf("there is no test %s", n[1])
		}
	}
}

func read(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("security.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
