package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// Kept is an Out that is the same whenever its Key is. The kit keeps it as it is sent, encoded and compressed, so that
// Make is seldom called. The key must name everything that the reply depends on: what may be seen by whom is decided
// before.
type Kept[T any] struct {
	Key  string
	Make func() (T, error)
}

// keeper is a Kept of any type.
type keeper interface {
	key() string
	made() (any, error)
	shown() any
}

func (k Kept[T]) key() string        { return k.Key }
func (k Kept[T]) made() (any, error) { return k.Make() }
func (k Kept[T]) shown() any         { return new(T) }

// shown is what the document tells of an Out.
func shown[Out any](out *Out) any {
	if k, ok := any(*out).(keeper); ok {
		return k.shown()
	}
	return out
}

// Stored is a reply as it is sent, in all codings.
type Stored struct {
	Status int
	Type   string // media type
	Hash   string // of Body, for its tag
	Name   string // of the file that it is to be saved as; "" for none
	Body   []byte
	Gzip   []byte // Body compressed with gzip; nil where that is not worth it
	Zstd   []byte // Body compressed with zstd; nil where that is not worth it
}

// Size is about the memory that it takes, in bytes.
func (s Stored) Size() int64 {
	const rest = 128
	return int64(len(s.Body)+len(s.Gzip)+len(s.Zstd)+len(s.Type)+len(s.Hash)+len(s.Name)) + rest
}

// Shelf keeps replies. Of many who ask for one that is not there, one makes it for all. What it returns nobody may change.
type Shelf interface {
	Get(ctx context.Context, key string, make func(ctx context.Context) (Stored, error)) (Stored, error)
}

// shelfName is what the keys of a route begin with. Braces would tell a cluster of Redis where to keep them.
func shelfName(path string) string { return strings.NewReplacer("{", "", "}", "").Replace(path) + " " }

// take returns the encoded reply. Those of different routes stay apart. Without a shelf it is made each time.
func (a *API) take(ctx context.Context, status int, name string, k keeper) (rendered, error) {
	fill := func(context.Context) (Stored, error) { return store(status, k) }
	if a.config.Shelf == nil {
		s, err := fill(ctx)
		return s.rendered(), err
	}
	s, err := a.config.Shelf.Get(ctx, name+k.key(), fill)
	return s.rendered(), err
}

// Keep puts a reply on the shelf of a route with the status 200, unless it is there.
func Keep[T any](ctx context.Context, a *API, path string, k Kept[T]) error {
	_, err := a.take(ctx, http.StatusOK, shelfName(path), k)
	return err
}

func (s Stored) rendered() rendered {
	return rendered{
		Status: s.Status, Type: s.Type, Body: s.Body, hash: s.Hash, name: s.Name,
		packed: [codings][]byte{gzipped: s.Gzip, zstandard: s.Zstd},
	}
}

// store makes and encodes a reply, in all codings: whoever asks for it next may want another.
func store(status int, k keeper) (Stored, error) {
	out, err := k.made()
	if err != nil {
		return Stored{}, err
	}
	r, err := render(status, out)
	if err != nil {
		return Stored{}, err
	}
	s := Stored{Status: r.Status, Type: r.Type, Hash: hashed(r.Body), Name: r.name, Body: r.Body}
	if !compressible(r) {
		return s, nil
	}
	var errs [2]error
	s.Gzip, errs[0] = pack(gzipped, r.Body)
	s.Zstd, errs[1] = pack(zstandard, r.Body)
	return s, errors.Join(errs[:]...)
}
