package pack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

// readManifest reads the form: is it JSON, does it follow the schema. The form holds what could be read.
func readManifest(text []byte) (exam.Form, []ports.PackIssue, error) {
	var form exam.Form
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // some editors write a byte order mark
	document, issues, ok := parse(text)
	if !ok {
		return form, issues, nil
	}
	faults, err := againstSchema(document)
	if err != nil {
		return form, nil, err
	}
	issues = append(issues, faults...)
	if err := json.Unmarshal(text, &form); err != nil && len(issues) == 0 {
		return form, nil, fmt.Errorf("the schema lets through what cannot be decoded: %w", err)
	}
	return form, issues, nil
}

// againstSchema returns every violation of the schema.
func againstSchema(document any) ([]ports.PackIssue, error) {
	schema, err := compiled()
	if err != nil {
		return nil, err
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
	at := pointer(v.InstanceLocation)
	add := func(pointer, code, detail string) {
		issues = append(issues, ports.PackIssue{File: Manifest, Pointer: pointer, Code: code, Detail: detail})
	}
	switch k := v.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			add(at+pointer([]string{name}), "required", "The field is missing.")
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			add(at+pointer([]string{name}), "unknown", "There is no such field.")
		}
	default:
		path := v.ErrorKind.KeywordPath()
		code := "schema"
		if len(path) > 0 {
			code = snake(path[len(path)-1])
		}
		add(at, code, sentence(v.ErrorKind.LocalizedString(message.NewPrinter(language.English))))
	}
	return issues
}

// maxQuote is how many bytes of a violation are shown, as it may quote a whole document.
const maxQuote = 300

// sentence writes the words of the validator as a sentence of bounded length.
func sentence(words string) string {
	if len(words) > maxQuote {
		words = strings.ToValidUTF8(words[:maxQuote], "") + "…"
	}
	if words == "" {
		return "The value breaks the schema."
	}
	return strings.ToUpper(words[:1]) + words[1:] + "."
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
