package web

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
)

var update = flag.Bool("update", false, "rewrite docs/problems.md")

// root is the folder of the module, seen from this package.
const root = "../../.."

// declared finds every failure that is declared anywhere in the program, by code.
func declared(t *testing.T) map[string]*fault.Error {
	t.Helper()
	kinds := map[string]fault.Kind{"": ""}
	for _, k := range fault.Kinds() {
		kinds[strings.ReplaceAll(strings.ToLower(string(k)), "_", "")] = k
	}
	found := map[string]*fault.Error{}
	for _, folder := range []string{"domain", "ports", "application", "adapters"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && isNew(call) && len(call.Args) == 3 {
					f := faultOf(call, kinds)
					found[f.Code] = f
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) < 40 {
		t.Fatalf("found %d failures only: the search is broken", len(found))
	}
	return found
}

func isNew(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return ok && pkg.Name == "fault" && sel.Sel.Name == "New"
}

func faultOf(call *ast.CallExpr, kinds map[string]fault.Kind) *fault.Error {
	kind := ""
	if sel, ok := call.Args[0].(*ast.SelectorExpr); ok {
		kind = strings.ToLower(sel.Sel.Name)
	}
	text := func(e ast.Expr) string {
		if lit, ok := e.(*ast.BasicLit); ok {
			s, _ := strconv.Unquote(lit.Value)
			return s
		}
		return codeInternal // the one code that has a name of its own
	}
	return fault.New(kinds[kind], text(call.Args[1]), text(call.Args[2]))
}

func TestEveryFailureIsSaidInEveryLanguage(t *testing.T) {
	n, err := newNegotiator(identity.Locales())
	if err != nil {
		t.Fatal(err)
	}
	codes := declared(t)
	fields := map[string]bool{}
	for _, locale := range identity.Locales()[1:] {
		for code := range n.catalog(locale).Fields {
			fields[code] = true
		}
	}
	for _, locale := range identity.Locales()[1:] {
		c := n.catalog(locale)
		compare(t, locale+" codes", slices.Collect(maps.Keys(codes)), c.Codes)
		compare(t, locale+" fields", slices.Collect(maps.Keys(fields)), c.Fields)
		titles := map[string]string{}
		for k, title := range c.Titles {
			titles[string(k)] = title
		}
		var want []string
		for k := range kinds() {
			want = append(want, string(k))
		}
		compare(t, locale+" titles", want, titles)
	}
	for _, code := range []string{"required", "too_short", "too_long", "too_few", "too_many", "range", "one_of", "format", "duplicate", "type", "unknown", "seq_reused", "not_in_section"} {
		if !fields[code] {
			t.Errorf("the field code %s is in no catalog", code)
		}
	}
}

// compare finds what a catalog lacks and what it has for nothing.
func compare(t *testing.T, what string, want []string, got map[string]string) {
	t.Helper()
	for _, key := range want {
		if strings.TrimSpace(got[key]) == "" {
			t.Errorf("%s: %q is missing", what, key)
		}
	}
	for key := range got {
		if !slices.Contains(want, key) {
			t.Errorf("%s: %q does not exist any more", what, key)
		}
	}
}

func TestEveryKindOfFailureHasAStatus(t *testing.T) {
	seen := map[int]fault.Kind{}
	for _, k := range fault.Kinds() {
		status := kinds()[k].status
		if status < 400 || status > 599 || kinds()[k].title == "" {
			t.Errorf("kind %s has status %d and title %q", k, status, kinds()[k].title)
		}
		if other, taken := seen[status]; taken {
			t.Errorf("kinds %s and %s share status %d", k, other, status)
		}
		seen[status] = k
	}
}

func TestTheDocumentOfProblemsIsUpToDate(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Problems\n\nEvery failure is answered with `application/problem+json` (RFC 9457). `code` never changes and is what\n" +
		"programs should look at; `title` and `detail` follow `Accept-Language` (en, ja, ko, vi). Validation failures name each\n" +
		"field in `errors`. This page is generated from the code: `go test ./adapters/httpapi/web -update`.\n\n" +
		"| Code | Status | Meaning |\n|---|---|---|\n")
	codes := declared(t)
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		f, status := failure(codes[code])
		fmt.Fprintf(&b, "| <a id=\"%s\"></a>`%s` | %d | %s |\n", code, code, status, f.Message)
	}
	path := filepath.Join(root, "docs", "problems.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != b.String() {
		t.Errorf("docs/problems.md is out of date (%v); run go test ./adapters/httpapi/web -update", err)
	}
}
