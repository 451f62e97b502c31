// Package ratelimit counts events against limits: in one process, in a Redis that all processes share, and in both
// together, so that limits hold while Redis is away.
//
// The algorithm is GCRA. Of each key one number is kept: its debt, which every event raises by one interval (the
// window divided by the burst) and which time pays off. An event that would raise the debt above the window is refused.
// Unlike a window that starts afresh, it never lets two bursts pass side by side.
package ratelimit

import (
	"math"
	"time"

	"github.com/toeic-app/toeic/ports"
)

// pace is a limit as the algorithm sees it.
type pace struct {
	interval time.Duration // the debt of one event, rounded up: the rate may be too low by a nanosecond, never too high
	capacity time.Duration // the debt of a whole burst
}

// paceOf returns false for what limits nothing: no burst, or more than one event each nanosecond.
func paceOf(l ports.Limit) (pace, bool) {
	if l.Burst <= 0 || l.Window < time.Duration(l.Burst) {
		return pace{}, false
	}
	burst := time.Duration(l.Burst)
	interval := (l.Window-1)/burst + 1
	return pace{interval: interval, capacity: interval * burst}, true
}

// unlimited is the verdict where there is no limit.
func unlimited() ports.Verdict { return ports.Verdict{Allowed: true, Remaining: math.MaxInt} }

// admits reports whether there is room for one event more.
func (p pace) admits(debt time.Duration) bool { return debt <= p.capacity-p.interval }

// verdict describes a debt, after the event if that was counted.
func (p pace) verdict(allowed bool, debt time.Duration) ports.Verdict {
	v := ports.Verdict{Allowed: allowed, ResetAfter: debt}
	if allowed {
		v.Remaining = int((p.capacity - debt) / p.interval)
	} else {
		v.RetryAfter = debt - (p.capacity - p.interval)
	}
	return v
}
