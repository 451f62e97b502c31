package jobapp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

const (
	// FinishTime is how long work that is under way may go on after the process was told to stop.
	FinishTime = 3 * time.Second
	// settleTime bounds noting how work ended.
	settleTime = time.Second
)

// errCutShort says that the process stops and could not wait for the work.
var errCutShort = errors.New("the process stops")

// lease is a claim that must be kept while the work goes on.
type lease struct {
	clock  ports.Clock
	length time.Duration
	until  time.Time
	extend func(ctx context.Context, until time.Time) error
}

// during does the work while it keeps the lease. The work's context ends when the lease is lost, when the work takes
// longer than job.MaxRun, and FinishTime after ctx has ended. Work that fails after the lease was lost, or that time was
// over, fails with job.ErrLeaseLost or errCutShort, whatever it made of that. A panic is a failure like any other.
func (l lease) during(ctx context.Context, work func(context.Context) error) error {
	working, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	limited, cancel := context.WithTimeout(working, job.MaxRun)
	defer cancel()
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		l.keep(limited, ctx.Done(), stop)
	}()
	err := recovered(limited, work)
	cancel()
	<-kept
	cause := context.Cause(working)
	if err != nil && (errors.Is(cause, job.ErrLeaseLost) || errors.Is(cause, errCutShort)) {
		return cause
	}
	return err
}

// keep extends the lease until the work is over, and ends the work when it has to.
func (l lease) keep(work context.Context, stopping <-chan struct{}, end context.CancelCauseFunc) {
	renew := time.NewTicker(job.Renewal(l.length))
	defer renew.Stop()
	var late <-chan time.Time // once the process stops
	for {
		select {
		case <-work.Done():
			return
		case <-stopping:
			stopping, late = nil, time.After(FinishTime)
		case <-late:
			end(errCutShort)
		case <-renew.C:
			if !l.renew(work) {
				end(job.ErrLeaseLost)
			}
		}
	}
}

// renew reports whether the lease still holds. A store that does not answer ends it only when its time is over.
func (l *lease) renew(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, job.Renewal(l.length))
	defer cancel()
	until := l.clock.Now().Add(l.length)
	switch err := l.extend(ctx, until); {
	case err == nil:
		l.until = until
		return true
	case errors.Is(err, job.ErrLeaseLost):
		return false
	default:
		return l.clock.Now().Before(l.until)
	}
}

func recovered(ctx context.Context, work func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the job panicked: %v", p)
		}
	}()
	return work(ctx)
}

// settling returns a context to note how work ended, also when the process stops.
func settling(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleTime)
}
