// Package seal encrypts what is kept of replies, so that the tokens in them cannot be read from the database or
// its backups.
package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/toeic-app/toeic/ports"
)

var _ ports.Replies = replies{}

// purpose keeps a key that is derived here apart from all others of the same secret. It changes with the format
// of what is sealed.
const purpose = "toeic idempotency replies v1"

// KeySize is the length of a key for AES-256, in bytes, and the least of a secret to derive one from.
const KeySize = 32

// DeriveKey makes the key for New from a secret that also serves something else. It fails for a secret of less
// than 32 bytes.
func DeriveKey(secret []byte) ([KeySize]byte, error) {
	if len(secret) < KeySize {
		return [KeySize]byte{}, fmt.Errorf("derive the key of kept replies: a secret of %d bytes is too short", len(secret))
	}
	key, err := hkdf.Key(sha256.New, secret, nil, purpose, KeySize)
	if err != nil {
		return [KeySize]byte{}, fmt.Errorf("derive the key of kept replies: %w", err)
	}
	return [KeySize]byte(key), nil
}

type replies struct {
	key   [KeySize]byte
	inner ports.Replies
}

// New wraps a store of replies so that it holds them encrypted by AES-256-GCM, each with a random nonce and bound
// to its idempotency key. A kept reply that cannot be opened, because the key is another or somebody changed it,
// is an internal error of Claim: whoever repeats that request must not be answered as if it were new.
func New(key [KeySize]byte, inner ports.Replies) ports.Replies {
	return replies{key: key, inner: inner}
}

// aead puts a random nonce before what it seals, and reads it from there.
func (r replies) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(r.key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// Claim opens what Keep sealed; else it is the inner store's.
func (r replies) Claim(ctx context.Context, key, fingerprint string, now time.Time, stale, keep time.Duration) ([]byte, error) {
	sealed, err := r.inner.Claim(ctx, key, fingerprint, now, stale, keep)
	if err != nil || sealed == nil {
		return nil, err
	}
	aead, err := r.aead()
	if err != nil {
		return nil, fmt.Errorf("open a kept reply: %w", err)
	}
	reply, err := aead.Open([]byte{}, nil, sealed, []byte(key)) // an empty reply is not nil, which would mean none
	if err != nil {
		return nil, fmt.Errorf("open a kept reply: %w", err)
	}
	return reply, nil
}

// Keep seals the reply.
func (r replies) Keep(ctx context.Context, key string, reply []byte) error {
	aead, err := r.aead()
	if err != nil {
		return fmt.Errorf("seal a reply: %w", err)
	}
	return r.inner.Keep(ctx, key, aead.Seal(nil, nil, reply, []byte(key)))
}

// Release is the inner store's.
func (r replies) Release(ctx context.Context, key string) error { return r.inner.Release(ctx, key) }

// Forget is the inner store's.
func (r replies) Forget(ctx context.Context, now time.Time) error { return r.inner.Forget(ctx, now) }
