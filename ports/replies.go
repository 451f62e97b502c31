package ports

import (
	"context"
	"time"

	"github.com/toeic-app/toeic/domain/fault"
)

// The failures of repeated requests.
var (
	ErrKeyReused     = fault.New(fault.Invalid, "idempotency.key_reused", "The Idempotency-Key was used with another request.")
	ErrKeyInProgress = fault.New(fault.Conflict, "idempotency.in_progress", "A request with this Idempotency-Key is still being worked on.")
)

// Replies remembers what was answered to a request, so that its repetition gets the same answer.
type Replies interface {
	// Claim takes the key for a request with that fingerprint. It returns the stored reply when the request
	// was answered before, nil when the caller is to answer it, ErrKeyReused for another fingerprint, and
	// ErrKeyInProgress while another caller works on it. A claim older than stale is taken over.
	Claim(ctx context.Context, key, fingerprint string, now time.Time, stale, keep time.Duration) ([]byte, error)
	// Keep stores the reply to a claimed key.
	Keep(ctx context.Context, key string, reply []byte) error
	// Release gives a claimed key up, so that the request may be tried again.
	Release(ctx context.Context, key string) error
	// Forget removes what expired before now.
	Forget(ctx context.Context, now time.Time) error
}
