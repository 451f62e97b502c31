package pack

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

const (
	svgSpace    = "http://www.w3.org/2000/svg"
	maxSVGDepth = 64 // how deep the elements of a drawing may nest
)

// unsafeSVG returns why a drawing is refused: it could run something, reach something, or tell in words what a
// learner has to see.
func unsafeSVG(data []byte) string {
	decoder := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	var d drawing
	for {
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF) && d.roots == 1:
			return ""
		case errors.Is(err, io.EOF):
			return "The file must have one drawing."
		case err != nil:
			return "The drawing is not well-formed: " + err.Error()
		}
		if reason := d.take(token); reason != "" {
			return reason
		}
	}
}

// drawing is what has been seen of one so far.
type drawing struct {
	depth, roots int
	inStyle      bool
	style        strings.Builder // of the present style element; its text may come in several tokens
}

// take returns why the drawing is refused because of this token.
func (d *drawing) take(token xml.Token) string {
	switch t := token.(type) {
	case xml.Directive:
		return "The drawing has a DOCTYPE, which could define entities."
	case xml.Comment:
		return "The drawing has a comment, which could give an answer away."
	case xml.ProcInst:
		if t.Target != "xml" {
			return "The drawing has a processing instruction."
		}
	case xml.StartElement:
		return d.start(t)
	case xml.CharData:
		switch {
		case d.inStyle:
			d.style.Write(t)
		case d.depth == 0 && len(bytes.TrimSpace(t)) > 0:
			return "The file has text outside the drawing."
		}
	case xml.EndElement:
		d.depth--
		if d.inStyle {
			d.inStyle = false
			return unsafeStyle(d.style.String())
		}
	}
	return ""
}

func (d *drawing) start(e xml.StartElement) string {
	if d.depth == 0 {
		d.roots++
	}
	d.depth++
	name := strings.ToLower(e.Name.Local)
	switch {
	case d.depth > maxSVGDepth:
		return "The drawing is nested too deeply."
	case d.inStyle:
		return "The drawing has an element in a style."
	case d.depth == 1 && name != "svg":
		return "The outermost element is " + e.Name.Local + ", not svg."
	case e.Name.Space != svgSpace:
		return "The drawing has an element " + e.Name.Local + " outside the namespace of SVG; save it as plain SVG."
	case name == "style":
		d.inStyle = true
		d.style.Reset()
	}
	if reason := unsafeElement(e.Name.Local); reason != "" {
		return reason
	}
	for _, a := range e.Attr {
		if reason := unsafeAttribute(a); reason != "" {
			return reason
		}
	}
	return ""
}

func unsafeElement(name string) string {
	switch low := strings.ToLower(name); low {
	case "script", "foreignobject", "iframe", "embed", "object", "audio", "video", "handler", "listener", "set", "discard", "a":
		return "The drawing has an element " + name + "."
	case "title", "desc", "metadata":
		return "The drawing has an element " + name + ", which could give an answer away."
	default:
		if strings.HasPrefix(low, "animate") {
			return "The drawing has an element " + name + "."
		}
		return ""
	}
}

func unsafeAttribute(a xml.Attr) string {
	name, value := strings.ToLower(a.Name.Local), strings.ToLower(strings.TrimSpace(a.Value))
	switch {
	case a.Name.Space == "xmlns" || (a.Name.Space == "" && name == "xmlns"): // names a vocabulary, fetches nothing
		return ""
	case strings.HasPrefix(name, "on"):
		return "The drawing has an event attribute " + a.Name.Local + "."
	case strings.HasPrefix(name, "aria-"), name == "alt":
		return "The drawing has an attribute " + a.Name.Local + ", which could give an answer away."
	case name == "style":
		return unsafeStyle(value)
	case name == "href" && !strings.HasPrefix(value, "#"), name == "src", name == "base", external(value):
		return outside
	}
	return ""
}

const outside = "The drawing refers to something outside itself."

func unsafeStyle(css string) string {
	switch css = strings.ToLower(css); {
	case strings.Contains(css, "/*"):
		return "The drawing has a comment in a style, which could give an answer away."
	case external(css):
		return outside
	}
	return ""
}

// external reports whether a lower-case value leads out of the drawing, or could do so in a way that is not worth
// understanding: an escape can spell any of the words.
func external(value string) bool {
	for _, sign := range []string{`\`, "//", "@import", "javascript:", "data:", "image(", "image-set(", "src("} {
		if strings.Contains(value, sign) {
			return true
		}
	}
	for rest := value; ; {
		_, after, found := strings.Cut(rest, "url(")
		if !found {
			return false
		}
		if rest = strings.TrimLeft(after, " \t\r\n\f'\""); !strings.HasPrefix(rest, "#") {
			return true
		}
	}
}
