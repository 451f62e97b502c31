package ratelimit_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/toeic-app/toeic/adapters/ratelimit"
	"github.com/toeic-app/toeic/ports"
)

var hourly = ports.Limit{Burst: 4, Window: time.Hour}

// fill takes events until the limit refuses one.
func fill(t *testing.T, counted ports.Limits, key string, l ports.Limit) {
	t.Helper()
	for range l.Burst + 1 {
		if !counted.Take(t.Context(), key, l).Allowed {
			return
		}
	}
	t.Fatalf("%s has no limit", key)
}

func TestMemoryIsExactToTheNanosecond(t *testing.T) {
	c := newClock()
	m := ratelimit.NewMemory(c, plenty)
	for _, l := range []ports.Limit{hourly, {Burst: 1, Window: 1}, {Burst: 3, Window: time.Second}, {Burst: 7, Window: 10}} {
		key := fmt.Sprint(l)
		fill(t, m, key, l)
		refused := m.Take(t.Context(), key, l)
		c.advance(refused.RetryAfter - 1)
		if v := m.Take(t.Context(), key, l); v.Allowed || v.RetryAfter != 1 {
			t.Errorf("%v, one nanosecond early: %+v", l, v)
		}
		c.advance(1)
		if v := m.Take(t.Context(), key, l); !v.Allowed {
			t.Errorf("%v, in time: %+v", l, v)
		}
	}
}

func TestMoreThanOneEventEachNanosecondIsNoLimit(t *testing.T) {
	m := ratelimit.NewMemory(newClock(), plenty)
	for range 100 {
		if v := m.Take(t.Context(), "k", ports.Limit{Burst: 11, Window: 10}); !v.Allowed {
			t.Fatalf("refused: %+v", v)
		}
	}
	if n := m.Len(); n != 0 {
		t.Errorf("%d keys are kept", n)
	}
}

func TestWhatHasNoLimitAndWhatIsOnlyLookedAtIsNotKept(t *testing.T) {
	m := ratelimit.NewMemory(newClock(), plenty)
	m.Take(t.Context(), "a", ports.Limit{})
	m.Look(t.Context(), "b", hourly)
	if n := m.Len(); n != 0 {
		t.Errorf("%d keys are kept", n)
	}
}

func TestMemoryKeepsNoMoreKeysThanItMay(t *testing.T) {
	m := ratelimit.NewMemory(newClock(), 640)
	for i := range 20_000 {
		m.Take(t.Context(), fmt.Sprint(i), hourly)
	}
	// All shards are full by now, however the keys are spread.
	if n := m.Len(); n != 640 {
		t.Errorf("%d keys are kept, want 640", n)
	}
}

func TestAFloodOfNewKeysFreesNoneThatIsHeldBackLonger(t *testing.T) {
	m := ratelimit.NewMemory(newClock(), 640)
	fill(t, m, "attacker", hourly)
	for i := range 20_000 {
		m.Take(t.Context(), fmt.Sprint(i), hourly)
	}
	if v := m.Look(t.Context(), "attacker", hourly); v.Allowed {
		t.Errorf("the flood bought %+v", v)
	}
}

func TestTheKeysInOrderStayInOrder(t *testing.T) {
	c := newClock()
	m := ratelimit.NewMemory(c, 640)
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		m.Take(t.Context(), fmt.Sprint(r.IntN(2000)), ports.Limit{Burst: 100, Window: time.Duration(1+r.IntN(50)) * time.Hour})
		c.advance(time.Duration(r.IntN(int(time.Second))))
	}
	if !m.Sound() {
		t.Error("a key is out of order")
	}
}

func TestTheKeyThatIsFreeFirstMakesWay(t *testing.T) {
	m := ratelimit.NewMemory(newClock(), 640)
	for i := range 300 {
		m.Take(t.Context(), fmt.Sprint("low ", i), hourly)
	}
	fill(t, m, "high", hourly)
	for i := range 20_000 {
		m.Take(t.Context(), fmt.Sprint("flood ", i), ports.Limit{Burst: 2, Window: time.Hour})
	}
	for i := range 300 {
		if v := m.Look(t.Context(), fmt.Sprint("low ", i), hourly); v.ResetAfter != 0 {
			t.Fatalf("a key of 15 minutes outlived keys of 30: %+v", v)
		}
	}
	if v := m.Look(t.Context(), "high", hourly); v.Allowed {
		t.Errorf("a key of an hour made way for keys of 30 minutes: %+v", v)
	}
}

func TestKeysThatArePaidOffBecomeFewer(t *testing.T) {
	c := newClock()
	m := ratelimit.NewMemory(c, plenty)
	for i := range 5_000 {
		m.Take(t.Context(), fmt.Sprint("old ", i), hourly)
	}
	c.advance(time.Hour)
	for i := range 4_000 {
		m.Take(t.Context(), fmt.Sprint("new ", i), hourly)
	}
	// Each new key removes two old ones of its shard. Few shards get fewer than half as many new ones as they had old ones.
	if n := m.Len(); n < 4_000 || n > 4_200 {
		t.Errorf("%d keys are kept of 5000 old ones and 4000 new ones", n)
	}
}

func TestTheRateOfALimitThatDoesNotDivideIsNotExceeded(t *testing.T) {
	c := newClock()
	m := ratelimit.NewMemory(c, plenty)
	l := ports.Limit{Burst: 7, Window: 10}
	passed := 0
	for range 1000 {
		passed += passes(t, m, "k", l, 7)
		c.advance(1)
	}
	if passed > 7+700 || passed < 7 {
		t.Errorf("%d events passed in 100 windows of 7", passed)
	}
}

// tickingClock goes on by a minute whenever it is read.
type tickingClock struct{ clock }

func (c *tickingClock) Now() time.Time {
	c.advance(time.Minute)
	return c.clock.Now()
}

func TestGoroutinesThatAreLateForgiveNothing(t *testing.T) {
	c := &tickingClock{clock: clock{now: newClock().now}}
	begin := c.now
	m := ratelimit.NewMemory(c, plenty)
	l := ports.Limit{Burst: 20, Window: 20 * time.Hour}
	var wait sync.WaitGroup
	passed := make([]int, 8)
	for i := range passed {
		wait.Go(func() { passed[i] = passes(t, m, "k", l, 2000) })
	}
	wait.Wait()
	total := 0
	for _, n := range passed {
		total += n
	}
	if hours := int(c.now.Sub(begin) / time.Hour); total > 20+hours {
		t.Errorf("%d events passed in %d hours", total, hours)
	}
}

func TestAClockSetBackHoldsNobodyBackForLongerThanTheWindow(t *testing.T) {
	c := newClock()
	m := ratelimit.NewMemory(c, plenty)
	fill(t, m, "k", hourly)
	c.advance(-1000 * time.Hour)
	if v := m.Look(t.Context(), "k", hourly); v.Allowed || v.RetryAfter != 15*time.Minute || v.ResetAfter != time.Hour {
		t.Errorf("right after: %+v", v)
	}
	c.advance(15 * time.Minute)
	if v := m.Take(t.Context(), "k", hourly); !v.Allowed {
		t.Errorf("an interval later: %+v", v)
	}
}

func TestAKeyDoesNotHoldOnToTheTextItIsPartOf(t *testing.T) {
	m := ratelimit.NewMemory(newClock(), plenty)
	text := strings.Repeat("x", 1<<10)
	m.Take(t.Context(), text[:1], hourly)
	if kept := m.Key(); unsafe.StringData(kept) == unsafe.StringData(text) {
		t.Error("the whole text is kept")
	}
}

func TestAKnownKeyIsCountedWithoutAllocation(t *testing.T) {
	c := newClock()
	m := ratelimit.NewMemory(c, plenty)
	often := ports.Limit{Burst: 1000, Window: 1000 * time.Second}
	for i := range 1000 {
		m.Take(t.Context(), fmt.Sprint(i), often)
	}
	fill(t, m, "full", hourly)
	for name, call := range map[string]func(){
		"allowed": func() { c.advance(time.Second); m.Take(t.Context(), "7", often) },
		"refused": func() { m.Take(t.Context(), "full", often) },
		"looked":  func() { m.Look(t.Context(), "7", often) },
	} {
		if n := testing.AllocsPerRun(500, call); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkMemoryTake(b *testing.B) {
	c := newClock()
	m := ratelimit.NewMemory(c, plenty)
	often := ports.Limit{Burst: 1000, Window: 1000 * time.Second}
	keys := make([]string, 100_000)
	for i := range keys {
		keys[i] = fmt.Sprint("address:", i)
		m.Take(b.Context(), keys[i], often)
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			m.Take(b.Context(), keys[i*7919%len(keys)], often)
		}
	})
}

// BenchmarkMemoryFlood takes a new key each time when all room is taken.
func BenchmarkMemoryFlood(b *testing.B) {
	m := ratelimit.NewMemory(newClock(), plenty)
	keys := make([]string, 4*plenty)
	for i := range keys {
		keys[i] = fmt.Sprint("address:", i)
		m.Take(b.Context(), keys[i], hourly)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		m.Take(b.Context(), keys[i%len(keys)], hourly)
	}
}
