// Package jobapp does the work that other use cases ordered, and the work that recurs.
package jobapp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

// Handler does one job. An error is tried again later unless it is job.ErrHopeless. A handler whose effect is in the
// database calls Jobs.Done last in the unit of work of that effect, and then has it exactly once; any other handler has
// it at least once, and must bear repetition.
type Handler func(ctx context.Context, j job.Job) error

// keptError is how much of a failure is stored, in bytes.
const keptError = 500

// Work does jobs that are due.
type Work struct {
	Clock    ports.Clock
	Queue    ports.JobQueue
	Handlers map[job.Kind]Handler
	// Failed hears of every failed try; buried says that it was the last.
	Failed func(j job.Job, err error, buried bool)
}

// Execute does one job that is due and reports whether there was any. When ctx ends, a job that is under way has
// FinishTime to end; otherwise it is handed back, so that any process can begin it at once. A job whose process dies is
// claimed again when its lease is over.
func (uc Work) Execute(ctx context.Context) (bool, error) {
	jobs, err := uc.Queue.Claim(ctx, uc.Clock.Now(), job.Lease, 1)
	if err != nil || len(jobs) == 0 {
		return false, err
	}
	j := jobs[0]
	failure := fmt.Errorf("%w: %w", job.ErrHopeless, job.ErrWorkersDied)
	if !j.Exhausted() {
		failure = uc.lease(j).during(ctx, func(ctx context.Context) error { return uc.handle(ctx, j) })
	}
	note, cancel := settling(ctx)
	defer cancel()
	switch {
	case failure == nil:
		return true, uc.Queue.Done(note, j, uc.Clock.Now())
	case errors.Is(failure, errCutShort):
		return true, uc.Queue.Release(note, j)
	case errors.Is(failure, job.ErrLeaseLost): // whoever has it now decides what becomes of it
		uc.Failed(j, failure, false)
		return true, nil
	default:
		return true, uc.fail(note, j, failure)
	}
}

func (uc Work) lease(j job.Job) lease {
	return lease{clock: uc.Clock, length: job.Lease, until: *j.LeasedUntil, extend: func(ctx context.Context, until time.Time) error {
		return uc.Queue.Extend(ctx, j, until)
	}}
}

func (uc Work) fail(ctx context.Context, j job.Job, failure error) error {
	now := uc.Clock.Now()
	at, again := j.Next(failure, now)
	uc.Failed(j, failure, !again)
	if again {
		return uc.Queue.Retry(ctx, j, at, excerpt(failure))
	}
	return uc.Queue.Bury(ctx, j, now, excerpt(failure))
}

// excerpt is what is kept of a failure.
func excerpt(failure error) string {
	text := failure.Error()
	if len(text) > keptError {
		text = strings.ToValidUTF8(text[:keptError], "")
	}
	return text
}

func (uc Work) handle(ctx context.Context, j job.Job) error {
	handle, known := uc.Handlers[j.Kind]
	if !known {
		return fmt.Errorf("nothing does jobs of the kind %q: %w", j.Kind, job.ErrHopeless)
	}
	return handle(ctx, j)
}
