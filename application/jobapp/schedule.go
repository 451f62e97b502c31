package jobapp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

// Recurring is work that recurs, done by one process at a time.
type Recurring struct {
	Name   string
	Rhythm job.Rhythm
	// Lease is how long others wait for a process that died during a run; a process that lives extends it.
	Lease time.Duration
	// Urgent reports whether there is something to do before the next time. It is asked often, by every process, so it
	// only reads, and little. nil is never.
	Urgent func(ctx context.Context) (bool, error)
	Run    func(ctx context.Context) error
}

// Turn is work that may be due.
type Turn struct {
	Recurring
	urgent bool
}

// Schedule sees to it that recurring work is done in its time, once however many processes look.
type Schedule struct {
	Clock ports.Clock
	Store ports.Schedules
	Work  []Recurring
}

// Plan enters all work into the store, once in the life of a process.
func (uc Schedule) Plan(ctx context.Context) error {
	now := uc.Clock.Now()
	for _, r := range uc.Work {
		first := r.Rhythm.First(now)
		latest := r.Rhythm.Next(now) // a rhythm of an earlier version may have been slower
		if err := uc.Store.Plan(ctx, r.Name, first, latest); err != nil {
			return fmt.Errorf("plan %s: %w", r.Name, err)
		}
	}
	return nil
}

// Due returns the work that may begin now. What it returns beside an error is due nevertheless: work that cannot tell
// whether it is urgent keeps no other waiting.
func (uc Schedule) Due(ctx context.Context) ([]Turn, error) {
	planned, err := uc.Store.All(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]job.Schedule{}
	for _, s := range planned {
		known[s.Name] = s
	}
	now := uc.Clock.Now()
	var (
		due    []Turn
		failed []error
	)
	for _, r := range uc.Work {
		s, there := known[r.Name]
		switch {
		case !there:
		case s.Due(now, false):
			due = append(due, Turn{Recurring: r})
		case r.Urgent != nil && s.Due(now, true):
			urgent, err := r.Urgent(ctx)
			if err != nil {
				failed = append(failed, fmt.Errorf("look whether %s is urgent: %w", r.Name, err))
			}
			if urgent {
				due = append(due, Turn{Recurring: r, urgent: true})
			}
		}
	}
	return due, errors.Join(failed...)
}

// Run does the work, unless another process does, and reports whether it did. When ctx ends, a run that is under way
// has FinishTime to end; otherwise it is given up, so that any process can begin it again.
func (uc Schedule) Run(ctx context.Context, t Turn) (bool, error) {
	now := uc.Clock.Now()
	until := now.Add(t.Lease)
	run, begun, err := uc.Store.Claim(ctx, t.Name, now, until, t.urgent)
	if err != nil || !begun {
		return false, err
	}
	hold := lease{clock: uc.Clock, length: t.Lease, until: until, extend: func(ctx context.Context, until time.Time) error {
		return uc.Store.Extend(ctx, run, until)
	}}
	failure := hold.during(ctx, t.Recurring.Run)
	note, cancel := settling(ctx)
	defer cancel()
	now = uc.Clock.Now()
	switch {
	case failure == nil:
		return true, uc.Store.Finish(note, run, now, t.Rhythm.Next(now), "")
	case errors.Is(failure, errCutShort):
		return true, uc.Store.Release(note, run)
	case errors.Is(failure, job.ErrLeaseLost):
		return true, failure
	default:
		return true, errors.Join(failure, uc.Store.Finish(note, run, now, t.Rhythm.AfterFailure(now), excerpt(failure)))
	}
}
