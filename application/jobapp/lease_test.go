package jobapp_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/toeic-app/toeic/application/jobapp"
	"github.com/toeic-app/toeic/domain/job"
)

// real is the clock of a bubble, where time passes at once.
type real struct{}

func (real) Now() time.Time { return time.Now().UTC() }

// counter is a queue of one job that writes down what it is told.
type counter struct {
	job    job.Job
	extend func() error // nil extends
	told   []string
}

func (c *counter) tell(what string) error {
	c.told = append(c.told, what)
	return nil
}

func (c *counter) Claim(_ context.Context, now time.Time, lease time.Duration, _ int) ([]job.Job, error) {
	until := now.Add(lease)
	c.job.LeasedUntil = &until
	c.job.Tries++
	return []job.Job{c.job}, nil
}

func (c *counter) Extend(_ context.Context, _ job.Job, until time.Time) error {
	if time.Until(until) != job.Lease {
		return errors.New("extended by another time than the lease")
	}
	if c.extend != nil {
		return c.extend()
	}
	return c.tell("extended")
}

func (c *counter) Done(context.Context, job.Job, time.Time) error          { return c.tell("done") }
func (c *counter) Retry(context.Context, job.Job, time.Time, string) error { return c.tell("retry") }

func (c *counter) Bury(context.Context, job.Job, time.Time, string) error { return c.tell("buried") }

func (c *counter) Release(context.Context, job.Job) error { return c.tell("released") }
func (c *counter) Ordered() <-chan struct{}               { return nil }

// bubble runs a job in a bubble and returns what its queue was told, and the failures.
func bubble(t *testing.T, c *counter, ctx func(context.Context) (context.Context, context.CancelFunc), handle jobapp.Handler) (told []string, failures []error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		work := jobapp.Work{
			Clock: real{}, Queue: c, Handlers: map[job.Kind]jobapp.Handler{job.ExportData: handle},
			Failed: func(_ job.Job, err error, _ bool) { failures = append(failures, err) },
		}
		c.job.Kind = job.ExportData
		run, cancel := ctx(t.Context())
		defer cancel()
		if worked, err := work.Execute(run); !worked || err != nil {
			t.Errorf("worked %t, %v", worked, err)
		}
	})
	return c.told, failures
}

func neverStopped(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

func TestALongJobKeepsItsLease(t *testing.T) {
	told, failures := bubble(t, &counter{}, neverStopped, func(ctx context.Context, _ job.Job) error {
		select {
		case <-time.After(time.Minute + time.Second):
		case <-ctx.Done():
		}
		return ctx.Err()
	})
	renewals := len(told) - 1
	if len(failures) != 0 || renewals != int(time.Minute/job.Renewal(job.Lease)) || told[renewals] != "done" {
		t.Errorf("told %v, failures %v", told, failures)
	}
}

func TestWhoLosesTheLeaseStopsAndSaysNothing(t *testing.T) {
	for name, extend := range map[string]func() error{
		"it is another's":          func() error { return job.ErrLeaseLost },
		"the store did not answer": func() error { return errors.New("down") },
	} {
		var took time.Duration
		told, failures := bubble(t, &counter{extend: extend}, neverStopped, func(ctx context.Context, _ job.Job) error {
			began := time.Now()
			<-ctx.Done()
			took = time.Since(began)
			return errors.New("given up")
		})
		if len(told) != 0 || len(failures) != 1 || !errors.Is(failures[0], job.ErrLeaseLost) || took > job.Lease {
			t.Errorf("%s: told %v, failures %v, after %s", name, told, failures, took)
		}
	}
}

func TestAStopWaitsForAJobAWhileAndThenHandsItBack(t *testing.T) {
	soon := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, time.Second)
	}
	for takes, want := range map[time.Duration]string{2 * time.Second: "done", time.Second + jobapp.FinishTime + time.Millisecond: "released"} {
		told, failures := bubble(t, &counter{}, soon, func(ctx context.Context, _ job.Job) error {
			select {
			case <-time.After(takes):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if !slices.Equal(told, []string{want}) || len(failures) != 0 {
			t.Errorf("a job of %s: told %v, failures %v", takes, told, failures)
		}
	}
}

func TestAJobThatTakesForEverIsAFailure(t *testing.T) {
	told, failures := bubble(t, &counter{}, neverStopped, func(ctx context.Context, _ job.Job) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if told[len(told)-1] != "retry" || len(failures) != 1 || !errors.Is(failures[0], context.DeadlineExceeded) {
		t.Errorf("told %v, failures %v", told[len(told)-1], failures)
	}
}

func TestAJobThatEndedEveryProcessIsGivenUpUntried(t *testing.T) {
	told, failures := bubble(t, &counter{job: job.Job{Tries: job.MaxTries}}, neverStopped, func(context.Context, job.Job) error {
		t.Error("it was tried")
		return nil
	})
	if !slices.Equal(told, []string{"buried"}) || len(failures) != 1 || !errors.Is(failures[0], job.ErrWorkersDied) {
		t.Errorf("told %v, failures %v", told, failures)
	}
}
