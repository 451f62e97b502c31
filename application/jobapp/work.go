// Package jobapp does the work that other use cases ordered.
package jobapp

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

// Handler does one job. An error is tried again later unless it is job.ErrHopeless.
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

// Execute does one job that is due and reports whether there was any. A job whose process dies is claimed again when
// its lease is over, so what a handler does must bear repetition.
func (uc Work) Execute(ctx context.Context) (bool, error) {
	jobs, err := uc.Queue.Claim(ctx, uc.Clock.Now(), job.Lease, 1)
	if err != nil || len(jobs) == 0 {
		return false, err
	}
	j := jobs[0]
	work, cancel := context.WithTimeout(ctx, job.Lease-leaseMargin)
	failure := uc.attempt(work, j)
	cancel()
	if failure == nil {
		return true, uc.Queue.Done(ctx, j, uc.Clock.Now())
	}
	if ctx.Err() != nil { // we are stopping; the job is taken up again after its lease
		return true, ctx.Err()
	}
	return true, uc.fail(ctx, j, failure)
}

// leaseMargin keeps work from going on when somebody else may have the job.
const leaseMargin = 10 * time.Second

func (uc Work) fail(ctx context.Context, j job.Job, failure error) error {
	now := uc.Clock.Now()
	text := failure.Error()
	if len(text) > keptError {
		text = strings.ToValidUTF8(text[:keptError], "")
	}
	at, again := j.Next(failure, now)
	uc.Failed(j, failure, !again)
	if again {
		return uc.Queue.Retry(ctx, j, at, text)
	}
	return uc.Queue.Bury(ctx, j, now, text)
}

// attempt runs the handler; a panic is a failure like any other.
func (uc Work) attempt(ctx context.Context, j job.Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the job panicked: %v", p)
		}
	}()
	handle, known := uc.Handlers[j.Kind]
	if !known {
		return fmt.Errorf("nothing does jobs of the kind %q: %w", j.Kind, job.ErrHopeless)
	}
	return handle(ctx, j)
}
