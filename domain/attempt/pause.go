package attempt

import (
	"time"

	"github.com/toeic-app/toeic/domain/fault"
)

// The failures of pauses.
var (
	ErrPaused       = fault.New(fault.Conflict, "attempt.paused", "The attempt is paused; resume it first.")
	ErrNoPauses     = fault.New(fault.Conflict, "attempt.no_pauses", "Only a practice attempt can be paused; the clock of an exam does not stop.")
	ErrPausesUsedUp = fault.New(fault.Conflict, "attempt.pauses_used_up", "The attempt was paused as often as is allowed.")
)

// Bounds of pauses.
const (
	MaxPauses = 20
	MaxPause  = 24 * time.Hour // after which a pause ends by itself
)

// paused reports whether the clock stands at now. A pause that has lasted MaxPause is over, whatever is stored.
func (a *Attempt) paused(now time.Time) bool {
	return a.s.PausedAt != nil && now.Before(a.s.PausedAt.Add(MaxPause))
}

// PausedAt returns since when the clock has been standing at now; nil when it runs.
func (a *Attempt) PausedAt(now time.Time) *time.Time {
	if !a.paused(now) {
		return nil
	}
	return copied(a.s.PausedAt)
}

// Pause stops the clock of a practice attempt. While it stands, answers are refused and questions are not shown; the
// attempt can be resumed, submitted and abandoned. During a pause it changes nothing.
//
// The deadline counts on the longest pause, and is put right by Resume: so it is the end of the attempt even if nobody
// ever comes back.
func (a *Attempt) Pause(now time.Time) error {
	if err := a.live(now); err != nil {
		return err
	}
	switch {
	case a.timed():
		return ErrNoPauses
	case a.paused(now):
		return nil
	case a.s.DeadlineAt != nil && !now.Before(*a.s.DeadlineAt):
		return ErrClosed // within the grace, which is for answers that are under way
	case a.s.Pauses >= MaxPauses:
		return ErrPausesUsedUp
	}
	a.settle(now)
	a.s.PausedAt = &now
	a.s.Pauses++
	a.moveDeadline(MaxPause)
	a.s.Version++
	return nil
}

// Resume lets the clock go on. The time that it stood is not counted: the deadline is that much later. When the clock
// runs it changes nothing.
func (a *Attempt) Resume(now time.Time) error {
	if err := a.live(now); err != nil {
		return err
	}
	if a.endPause(now) {
		a.s.Version++
	}
	return nil
}

// settle ends a pause that has lasted too long.
func (a *Attempt) settle(now time.Time) {
	if !a.paused(now) {
		a.endPause(now)
	}
}

// endPause ends a pause and reports whether there was one. What it lasted is counted in milliseconds, as it is stored,
// rounded up.
func (a *Attempt) endPause(now time.Time) bool {
	if a.s.PausedAt == nil {
		return false
	}
	lasted := now.Sub(*a.s.PausedAt) + time.Millisecond - time.Nanosecond
	lasted = min(max(0, lasted.Truncate(time.Millisecond)), MaxPause) // clocks of two replicas differ
	a.s.Paused += lasted
	end := a.s.PausedAt.Add(lasted)
	a.resumed, a.s.PausedAt = &end, nil
	a.moveDeadline(lasted - MaxPause)
	return true
}

func (a *Attempt) moveDeadline(d time.Duration) {
	if a.s.DeadlineAt != nil {
		end := a.s.DeadlineAt.Add(d)
		a.s.DeadlineAt = &end
	}
}

// PauseEnded returns when the pause ended in which the attempt was loaded; nil when there was none, or it lasts. It is
// for the log of pauses.
func (a *Attempt) PauseEnded() *time.Time { return copied(a.resumed) }
