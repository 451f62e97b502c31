package cache_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/fault"
)

const plenty = 1 << 20

func id(n byte) uuid.UUID { return uuid.UUID{15: n} }

// source is a store that counts its loads. Each waits until the gate, if there is one, lets it through.
type source struct {
	gate chan struct{}
	size int // of each revision, in bytes
	fail error

	mu    sync.Mutex
	loads map[uuid.UUID]int
}

func (s *source) Revision(ctx context.Context, id uuid.UUID) (*exam.Revision, error) {
	s.mu.Lock()
	if s.loads == nil {
		s.loads = map[uuid.UUID]int{}
	}
	s.loads[id]++
	s.mu.Unlock()
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if s.fail != nil {
		return nil, s.fail
	}
	r := &exam.Revision{Summary: exam.Summary{RevisionID: id}}
	r.Content.Form.Title = strings.Repeat("x", s.size)
	return r, nil
}

func (s *source) loaded(id uuid.UUID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads[id]
}

// outcome is what one caller got.
type outcome struct {
	revision *exam.Revision
	err      error
}

// newRevisions returns a cache that is closed when the test ends, in its bubble.
func newRevisions(t *testing.T, inner *source, maxBytes int64) *cache.Revisions {
	t.Helper()
	r, err := cache.NewRevisions(inner, maxBytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// ask begins n reads of a revision and returns when none of them can go on.
func ask(ctx context.Context, r *cache.Revisions, id uuid.UUID, n int) <-chan outcome {
	got := make(chan outcome, n)
	for range n {
		go func() {
			revision, err := r.Revision(ctx, id)
			got <- outcome{revision, err}
		}()
	}
	synctest.Wait()
	return got
}

func TestAHundredWhoMissAtOnceShareOneLoadAndOneRevision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &source{gate: make(chan struct{})}
		r := newRevisions(t, inner, plenty)
		got := ask(t.Context(), r, id(1), 100)
		close(inner.gate)
		first := <-got
		for range 99 {
			if next := <-got; next != first {
				t.Fatalf("%+v, and %+v", first, next)
			}
		}
		if first.err != nil || first.revision == nil || first.revision.RevisionID != id(1) || inner.loaded(id(1)) != 1 {
			t.Errorf("%+v after %d loads", first, inner.loaded(id(1)))
		}
	})
}

func TestARevisionIsLoadedOnceAndThenShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &source{}
		r := newRevisions(t, inner, plenty)
		first := <-ask(t.Context(), r, id(1), 1)
		time.Sleep(1000 * time.Hour) // of the bubble's clock: a revision has no age
		for range 3 {
			if next := <-ask(t.Context(), r, id(1), 1); next != first || next.err != nil {
				t.Errorf("%+v, and %+v", first, next)
			}
		}
		if n := inner.loaded(id(1)); n != 1 {
			t.Errorf("%d loads", n)
		}
	})
}

func TestRevisionsDoNotWaitForEachOtherOrMixUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &source{gate: make(chan struct{})}
		r := newRevisions(t, inner, plenty)
		got := []<-chan outcome{ask(t.Context(), r, id(1), 1), ask(t.Context(), r, id(2), 1)}
		if inner.loaded(id(1)) != 1 || inner.loaded(id(2)) != 1 {
			t.Error("one waits for the other")
		}
		close(inner.gate)
		for i, c := range got {
			if o := <-c; o.err != nil || o.revision.RevisionID != id(byte(i+1)) {
				t.Errorf("%+v", o)
			}
		}
	})
}

func TestAnErrorReachesAllWhoWaitAndIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &source{gate: make(chan struct{}), fail: exam.ErrNotFound}
		r := newRevisions(t, inner, plenty)
		got := ask(t.Context(), r, id(1), 10)
		close(inner.gate)
		for range 10 {
			if o := <-got; o.revision != nil || !errors.Is(o.err, exam.ErrNotFound) {
				t.Errorf("%+v", o)
			}
		}
		inner.fail = nil
		if o := <-ask(t.Context(), r, id(1), 1); o.err != nil || inner.loaded(id(1)) != 2 {
			t.Errorf("afterwards: %v after %d loads", o.err, inner.loaded(id(1)))
		}
	})
}

func TestACallerWhoGivesUpFailsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &source{gate: make(chan struct{})}
		r := newRevisions(t, inner, plenty)
		ctx, cancel := context.WithCancel(t.Context())
		first := ask(ctx, r, id(1), 1) // whose context the load began with
		others := ask(t.Context(), r, id(1), 10)
		cancel()
		synctest.Wait()
		if o := <-first; o.revision != nil || !errors.Is(o.err, context.Canceled) {
			t.Errorf("who gave up got %+v", o)
		}
		close(inner.gate)
		for range 10 {
			if o := <-others; o.err != nil || o.revision == nil {
				t.Errorf("another got %+v", o)
			}
		}
		if n := inner.loaded(id(1)); n != 1 {
			t.Errorf("%d loads", n)
		}
	})
}

func TestALoadThatNobodyWaitsForAnyMoreIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &source{gate: make(chan struct{})}
		r := newRevisions(t, inner, plenty)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if o := <-ask(ctx, r, id(1), 1); !errors.Is(o.err, context.DeadlineExceeded) {
			t.Errorf("%+v", o)
		}
		close(inner.gate)
		synctest.Wait()
		if o := <-ask(t.Context(), r, id(1), 1); o.err != nil || inner.loaded(id(1)) != 1 {
			t.Errorf("%v after %d loads", o.err, inner.loaded(id(1)))
		}
	})
}

func TestALoadThatHangsEndsAndTheNextOneTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &source{gate: make(chan struct{})}
		r := newRevisions(t, inner, plenty)
		began := time.Now()
		if o := <-ask(t.Context(), r, id(1), 1); !errors.Is(o.err, context.DeadlineExceeded) {
			t.Errorf("%+v", o)
		}
		if took := time.Since(began); took != cache.LoadTime {
			t.Errorf("it took %s of the bubble's clock", took)
		}
		close(inner.gate)
		if o := <-ask(t.Context(), r, id(1), 1); o.err != nil {
			t.Error(o.err)
		}
	})
}

func TestNoMoreIsHeldThanAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size, fit = 10_000, 5
		inner := &source{size: size}
		r := newRevisions(t, inner, fit*2*(size+1000)) // each weighs twice its encoding, which is a little over its title
		for n := byte(1); n <= 50; n++ {
			if o := <-ask(t.Context(), r, id(n), 1); o.err != nil || o.revision.RevisionID != id(n) {
				t.Fatalf("%+v", o)
			}
			held := 0
			for m := byte(1); m <= n; m++ {
				if r.Holds(id(m)) {
					held++
				}
			}
			if held > fit || held < min(int(n), fit) {
				t.Fatalf("after %d revisions %d are held", n, held)
			}
		}
	})
}

func TestARevisionLargerThanTheCacheIsServedButNotHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &source{size: 10_000}
		r := newRevisions(t, inner, 19_000)
		for n := range 2 {
			if o := <-ask(t.Context(), r, id(1), 1); o.err != nil || inner.loaded(id(1)) != n+1 || r.Holds(id(1)) {
				t.Errorf("%v after %d loads", o.err, inner.loaded(id(1)))
			}
		}
	})
}

// broken is a store with a defect.
type broken struct{}

func (broken) Revision(context.Context, uuid.UUID) (*exam.Revision, error) { panic("a defect") }

func TestAPanicOfALoadIsAnInternalErrorOfItsCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := cache.NewRevisions(broken{}, plenty)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		o := <-ask(t.Context(), r, id(1), 1)
		if o.revision != nil || o.err == nil || fault.KindOf(o.err) != "" || !strings.Contains(o.err.Error(), "a defect") {
			t.Errorf("%+v", o)
		}
	})
}

func TestAfterItIsClosedTheCacheHoldsNothingAndReadsGoThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &source{}
		r := newRevisions(t, inner, plenty)
		<-ask(t.Context(), r, id(1), 1)
		r.Close()
		r.Close()
		for n := range 2 {
			if o := <-ask(t.Context(), r, id(1), 1); o.err != nil || inner.loaded(id(1)) != n+2 || r.Holds(id(1)) {
				t.Errorf("%v after %d loads", o.err, inner.loaded(id(1)))
			}
		}
	})
}

// Under the race detector, and without it by a panic, this shows whether closing and reading get in each other's way.
func TestClosingDoesNotDisturbThoseWhoRead(t *testing.T) {
	for range 20 {
		r, err := cache.NewRevisions(&source{}, plenty)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for n := range byte(200) {
					if _, err := r.Revision(t.Context(), id(n)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		r.Close()
		wg.Wait()
	}
}

func TestACacheOfNoSizeIsRefused(t *testing.T) {
	for _, size := range []int64{0, -1} {
		if r, err := cache.NewRevisions(&source{}, size); err == nil || r != nil {
			t.Errorf("%d bytes: %v, %v", size, r, err)
		}
	}
}
