package web

import (
	"encoding/json"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/toeic-app/toeic/domain/fault"
)

// spelling says which keys the objects of a JSON document may have. A nil one allows any keys, all the way down.
type spelling struct {
	fields map[string]member // of a struct; nil where any keys are allowed
	values *spelling         // of a map
	items  *spelling         // of a list
}

type member struct {
	number int // among the fields of its struct
	inner  *spelling
}

// spellingOf returns the spelling of what is decoded into a t. A type that reads itself has none. Known holds those
// that are made already, so that a type may refer to itself.
func spellingOf(t reflect.Type, known map[reflect.Type]*spelling) *spelling {
	t = indirect(t)
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return nil
	}
	if s, ok := known[t]; ok {
		return s
	}
	s := &spelling{}
	switch known[t] = s; t.Kind() {
	case reflect.Struct:
		s.fields = map[string]member{}
		s.addFields(t, known)
	case reflect.Map:
		s.values = spellingOf(t.Elem(), known)
	case reflect.Slice, reflect.Array:
		s.items = spellingOf(t.Elem(), known)
	}
	return s
}

// addFields adds the fields of a struct under the names that encoding/json gives them. Those of embedded structs come
// last, for outer fields hide them.
func (s *spelling) addFields(t reflect.Type, known map[reflect.Type]*spelling) {
	var embedded []reflect.Type
	for f := range t.Fields() {
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		switch inner := indirect(f.Type); {
		case tag == "-":
			continue
		case f.Anonymous && name == "" && inner.Kind() == reflect.Struct:
			embedded = append(embedded, inner)
			continue
		case !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		if _, hidden := s.fields[name]; !hidden {
			s.fields[name] = member{number: len(s.fields), inner: spellingOf(f.Type, known)}
		}
	}
	for _, inner := range embedded {
		s.addFields(inner, known)
	}
}

func indirect(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// misspelt returns the first key of a JSON document that is written twice, or that is no field of its struct letter
// by letter: the decoder would take NAME for name. The document is known to be valid; of any other it tells nothing.
//
// It reads bytes rather than tokens, and spells out where it is only for the key that is wrong: bodies come from
// strangers, and 10,000 levels of long keys would be gigabytes of names.
func misspelt(body []byte, s *spelling) *fault.Field {
	r := keyReader{body: body}
	return r.value(s)
}

// keyReader walks through a document.
type keyReader struct {
	body  []byte
	at    int
	path  [][]byte // the keys from the outermost object to the present one
	taken []bool   // for each open struct, which of its fields were there
}

// next skips blanks and returns the byte that follows them, without taking it; 0 at the end.
func (r *keyReader) next() byte {
	for ; r.at < len(r.body); r.at++ {
		switch c := r.body[r.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// skip takes the next byte if it is c.
func (r *keyReader) skip(c byte) {
	if r.next() == c {
		r.at++
	}
}

func (r *keyReader) value(s *spelling) *fault.Field {
	if s == nil {
		s = &spelling{}
	}
	switch r.next() {
	case '{':
		return r.object(s)
	case '[':
		return r.list(s)
	case '"':
		r.text()
	default:
		r.literal()
	}
	return nil
}

func (r *keyReader) list(s *spelling) *fault.Field {
	for r.at++; r.next() != ']' && r.at < len(r.body); r.skip(',') {
		if f := r.value(s.items); f != nil {
			return f
		}
	}
	r.at++
	return nil
}

func (r *keyReader) object(s *spelling) *fault.Field {
	level, fields := len(r.path), len(r.taken)
	r.path = append(r.path, nil)
	r.taken = append(r.taken, make([]bool, len(s.fields))...)
	o := object{spelling: s, taken: r.taken[fields:]}
	for r.at++; r.next() == '"'; r.skip(',') {
		key := r.key()
		r.path[level] = key
		inner, known, again := o.enter(key)
		switch {
		case !known:
			return &fault.Field{Name: r.where(), Code: "unknown", Detail: "There is no such field."}
		case again:
			return &fault.Field{Name: r.where(), Code: "duplicate", Detail: "The field occurs twice."}
		}
		r.skip(':')
		if f := r.value(inner); f != nil {
			return f
		}
	}
	r.at++
	r.path, r.taken = r.path[:level], r.taken[:fields]
	return nil
}

// object remembers the keys of one object.
type object struct {
	*spelling
	taken []bool          // fields, by their number
	other map[string]bool // keys, where any are allowed
}

// enter reports whether there may be such a key, and whether it was there before.
func (o *object) enter(key []byte) (inner *spelling, known, again bool) {
	if o.fields == nil {
		if o.other == nil {
			o.other = map[string]bool{}
		}
		again = o.other[string(key)]
		o.other[string(key)] = true
		return o.values, true, again
	}
	m, known := o.fields[string(key)]
	if !known {
		return nil, false, false
	}
	again = o.taken[m.number]
	o.taken[m.number] = true
	return m.inner, true, again
}

// key takes a string and returns what it means, which may be written in many ways.
func (r *keyReader) key() []byte {
	raw, plain := r.text()
	if plain {
		return raw[1 : len(raw)-1]
	}
	var s string
	_ = json.Unmarshal(raw, &s) // of a valid document it is a string
	return []byte(s)
}

// text takes a string with its quotes. It is plain when it means what it says: ASCII without escapes.
func (r *keyReader) text() (raw []byte, plain bool) {
	start := r.at
	plain = true
	for r.at++; r.at < len(r.body); r.at++ {
		switch c := r.body[r.at]; {
		case c == '"':
			r.at++
			return r.body[start:r.at], plain
		case c == '\\':
			plain = false
			r.at++ // what follows is no closing quote
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	return r.body[start:], false
}

// literal takes a number, true, false or null.
func (r *keyReader) literal() {
	for r.at++; r.at < len(r.body); r.at++ {
		switch r.body[r.at] {
		case ',', ']', '}', ' ', '\t', '\r', '\n':
			return
		}
	}
}

// maxFieldName is how much is shown of a field's name that the client made up, in bytes.
const maxFieldName = 200

// where writes the path as encoding/json does, without places in lists: answers.seq.
func (r *keyReader) where() string {
	var b strings.Builder
	for _, key := range r.path {
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		if b.Write(key); b.Len() > maxFieldName {
			break
		}
	}
	return clipped(b.String(), maxFieldName)
}
