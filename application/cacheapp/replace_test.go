package cacheapp_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/application/cacheapp"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/ports"
)

func TestASecondStartOfTheSameReturnsTheRunThatIsUnderWay(t *testing.T) {
	w := &warmer{keys: map[string]int{caching.Content: 2}, gate: make(chan struct{})}
	s := open(t).process(hasty(), w)
	runs := make(chan cacheapp.Started, 8)
	var all sync.WaitGroup
	for range cap(runs) {
		all.Go(func() { runs <- s.begun("users:*", "content:*") })
	}
	all.Wait()
	var first caching.Run
	begun := 0
	for range cap(runs) {
		r := <-runs
		if first.ID == (uuid.UUID{}) {
			first = r.Run
		}
		if r.ID != first.ID || r.Outcome != caching.Running {
			t.Errorf("another run: %+v", r)
		}
		if r.Begun {
			begun++
		}
	}
	if r := s.begun("content:*", "users:*"); r.ID != first.ID || r.Begun {
		t.Errorf("the same in another order: %+v", r)
	}
	if begun != 1 || len(s.log.entries) != 1 {
		t.Errorf("%d begun, %d are recorded", begun, len(s.log.entries))
	}
	close(w.gate)
	s.is(s.ended(first), "done users 0/0 noted content 2/2")
	if next := s.start("content:*"); next.ID == first.ID {
		t.Error("the run that has ended is returned")
	}
}

func TestARunIsNotReplacedByOneThatDoesSomethingElse(t *testing.T) {
	w := &warmer{keys: map[string]int{caching.Content: 2}, gate: make(chan struct{})}
	s := open(t).process(hasty(), w)
	run := s.start("content:*")
	for _, patterns := range [][]string{nil, {"*"}, {"users:*"}, {"content:*", "words:*"}} {
		_, err := s.warm.Start(t.Context(), cacheapp.WarmCommand{By: s.by, Patterns: patterns})
		s.wants(err, caching.ErrRunUnderWay)
		var busy *fault.Error
		if !errors.As(err, &busy) || len(busy.Fields) != 1 || busy.Fields[0].Name != "warm/"+run.ID.String() {
			t.Errorf("%v: %+v", patterns, err)
		}
	}
	if len(s.log.entries) != 1 || len(s.engine.cleared) > 0 {
		t.Errorf("recorded %+v, cleared %v", s.log.entries, s.engine.cleared)
	}
	close(w.gate)
	s.is(s.ended(run), "done content 2/2")
}

func TestARunThatNobodyAskedForOrThatSomebodyCancelledGivesWay(t *testing.T) {
	w := &warmer{keys: map[string]int{caching.Content: 2}, gate: make(chan struct{})}
	s := open(t).process(hasty(), w)
	unasked := make(chan error, 2)
	go func() { unasked <- s.warm.AtStart(t.Context()) }()
	for w.at.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	first := s.begun("content:*")
	s.wants(<-unasked, nil) // it is over, as it gave way
	if !first.Begun || first.By != s.by.Actor.UserID {
		t.Errorf("%+v", first)
	}
	_, err := s.warm.Cancel(t.Context(), s.by, first.ID)
	s.wants(err, nil)
	second := s.begun("content:*")
	if !second.Begun || second.ID == first.ID {
		t.Errorf("%+v", second)
	}
	s.is(s.ended(first.Run), "cancelled content 0/2")
	go func() { unasked <- s.warm.AtStart(t.Context()) }() // which is content with what is under way
	close(w.gate)
	s.wants(<-unasked, nil)
	s.is(s.ended(second.Run), "done content 2/2")
	if len(s.log.entries) != 3 {
		t.Errorf("recorded %+v", s.log.entries)
	}
}

// forgetful loses what it is told of the ends of runs, a few times.
type forgetful struct {
	ports.CacheRuns
	times atomic.Int32
}

func (f *forgetful) Progress(ctx context.Context, r caching.Run) (bool, error) {
	if r.Outcome != caching.Running && f.times.Add(-1) >= 0 {
		return false, errors.New("the store is down")
	}
	return f.CacheRuns.Progress(ctx, r)
}

func TestTheEndOfARunIsStoredThoughTheStoreIsDownForAMoment(t *testing.T) {
	o := open(t)
	runs := &forgetful{CacheRuns: o.store.CacheRuns()}
	runs.times.Store(2)
	s := o.processWith(limits(), runs, &warmer{keys: map[string]int{caching.Content: 1}})
	s.is(s.start("content:*"), "done content 1/1")
	if len(s.failed) != 2 {
		t.Errorf("the log has %q", s.failed)
	}
}
