package pack_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/toeic-app/toeic/adapters/pack"
	"github.com/toeic-app/toeic/domain/exam"
)

var update = flag.Bool("update", false, "rewrite docs/content-pack.schema.json")

const golden = "../../docs/content-pack.schema.json"

func TestThePublishedSchemaIsTheOneInUse(t *testing.T) {
	schema, err := pack.Schema()
	if err != nil {
		t.Fatal(err)
	}
	schema = append(schema, '\n')
	if *update {
		if err := os.WriteFile(golden, schema, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(got, schema) {
		t.Errorf("docs/content-pack.schema.json is out of date (%v); run go test ./adapters/pack -update", err)
	}
}

// node is what the test needs of a schema.
type node struct {
	Required             []string        `json:"required"`
	AdditionalProperties *bool           `json:"additionalProperties"`
	Properties           map[string]rule `json:"properties"`
}

type rule map[string]any

// Every constraint that a tag of the form states is in the schema: none may be lost on the way.
func TestEveryTagOfTheFormIsInTheSchema(t *testing.T) {
	schema, err := pack.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var root struct {
		node
		Defs map[string]node `json:"$defs"`
	}
	if err := json.Unmarshal(schema, &root); err != nil {
		t.Fatal(err)
	}
	nodes := map[reflect.Type]node{reflect.TypeFor[exam.Form](): root.node}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[exam.PartForm](), reflect.TypeFor[exam.Group](), reflect.TypeFor[exam.Stimulus](),
		reflect.TypeFor[exam.Turn](), reflect.TypeFor[exam.Question](), reflect.TypeFor[exam.Option](),
	} {
		nodes[typ] = root.Defs[typ.Name()]
	}
	checked := 0
	for typ, n := range nodes {
		if n.AdditionalProperties == nil || *n.AdditionalProperties {
			t.Errorf("%s lets unknown fields through", typ)
		}
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			got, there := n.Properties[name]
			if !there {
				t.Errorf("%s has no %s", typ, name)
			}
			for _, tag := range []string{"pattern", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "enum", "description"} {
				want := f.Tag.Get(tag)
				if want == "" {
					continue
				}
				if in := inTag(got[tag]); in != want {
					t.Errorf("%s.%s: %s is %q in the schema, not %q", typ, name, tag, in, want)
				}
				checked++
			}
			if required := contains(n.Required, name); required != (f.Tag.Get("required") == "true") {
				t.Errorf("%s.%s: required = %v", typ, name, required)
			}
		}
	}
	if checked < 60 {
		t.Errorf("only %d constraints were compared", checked)
	}
}

// inTag writes a value of the schema as a tag has it.
func inTag(value any) string {
	list, ok := value.([]any)
	if !ok {
		return fmt.Sprint(value)
	}
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ",")
}

func contains(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}
