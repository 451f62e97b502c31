package identity

import (
	"time"

	"github.com/google/uuid"
)

// The rules against guessing.
const (
	FreeFailures  = 5                // failed log-ins to one address before it is blocked for a while
	MaxBlock      = 15 * time.Minute // the longest block
	GuardLifetime = 24 * time.Hour   // after which an address without failures starts afresh
)

// Guard counts the failed log-ins to one address, whether or not it has an account, so that blocking tells nothing
// about that.
type Guard struct {
	Failures     int
	BlockedUntil *time.Time
	UpdatedAt    time.Time
}

// Blocked returns how long no log-in is tried at all; zero when it may be.
func (g Guard) Blocked(now time.Time) time.Duration {
	if g.BlockedUntil == nil || !now.Before(*g.BlockedUntil) {
		return 0
	}
	return g.BlockedUntil.Sub(now)
}

// Failed counts one more failure. The fifth blocks the address for one minute, and each further one for twice as
// long as the one before, up to MaxBlock.
func (g Guard) Failed(now time.Time) Guard {
	if now.Sub(g.UpdatedAt) > GuardLifetime {
		g = Guard{}
	}
	g.Failures++
	g.UpdatedAt = now
	if over := g.Failures - FreeFailures; over >= 0 {
		block := MaxBlock
		if over < 4 { // 1, 2, 4, 8 minutes
			block = time.Minute << over
		}
		until := now.Add(block)
		g.BlockedUntil = &until
	}
	return g
}

// FailureReason says what was wrong with an attempt to prove who somebody is.
type FailureReason string

// The reasons.
const (
	WrongPassword  FailureReason = "password"
	UnknownAccount FailureReason = "unknown_account"
	WrongFactor    FailureReason = "second_factor"
	Locked         FailureReason = "locked" // not even tried, because of failures before
	Inactive       FailureReason = "inactive"
	WrongCode      FailureReason = "code"
	WrongPasskey   FailureReason = "passkey"
	ReusedRefresh  FailureReason = "reused_refresh_token"
)

// LoginFailure is one failed attempt to prove who somebody is.
type LoginFailure struct {
	ID     uuid.UUID
	IP     string
	UserID *uuid.UUID // nil when the address has no account
	Reason FailureReason
	At     time.Time
}
