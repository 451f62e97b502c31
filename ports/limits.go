package ports

import (
	"context"
	"time"
)

// Limit is how often something may happen: Burst times at once, and evenly Burst times per Window. The zero Limit
// is none.
type Limit struct {
	Burst  int
	Window time.Duration
}

// Verdict is what a limit says to one event.
type Verdict struct {
	Allowed    bool
	Remaining  int           // further events that would be allowed at once
	RetryAfter time.Duration // until one is allowed; zero when Allowed
	ResetAfter time.Duration // until the whole burst is available again
}

// Limits counts events. It never fails: where the count that all processes share cannot be reached, the process
// counts by itself.
type Limits interface {
	// Take counts an event of key unless the limit refuses it.
	Take(ctx context.Context, key string, l Limit) Verdict
	// Look says what Take would, and counts nothing.
	Look(ctx context.Context, key string, l Limit) Verdict
}
