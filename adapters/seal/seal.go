// Package seal encrypts what must not be readable in the database or its backups: kept replies with the tokens in
// them, the secrets of second factors, letters with codes, and the program's own keys.
package seal

import (
	"context"
	"fmt"
	"time"

	"github.com/toeic-app/toeic/ports"
)

var _ ports.Replies = replies{}

type replies struct {
	box   *Box
	inner ports.Replies
}

// about binds a reply to its idempotency key.
func about(key string) string { return "reply " + key }

// Replies wraps a store of replies so that it holds them sealed, each bound to its idempotency key. A kept reply that
// cannot be opened, because the secret is another or somebody changed it, is an internal error of Claim: whoever
// repeats that request must not be answered as if it were new.
func Replies(box *Box, inner ports.Replies) ports.Replies { return replies{box: box, inner: inner} }

// Claim opens what Keep sealed; else it is the inner store's.
func (r replies) Claim(ctx context.Context, key, fingerprint string, now time.Time, stale, keep time.Duration) ([]byte, error) {
	sealed, err := r.inner.Claim(ctx, key, fingerprint, now, stale, keep)
	if err != nil || sealed == nil {
		return nil, err
	}
	reply, err := r.box.Open(sealed, about(key))
	if err != nil {
		return nil, fmt.Errorf("open a kept reply: %w", err)
	}
	return reply, nil
}

// Keep seals the reply.
func (r replies) Keep(ctx context.Context, key string, reply []byte) error {
	sealed, err := r.box.Seal(reply, about(key))
	if err != nil {
		return fmt.Errorf("seal a reply: %w", err)
	}
	return r.inner.Keep(ctx, key, sealed)
}

// Release is the inner store's.
func (r replies) Release(ctx context.Context, key string) error { return r.inner.Release(ctx, key) }

// Forget is the inner store's.
func (r replies) Forget(ctx context.Context, now time.Time) error { return r.inner.Forget(ctx, now) }
