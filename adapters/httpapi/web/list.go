package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/swaggest/jsonschema-go"

	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/ports"
)

// DefaultLimit is how many items a list gives unless it is asked for another number.
const DefaultLimit = 20

// List is one stretch of a list.
type List[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor" description:"Send as cursor to get what follows; null at the end."`
}

// ListOf makes the reply of a stretch of a list.
func ListOf[T, Reply any](s ports.Slice[T], reply func(T) Reply) List[Reply] {
	out := List[Reply]{Items: make([]Reply, len(s.Items))}
	for i, item := range s.Items {
		out.Items[i] = reply(item)
	}
	if s.Next != uuid.Nil {
		cursor := base64.RawURLEncoding.EncodeToString(s.Next[:])
		out.NextCursor = &cursor
	}
	return out
}

// PageQuery is what every list accepts.
type PageQuery struct {
	Limit  *int   `query:"limit" json:"-" validate:"omitempty,min=1,max=100" description:"How many items to give, 20 unless said otherwise."`
	Cursor string `query:"cursor" json:"-" validate:"omitempty,max=64" description:"The next_cursor of the stretch before."`
}

// Page returns the stretch that is asked for; ErrInvalid for a cursor that no reply gave.
func (q PageQuery) Page() (ports.Page, error) {
	p := ports.Page{Limit: DefaultLimit}
	if q.Limit != nil {
		p.Limit = *q.Limit
	}
	if q.Cursor == "" {
		return p, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(q.Cursor)
	if err != nil || len(raw) != len(p.After) {
		return p, ErrInvalid.WithFields(fault.Field{Name: "cursor", Code: "format", Detail: "This is no cursor that a list gave."})
	}
	copy(p.After[:], raw)
	return p, nil
}

// Nullable is a field of a change: left out, null, or a value.
type Nullable[T any] struct {
	Given bool
	Value *T // nil for null
}

// UnmarshalJSON is called only for fields that are there.
func (n *Nullable[T]) UnmarshalJSON(b []byte) error {
	n.Given, n.Value = true, nil
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	return json.Unmarshal(b, &n.Value)
}

// JSONSchema documents the value, or null.
func (Nullable[T]) JSONSchema() (jsonschema.Schema, error) {
	s, err := new(jsonschema.Reflector).Reflect(*new(T))
	if err == nil {
		s.AddType(jsonschema.Null)
	}
	return s, err
}

// Version is the version of a thing, as its ETag carries it: a request that names one in If-Match is refused when the
// thing is of another. Zero is any.
type Version int

// Versioned is an Out that tells its version, which becomes its ETag.
type Versioned interface{ StateVersion() int }

// parseVersion reads what versionTag wrote, whose quotes may be missing, or the * that names any.
func parseVersion(tag string) (Version, error) {
	if tag == "*" {
		return 0, nil
	}
	bare := strings.Trim(tag, `"`)
	n, err := strconv.Atoi(strings.TrimPrefix(bare, "v"))
	if quoted := versionTag(n); err != nil || n < 1 || bare != strings.Trim(quoted, `"`) || (tag != bare && tag != quoted) {
		return 0, errors.New("not an ETag of a version")
	}
	return Version(n), nil
}

func versionTag(v int) string { return `"v` + strconv.Itoa(v) + `"` }
