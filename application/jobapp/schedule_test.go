package jobapp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/application/jobapp"
	"github.com/toeic-app/toeic/domain/job"
)

// tower is recurring work with the clock that it goes by.
type tower struct {
	t     *testing.T
	store *entstore.Store
	clock *clock
	uc    jobapp.Schedule
}

func newTower(t *testing.T, work ...jobapp.Recurring) *tower {
	t.Helper()
	w := &tower{t: t, store: storetest.SQLite(t), clock: &clock{time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)}}
	w.uc = jobapp.Schedule{Clock: w.clock, Store: w.store.Schedules(), Work: work}
	if err := w.uc.Plan(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// tick does all that is due and returns how much that was, and what failed.
func (w *tower) tick() (int, error) {
	w.t.Helper()
	due, err := w.uc.Due(w.t.Context())
	n := 0
	for _, turn := range due {
		ran, failure := w.uc.Run(w.t.Context(), turn)
		if ran {
			n++
		}
		err = errors.Join(err, failure)
	}
	return n, err
}

func (w *tower) known() job.Schedule {
	w.t.Helper()
	all, err := w.store.Schedules().All(w.t.Context())
	if err != nil || len(all) != 1 {
		w.t.Fatal(all, err)
	}
	return all[0]
}

func TestRecurringWorkIsDoneOncePerTurn(t *testing.T) {
	runs := 0
	w := newTower(t, jobapp.Recurring{
		Name: "sweep", Rhythm: job.Every(10 * time.Minute), Lease: time.Minute,
		Run: func(context.Context) error { runs++; return nil },
	})
	for range 60 { // an hour
		for range 3 { // looks, by any process
			if _, err := w.tick(); err != nil {
				t.Fatal(err)
			}
		}
		w.clock.now = w.clock.now.Add(time.Minute)
	}
	if s := w.known(); runs != 6 || s.Runs != 6 || s.LastError != "" || !s.SucceededAt.Equal(w.clock.now.Add(-10*time.Minute)) {
		t.Errorf("%d runs, %+v", runs, s)
	}
}

func TestUrgentWorkDoesNotWaitForItsTime(t *testing.T) {
	waiting, runs := 0, 0
	w := newTower(t, jobapp.Recurring{
		Name: "expire", Rhythm: job.Every(time.Hour), Lease: time.Minute,
		Urgent: func(context.Context) (bool, error) { return waiting > 0, nil },
		Run:    func(context.Context) error { runs++; waiting = 0; return nil },
	})
	for range 2 {
		if _, err := w.tick(); err != nil {
			t.Fatal(err)
		}
	}
	if runs != 1 {
		t.Errorf("%d runs with nothing to do, want the first one alone", runs)
	}
	waiting = 1
	if n, err := w.tick(); n != 1 || err != nil || runs != 2 {
		t.Errorf("urgent work: %d runs, %v", runs, err)
	}
}

func TestWorkThatFailsIsTriedAgainSoonAndSaysWhy(t *testing.T) {
	failure := errors.New("no room")
	w := newTower(t, jobapp.Recurring{
		Name: "statistics", Rhythm: job.Nightly(13, 0), Lease: time.Minute, Run: func(context.Context) error { return failure },
	})
	if n, _ := w.tick(); n != 0 {
		t.Error("nightly work begins before its hour")
	}
	w.clock.now = w.clock.now.Add(time.Hour)
	if n, err := w.tick(); n != 1 || !errors.Is(err, failure) {
		t.Errorf("%d runs, %v", n, err)
	}
	if s := w.known(); s.LastError != "no room" || s.SucceededAt != nil || !s.NextAt.Equal(w.clock.now.Add(time.Minute)) {
		t.Errorf("after a failure: %+v", s)
	}
	failure = nil
	w.clock.now = w.clock.now.Add(time.Minute)
	if n, err := w.tick(); n != 1 || err != nil {
		t.Errorf("%d runs, %v", n, err)
	}
	if s := w.known(); s.LastError != "" || s.SucceededAt == nil || s.NextAt.Sub(w.clock.now) < 23*time.Hour {
		t.Errorf("after it succeeded: %+v", s)
	}
}

func TestWorkThatCannotTellWhetherItIsUrgentKeepsNoOtherWaiting(t *testing.T) {
	runs := 0
	w := newTower(t, jobapp.Recurring{
		Name: "expire", Rhythm: job.Nightly(13, 0), Lease: time.Minute, Run: func(context.Context) error { return nil },
		Urgent: func(context.Context) (bool, error) { return false, errors.New("down") },
	}, jobapp.Recurring{
		Name: "sweep", Rhythm: job.Every(time.Minute), Lease: time.Minute, Run: func(context.Context) error { runs++; return nil },
	})
	if _, err := w.tick(); err == nil || runs != 1 {
		t.Errorf("%d runs, %v", runs, err)
	}
}

// A run that a stop cuts short is anybody's at once; it is no failure.
func TestAStopGivesARunUp(t *testing.T) {
	w := newTower(t, jobapp.Recurring{Name: "sweep", Rhythm: job.Every(time.Hour), Lease: time.Minute})
	ctx, stop := context.WithCancel(t.Context())
	due, err := w.uc.Due(ctx)
	if err != nil || len(due) != 1 {
		t.Fatal(due, err)
	}
	due[0].Recurring.Run = func(ctx context.Context) error {
		stop()
		<-ctx.Done() // after jobapp.FinishTime
		return ctx.Err()
	}
	if _, err := w.uc.Run(ctx, due[0]); err != nil {
		t.Error(err)
	}
	if s := w.known(); !s.Due(w.clock.now, false) || s.LastError != "" || s.Runs != 1 {
		t.Errorf("after the stop: %+v", s)
	}
}
