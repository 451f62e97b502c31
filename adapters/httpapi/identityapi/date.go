package identityapi

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/swaggest/jsonschema-go"
)

// date is a day, written 2027-03-14.
type date time.Time

func toDate(t *time.Time) *date { return (*date)(t) }

func (d *date) time() *time.Time { return (*time.Time)(d) }

// MarshalText writes the day.
func (d date) MarshalText() ([]byte, error) { return []byte(time.Time(d).Format(time.DateOnly)), nil }

// UnmarshalText reads the day, as midnight UTC.
func (d *date) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return &json.UnmarshalTypeError{Value: "string", Type: reflect.TypeFor[date]()} // names the field
	}
	*d = date(t)
	return nil
}

// PrepareJSONSchema documents the format.
func (date) PrepareJSONSchema(s *jsonschema.Schema) error {
	s.WithType(jsonschema.String.Type()).WithFormat("date")
	return nil
}
