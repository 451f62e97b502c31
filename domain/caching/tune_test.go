package caching_test

import (
	"testing"
	"time"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/tests/cachesim"
)

// Right after a time to live was changed, all that is asked for is there and nothing expires: it would be the best of caches.
func TestAChangedTimeToLiveIsJudgedOnlyAfterItsTime(t *testing.T) {
	t.Parallel()
	families := []caching.Family{kept("a", 5*time.Second, 0), kept("b", 5*time.Second, 0)}
	var counted [2]uint64
	s := caching.NewSampler(caching.SamplerOptions{
		Limit: 1 << 20, Families: families, PerSecond: -1, Counted: func(family int) (uint64, uint64) { return counted[family], 0 },
	})
	number := 0
	play := func(from time.Time, seconds int) time.Time {
		at := from
		for range seconds * 2000 {
			at = at.Add(time.Second / 2000)
			family := number % 2
			s.Reference(family, cachesim.Hash(uint64(number%100)), 100, at)
			counted[family]++
			number++
		}
		return at
	}
	s.Tune(caching.TTLs{"a": 6 * time.Second}) // before the first read: no change
	end := play(cachesim.Epoch, 100)
	before := caching.Advise(s.Profile(end), 90)
	if !before.Enough || !before.Reached || !before.Memory[1].Settled || !before.TTL[2].Settled {
		t.Fatalf("before: enough %v, reached %v, %+v", before.Enough, before.Reached, before.TTL)
	}
	s.Tune(caching.TTLs{"a": 60 * time.Second})
	if p := s.Profile(end.Add(time.Hour)); p.Families[0].Span != 0 { // nothing was read since
		t.Errorf("watched for %s without a read", p.Families[0].Span)
	}
	end = play(end.Add(time.Hour), 12)
	a := caching.Advise(s.Profile(end), 90)
	if a.Enough || a.Missing != caching.MissingTime || a.Reached || a.Reachable || a.Cheapest != nil {
		t.Errorf("after 12 s: enough %v, missing %q, reached %v, reachable %v, %+v", a.Enough, a.Missing, a.Reached, a.Reachable, a.Cheapest)
	}
	if f := a.Families[0]; f.Enough || f.Memory[1].Settled || f.TTL[1].Settled || a.Memory[1].Settled {
		t.Errorf("after 12 s: %+v", f)
	}
	if f := a.Families[1]; !f.Enough || !f.Memory[1].Settled || !f.TTL[2].Settled {
		t.Errorf("the other family: %+v", f)
	}
	end = play(end, 49)
	a = caching.Advise(s.Profile(end), 90)
	if !a.Enough || !a.Reached || !a.Memory[1].Settled || a.Families[0].TTL[2].Settled || !a.Families[0].Enough {
		t.Errorf("after 61 s: enough %v, reached %v, %+v", a.Enough, a.Reached, a.Families[0].TTL)
	}
}

// A time to live that was tried for a family before it was changed says nothing of what may be proposed afterwards.
func TestNoTimeToLiveIsProposedThatWasNotWatchedSinceTheLastChange(t *testing.T) {
	misses := func(_, _, level int) float64 { return []float64{30, 30, 30, 4, 4, 4, 4}[level] * 1000 }
	p := profile(1, misses)
	p.Families[0].Tuned, p.Families[0].Span = true, 3*time.Hour
	if a := caching.Advise(p, 90); !a.Enough || a.Reachable {
		t.Errorf("%+v", a.Cheapest)
	}
	p.Families[0].Span = 4 * time.Hour
	if a := caching.Advise(p, 90); len(a.Cheapest) != 1 || a.Cheapest[0].TTL != 4*time.Hour {
		t.Errorf("%+v", a.Cheapest)
	}
}

// The target is of what stats shows, of both tiers: who reaches it there needs no advice, whatever the near tier does alone.
func TestTheTargetIsReachedWhenStatsShowIt(t *testing.T) {
	p := profile(2, func(int, int, int) float64 { return 30_000 })
	if a := caching.Advise(p, 90); a.Reached || a.Answered != nil || a.Families[0].Reached {
		t.Errorf("%+v", a)
	}
	p.Families[0].Asked, p.Families[0].Answered = 10_000, 9_900
	p.Families[1].Asked, p.Families[1].Answered = 10_000, 8_000
	a := caching.Advise(p, 90)
	if a.Reached || *a.Answered != 89.5 || !a.Families[0].Reached || a.Families[1].Reached {
		t.Errorf("%v with %g %%", a.Reached, *a.Answered)
	}
	if a := caching.Advise(p, 89); !a.Reached || !a.Reachable || a.Cheapest != nil || a.Predicted != 70 {
		t.Errorf("%+v", a)
	}
	for i := range p.Families {
		p.Families[i].Asked, p.Families[i].Answered = caching.MinReads/2-1, caching.MinReads/2-1
	}
	if a := caching.Advise(p, 89); a.Reached {
		t.Error("reached by a handful of reads")
	}
}

func TestASamplerTellsWhatStatsShow(t *testing.T) {
	s := caching.NewSampler(caching.SamplerOptions{
		Limit: mib, Families: []caching.Family{kept("a", time.Hour, 0), kept("b", time.Hour, 0)},
		Counted: func(int) (uint64, uint64) { return 2000, 100 }, Answered: func(family int) uint64 { return 1900 + 200*uint64(family) },
	})
	s.Tune(caching.TTLs{"a": time.Minute}) // which is forgotten by all but stats
	a := caching.Advise(s.Profile(cachesim.Epoch), 90)
	if *a.Families[0].Answered != 95 || *a.Families[1].Answered != 100 || *a.Answered != 97.5 || !a.Reached {
		t.Errorf("%g, %g, %g", *a.Families[0].Answered, *a.Families[1].Answered, *a.Answered)
	}
}
