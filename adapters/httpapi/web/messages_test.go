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

// inspect shows every expression of the program's sources to fn, with the folder of its package.
func inspect(t *testing.T, fn func(folder string, n ast.Node)) {
	t.Helper()
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
				fn(filepath.Base(filepath.Dir(path)), n)
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// declared finds every failure that is declared anywhere in the program, by code.
func declared(t *testing.T) map[string]*fault.Error {
	t.Helper()
	kinds := map[string]fault.Kind{"": ""}
	for _, k := range fault.Kinds() {
		kinds[strings.ReplaceAll(strings.ToLower(string(k)), "_", "")] = k
	}
	found := map[string]*fault.Error{}
	inspect(t, func(_ string, n ast.Node) {
		if call, ok := n.(*ast.CallExpr); ok && isNew(call) && len(call.Args) == 3 {
			f := faultOf(call, kinds)
			found[f.Code] = f
		}
	})
	if len(found) < 70 {
		t.Fatalf("found %d failures only: the search is broken", len(found))
	}
	return found
}

// fieldCodes finds the code of every broken rule that clients may be told of: in literals of fault.Field, in calls of
// the helpers that make one, and in what explain returns.
func fieldCodes(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{"too_long": true, "too_short": true} // which explainBound puts together
	inspect(t, func(folder string, n ast.Node) {
		if folder == "pack" || folder == "examapp" {
			return // the issues of packs are shown on the command line, and only there
		}
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Code" {
				note(found, n.Value)
			}
		case *ast.CallExpr:
			if name, ok := n.Fun.(*ast.Ident); ok && slices.Contains([]string{"field", "bad", "invalid"}, name.Name) && len(n.Args) == 3 {
				note(found, n.Args[1])
			}
			if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "passwordField" {
				note(found, n.Args[0])
			}
		case *ast.FuncDecl:
			if strings.HasPrefix(n.Name.Name, "explain") {
				ast.Inspect(n, func(n ast.Node) bool {
					if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) == 2 {
						note(found, r.Results[0])
					}
					if a, ok := n.(*ast.AssignStmt); ok && len(a.Rhs) == 1 {
						note(found, a.Rhs[0])
					}
					return true
				})
			}
		}
	})
	if len(found) < 20 {
		t.Fatalf("found %d codes only: the search is broken", len(found))
	}
	return slices.Collect(maps.Keys(found))
}

// note remembers a code that is written out; words with blanks are sentences.
func note(found map[string]bool, e ast.Expr) {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		if s, _ := strconv.Unquote(lit.Value); s != "" && !strings.Contains(s, " ") {
			found[s] = true
		}
	}
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
	codes, fields := declared(t), fieldCodes(t)
	for _, locale := range identity.Locales()[1:] {
		c := n.catalog(locale)
		compare(t, locale+" codes", slices.Collect(maps.Keys(codes)), c.Codes)
		compare(t, locale+" fields", fields, c.Fields)
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
