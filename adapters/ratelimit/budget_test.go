package ratelimit_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/toeic-app/toeic/adapters/ratelimit"
	"github.com/toeic-app/toeic/ports"
)

// process is one of several that share a count.
func process(far ratelimit.Counter, c *clock) *ratelimit.Shared {
	return ratelimit.NewShared(far, ratelimit.NewMemory(c, plenty), stubborn(), func(error) {})
}

// passes counts how many of n events are allowed.
func passes(t *testing.T, counted ports.Limits, key string, l ports.Limit, n int) int {
	t.Helper()
	passed := 0
	for range n {
		if counted.Take(t.Context(), key, l).Allowed {
			passed++
		}
	}
	return passed
}

func TestProcessesShareOneBudget(t *testing.T) {
	c := newClock()
	far := certainly{t, onSharedRedis(t, c)}
	a, b := process(far, c), process(far, c)
	l := ports.Limit{Burst: 10, Window: 10 * time.Hour}
	if n := passes(t, a, "k", l, 4) + passes(t, b, "k", l, 10); n != 10 {
		t.Errorf("%d events passed, want 10", n)
	}
	looked, taken := a.Look(t.Context(), "k", l), a.Take(t.Context(), "k", l)
	if looked.Allowed || taken.Allowed || (looked.RetryAfter-time.Hour).Abs() > time.Millisecond || (looked.RetryAfter-taken.RetryAfter).Abs() > time.Millisecond {
		t.Errorf("looked %+v, taken %+v", looked, taken)
	}
}

func TestAFailoverGivesNoFreshBudget(t *testing.T) {
	l := ports.Limit{Burst: 10, Window: 10 * time.Hour}
	cases := []struct {
		name string
		use  func(t *testing.T, a, b ports.Limits)
		left int // for process a once the count is away
	}{
		{"what the process itself passed", func(t *testing.T, a, _ ports.Limits) { passes(t, a, "k", l, 7) }, 3},
		{"what others passed as well", func(t *testing.T, a, b ports.Limits) {
			passes(t, b, "k", l, 6)
			passes(t, a, "k", l, 1)
		}, 3},
		{"what a refusal tells", func(t *testing.T, a, b ports.Limits) {
			passes(t, b, "k", l, 10)
			passes(t, a, "k", l, 1)
		}, 0},
		{"a refused event is not counted", func(t *testing.T, a, b ports.Limits) {
			passes(t, a, "k", l, 3)
			passes(t, b, "k", l, 7)
			passes(t, a, "k", l, 20)
		}, 0},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			c := newClock()
			far := &outage{inner: certainly{t, onSharedRedis(t, c)}}
			a, b := process(far, c), process(far, c)
			test.use(t, a, b)
			far.away = true
			if n := passes(t, a, "k", l, 20); n != test.left {
				t.Errorf("%d events passed, want %d", n, test.left)
			}
			c.advance(time.Hour + time.Millisecond)
			if n := passes(t, a, "k", l, 20); n != 1 {
				t.Errorf("%d events passed an hour later, want 1", n)
			}
		})
	}
}

// outage is a count that is away while the test says so.
type outage struct {
	inner ratelimit.Counter
	away  bool
}

func (o *outage) Take(ctx context.Context, key string, l ports.Limit) (ports.Verdict, error) {
	if o.away {
		return ports.Verdict{}, errAway
	}
	return o.inner.Take(ctx, key, l)
}

func (o *outage) Look(ctx context.Context, key string, l ports.Limit) (ports.Verdict, error) {
	if o.away {
		return ports.Verdict{}, errAway
	}
	return o.inner.Look(ctx, key, l)
}

func TestTheReturnOfACountThatForgotAllGivesNoFreshBudget(t *testing.T) {
	c := newClock()
	far := &outage{inner: certainly{t, onSharedRedis(t, c)}, away: true}
	a := process(far, c)
	l := ports.Limit{Burst: 10, Window: 10 * time.Hour}
	if n := passes(t, a, "k", l, 10); n != 10 {
		t.Fatalf("%d events passed, want 10", n)
	}
	far.away = false
	if v := a.Look(t.Context(), "k", l); v.Allowed {
		t.Errorf("looked %+v", v)
	}
	if n := passes(t, a, "k", l, 20); n != 0 {
		t.Errorf("%d events passed", n)
	}
	for hour := range 5 {
		c.advance(time.Hour + time.Millisecond)
		v := a.Look(t.Context(), "k", l)
		if n := passes(t, a, "k", l, 20); n != 1 || v.Remaining != 1 || v.ResetAfter < 8*time.Hour {
			t.Errorf("hour %d: looked %+v, %d events passed", hour, v, n)
		}
	}
}

// slow makes time go by on the way to the shared count and on the way back.
type slow struct {
	inner ratelimit.Counter
	clock *clock
	way   time.Duration
}

func (s *slow) Take(ctx context.Context, key string, l ports.Limit) (ports.Verdict, error) {
	defer s.clock.advance(s.way)
	s.clock.advance(s.way)
	return s.inner.Take(ctx, key, l)
}

func (s *slow) Look(ctx context.Context, key string, l ports.Limit) (ports.Verdict, error) {
	defer s.clock.advance(s.way)
	s.clock.advance(s.way)
	return s.inner.Look(ctx, key, l)
}

func TestASlowAnswerMakesTheProcessNoStricterThanTheSharedCount(t *testing.T) {
	c := newClock()
	far := onSharedRedis(t, c)
	a := process(&slow{certainly{t, far}, c, time.Second}, c)
	l := ports.Limit{Burst: 3, Window: 3 * time.Minute}
	for i := range 50 {
		now, _ := far.Look(t.Context(), "k", l)
		c.advance(max(0, now.RetryAfter-time.Second)) // so that the shared count allows it by the time it is asked
		if v := a.Take(t.Context(), "k", l); !v.Allowed {
			t.Fatalf("event %d: %+v, but the shared count says %+v", i, v, now)
		}
	}
}

func TestAnEventThatTheSharedCountRefusesIsNotCountedByTheProcess(t *testing.T) {
	c := newClock()
	far := &slow{certainly{t, onSharedRedis(t, c)}, c, 2 * time.Second}
	a := process(far, c)
	l := ports.Limit{Burst: 3, Window: 3 * time.Minute}
	passes(t, a, "k", l, 3)
	// The process dates the debt to two seconds earlier than Redis does, so there is a time at which only it allows.
	far.way = 0
	looked, _ := far.inner.Look(t.Context(), "k", l)
	c.advance(looked.RetryAfter - time.Second)
	refused := a.Take(t.Context(), "k", l)
	if refused.Allowed || (refused.RetryAfter-time.Second).Abs() > time.Millisecond {
		t.Fatalf("a second early: %+v", refused)
	}
	c.advance(refused.RetryAfter)
	if v := a.Take(t.Context(), "k", l); !v.Allowed {
		t.Errorf("in time: %+v", v)
	}
}

func TestManyAtOnceNeverPassABurstWhileTheCountGoesAway(t *testing.T) {
	c := newClock()
	far := &unreliable{inner: onSharedRedis(t, c), n: 3}
	a := process(far, c)
	l := ports.Limit{Burst: 20, Window: 20 * time.Hour}
	for round := range 5 {
		var wait sync.WaitGroup
		passed := make([]int, 8)
		for i := range passed {
			wait.Go(func() { passed[i] = passes(t, a, fmt.Sprint(round), l, 10) })
		}
		wait.Wait()
		total := 0
		for _, n := range passed {
			total += n
		}
		if total != l.Burst {
			t.Errorf("%d of 80 events at once passed, want %d", total, l.Burst)
		}
	}
}
