package pack_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/toeic-app/toeic/adapters/pack"
)

func try(t *testing.T, name, path string) {
	t.Helper()
	defer func() { if r := recover(); r != nil { fmt.Printf("%-34s PANIC %v\n", name, r) } }()
	var m0, m1 runtime.MemStats
	runtime.GC(); runtime.ReadMemStats(&m0)
	start := time.Now()
	_, issues, err := pack.New().Read(t.Context(), path)
	took := time.Since(start)
	runtime.ReadMemStats(&m1)
	s := fmt.Sprint(issues)
	if len(s) > 300 { s = s[:300] }
	fmt.Printf("%-34s %6dms alloc %5d MiB issues=%d err=%v %s\n", name, took.Milliseconds(), (m1.TotalAlloc-m0.TotalAlloc)>>20, len(issues), err, s)
}

func mustJSON(tb testing.TB) map[string]any {
	var m map[string]any
	if err := json.Unmarshal([]byte(sound(tb)[pack.Manifest]), &m); err != nil { tb.Fatal(err) }
	return m
}

func TestProbe(t *testing.T) {
	man := func(s string) string { return files{pack.Manifest: s}.folder(t) }
	alter := func(h func(files)) string { f := sound(t); h(f); return f.folder(t) }
	rep := func(o, n string) string { return alter(func(f files) {
		if !strings.Contains(f[pack.Manifest], o) { t.Fatal(o) }
		f[pack.Manifest] = strings.Replace(f[pack.Manifest], o, n, 1) }) }
	try(t, "number 1.0", rep(`"number":1,"groups"`, `"number":1.0,"groups"`))
	try(t, "number 1e0", rep(`"number":1,"groups"`, `"number":1e0,"groups"`))
	try(t, "number 1e999999", rep(`"number":1,"groups"`, `"number":1e999999,"groups"`))
	try(t, "number 1e99999999", rep(`"number":1,"groups"`, `"number":1e99999999,"groups"`))
	try(t, "number 1e-99999999", rep(`"number":1,"groups"`, `"number":1e-99999999,"groups"`))
	try(t, "number 20 digits", rep(`"number":1,"groups"`, `"number":99999999999999999999,"groups"`))
	try(t, "1 MB of digits", man(`{"parts":[{"number":`+strings.Repeat("9", 1<<20)+`}]}`))
	try(t, "20 x 1e999999", man(`{"parts":[`+strings.Repeat(`{"number":1e999999},`, 20)+`{}]}`))
	try(t, "300k empty parts", man(`{"parts":[`+strings.Repeat(`{},`, 300_000)+`{}]}`))
	try(t, "500k dup keys", man(`{`+strings.Repeat(`"a":1,`, 500_000)+`"b":1}`))
	try(t, "100 KB key x 5k dups", man(`{"`+strings.Repeat("k", 100_000)+`":{`+strings.Repeat(`"a":1,`, 5000)+`"b":1}}`))
	try(t, "100 KB key x 20k elements", man(`{"`+strings.Repeat("k", 100_000)+`":[`+strings.Repeat(`1,`, 20000)+`1]}`))
	// stray media in a form that uses none
	part := `{"format":"toeic-lr","slug":"my-test","title":"t","kind":"part","conversion":"circulated-a-1","language":"en","author":"a","licence":"x","parts":[{"number":5,"groups":[{"id":"v","questions":[{"number":1,"prompt":"p","options":[{"text":"a"},{"text":"b"},{"text":"c"},{"text":"d"}],"key":"B","ability":"R5","explanation":"e"}]}]}]}`
	try(t, "stray media, form uses none", files{pack.Manifest: part, "media/x.svg": drawing}.folder(t))
	try(t, "too-large manifest", zeros(t, map[string]int64{pack.Manifest: pack.MaxManifest + 1}))
	try(t, "too-large referenced media", func() string { f := sound(t); f["media/p1-1.svg"] = strings.Repeat(" ", pack.MaxMedia+1); return f.folder(t) }())
	svg := func(s string) string { return `<svg xmlns="http://www.w3.org/2000/svg">` + s + `</svg>` }
	for n, s := range map[string]string{
		"svg css escape import": svg(`<style>@\69mport "//evil/x.css";</style>`),
		"svg css escape url": svg(`<rect style="fill:\75rl(//evil/x)"/>`),
		"svg cdata split import": svg(`<style>@imp<![CDATA[ort "//evil/x"]]></style>`),
		"svg image-set //": svg(`<rect style="mask:image-set('//evil/x')"/>`),
		"svg src ignored": svg(`<style>@import '//x'</style>`),
		"svg html root": `<html xmlns="http://www.w3.org/1999/xhtml"><meta http-equiv="refresh" content="0;url=//evil"/><svg/></html>`,
		"svg html form": svg(`<f:form xmlns:f="http://www.w3.org/1999/xhtml" action="//evil"/>`),
		"svg xml:base": svg(`<use xml:base="//evil/" href="#a"/>`),
		"svg two roots": svg(``) + svg(``),
		"svg no element": `<?xml version="1.0" x="<svg"?>`,
		"svg animateTransform": svg(`<animateMotion/>`),
		"GOOD svg text data:": svg(`<text>Sales data: 2024</text>`),
		"GOOD svg text url": svg(`<text>https://example.com</text>`),
		"GOOD svg gradient": svg(`<rect fill="url(#g)"/>`),
	} { try(t, n, func() string { f := sound(t); f["media/p1-1.svg"] = s; return f.folder(t) }()) }
	try(t, "mp3 named AAC ADTS", func() string { f := sound(t); f["media/x.mp3"] = "\xff\xf1\x50\x80 aac"; return f.folder(t) }())
	good := sound(t)
	for _, p := range []string{"../", "/", "./", "a/"} { try(t, "zip everything under "+p, good.zip(t, p)) }
	two := files{pack.Manifest: good[pack.Manifest], "x/" + pack.Manifest: "{}", "media/p1-1.svg": drawing}
	try(t, "zip two manifests", two.zip(t, ""))
	mix := files{"x/" + pack.Manifest: good[pack.Manifest], "media/p1-1.svg": drawing}
	try(t, "zip media outside top", mix.zip(t, ""))
	git := sound(t); git[".git/config"] = "x"
	try(t, "zip with .git", git.zip(t, ""))
	try(t, "folder with .git", git.folder(t))
	_, is, err := pack.NewFS(good.fs()).Read(t.Context(), "p/exam.json")
	fmt.Println("fs: path is a file:", is, err)
	_, is, err = pack.NewFS(fstest.MapFS{}).Read(t.Context(), "nope")
	fmt.Println("fs: nothing:", is, err)
	// huge central directory
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := range 1_000_000 { w.CreateRaw(&zip.FileHeader{Name: fmt.Sprint(i)}) }
	w.Close()
	fmt.Println("dir zip MiB", b.Len()>>20)
	try(t, "1M entries in directory", save(t, b.Bytes()))
	_ = os.Args
}
