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

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

// maxDepth is more than twice as deep as a form nests.
const maxDepth = 32

// readManifest reads the form: is it there, is it JSON, does it follow the schema. The form holds what could be read.
func readManifest(files map[string][]byte) (exam.Form, []ports.PackIssue, error) {
	var form exam.Form
	text, ok := files[Manifest]
	if !ok {
		return form, []ports.PackIssue{{File: Manifest, Code: "missing", Detail: "The pack has no exam.json."}}, nil
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // some editors write a byte order mark
	issues := syntax(text)
	for _, i := range issues {
		if i.Pointer == "" {
			return form, issues, nil // not even JSON
		}
	}
	faults, err := againstSchema(text)
	if err != nil {
		return form, nil, err
	}
	issues = append(issues, faults...)
	if err := json.Unmarshal(text, &form); err != nil && len(issues) == 0 {
		return form, nil, fmt.Errorf("the schema lets through what cannot be decoded: %w", err)
	}
	return form, issues, nil
}

// syntax looks for what a decoder would pass over or stumble at: bad encoding, bad JSON, depth, repeated keys.
func syntax(text []byte) []ports.PackIssue {
	whole := func(code, detail string) []ports.PackIssue {
		return []ports.PackIssue{{File: Manifest, Code: code, Detail: detail}}
	}
	if !utf8.Valid(text) {
		return whole("encoding", "The file is not UTF-8.")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	w := walker{decoder: decoder}
	err := w.value("", 0)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is something after the end of the document")
		}
	}
	switch {
	case errors.Is(err, errTooDeep):
		return whole("too_deep", "The document is nested too deeply.")
	case err != nil:
		offset := decoder.InputOffset()
		var s *json.SyntaxError
		if errors.As(err, &s) {
			offset = s.Offset
		}
		line, column := place(text, offset)
		return whole("syntax", fmt.Sprintf("Line %d, column %d: %s.", line, column, strings.TrimSuffix(err.Error(), ".")))
	}
	return w.repeated
}

// walker reads a document token by token.
type walker struct {
	decoder  *json.Decoder
	repeated []ports.PackIssue
}

func (w *walker) value(at string, depth int) error {
	if depth > maxDepth {
		return errTooDeep
	}
	token, err := w.token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		return w.object(at, depth)
	case json.Delim('['):
		for i := 0; w.decoder.More(); i++ {
			if err := w.value(at+"/"+strconv.Itoa(i), depth+1); err != nil {
				return err
			}
		}
		return w.end()
	}
	return nil
}

func (w *walker) object(at string, depth int) error {
	seen := map[string]bool{}
	for w.decoder.More() {
		token, err := w.token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // the decoder allows nothing else here
		pointer := at + "/" + escapePointer(name)
		if seen[name] {
			w.repeated = append(w.repeated, ports.PackIssue{File: Manifest, Pointer: pointer, Code: "duplicate_key", Detail: "The object has this key twice."})
		}
		seen[name] = true
		if err := w.value(pointer, depth+1); err != nil {
			return err
		}
	}
	return w.end()
}

func (w *walker) end() error {
	_, err := w.token()
	return err
}

// token reads on; here the document may not end.
func (w *walker) token() (json.Token, error) {
	token, err := w.decoder.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return token, err
}

// escapePointer writes a name as a part of a JSON pointer.
func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// againstSchema returns every violation of the schema.
func againstSchema(text []byte) ([]ports.PackIssue, error) {
	schema, err := compiled()
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("read a document that was read before: %w", err)
	}
	err = schema.Validate(document)
	var violated *jsonschema.ValidationError
	switch {
	case err == nil:
		return nil, nil
	case !errors.As(err, &violated):
		return nil, fmt.Errorf("validate against the schema: %w", err)
	}
	return leaves(nil, violated), nil
}

// leaves collects the violations that no deeper one explains.
func leaves(issues []ports.PackIssue, v *jsonschema.ValidationError) []ports.PackIssue {
	if len(v.Causes) > 0 {
		for _, cause := range v.Causes {
			issues = leaves(issues, cause)
		}
		return issues
	}
	at := ""
	for _, part := range v.InstanceLocation {
		at += "/" + escapePointer(part)
	}
	add := func(pointer, code, detail string) {
		issues = append(issues, ports.PackIssue{File: Manifest, Pointer: pointer, Code: code, Detail: detail})
	}
	switch k := v.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			add(at+"/"+escapePointer(name), "required", "The field is missing.")
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			add(at+"/"+escapePointer(name), "unknown", "There is no such field.")
		}
	default:
		path := v.ErrorKind.KeywordPath()
		code := "schema"
		if len(path) > 0 {
			code = snake(path[len(path)-1])
		}
		detail := v.ErrorKind.LocalizedString(message.NewPrinter(language.English))
		add(at, code, strings.ToUpper(detail[:1])+detail[1:]+".")
	}
	return issues
}

// snake writes minItems as min_items.
func snake(word string) string {
	var b strings.Builder
	for _, r := range word {
		if r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
