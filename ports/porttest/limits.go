package porttest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/ports"
)

// hair is how exact a limit has to be. A count by floating-point numbers is finer by far, and a test takes no more events
// than what a microsecond each leaves within it.
const hair = time.Millisecond

// hourly is slow enough that nothing refills while a test runs on a clock that goes by itself.
var hourly = ports.Limit{Burst: 4, Window: time.Hour}

// Limits runs the contract of [ports.Limits], each test on an empty count that open makes. Its clock has to stand still
// until the function that comes with it lets time pass; a microsecond for each call does no harm.
func Limits(t *testing.T, open func(t *testing.T) (ports.Limits, func(time.Duration))) {
	t.Helper()
	for name, test := range map[string]func(*limits){
		"ABurstPassesAndNoMore":                   burstThenRefusal,
		"OneEventComesBackEachInterval":           evenRefill,
		"AnIdleKeySavesUpNoMoreThanABurst":        noSaving,
		"KeysAreCountedApart":                     keysApart,
		"RetryAfterIsExact":                       exactRetry,
		"AfterResetAfterTheWholeBurstIsAvailable": exactReset,
		"ARefusedEventCostsNothing":               refusalIsFree,
		"LookCountsNothing":                       lookCountsNothing,
		"LookAgreesWithTake":                      lookAgrees,
		"AnIntervalNeedNotBeAWholeNumber":         unevenInterval,
		"NoLimitRefusesNothing":                   noLimit,
		"TakesAtOnceNeverPassABurst":              atOnce,
		"AnySequenceKeepsToTheLimit":              anySequence,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			counted, advance := open(t)
			test(&limits{T: t, counted: counted, advance: advance})
		})
	}
}

// limits is one test of a count of events.
type limits struct {
	*testing.T
	counted ports.Limits
	advance func(time.Duration)
}

func (f *limits) take(key string, l ports.Limit) ports.Verdict {
	return f.counted.Take(f.Context(), key, l)
}

func (f *limits) look(key string, l ports.Limit) ports.Verdict {
	return f.counted.Look(f.Context(), key, l)
}

// takes takes n events that have to be allowed.
func (f *limits) takes(key string, l ports.Limit, n int) {
	f.Helper()
	for i := range n {
		if v := f.take(key, l); !v.Allowed {
			f.Fatalf("event %d of %d is refused: %+v", i+1, n, v)
		}
	}
}

// is compares a verdict, its times to a hair.
func (f *limits) is(what string, got, want ports.Verdict) {
	f.Helper()
	if got.Allowed != want.Allowed || got.Remaining != want.Remaining ||
		(got.RetryAfter-want.RetryAfter).Abs() > hair || (got.ResetAfter-want.ResetAfter).Abs() > hair {
		f.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func burstThenRefusal(f *limits) {
	for i := 1; i <= 4; i++ {
		f.is(fmt.Sprint("event ", i), f.take("k", hourly), ports.Verdict{
			Allowed: true, Remaining: 4 - i, ResetAfter: time.Duration(i) * 15 * time.Minute,
		})
	}
	f.is("event 5", f.take("k", hourly), ports.Verdict{RetryAfter: 15 * time.Minute, ResetAfter: time.Hour})
}

func evenRefill(f *limits) {
	f.takes("k", hourly, 4)
	f.advance(hair)
	for range 6 {
		f.advance(15*time.Minute - 2*hair)
		if v := f.take("k", hourly); v.Allowed {
			f.Fatalf("allowed too early: %+v", v)
		}
		f.advance(2 * hair)
		f.takes("k", hourly, 1)
		if v := f.take("k", hourly); v.Allowed {
			f.Fatalf("a second one is allowed: %+v", v)
		}
	}
}

func noSaving(f *limits) {
	f.takes("k", hourly, 1)
	f.advance(100 * time.Hour)
	f.takes("k", hourly, 4)
	f.is("the fifth", f.take("k", hourly), ports.Verdict{RetryAfter: 15 * time.Minute, ResetAfter: time.Hour})
}

func keysApart(f *limits) {
	daily := ports.Limit{Burst: 2, Window: 24 * time.Hour}
	f.takes("a", hourly, 4)
	f.takes("b", daily, 2)
	f.is("a new key", f.take("c", hourly), ports.Verdict{Allowed: true, Remaining: 3, ResetAfter: 15 * time.Minute})
	f.advance(20 * time.Minute)
	f.is("a", f.take("a", hourly), ports.Verdict{Allowed: true, ResetAfter: 55 * time.Minute})
	f.is("b", f.take("b", daily), ports.Verdict{RetryAfter: 11*time.Hour + 40*time.Minute, ResetAfter: 23*time.Hour + 40*time.Minute})
}

func exactRetry(f *limits) {
	f.takes("k", hourly, 4)
	f.advance(7 * time.Minute)
	refused := f.take("k", hourly)
	f.is("refused", refused, ports.Verdict{RetryAfter: 8 * time.Minute, ResetAfter: 53 * time.Minute})
	f.advance(refused.RetryAfter - hair)
	if v := f.take("k", hourly); v.Allowed {
		f.Errorf("allowed before RetryAfter: %+v", v)
	}
	f.advance(hair)
	if v := f.take("k", hourly); !v.Allowed {
		f.Errorf("refused after RetryAfter: %+v", v)
	}
}

func exactReset(f *limits) {
	f.takes("k", hourly, 3)
	f.advance(time.Minute)
	v := f.look("k", hourly)
	f.is("after three", v, ports.Verdict{Allowed: true, Remaining: 1, ResetAfter: 44 * time.Minute})
	f.advance(v.ResetAfter - 2*hair)
	if v := f.look("k", hourly); v.Remaining != 3 {
		f.Errorf("before ResetAfter: %+v", v)
	}
	f.advance(3 * hair)
	f.is("after ResetAfter", f.look("k", hourly), ports.Verdict{Allowed: true, Remaining: 4})
}

func refusalIsFree(f *limits) {
	f.takes("k", hourly, 4)
	for range 50 {
		f.is("refused", f.take("k", hourly), ports.Verdict{RetryAfter: 15 * time.Minute, ResetAfter: time.Hour})
	}
}

func lookCountsNothing(f *limits) {
	for range 50 {
		f.is("a new key", f.look("k", hourly), ports.Verdict{Allowed: true, Remaining: 4})
	}
	f.takes("k", hourly, 4)
	for range 50 {
		f.is("a full key", f.look("k", hourly), ports.Verdict{RetryAfter: 15 * time.Minute, ResetAfter: time.Hour})
	}
	f.advance(15*time.Minute + hair/2)
	for range 50 {
		f.is("room for one", f.look("k", hourly), ports.Verdict{Allowed: true, Remaining: 1, ResetAfter: 45 * time.Minute})
	}
	f.takes("k", hourly, 1)
}

// lookAgrees looks right before each event, and around the moment at which a full key has room again.
func lookAgrees(f *limits) {
	agree := func(when string) {
		f.Helper()
		looked, taken := f.look("k", hourly), f.take("k", hourly)
		if looked.Allowed != taken.Allowed || (looked.RetryAfter-taken.RetryAfter).Abs() > hair {
			f.Errorf("%s: looked %+v, taken %+v", when, looked, taken)
		}
	}
	for range 6 {
		agree("in a burst")
	}
	f.advance(15*time.Minute - 3*hair)
	for range 6 {
		agree("around the edge")
		f.advance(hair)
	}
}

// unevenInterval has intervals that no clock and no floating-point number meets, down to a burst of one.
func unevenInterval(f *limits) {
	for burst := 1; burst <= 60; burst++ {
		key, l := fmt.Sprint(burst), ports.Limit{Burst: burst, Window: 100 * time.Minute}
		interval := l.Window / time.Duration(burst)
		f.is(key+" at first", f.look(key, l), ports.Verdict{Allowed: true, Remaining: burst})
		for i := 1; i <= burst; i++ {
			f.is(fmt.Sprint(i, " of ", burst), f.take(key, l), ports.Verdict{
				Allowed: true, Remaining: burst - i, ResetAfter: time.Duration(i) * interval,
			})
		}
		f.is(key+" and one more", f.take(key, l), ports.Verdict{RetryAfter: interval, ResetAfter: l.Window})
	}
}

func noLimit(f *limits) {
	for _, l := range []ports.Limit{{}, {Window: time.Hour}, {Burst: -1, Window: time.Hour}, {Burst: 1}, {Burst: 1, Window: -time.Hour}} {
		for range 20 {
			for _, v := range []ports.Verdict{f.take("k", l), f.look("k", l)} {
				if !v.Allowed || v.RetryAfter != 0 || v.ResetAfter != 0 || v.Remaining <= 0 {
					f.Fatalf("%+v: %+v", l, v)
				}
			}
		}
	}
	f.is("nothing was counted", f.look("k", hourly), ports.Verdict{Allowed: true, Remaining: 4})
}

func atOnce(f *limits) {
	l := ports.Limit{Burst: 20, Window: 10 * time.Hour}
	for round := range 5 {
		key := fmt.Sprint(round)
		var passed atomic.Int64
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				for range 10 {
					if f.counted.Take(context.WithoutCancel(f.Context()), key, l).Allowed {
						passed.Add(1)
					}
				}
			})
		}
		wait.Wait()
		if passed.Load() != 20 {
			f.Errorf("%d of 80 events at once passed, want 20", passed.Load())
		}
	}
}

// anySequence compares with a bucket that holds a burst of tokens and gains one each interval. It follows that a window
// sees no more than two bursts, and any long time no more than its share and one burst.
func anySequence(f *limits) {
	used := 0
	rapid.Check(f.T, func(rt *rapid.T) {
		used++
		key := fmt.Sprint("sequence ", used)
		burst := rapid.IntRange(1, 12).Draw(rt, "burst")
		interval := time.Duration(rapid.IntRange(1, 100).Draw(rt, "minutes")) * time.Minute
		l := ports.Limit{Burst: burst, Window: time.Duration(burst) * interval}
		waits := rapid.SliceOfN(rapid.Custom(wait(interval, l.Window)), 1, 60).Draw(rt, "waits")

		var now time.Duration
		var passed []time.Duration
		bucket := l.Window // one interval is a token
		for _, w := range waits {
			f.advance(w)
			now += w
			bucket = min(l.Window, bucket+w)
			v := f.take(key, l)
			// At the very edge either is right.
			if enough := bucket >= interval; v.Allowed != enough && (bucket-interval).Abs() > hair {
				rt.Fatalf("after %v with %v to spend: %+v", now, bucket, v)
			}
			if v.Allowed {
				bucket -= interval
				passed = append(passed, now)
			}
		}
		bounded(rt, passed, l, interval)
	})
}

// wait draws the time between two events: none, a part of an interval, about one, or enough to pay off all.
func wait(interval, window time.Duration) func(*rapid.T) time.Duration {
	return func(rt *rapid.T) time.Duration {
		switch rapid.IntRange(0, 9).Draw(rt, "kind") {
		case 0, 1, 2, 3:
			return 0
		case 4, 5:
			return interval + time.Duration(rapid.IntRange(-3, 3).Draw(rt, "hairs"))*hair
		case 6:
			return window + time.Duration(rapid.IntRange(-3, 3).Draw(rt, "hairs"))*hair
		default:
			return time.Duration(rapid.Int64Range(0, int64(interval/time.Microsecond)).Draw(rt, "µs")) * time.Microsecond
		}
	}
}

// bounded checks all stretches of time that begin and end with an event that passed.
func bounded(rt *rapid.T, passed []time.Duration, l ports.Limit, interval time.Duration) {
	for i, first := range passed {
		for j := i; j < len(passed); j++ {
			events, stretch := j-i+1, passed[j]-first
			if events > l.Burst+int((stretch+hair)/interval) {
				rt.Fatalf("%d events of %+v within %v", events, l, stretch)
			}
			if stretch <= l.Window-hair && events > 2*l.Burst {
				rt.Fatalf("%d events of %+v within one window", events, l)
			}
		}
	}
}
