package web

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/toeic-app/toeic/domain/fault"
)

// newValidator names fields as clients know them.
func newValidator() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		for _, from := range []string{"path", "query", "header"} {
			if name := f.Tag.Get(from); name != "" {
				return name
			}
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			return ""
		}
		return name
	})
	return v
}

// ruled reports whether a type, or what it is made of, has rules.
func ruled(t reflect.Type, seen map[reflect.Type]bool) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return ruled(t.Elem(), seen)
	case reflect.Struct:
	default:
		return false
	}
	if seen[t] {
		return false
	}
	seen[t] = true
	for _, f := range reflect.VisibleFields(t) {
		if f.Tag.Get("validate") != "" || ruled(f.Type, seen) {
			return true
		}
	}
	return false
}

// violations returns every rule of its tags that a request breaks.
func violations(check *validator.Validate, in any) []fault.Field {
	var broken validator.ValidationErrors
	if err := check.Struct(in); err == nil || !errors.As(err, &broken) {
		return nil
	}
	fields := make([]fault.Field, len(broken))
	for i, b := range broken {
		code, detail := explain(b)
		fields[i] = fault.Field{Name: clientName(b.Namespace()), Code: code, Detail: detail}
	}
	return fields
}

// clientName drops the names of Go types, which are the first or begin with a capital. So do those of headers, but they
// come last.
func clientName(namespace string) string {
	parts := strings.Split(namespace, ".")[1:]
	kept := parts[:0]
	for i, p := range parts {
		if p[0] < 'A' || p[0] > 'Z' || i == len(parts)-1 {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, ".")
}

// explain gives the code and the English sentence of a broken rule.
func explain(b validator.FieldError) (code, detail string) {
	switch tag := b.Tag(); tag {
	case "required":
		return "required", "A value is required."
	case "min", "max":
		return explainBound(b, tag == "min")
	case "oneof":
		return "one_of", "The value must be one of " + strings.ReplaceAll(b.Param(), " ", ", ") + "."
	case "unique":
		return "duplicate", "A value occurs twice."
	case "ip":
		return "format", "The value is not an IP address."
	case "uuid":
		return "format", "The value is not an identifier (UUID)."
	default:
		return tag, "The value breaks the rule " + tag + "."
	}
}

func explainBound(b validator.FieldError, low bool) (code, detail string) {
	word, short := "at most", "long"
	if low {
		word, short = "at least", "short"
	}
	switch b.Kind() {
	case reflect.String:
		return "too_" + short, fmt.Sprintf("The value must have %s %s characters.", word, b.Param())
	case reflect.Slice, reflect.Map, reflect.Array:
		code = "too_many"
		if low {
			code = "too_few"
		}
		return code, fmt.Sprintf("There must be %s %s values.", word, b.Param())
	default:
		return "range", fmt.Sprintf("The value must be %s %s.", word, b.Param())
	}
}
