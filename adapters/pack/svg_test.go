package pack_test

import (
	"slices"
	"strings"
	"testing"
)

func TestADrawingThatCouldRunReachOrTellSomethingIsRefused(t *testing.T) {
	for name, inside := range map[string]string{
		"an import spelt with an escape":    `<style>@\69mport "x.css";</style>`,
		"an import in two pieces":           `<style>@imp<![CDATA[ort "x.css"]]></style>`,
		"an import around an element":       `<style>@imp<g/>ort "x.css"</style>`,
		"a paint spelt with an escape":      `<rect style="fill:\75rl(x.svg)"/>`,
		"an address without a scheme":       `<rect mask="url('//example.com/x')"/>`,
		"an address in any attribute":       `<rect cursor="//example.com/x"/>`,
		"a script in an attribute":          `<rect cursor="javascript:x()"/>`,
		"a picture within":                  `<style>.a { content: "data:image/png;base64,AAAA" }</style>`,
		"a picture by its name":             `<rect style="mask:image('x.png')"/>`,
		"a source by its name":              `<rect style="mask:src('x.png')"/>`,
		"a set of pictures":                 `<rect style="mask-image:image-set('x.png' 1x)"/>`,
		"a paint after an inner one":        `<rect style="fill:url(#a) url(b.svg#c)"/>`,
		"another base":                      `<use xml:base="/x/" href="#a"/>`,
		"an address in the old way":         `<use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="x.svg#a"/>`,
		"an event in capitals":              `<rect ONLOAD="x()"/>`,
		"a script under a prefix":           `<s:script xmlns:s="http://www.w3.org/2000/svg"/>`,
		"an element of HTML":                `<h:form xmlns:h="http://www.w3.org/1999/xhtml" action="x"/>`,
		"a movement":                        `<animateMotion/>`,
		"a link":                            `<a href="#x"/>`,
		"a description for screen readers":  `<g aria-label="A man pushes a cart"/>`,
		"a description":                     `<desc>A man pushes a cart</desc>`,
		"a comment in a style":              `<style>/* key: B */</style>`,
		"a processing instruction":          `<?xml-stylesheet href="x.css"?>`,
		"an entity that nobody has defined": `&answer;`,
		"more levels than a drawing needs":  strings.Repeat("<g>", 70) + strings.Repeat("</g>", 70),
	} {
		expectDrawing(t, name, `<svg xmlns="http://www.w3.org/2000/svg">`+inside+`</svg>`, "unsafe_svg")
	}
	for name, whole := range map[string]string{
		"a page around it":   `<html xmlns="http://www.w3.org/1999/xhtml">` + drawing + `</html>`,
		"a group around it":  `<g xmlns="http://www.w3.org/2000/svg">` + drawing + `</g>`,
		"no namespace":       `<svg/>`,
		"two drawings":       drawing + drawing,
		"no element at all":  `<?xml version="1.0" x="<svg"?>`,
		"words outside it":   drawing + "The key is B.",
		"another encoding":   `<?xml version="1.0" encoding="UTF-7"?>` + drawing,
		"an unfinished file": `<svg xmlns="http://www.w3.org/2000/svg"><g>`,
	} {
		expectDrawing(t, name, whole, "unsafe_svg")
	}
}

func TestAnOrdinaryDrawingIsAccepted(t *testing.T) {
	for name, inside := range map[string]string{
		"words with a colon":   `<text>Sales data: 2024</text>`,
		"an address to read":   `<text>https://example.com // home</text>`,
		"a gradient":           `<defs><linearGradient id="g"/></defs><rect fill="url(#g)" style="stroke:url( '#g' )"/>`,
		"a style":              `<style>.a { fill: url("#g"); } <![CDATA[.b { fill: red; }]]></style><text>after @import</text>`,
		"two styles":           `<style>@imp</style><style>ort{}</style>`,
		"a part used again":    `<g id="p"/><use href="#p"/>`,
		"the same the old way": `<use xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="#p"/>`,
	} {
		expectDrawing(t, name, "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\">"+inside+"</svg>\n")
	}
}

func expectDrawing(t *testing.T, name, svg string, codes ...string) {
	t.Helper()
	f := sound(t)
	f["media/p1-1.svg"] = svg
	_, issues := read(t, f.folder(t))
	var got []string
	for _, i := range issues {
		got = append(got, i.Code)
	}
	if !slices.Equal(got, codes) {
		t.Errorf("%s: issues %v", name, issues)
	}
}

func TestAFormatIsKnownByItsBytes(t *testing.T) {
	const riff = "RIFF\x00\x00\x00\x00"
	for name, data := range map[string]string{
		"a.mp3": "ID3\x04", "b.mp3": "\xff\xfb\x90\x00", "c.m4a": "\x00\x00\x00\x20ftypM4A \x00", "d.ogg": "OggS\x00", "e.opus": "OggS\x00",
		"f.wav": riff + "WAVEfmt ", "g.png": "\x89PNG\r\n\x1a\n", "h.jpg": "\xff\xd8\xff\xe0", "i.JPEG": "\xff\xd8\xff\xe0", "j.webp": riff + "WEBPVP8 ",
	} {
		f := sound(t)
		f["media/"+name] = data
		if _, issues := read(t, f.folder(t)); !slices.Equal(places(issues), []string{"media/" + name + "# unused"}) {
			t.Errorf("%s: issues %v", name, places(issues))
		}
	}
	for name, data := range map[string]string{
		"aac.mp3": "\xff\xf1\x50\x80", "wave.webp": riff + "WAVEfmt ", "empty.png": "", "short.m4a": "ftyp", "png.jpg": "\x89PNG\r\n\x1a\n", "noext": "OggS",
	} {
		f := sound(t)
		f["media/"+name] = data
		if _, issues := read(t, f.folder(t)); !slices.Equal(places(issues), []string{"media/" + name + "# media_type"}) {
			t.Errorf("%s: issues %v", name, places(issues))
		}
	}
}
