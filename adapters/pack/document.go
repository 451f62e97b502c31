package pack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/toeic-app/toeic/ports"
)

// The limits of a document. They bound what it costs to judge it, and no sound form comes near them.
const (
	maxDepth  = 32     // levels of nesting
	maxValues = 50_000 // objects, lists and plain values together
	maxName   = 100    // bytes of the name of a field
	maxDigits = 9      // of a number
)

// excess ends the reading of a document that goes beyond a limit.
type excess struct{ code, detail string }

func (e excess) Error() string { return e.detail }

// parse reads a document for the schema, and finds what a decoder would pass over or stumble at: bad encoding, bad
// JSON, repeated keys, sheer size. There is no document when an issue is about the file as a whole.
func parse(text []byte) (document any, issues []ports.PackIssue, ok bool) {
	whole := func(code, detail string) (any, []ports.PackIssue, bool) {
		return nil, []ports.PackIssue{{File: Manifest, Code: code, Detail: detail}}, false
	}
	if !utf8.Valid(text) {
		return whole("encoding", "The file is not UTF-8.")
	}
	w := walker{decoder: json.NewDecoder(bytes.NewReader(text))}
	w.decoder.UseNumber()
	document, err := w.value()
	if err == nil {
		if _, more := w.decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is something after the end of the document")
		}
	}
	var beyond excess
	switch {
	case errors.As(err, &beyond):
		return whole(beyond.code, beyond.detail)
	case err != nil:
		offset := w.decoder.InputOffset()
		var s *json.SyntaxError
		if errors.As(err, &s) {
			offset = s.Offset
		}
		line, column := place(text, offset)
		return whole("syntax", fmt.Sprintf("Line %d, column %d: %s.", line, column, strings.TrimSuffix(err.Error(), ".")))
	}
	return document, w.repeated, true
}

// walker reads a document token by token.
type walker struct {
	decoder  *json.Decoder
	path     []string // where it is
	values   int
	repeated []ports.PackIssue
}

func (w *walker) value() (any, error) {
	if len(w.path) > maxDepth {
		return nil, excess{"too_deep", "The document is nested too deeply."}
	}
	if w.values++; w.values > maxValues {
		return nil, excess{"too_many_values", fmt.Sprintf("The document has more than %d values.", maxValues)}
	}
	token, err := w.token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return w.object()
		}
		return w.list()
	case json.Number:
		return plain(t), nil
	default:
		return t, nil
	}
}

func (w *walker) list() ([]any, error) {
	items := []any{}
	for w.decoder.More() {
		item, err := w.within(strconv.Itoa(len(items)))
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	_, err := w.token()
	return items, err
}

func (w *walker) object() (map[string]any, error) {
	fields := map[string]any{}
	times := map[string]int{}
	for w.decoder.More() {
		token, err := w.token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string) // the decoder allows nothing else here
		if len(name) > maxName {
			return nil, excess{"long_name", fmt.Sprintf("A field has a name of more than %d bytes.", maxName)}
		}
		if times[name]++; times[name] == 2 { // once told is enough
			w.repeated = append(w.repeated, ports.PackIssue{
				File: Manifest, Pointer: pointer(append(w.path, name)), Code: "duplicate_key", Detail: "The object has this key twice.",
			})
		}
		if fields[name], err = w.within(name); err != nil {
			return nil, err
		}
	}
	_, err := w.token()
	return fields, err
}

// within reads the value at a place inside the present one.
func (w *walker) within(name string) (any, error) {
	w.path = append(w.path, name)
	v, err := w.value()
	w.path = w.path[:len(w.path)-1]
	return v, err
}

// token reads on; here the document may not end.
func (w *walker) token() (json.Token, error) {
	token, err := w.decoder.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return token, err
}

// plain returns a number as the schema shall see it. Go reads no 1.0 or 1e2 into an integer, though both are integers
// to JSON Schema, and to compute 1e999999 takes long. All such numbers are shown to the schema as one that is no
// integer and in everybody's range.
func plain(n json.Number) json.Number {
	if len(n) > maxDigits || strings.ContainsAny(n.String(), ".eE") {
		return "1.5"
	}
	return n
}

// pointer writes a path as a JSON pointer.
func pointer(path []string) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	var b strings.Builder
	for _, name := range path {
		b.WriteByte('/')
		b.WriteString(escape.Replace(name))
	}
	return b.String()
}

// place turns an offset into a line and a column, both from one.
func place(text []byte, offset int64) (line, column int) {
	before := text[:min(max(int(offset)-1, 0), len(text))]
	return 1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')
}
