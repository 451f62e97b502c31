package ratelimit_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/toeic-app/toeic/adapters/ratelimit"
	"github.com/toeic-app/toeic/ports"
)

// scripted is a shared count that does what the test says.
type scripted struct {
	mu    sync.Mutex
	do    func(ctx context.Context) (ports.Verdict, error)
	asked int
}

func (s *scripted) Take(ctx context.Context, _ string, _ ports.Limit) (ports.Verdict, error) {
	s.mu.Lock()
	s.asked++
	do := s.do
	s.mu.Unlock()
	return do(ctx)
}

func (s *scripted) Look(ctx context.Context, key string, l ports.Limit) (ports.Verdict, error) {
	return s.Take(ctx, key, l)
}

func (s *scripted) becomes(do func(ctx context.Context) (ports.Verdict, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.do = do
}

func (s *scripted) questions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func stalled(ctx context.Context) (ports.Verdict, error) {
	<-ctx.Done()
	return ports.Verdict{}, ctx.Err()
}

func refused(context.Context) (ports.Verdict, error) { return ports.Verdict{}, errAway }

func generous(context.Context) (ports.Verdict, error) {
	return ports.Verdict{Allowed: true, Remaining: 999}, nil
}

// reports collects what a Shared says of the shared count.
type reports struct {
	mu   sync.Mutex
	said []error
}

func (r *reports) add(reason error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, reason)
}

func (r *reports) are(t *testing.T, want ...error) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	same := len(r.said) == len(want)
	for i := 0; same && i < len(want); i++ {
		same = errors.Is(r.said[i], want[i])
	}
	if !same {
		t.Errorf("reported %v, want %v", r.said, want)
	}
}

// often is so high a limit that only what the test is about decides.
var often = ports.Limit{Burst: 1_000_000, Window: time.Hour}

// inBubble runs a test in which time goes by itself only while all wait, so that what is waited for can be measured.
func inBubble(t *testing.T, far *scripted, test func(t *testing.T, s *ratelimit.Shared, r *reports)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &reports{}
		test(t, ratelimit.NewShared(far, ratelimit.NewMemory(newClock(), plenty), ratelimit.DefaultPatience(), r.add), r)
	})
}

// costs returns how long an event is held up.
func costs(t *testing.T, s *ratelimit.Shared) time.Duration {
	t.Helper()
	begin := time.Now()
	if v := s.Take(t.Context(), "k", often); !v.Allowed {
		t.Errorf("an event far below the limit is refused: %+v", v)
	}
	return time.Since(begin)
}

func TestAStalledCountHoldsUpThreeEventsAndThenOneEachSecond(t *testing.T) {
	inBubble(t, &scripted{do: stalled}, func(t *testing.T, s *ratelimit.Shared, r *reports) {
		for range 3 {
			if d := costs(t, s); d != 50*time.Millisecond {
				t.Errorf("held up for %v at first", d)
			}
		}
		r.are(t, context.DeadlineExceeded)
		for range 4 {
			for range 100 {
				if d := costs(t, s); d != 0 {
					t.Fatalf("held up for %v while the count is left alone", d)
				}
			}
			time.Sleep(time.Second + time.Millisecond)
			if d := costs(t, s); d != 50*time.Millisecond {
				t.Errorf("held up for %v by a try", d)
			}
		}
		r.are(t, context.DeadlineExceeded)
	})
}

func TestWhileOneEventTriesTheCountAgainOthersDoNotWait(t *testing.T) {
	far := &scripted{do: refused}
	inBubble(t, far, func(t *testing.T, s *ratelimit.Shared, r *reports) {
		for range 3 {
			costs(t, s)
		}
		far.becomes(stalled)
		time.Sleep(time.Second + time.Millisecond)
		tried := make(chan time.Duration)
		go func() { tried <- costs(t, s) }()
		synctest.Wait()
		for range 20 {
			if d := costs(t, s); d != 0 {
				t.Errorf("held up for %v", d)
			}
		}
		if d := <-tried; d != 50*time.Millisecond {
			t.Errorf("the try took %v", d)
		}
		r.are(t, errAway)
	})
}

func TestTheSharedCountComesBackByItselfAndIsReportedOnce(t *testing.T) {
	far := &scripted{do: refused}
	inBubble(t, far, func(t *testing.T, s *ratelimit.Shared, r *reports) {
		for range 10 {
			costs(t, s)
		}
		far.becomes(generous)
		before := far.questions()
		costs(t, s)
		if far.questions() != before || before != 3 {
			t.Errorf("asked %d times, then %d", before, far.questions())
		}
		r.are(t, errAway)
		time.Sleep(time.Second + time.Millisecond)
		for range 10 {
			costs(t, s)
		}
		if n := far.questions() - before; n != 10 {
			t.Errorf("asked %d times of 10 since it is back", n)
		}
		r.are(t, errAway, nil)
		far.becomes(refused)
		for range 10 {
			costs(t, s)
		}
		r.are(t, errAway, nil, errAway)
	})
}

func TestFailuresThatAreFewAndFarBetweenAreBorne(t *testing.T) {
	far := &scripted{}
	inBubble(t, far, func(t *testing.T, s *ratelimit.Shared, r *reports) {
		for range 20 {
			far.becomes(refused)
			costs(t, s)
			costs(t, s)
			far.becomes(generous)
			costs(t, s)
		}
		r.are(t)
		if n := far.questions(); n != 60 {
			t.Errorf("asked %d times of 60", n)
		}
	})
}

func TestHangingUpIsNoWayAroundTheSharedCount(t *testing.T) {
	far := &scripted{do: func(ctx context.Context) (ports.Verdict, error) { return ports.Verdict{Allowed: true}, ctx.Err() }}
	inBubble(t, far, func(t *testing.T, s *ratelimit.Shared, r *reports) {
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for range 10 {
			s.Take(gone, "k", often)
		}
		if n := far.questions(); n != 10 {
			t.Errorf("asked %d times of 10", n)
		}
		r.are(t)
	})
}

func TestWhatTheProcessRefusesIsNotAsked(t *testing.T) {
	far := &scripted{do: generous}
	inBubble(t, far, func(t *testing.T, s *ratelimit.Shared, _ *reports) {
		for range 100 {
			s.Take(t.Context(), "k", hourly)
		}
		s.Look(t.Context(), "k", hourly)
		if n := far.questions(); n != hourly.Burst {
			t.Errorf("asked %d times, want %d", n, hourly.Burst)
		}
	})
}

func TestNobodyIsAskedWhereThereIsNoLimit(t *testing.T) {
	far := &scripted{do: generous}
	inBubble(t, far, func(t *testing.T, s *ratelimit.Shared, _ *reports) {
		s.Take(t.Context(), "k", ports.Limit{})
		s.Look(t.Context(), "k", ports.Limit{})
		if n := far.questions(); n != 0 {
			t.Errorf("asked %d times", n)
		}
	})
}
