package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/toeic-app/toeic/domain/fault"
)

// The failures of reading a request.
var (
	ErrMalformed = fault.New(fault.Malformed, "request.malformed", "The body is not well-formed JSON.")
	ErrInvalid   = fault.New(fault.Invalid, "request.invalid", "The request breaks a rule.")
	ErrMediaType = fault.New(fault.Unsupported, "request.media_type", "The body must be application/json, without an encoding.")
	ErrTooLarge  = fault.New(fault.TooLarge, "request.too_large", "The body is larger than is accepted.")
)

// plan is how the fields of a request struct are filled, worked out once.
type plan struct {
	path, query  []parameter
	header       []parameter
	body         bool      // some fields come from a JSON body
	keys         *spelling // of the body
	optionalBody bool
	anyType      bool // of the body, which is read as JSON all the same
	ruled        bool // some fields have rules
	blank        bool // a request that says nothing breaks none of them
}

// parameter is one field that is read from the path or the query.
type parameter struct {
	name  string
	index []int
	ruled bool // has rules
	set   func(reflect.Value, string) error
}

// planOf reads the tags of In.
func planOf[In any](path string, optionalBody bool) (plan, error) {
	p := plan{optionalBody: optionalBody}
	t := reflect.TypeFor[In]()
	if t.Kind() != reflect.Struct {
		return p, fmt.Errorf("web: a request is a struct, not %s", t)
	}
	p.keys = spellingOf(t, map[reflect.Type]*spelling{})
	p.ruled = ruled(t, map[reflect.Type]bool{})
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		tag, from := f.Tag.Get("path"), &p.path
		if tag == "" {
			tag, from = f.Tag.Get("query"), &p.query
		}
		if tag == "" {
			tag, from = f.Tag.Get("header"), &p.header
		}
		switch {
		case tag != "" && f.Tag.Get("json") != "-":
			return p, fmt.Errorf("web: field %s comes from the address and the body: tag it json:\"-\"", f.Name)
		case tag == "" && f.Tag.Get("json") == "":
			return p, fmt.Errorf("web: field %s comes from nowhere: tag it path, query, header or json", f.Name)
		case tag == "":
			p.body = p.body || f.Tag.Get("json") != "-"
			continue
		}
		set, err := setter(f.Type)
		if err != nil {
			return p, fmt.Errorf("web: field %s: %w", f.Name, err)
		}
		rules := f.Tag.Get("validate")
		if comparing.MatchString(rules) {
			return p, fmt.Errorf("web: field %s: a rule of a parameter looks at nothing else", f.Name)
		}
		*from = append(*from, parameter{name: tag, index: f.Index, ruled: rules != "", set: set})
	}
	for _, param := range p.path {
		if !strings.Contains(path, "{"+param.name+"}") {
			return p, fmt.Errorf("web: the path has no {%s}", param.name)
		}
	}
	if strings.Count(path, "{") != len(p.path) {
		return p, fmt.Errorf("web: the path names other things than the %d path fields", len(p.path))
	}
	return p, nil
}

// comparing finds rules that look at other fields. There are none of parameters, so that those that were not sent need not
// be looked at.
var comparing = regexp.MustCompile(`(^|,)(\w+field|(required|excluded)_\w+|skip_unless)(=|,|$)`)

// setter parses one value of a parameter.
func setter(t reflect.Type) (func(reflect.Value, string) error, error) {
	switch {
	case t == reflect.TypeFor[uuid.UUID]():
		return func(v reflect.Value, s string) error {
			id, err := uuid.Parse(s)
			if err != nil || len(s) != 36 {
				return errors.New("not a UUID")
			}
			v.Set(reflect.ValueOf(id))
			return nil
		}, nil
	case t.Kind() == reflect.String:
		return func(v reflect.Value, s string) error {
			if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
				return errors.New("not text") // databases refuse it with errors of their own
			}
			v.SetString(s)
			return nil
		}, nil
	case t == reflect.TypeFor[*int](): // for which 0 is not the same as nothing
		return func(v reflect.Value, s string) error {
			n, err := strconv.ParseInt(s, 10, 32)
			v.Set(reflect.ValueOf(new(int(n))))
			return err
		}, nil
	case t.Kind() == reflect.Int64 && t != reflect.TypeFor[Version]():
		return func(v reflect.Value, s string) error {
			n, err := strconv.ParseInt(s, 10, 64)
			v.SetInt(n)
			return err
		}, nil
	case t == reflect.TypeFor[Version]():
		return func(v reflect.Value, s string) error {
			n, err := parseVersion(s)
			v.SetInt(int64(n))
			return err
		}, nil
	case t == reflect.TypeFor[*bool]():
		return func(v reflect.Value, s string) error {
			b, err := strconv.ParseBool(s)
			v.Set(reflect.ValueOf(&b))
			return err
		}, nil
	default:
		return nil, fmt.Errorf("parameters of type %s are not known", t)
	}
}

// bind fills in with the request and validates it. It returns the body, for fingerprints.
func (p plan) bind(x *exchange, check *validator.Validate, in any, most int64) ([]byte, error) {
	c, v, said := x.c, reflect.ValueOf(in).Elem(), p.body // whether a field with rules
	for _, param := range p.path {
		said = said || param.ruled
		value, err := pathValue(c, param.name)
		if err == nil {
			err = param.set(v.FieldByIndex(param.index), value)
		}
		if err != nil {
			return nil, errNotFound // what cannot be an identifier identifies nothing
		}
	}
	var fields []fault.Field
	if len(p.query) > 0 && c.Request().URL.RawQuery != "" {
		values := c.QueryParams()
		for _, param := range p.query {
			if !values.Has(param.name) || values.Get(param.name) == "" {
				continue
			}
			said = said || param.ruled
			if err := param.set(v.FieldByIndex(param.index), values.Get(param.name)); err != nil {
				fields = append(fields, fault.Field{Name: param.name, Code: "type", Detail: "The value is not of the right type."})
			}
		}
	}
	for _, param := range p.header {
		value := c.Request().Header.Get(param.name)
		if value == "" {
			continue
		}
		said = said || param.ruled
		if err := param.set(v.FieldByIndex(param.index), value); err != nil {
			fields = append(fields, fault.Field{Name: param.name, Code: "type", Detail: "The value is not of the right type."})
		}
	}
	var body []byte
	if p.body {
		var err error
		if body, err = p.read(x, most); err != nil {
			return nil, err
		}
		if len(body) > 0 {
			bad, err := decode(body, in, p.keys)
			if err != nil {
				return nil, err
			}
			fields = append(fields, bad...)
		}
	}
	if len(fields) == 0 && p.ruled && (said || !p.blank) {
		fields = violations(check, in)
	}
	if len(fields) > 0 {
		return nil, ErrInvalid.WithFields(fields...)
	}
	return body, nil
}

// pathValue returns a value of the path without escapes. Echo matches the path as it was sent where that is not
// the usual way to write it, and leaves the escapes in.
func pathValue(c echo.Context, name string) (string, error) {
	if c.Request().URL.RawPath == "" {
		return c.Param(name), nil
	}
	return url.PathUnescape(c.Param(name))
}

// read returns the body of a request that should have one.
func (p plan) read(x *exchange, most int64) ([]byte, error) {
	r := x.c.Request()
	if r.ContentLength > most {
		return nil, ErrTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	switch {
	case err != nil && x.Err() != nil:
		return nil, x.Err()
	case err != nil:
		return nil, ErrMalformed.Because(err)
	case int64(len(body)) > most:
		return nil, ErrTooLarge
	case len(body) == 0 && p.optionalBody:
		return nil, nil
	case len(body) == 0:
		return nil, ErrMalformed.Because(io.ErrUnexpectedEOF)
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if p.anyType {
		kind, err = echo.MIMEApplicationJSON, nil
	}
	if err != nil || kind != echo.MIMEApplicationJSON || r.Header.Get("Content-Encoding") != "" {
		return nil, ErrMediaType
	}
	return body, nil
}

// decode reads exactly one JSON value without unknown, misspelt or repeated fields. It returns the field that is wrong, or an error
// when the text is no JSON at all.
func decode(body []byte, into any, s *spelling) ([]fault.Field, error) {
	err := json.Unmarshal(body, into)
	if err != nil && !json.Valid(body) {
		return nil, ErrMalformed
	}
	if f := misspelt(body, s); f != nil {
		return []fault.Field{*f}, nil
	}
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &wrong):
		field := wrong.Field
		if field == "" {
			field = "body"
		}
		return []fault.Field{{Name: field, Code: "type", Detail: "The value is not of the right type."}}, nil
	}
	// What is left is a value that its own type refused, such as an identifier that is none.
	return []fault.Field{{Name: "body", Code: "format", Detail: "A value has the wrong format."}}, nil
}
