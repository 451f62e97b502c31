package ports

import "github.com/toeic-app/toeic/domain/fault"

// Failures that any store can have.
var (
	// ErrStale says that somebody else changed the thing first.
	ErrStale = fault.New(fault.Stale, "store.stale", "Somebody else changed this meanwhile; read it again.")
	// ErrUnavailable says that the store does not answer.
	ErrUnavailable = fault.New(fault.Unavailable, "store.unavailable", "The service cannot reach its database; try again shortly.")
)
