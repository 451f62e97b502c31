package ports

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
)

// Accommodations stores what learners are granted. A unit of work that starts an attempt and one that changes what its
// learner is granted exclude each other, so that no attempt misses a change. Both return identity.ErrUserNotFound for
// an account that does not exist.
type Accommodations interface {
	// ForStart returns what a learner is granted, the zero Grant of that learner for nothing, and keeps it from changing
	// until the unit of work ends.
	ForStart(ctx context.Context, user uuid.UUID) (attempt.Grant, error)
	// ForChange returns the same, and also keeps the learner from starting an attempt.
	ForChange(ctx context.Context, user uuid.UUID) (attempt.Grant, error)
	// Save stores a grant whose Version is one more than the stored one; ErrStale when it is not.
	Save(ctx context.Context, g attempt.Grant) error
}

// AccommodationReads reads what learners are granted without holding it.
type AccommodationReads interface {
	// Grant returns the zero Grant of the learner for nothing; identity.ErrUserNotFound for an account that does not exist.
	Grant(ctx context.Context, user uuid.UUID) (attempt.Grant, error)
}

// LiveSessions tells whether somebody is still signed in on a device.
type LiveSessions interface {
	// Live reports whether the session exists and had neither ended nor expired at now.
	Live(ctx context.Context, session uuid.UUID, now time.Time) (bool, error)
}
