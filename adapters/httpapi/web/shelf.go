package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

// shelfSize is how many encoded replies are kept. The largest, the questions of a full form, takes some 100 kB.
const shelfSize = 256

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

// shelf keeps encoded replies.
type shelf struct {
	kept   *lru.Cache[string, rendered]
	making singleflight.Group
}

func newShelf() (*shelf, error) {
	kept, err := lru.New[string, rendered](shelfSize)
	if err != nil {
		return nil, fmt.Errorf("make the shelf of replies: %w", err)
	}
	return &shelf{kept: kept}, nil
}

// take returns the encoded reply, which nobody may change. Those of different routes stay apart.
func (s *shelf) take(status int, route string, k keeper) (rendered, error) {
	key := route + "\x00" + k.key()
	if found, ok := s.kept.Get(key); ok {
		return found, nil
	}
	made, err, _ := s.making.Do(key, func() (any, error) {
		out, err := k.made()
		if err != nil {
			return rendered{}, err
		}
		r, err := render(status, out)
		if err != nil {
			return r, err
		}
		sum := sha256.Sum256(r.Body)
		r.hash = hex.EncodeToString(sum[:16])
		if compressible(r) {
			if r.packed, err = zip(r.Body); err != nil {
				return r, err
			}
		}
		s.kept.Add(key, r)
		return r, nil
	})
	r, _ := made.(rendered)
	return r, err
}
