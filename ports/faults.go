package ports

import (
	"time"

	"github.com/toeic-app/toeic/domain/fault"
)

// roomWait is how long a caller waits for whoever makes room.
const roomWait = 30 * time.Second

// Failures that any store can have.
var (
	// ErrStale says that somebody else changed the thing first.
	ErrStale = fault.New(fault.Stale, "store.stale", "Somebody else changed this meanwhile; read it again.")
	// ErrUnavailable says that the store does not answer.
	ErrUnavailable = fault.New(fault.Unavailable, "store.unavailable", "The service cannot reach its database; try again shortly.")
	// ErrBusy says that too much waits already.
	ErrBusy = fault.New(fault.Unavailable, "service.busy", "The service has too much to do just now; try again shortly.")
	// ErrFull says that the store has no room for more. What is stored can still be read.
	ErrFull = fault.New(fault.InsufficientStorage, "store.full", "The service has no room left to store this; reading goes on.").After(roomWait)
	// ErrUndeliverable says that a letter can never be delivered as it is, so that trying again is useless.
	ErrUndeliverable = fault.New(fault.Invalid, "mail.undeliverable", "The mail system refused the letter for good.")
)
