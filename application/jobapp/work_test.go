package jobapp_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
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
	store  *entstore.Store
	clock  *clock
	work   jobapp.Work
	failed []string
}

func newWorkshop(t *testing.T, handle jobapp.Handler) *workshop {
	t.Helper()
	store := storetest.SQLite(t)
	w := &workshop{t: t, store: store, clock: &clock{time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)}}
	w.work = jobapp.Work{
		Clock: w.clock, Queue: store.Queue(), Handlers: map[job.Kind]jobapp.Handler{job.SendLetter: handle},
		Failed: func(_ job.Job, err error, buried bool) {
			w.failed = append(w.failed, fmt.Sprintf("%v %t", err, buried))
		},
	}
	j := job.New(uuid.Must(uuid.NewV7()), job.SendLetter, []byte("payload"), w.clock.now, w.clock.now)
	if err := store.Identity().Do(t.Context(), func(ctx context.Context, r ports.IdentityRepos) error {
		_, err := r.Jobs.Add(ctx, j)
		return err
	}); err != nil {
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

// The effect and the end of the job are one unit of work: whoever lost the job leaves nothing behind.
func TestAnEffectIsStoredOnlyWithTheEndOfItsJob(t *testing.T) {
	var seen []job.Job
	w := newWorkshop(t, nil)
	store := w.store
	w.work.Handlers = map[job.Kind]jobapp.Handler{job.SendLetter: func(ctx context.Context, j job.Job) error {
		if seen = append(seen, j); len(seen) == 1 { // it is taken for dead, and another one does the job
			w.clock.now = w.clock.now.Add(job.Lease)
			if !w.run() {
				t.Error("nobody took the job over")
			}
		}
		return store.Identity().Do(ctx, func(ctx context.Context, r ports.IdentityRepos) error {
			if _, err := r.Jobs.Add(ctx, job.New(uuid.Must(uuid.NewV7()), "effect", nil, w.clock.now, w.clock.now.Add(time.Hour))); err != nil {
				return err
			}
			return r.Jobs.Done(ctx, j, w.clock.now)
		})
	}}
	w.run()
	effects, err := store.JobList().List(t.Context(), ports.JobFilter{Kind: "effect"}, w.clock.now, ports.Page{Limit: 10})
	if err != nil || len(effects.Items) != 1 || len(seen) != 2 {
		t.Errorf("%d workers left %d effects, %v", len(seen), len(effects.Items), err)
	}
	if len(w.failed) != 1 || !strings.Contains(w.failed[0], "lease") {
		t.Errorf("failures %v", w.failed)
	}
	got, err := store.JobList().ByID(t.Context(), seen[0].ID)
	if err != nil || got.State(w.clock.now) != job.Done || got.Tries != 2 {
		t.Errorf("the job is %+v, %v", got, err)
	}
}
