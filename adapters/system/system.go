// Package system gives the use cases what the machine has: the time of day, identifiers, and chance.
package system

import (
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/ports"
)

var (
	_ ports.Clock = Clock{}
	_ ports.IDs   = IDs{}
	_ ports.Seeds = Seeds{}
)

// Clock is the machine's clock.
type Clock struct{}

// Now returns the time in UTC, cut to whole microseconds, so that a time read back from any store equals the one
// that was written.
func (Clock) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// IDs makes UUIDs of version 7. They are no secrets, so their chance may lie in the memory beforehand: each request needs one.
type IDs struct{}

func init() { uuid.EnableRandPool() }

// New returns an identifier greater than all that this process made before, even when the clock is set back;
// those of other processes interleave to the millisecond. It panics when the machine has no randomness, without
// which nothing here is safe.
func (IDs) New() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// Seeds makes random numbers.
type Seeds struct{}

// New returns one of all 64-bit numbers, each as likely as any other.
func (Seeds) New() uint64 { return rand.Uint64() } //nolint:gosec // it chooses questions, which is no secret
