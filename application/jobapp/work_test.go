package jobapp_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/application/jobapp"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// workshop is a worker with one job.
type workshop struct {
	t      *testing.T
	clock  *clock
	work   jobapp.Work
	failed []string
}

func newWorkshop(t *testing.T, handle jobapp.Handler) *workshop {
	t.Helper()
	store := storetest.SQLite(t)
	w := &workshop{t: t, clock: &clock{time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)}}
	w.work = jobapp.Work{
		Clock: w.clock, Queue: store.Queue(), Handlers: map[job.Kind]jobapp.Handler{job.SendLetter: handle},
		Failed: func(_ job.Job, err error, buried bool) {
			w.failed = append(w.failed, fmt.Sprintf("%v %t", err, buried))
		},
	}
	j := job.New(uuid.Must(uuid.NewV7()), job.SendLetter, []byte("payload"), w.clock.now, w.clock.now)
	if err := store.Identity().Do(t.Context(), func(ctx context.Context, r ports.IdentityRepos) error { return r.Jobs.Add(ctx, j) }); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *workshop) run() bool {
	w.t.Helper()
	worked, err := w.work.Execute(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return worked
}

func TestAJobIsDoneOnce(t *testing.T) {
	done := 0
	w := newWorkshop(t, func(_ context.Context, j job.Job) error {
		done++
		if string(j.Payload) != "payload" || j.Tries != 1 {
			t.Errorf("job %+v", j)
		}
		return nil
	})
	if !w.run() || w.run() || done != 1 || len(w.failed) != 0 {
		t.Errorf("done %d times, failures %v", done, w.failed)
	}
}

func TestAFailedJobIsTriedAgainUntilItIsGivenUp(t *testing.T) {
	tries := 0
	w := newWorkshop(t, func(context.Context, job.Job) error {
		tries++
		return errors.New("down")
	})
	for range 100 {
		w.run()
		w.clock.now = w.clock.now.Add(time.Hour)
	}
	if tries != job.MaxTries || w.failed[0] != "down false" || w.failed[len(w.failed)-1] != "down true" {
		t.Errorf("%d tries, failures %v", tries, w.failed)
	}
}

func TestAJobWaitsBetweenItsTries(t *testing.T) {
	tries := 0
	w := newWorkshop(t, func(context.Context, job.Job) error {
		tries++
		return errors.New("down")
	})
	w.run()
	w.clock.now = w.clock.now.Add(5*time.Second - time.Microsecond)
	if w.run() {
		t.Error("it was tried too early")
	}
	w.clock.now = w.clock.now.Add(time.Microsecond)
	if !w.run() || tries != 2 {
		t.Errorf("%d tries", tries)
	}
}

func TestAPanicOrAnUnknownKindIsAFailureLikeAnyOther(t *testing.T) {
	w := newWorkshop(t, func(context.Context, job.Job) error { panic("boom") })
	w.run()
	if len(w.failed) != 1 || !strings.Contains(w.failed[0], "boom false") {
		t.Errorf("failures %v", w.failed)
	}
	w = newWorkshop(t, nil)
	w.work.Handlers = nil
	w.run()
	if len(w.failed) != 1 || !strings.HasSuffix(w.failed[0], "true") {
		t.Errorf("failures %v", w.failed)
	}
}

func TestAJobThatIsInterruptedByAStopIsTakenUpAgain(t *testing.T) {
	tries := 0
	w := newWorkshop(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	w.work.Handlers = map[job.Kind]jobapp.Handler{job.SendLetter: func(ctx context.Context, _ job.Job) error {
		tries++
		if tries == 1 {
			stop()
			return ctx.Err()
		}
		return nil
	}}
	if _, err := w.work.Execute(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	w.clock.now = w.clock.now.Add(job.Lease)
	if !w.run() || tries != 2 || len(w.failed) != 0 {
		t.Errorf("%d tries, failures %v", tries, w.failed)
	}
}
