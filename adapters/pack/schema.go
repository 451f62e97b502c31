package pack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	generator "github.com/swaggest/jsonschema-go"

	"github.com/toeic-app/toeic/domain/exam"
)

// SchemaID is where the schema says it lives.
const SchemaID = "https://github.com/toeic-app/toeic/content-pack.schema.json"

// Schema returns the JSON Schema of exam.json, generated from exam.Form, indented and always the same.
func Schema() ([]byte, error) {
	reflector := generator.Reflector{DefaultOptions: []func(*generator.ReflectContext){
		generator.DefinitionsPrefix("#/$defs/"),
		generator.InterceptNullability(func(p generator.InterceptNullabilityParams) {
			if p.NullAdded && p.Type.Kind() == reflect.Slice {
				p.Schema.RemoveType(generator.Null)
			}
		}),
		generator.InterceptDefName(func(t reflect.Type, _ string) string { return t.Name() }),
		generator.InterceptSchema(func(p generator.InterceptSchemaParams) (bool, error) {
			if p.Processed && p.Value.Kind() == reflect.Struct {
				p.Schema.WithAdditionalProperties(generator.SchemaOrBool{TypeBoolean: new(bool)})
			}
			return false, nil
		}),
	}}
	schema, err := reflector.Reflect(exam.Form{})
	if err != nil {
		return nil, fmt.Errorf("generate the schema: %w", err)
	}
	schema.WithTitle("TOEIC content pack").WithID(SchemaID).WithSchema("https://json-schema.org/draft/2020-12/schema")
	// The generator writes the keywords of draft 7, of which this one has another name now.
	encoded, err := json.Marshal(schema)
	if err != nil {
		return nil, fmt.Errorf("encode the schema: %w", err)
	}
	encoded = bytes.Replace(encoded, []byte(`"definitions":`), []byte(`"$defs":`), 1)
	var out bytes.Buffer
	if err := json.Indent(&out, encoded, "", "  "); err != nil {
		return nil, fmt.Errorf("indent the schema: %w", err)
	}
	return out.Bytes(), nil
}

// compiled is the schema, ready for validation; to prepare it takes longer than to use it.
var compiled = sync.OnceValues(compile)

func compile() (*jsonschema.Schema, error) {
	encoded, err := Schema()
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(SchemaID, document); err != nil {
		return nil, fmt.Errorf("add the schema: %w", err)
	}
	schema, err := compiler.Compile(SchemaID)
	if err != nil {
		return nil, fmt.Errorf("compile the schema: %w", err)
	}
	return schema, nil
}
