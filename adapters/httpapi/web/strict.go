package web

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/toeic-app/toeic/domain/fault"
)

// misspelt returns the first key of a JSON document that is written twice, or that differs from the name of a field
// in the case of its letters alone, which the decoder would take for the field. The document is known to be valid.
func misspelt(body []byte, into reflect.Type) *fault.Field {
	return walk(json.NewDecoder(bytes.NewReader(body)), into, "")
}

// walk reads one value. A nil type accepts any keys.
func walk(d *json.Decoder, t reflect.Type, at string) *fault.Field {
	token, err := d.Token()
	if err != nil {
		return nil // which the decoder reports
	}
	switch token {
	case json.Delim('{'):
		return walkObject(d, structOf(t), at)
	case json.Delim('['):
		var item reflect.Type
		if t = indirect(t); t != nil && t.Kind() == reflect.Slice {
			item = t.Elem()
		}
		for d.More() {
			if f := walk(d, item, at); f != nil {
				return f
			}
		}
		_, _ = d.Token() // the closing bracket
	}
	return nil
}

func walkObject(d *json.Decoder, fields map[string]reflect.Type, at string) *fault.Field {
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil
		}
		key, _ := token.(string)
		name := strings.TrimPrefix(at+"."+key, ".")
		if seen[key] {
			return &fault.Field{Name: name, Code: "duplicate", Detail: "The field occurs twice."}
		}
		seen[key] = true
		field, known := fields[key]
		if fields != nil && !known {
			return &fault.Field{Name: name, Code: "unknown", Detail: "There is no such field."}
		}
		if f := walk(d, field, name); f != nil {
			return f
		}
	}
	_, _ = d.Token() // the closing brace
	return nil
}

func indirect(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// structOf returns the fields of a struct by their JSON names; nil for a type that reads itself, or is no struct.
func structOf(t reflect.Type) map[string]reflect.Type {
	t = indirect(t)
	if t == nil || t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil
	}
	out := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && !f.Anonymous && name != "" && name != "-" {
			out[name] = f.Type
		}
	}
	return out
}
