// Package ports declares what the use cases need of the outside, each interface for its consumers.
//
// All methods take a context whose end makes them give up, and all are safe for concurrent use. They
// return the faults that their comments name; any other error is internal. Nothing here knows a technology.
package ports

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Clock tells the time in UTC, no finer than microseconds, which is what every store keeps.
type Clock interface {
	Now() time.Time
}

// IDs makes identifiers that grow with time (UUIDv7).
type IDs interface {
	New() uuid.UUID
}

// UnitOfWork runs fn so that all done through repos is stored together or not at all. It may run fn again
// after a serialization failure, so fn has no effect other than through repos and variables it sets anew each time.
type UnitOfWork[Repos any] interface {
	Do(ctx context.Context, fn func(ctx context.Context, repos Repos) error) error
}

// Page asks for one stretch of a list that is ordered by identifier.
type Page struct {
	Limit int       // 1–100
	After uuid.UUID // the last identifier of the stretch before; the nil UUID for the first stretch
}

// Slice is one stretch of a list.
type Slice[T any] struct {
	Items []T
	Next  uuid.UUID // what to ask After next; the nil UUID when there is no more

	// Version is the same for two slices of a list only if they have the same content; "" where nobody worked it out.
	Version string
}

// Probe tests something that the service depends on.
type Probe interface {
	Name() string
	// Check returns nil when the dependency answers.
	Check(ctx context.Context) error
}
