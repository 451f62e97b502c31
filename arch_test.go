package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/toeic-app/toeic/"

// layer is one row of the dependency rule: what the packages of a folder may import. Tests are free.
type layer struct {
	folder   string   // the longest match decides
	inside   []string // folders of this module
	outside  []string // packages of others, by prefix; nil allows all
	own      bool     // packages below the folder may import each other
	unbanned []string // otherwise banned calls that are this layer's business
}

// rule is the whole dependency rule. A folder with Go files that no row covers fails the test.
var rule = []layer{
	{folder: ".", inside: []string{"bootstrap"}, outside: none},
	{folder: "domain", inside: []string{"domain"}, outside: []string{"github.com/google/uuid"}, own: true, unbanned: []string{"uuid.NewSHA1"}}, // which is no randomness
	{folder: "domain/fault", outside: none},
	{folder: "ports", inside: []string{"domain"}, outside: []string{"github.com/google/uuid"}},
	{folder: "ports/porttest", inside: []string{"domain", "ports"}},
	{folder: "application", inside: []string{"domain", "ports"}, outside: []string{"github.com/google/uuid"}},
	{folder: "adapters", inside: []string{"domain", "ports", "application"}},
	{folder: "adapters/entstore", inside: []string{"domain", "ports", "ent", "migrations"}},
	{folder: "adapters/entstore/storetest", inside: []string{"adapters/entstore", "migrations", "tests/private"}, unbanned: []string{"context.Background"}},
	{folder: "adapters/httpapi", inside: []string{"domain", "ports", "application", "adapters/httpapi/web"}, own: true},
	{folder: "adapters/httpapi/web", inside: []string{"domain", "ports"}},
	{folder: "bootstrap", inside: []string{"domain", "ports", "application", "adapters", "migrations", "content"}, unbanned: []string{"context.Background"}},
	{folder: "ent", inside: []string{"ent"}, own: true},
	{folder: "ent/schema", outside: []string{"entgo.io/ent", "github.com/google/uuid"}},
	{folder: "migrations", outside: none},
	{folder: "content", outside: none},
	{folder: "tests/cachespeed", inside: []string{"adapters/cache", "domain"}},
	{folder: "tests/load", inside: []string{"tests", "domain", "adapters/cache", "adapters/token"}},
	{folder: "tests", inside: []string{"tests/private", "domain", "ent", "migrations"}, own: true},
}

// none allows nothing beyond the standard library.
var none = []string{}

// bans are calls that the inside must not make: time and randomness are arguments or ports there.
var bans = map[string][]string{
	"domain":      {"time.Now", "time.Since", "time.Until", "time.Sleep", "rand.", "uuid.New", "context.Background", "context.TODO"},
	"ports":       {"time.Now", "context.Background", "context.TODO"},
	"application": {"time.Now", "time.Since", "time.Until", "time.Sleep", "rand.", "uuid.New", "context.Background", "context.TODO"},
	"adapters":    {"context.Background", "context.TODO"},
}

// forbiddenNames are package names that say nothing.
var forbiddenNames = []string{"http", "utils", "util", "common", "helpers", "models", "services"}

func TestEveryPackageImportsInwardOnly(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(filepath.Clean(name))
		if err != nil {
			return err
		}
		files++
		for _, fault := range judge(filepath.ToSlash(name), source) {
			t.Error(fault)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Fatalf("looked at %d files only: the walk is broken", files)
	}
}

// The rule is worth nothing unless it refuses what it should.
func TestTheRuleRefusesWhatItShould(t *testing.T) {
	cases := []struct{ name, file, source string }{
		{"an unknown folder", "misc/x.go", `package misc`},
		{"domain to ports", "domain/exam/x.go", `package exam; import _ "` + module + `ports"`},
		{"domain to a library", "domain/exam/x.go", `package exam; import _ "github.com/labstack/echo/v4"`},
		{"fault to domain", "domain/fault/x.go", `package fault; import _ "` + module + `domain/exam"`},
		{"a use case to an adapter", "application/examapp/x.go", `package examapp; import _ "` + module + `adapters/entstore"`},
		{"a use case to another context", "application/examapp/x.go", `package examapp; import _ "` + module + `application/attemptapp"`},
		{"an adapter to another", "adapters/cache/x.go", `package cache; import _ "` + module + `adapters/entstore"`},
		{"an adapter to ent", "adapters/cache/x.go", `package cache; import _ "` + module + `ent"`},
		{"the HTTP kit to a use case", "adapters/httpapi/web/x.go", `package web; import _ "` + module + `application/examapp"`},
		{"the schema to the domain", "ent/schema/x.go", `package schema; import _ "` + module + `domain/exam"`},
		{"main to anything but bootstrap", "x.go", `package main; import _ "` + module + `domain/exam"`},
		{"time in a use case", "application/examapp/x.go", `package examapp; import "time"; var _ = time.Now()`},
		{"randomness in the domain", "domain/exam/x.go", `package exam; import "math/rand/v2"; var _ = rand.Int()`},
		{"an identifier made in the domain", "domain/exam/x.go", `package exam; import "github.com/google/uuid"; var _ = uuid.NewV7`},
		{"a random identifier", "domain/exam/x.go", `package exam; import "github.com/google/uuid"; var _ = uuid.New`},
		{"a package name that says nothing", "adapters/utils/x.go", `package utils`},
	}
	for _, c := range cases {
		if len(judge(c.file, []byte(c.source))) == 0 {
			t.Errorf("%s is let through", c.name)
		}
	}
	if faults := judge("application/examapp/x.go", []byte(`package examapp; import _ "`+module+`ports"`)); len(faults) > 0 {
		t.Errorf("what is right is refused: %v", faults)
	}
}

// judge returns what is wrong with one file.
func judge(name string, source []byte) []string {
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	folder := path.Dir(name)
	row, ok := rowOf(folder)
	if !ok {
		return []string{name + ": its folder is in no row of the dependency rule"}
	}
	var faults []string
	if slices.Contains(forbiddenNames, file.Name.Name) {
		faults = append(faults, fmt.Sprintf("%s: the package name %s says nothing", name, file.Name.Name))
	}
	for _, spec := range file.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil || !row.allows(folder, target) {
			faults = append(faults, fmt.Sprintf("%s: %s may not import %s", name, folder, target))
		}
	}
	return append(faults, banned(name, row, file)...)
}

func rowOf(folder string) (layer, bool) {
	var best layer
	found := false
	for _, row := range rule {
		if within(folder, row.folder) && (!found || len(row.folder) > len(best.folder)) {
			best, found = row, true
		}
	}
	return best, found
}

// within reports whether folder is base or below it; "." has nothing below it.
func within(folder, base string) bool {
	return folder == base || (base != "." && strings.HasPrefix(folder, base+"/"))
}

func (l layer) allows(folder, target string) bool {
	inner, ours := strings.CutPrefix(target, module)
	if ours {
		below := l.own && within(inner, l.folder)
		return below || slices.ContainsFunc(l.inside, func(base string) bool { return within(inner, base) })
	}
	standard := !strings.Contains(strings.SplitN(target, "/", 2)[0], ".")
	return standard || l.outside == nil || slices.ContainsFunc(l.outside, func(p string) bool { return strings.HasPrefix(target, p) })
}

// banned finds the calls of bans, by the name under which a package is used.
func banned(name string, row layer, file *ast.File) []string {
	var faults []string
	top, _, _ := strings.Cut(row.folder, "/")
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if !ok {
			return true
		}
		call := pkg.Name + "." + sel.Sel.Name
		for _, ban := range bans[top] {
			if strings.HasPrefix(call, ban) && !slices.Contains(row.unbanned, call) {
				faults = append(faults, fmt.Sprintf("%s: %s has no place in %s", name, call, top))
			}
		}
		return true
	})
	return faults
}
