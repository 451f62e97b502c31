package token

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// minKey is the least length of a key, in bytes: that of the hash it is used with, as RFC 7518 demands.
const minKey = sha256.Size

// Key is a secret to sign with. It never shows itself.
type Key []byte

// Format keeps every verb of fmt from showing the key.
func (Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, mask) }

// MarshalText keeps encoders from showing the key.
func (Key) MarshalText() ([]byte, error) { return []byte(mask), nil }

const mask = "********"

// id names the key in the header of a token, so that tokens signed before a rotation find theirs. Eight digits of
// a hash tell nothing about a key that cannot be guessed.
func (k Key) id() string {
	sum := sha256.Sum256(k)
	return hex.EncodeToString(sum[:4])
}

// keyring holds the keys, the newest first.
type keyring struct {
	keys []timedKey
	byID map[string]Key
}

type timedKey struct {
	Key
	activeAt time.Time
}

func newKeyring(keys []timedKey) (*keyring, error) {
	if len(keys) == 0 {
		return nil, errors.New("there is no key to sign tokens with")
	}
	ring := &keyring{keys: slices.Clone(keys), byID: make(map[string]Key, len(keys))}
	for i, k := range keys {
		if len(k.Key) < minKey {
			return nil, fmt.Errorf("token key %d of %d has %d bytes, less than %d", i+1, len(keys), len(k.Key), minKey)
		}
		if _, taken := ring.byID[k.id()]; taken {
			return nil, fmt.Errorf("token key %d of %d has the id of another one", i+1, len(keys))
		}
		ring.byID[k.id()] = k.Key
	}
	slices.SortStableFunc(ring.keys, func(a, b timedKey) int { return b.activeAt.Compare(a.activeAt) })
	return ring, nil
}

// signing returns the newest key that is active at now; the oldest when none is.
func (r *keyring) signing(now time.Time) Key {
	for _, k := range r.keys {
		if !now.Before(k.activeAt) {
			return k.Key
		}
	}
	return r.keys[len(r.keys)-1].Key
}
