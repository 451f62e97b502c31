package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/toeic-app/toeic/domain/fault"
)

type shared struct {
	ID string `json:"id"`
	// Name is hidden by that of letter.
	Name string `json:"name"`
}

// letter has a field of each sort that a body can have.
type letter struct {
	shared
	Name   string            `json:"name"`
	Bare   string            // which encoding/json calls Bare
	Inner  *letter           `json:"inner,omitempty"`
	List   []letter          `json:"list"`
	Table  map[string]letter `json:"table"`
	Pair   [2]shared         `json:"pair"`
	Free   any               `json:"free"`
	Raw    json.RawMessage   `json:"raw"`
	Maybe  Nullable[int]     `json:"maybe"`
	Hidden string            `json:"-"`
	hidden string
}

func spellingFor[T any]() *spelling {
	return spellingOf(reflect.TypeFor[T](), map[reflect.Type]*spelling{})
}

func TestAKeyThatIsNoFieldLetterByLetterIsNamed(t *testing.T) {
	s := spellingFor[letter]()
	for body, want := range map[string]string{
		`{"name":"x","id":"1","Bare":"y","inner":{"name":"z"},"list":[],"table":{},"pair":[],"free":1,"raw":1,"maybe":1}`: "",
		` { "name" : "}]{\"" , "list" : [ { "name" : "\\" } , { } ] } `:                                                   "",
		`{"NAME":"x"}`:                               "unknown NAME",
		`{"name":"x","Name":"y"}`:                    "unknown Name",
		`{"bare":"x"}`:                               "unknown bare",
		`{"shared":{}}`:                              "unknown shared",
		`{"Hidden":"x"}`:                             "unknown Hidden",
		`{"hidden":"x"}`:                             "unknown hidden",
		`{"-":"x"}`:                                  "unknown -",
		`{"":1}`:                                     "unknown ",
		`{"name":"x","name":"x"}`:                    "duplicate name",
		`{"name":"x","n\u0061me":"y"}`:               "duplicate name",
		`{"n\u0061me":"x"}`:                          "",
		`{"list":[{"name":"x"},{"name":"y"}]}`:       "",
		`{"list":[{},{"more":1}]}`:                   "unknown list.more",
		`{"list":[{},{"name":1,"name":2}]}`:          "duplicate list.name",
		`{"list":[{"inner":{"list":[{"x":1}]}}]}`:    "unknown list.inner.list.x",
		`{"inner":{"id":"1"},"inner":{"id":"2"}}`:    "duplicate inner",
		`{"table":{"any":{"name":"x"},"Any":{}}}`:    "",
		`{"table":{"any":{"more":1}}}`:               "unknown table.any.more",
		`{"table":{"any":{},"any":{}}}`:              "duplicate table.any",
		`{"pair":[{"id":"1"},{"ID":"2"}]}`:           "unknown pair.ID",
		`{"free":{"a":{"a":[{"b":1},{"b":2}]}}}`:     "",
		`{"free":{"a":{"a":[{"b":1,"c":2,"b":3}]}}}`: "duplicate free.a.a.b",
		`{"raw":{"a":1,"A":2}}`:                      "",
		`{"raw":{"a":1,"\u0061":2}}`:                 "duplicate raw.a",
		`{"raw":{"한":1,"\ud55c":2}}`:                 "duplicate raw.한",
		`{"maybe":{"a":1,"a":2}}`:                    "duplicate maybe.a",
		"{\"raw\":{\"\xff\":1,\"\xfe\":2}}":          "duplicate raw.\ufffd", // neither is text, and both decode to the same
		`{"name":"x\"","id":"\\"}`:                   "",
		`[{"name":1,"name":2}]`:                      "duplicate name",
		`[{"anything":1}]`:                           "", // the decoder says that it is no letter
		`"name"`:                                     "",
		`null`:                                       "",
		`-1.5e3`:                                     "",
	} {
		if !json.Valid([]byte(body)) {
			t.Fatalf("%s is no JSON", body)
		}
		got := ""
		if f := misspelt([]byte(body), s); f != nil {
			got = f.Code + " " + f.Name
		}
		if got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

func TestADeepBodyCostsNoMoreMemoryThanAFewTimesItsSize(t *testing.T) {
	s := spellingFor[letter]()
	key := `{"` + strings.Repeat("k", 95) + `":`
	for name, wrong := range map[string]string{"a good one": "1", "a bad one": `{"x":1,"x":2}`} {
		body := []byte(`{"raw":` + strings.Repeat(key, 9_900) + wrong + strings.Repeat("}", 9_900) + `}`)
		if !json.Valid(body) {
			t.Fatal("the body is no JSON")
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f := misspelt(body, s)
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 16*uint64(len(body)) {
			t.Errorf("%s of %d bytes cost %d bytes", name, len(body), spent)
		}
		if (f != nil) != (wrong != "1") {
			t.Errorf("%s: %v", name, f)
		}
		if f != nil && len(f.Name) > maxFieldName {
			t.Errorf("%s is named with %d bytes", name, len(f.Name))
		}
	}
}

// slowly finds the same as misspelt with the tokens of encoding/json, and looks at the type anew for each object.
func slowly(d *json.Decoder, t reflect.Type, at string) (code, name string) {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t != nil && reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		t = nil
	}
	token, _ := d.Token()
	switch token {
	case json.Delim('['):
		var item reflect.Type
		if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
			item = t.Elem()
		}
		for d.More() {
			if code, name := slowly(d, item, at); code != "" {
				return code, name
			}
		}
		_, _ = d.Token()
	case json.Delim('{'):
		seen := map[string]bool{}
		for d.More() {
			token, _ := d.Token()
			key := token.(string)
			name := strings.TrimPrefix(at+"."+key, ".")
			inner, known := lookUp(t, key)
			switch {
			case !known:
				return "unknown", name
			case seen[key]:
				return "duplicate", name
			}
			seen[key] = true
			if code, name := slowly(d, inner, name); code != "" {
				return code, name
			}
		}
		_, _ = d.Token()
	}
	return "", ""
}

// lookUp returns the type of what a key of a t holds; nil is any.
func lookUp(t reflect.Type, key string) (reflect.Type, bool) {
	switch {
	case t == nil || (t.Kind() != reflect.Struct && t.Kind() != reflect.Map):
		return nil, true
	case t.Kind() == reflect.Map:
		return t.Elem(), true
	}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		if f.IsExported() && !f.Anonymous && name == key && key != "-" {
			return f.Type, true
		}
	}
	return nil, false
}

func FuzzKeys(f *testing.F) {
	for _, seed := range []string{
		`{"name":"x","id":"1","Bare":"y","inner":{"name":"z"},"list":[{}],"table":{"a":{"b":1}},"pair":[{"id":""}],"free":{"a":1,"a":2},"raw":[{"a":{}}],"maybe":null}`,
		`{"n\u0061me":1,"NAME":2}`, `{"raw":{"\ud800":1,"\udfff":2,"` + "\xff" + `":3}}`, `[[{"a":1,"a":1}],"\"",-1e9,true]`, `{"a`, `{"a":1,}`, `[`, `"\`, `}`, `{"":{"":{"":1,"":1}}}`, ` `, ``,
	} {
		f.Add([]byte(seed))
	}
	s := spellingFor[letter]()
	f.Fuzz(func(t *testing.T, body []byte) {
		found := misspelt(body, s) // which must not panic, whatever it reads
		var in, plain, strict letter
		fields, err := decode(body, &in, s)
		if !json.Valid(body) {
			if !errors.Is(err, ErrMalformed) {
				t.Fatalf("%q is no JSON, but: %v, %v", body, fields, err)
			}
			return
		}
		if in.Hidden+in.hidden != "" {
			t.Fatalf("%q fills fields that are not the client's", body)
		}
		code, name := slowly(json.NewDecoder(bytes.NewReader(body)), reflect.TypeFor[letter](), "")
		if code == "" {
			decodes := json.Unmarshal(body, &plain) == nil
			d := json.NewDecoder(bytes.NewReader(body))
			d.DisallowUnknownFields()
			if d.Decode(&strict) == nil != decodes {
				t.Fatalf("%q has only known keys, but encoding/json disagrees", body)
			}
			if found != nil || err != nil || len(fields) == 0 != decodes || (decodes && !reflect.DeepEqual(in, plain)) {
				t.Fatalf("%q decodes: %v; found %v, %v, %v", body, decodes, found, fields, err)
			}
			return
		}
		if found == nil || found.Code != code || found.Name != clipped(name, maxFieldName) || err != nil || len(fields) != 1 || fields[0] != *found {
			t.Fatalf("%q is wrong (%s %q); found %v, %v, %v", body, code, name, found, fields, err)
		}
	})
}

type (
	sheet struct {
		Answers []choiceOf `json:"answers"`
	}
	choiceOf struct {
		Number  int     `json:"number"`
		Choice  *string `json:"choice"`
		Seq     int64   `json:"seq"`
		Elapsed int64   `json:"elapsed_ms,omitempty"`
	}
)

func answers(n int) []byte {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(`{"number":%d,"choice":"B","seq":%d,"elapsed_ms":%d}`, i+1, i+7, 1000*i)
	}
	return []byte(`{"answers":[` + strings.Join(items, ",") + `]}`)
}

func TestTheCheckOfKeysDoesNotAllocateForEachObject(t *testing.T) {
	body, s := answers(200), spellingFor[sheet]()
	if n := testing.AllocsPerRun(10, func() {
		if f := misspelt(body, s); f != nil {
			t.Error(f)
		}
	}); n > 5 {
		t.Errorf("%v allocations for 200 answers", n)
	}
}

// BenchmarkDecode shows what the check of keys costs a body of 200 answers.
func BenchmarkDecode(b *testing.B) {
	body, s := answers(200), spellingFor[sheet]()
	for name, read := range map[string]func(*sheet) ([]fault.Field, error){
		"keys checked":   func(in *sheet) ([]fault.Field, error) { return decode(body, in, s) },
		"keys unchecked": func(in *sheet) ([]fault.Field, error) { return nil, json.Unmarshal(body, in) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				var in sheet
				if fields, err := read(&in); err != nil || fields != nil || len(in.Answers) != 200 {
					b.Fatal(fields, err)
				}
			}
		})
	}
}
