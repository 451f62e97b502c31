package caching_test

import (
	"encoding/json"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/tests/cachesim"
)

// watch lets a sampler watch reads from a time on and returns the time of the last.
func watch(s *caching.Sampler, reads []cachesim.Read, from time.Time) time.Time {
	at := from
	for _, r := range reads {
		at = from.Add(r.At)
		s.Reference(r.Family, r.Key, r.Bytes, at)
	}
	return at
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > tolerance {
		t.Errorf("%s: %.3f instead of %.3f", what, got, want)
	}
}

func TestKeysStayWithinTheirNumberAndAFamilyOfFewIsWatchedAsAWhole(t *testing.T) {
	t.Parallel()
	traffic := cachesim.NewTraffic(1, cachesim.Same(100))
	reads := traffic.Spread(traffic.Mixture(traffic.Scan(60_000), traffic.Zipf(12_000, 50, 1)), 1000)
	s := caching.NewSampler(caching.SamplerOptions{Limit: 1 << 20, Families: []caching.Family{kept("many", week, 0), kept("few", week, 0)}, MaxKeys: 1000, PerSecond: -1})
	end := watch(s, reads, cachesim.Epoch)
	p := s.Profile(end)
	if p.Keys > 1001 || p.Keys < 800 || p.Families[0].Rate > 0.02 || p.Families[1].Rate != 1 || p.Families[1].Keys != 50 {
		t.Errorf("%d keys, %+v and %+v of the families", p.Keys, p.Families[0].Rate, p.Families[1].Rate)
	}
	near(t, "reads of many", p.Families[0].Reads, 60_000, 3000)
	near(t, "cold reads of few", p.Families[1].Cold, 50, 0)
}

func TestMoreReadsThanAllowedLowerTheRate(t *testing.T) {
	t.Parallel()
	const seeds = 6
	sum := 0.0
	for seed := range uint64(seeds) {
		sum += busy(t, seed)
	}
	near(t, "hit rates, on average off by", sum/seeds, 0, tolerant)
}

// busy reads more often than is allowed, and returns by how much the prediction is off. The sample is too small to be good
// each time.
func busy(t *testing.T, seed uint64) float64 {
	t.Helper()
	traffic := cachesim.NewTraffic(seed, cachesim.Same(1000))
	reads := traffic.Spread(traffic.Zipf(200_000, 10_000, 0.7), 4000)
	counted := uint64(0)
	s := caching.NewSampler(caching.SamplerOptions{
		Limit: 2_000_000, Families: []caching.Family{kept("a", week, 0)}, PerSecond: 800,
		Counted: func(int) (uint64, uint64) { return counted, 0 },
	})
	half := len(reads) / 2
	var before uint64
	for i, r := range reads {
		if i == half {
			before = s.Profile(cachesim.Epoch).Sampled
		}
		counted++
		s.Reference(0, r.Key, r.Bytes, cachesim.Epoch.Add(r.At))
	}
	p := s.Profile(cachesim.Epoch.Add(reads[len(reads)-1].At))
	perSecond := float64(p.Sampled-before) / (reads[len(reads)-1].At - reads[half].At).Seconds()
	if perSecond > 900 || perSecond < 200 {
		t.Errorf("%.0f reads a second are taken in", perSecond)
	}
	near(t, "reads", p.Families[0].Reads, float64(len(reads)), 0)
	a := caching.Advise(p, 90)
	off := a.Predicted - cachesim.Simulate(reads, 2_000_000, []cachesim.Rule{{TTL: week}}).HitRate()
	t.Logf("%d keys, %.3f of all, off by %.2f, with a margin of %.2f", a.Keys, a.Rate, off, a.Margin)
	if math.Abs(off) > tolerant && a.Enough {
		t.Errorf("off by %.2f, with a margin of %.2f", off, a.Margin)
	}
	return off
}

func TestAKeyThatTakesTheAllowanceAloneIsAHitAndDoesNotBlindTheRest(t *testing.T) {
	t.Parallel()
	traffic := cachesim.NewTraffic(3, cachesim.Same(1000))
	rest := traffic.Zipf(20_000, 500, 0.7)
	hot := make([]cachesim.Read, 180_000)
	for i := range hot {
		hot[i] = cachesim.Read{Key: 12345, Bytes: 1000}
	}
	reads := traffic.Spread(traffic.Mixture(rest, hot), 2000)
	counted := uint64(0)
	s := caching.NewSampler(caching.SamplerOptions{
		Limit: 300_000, Families: []caching.Family{kept("a", week, 0)}, PerSecond: 1000,
		Counted: func(int) (uint64, uint64) { return counted, 0 },
	})
	for i := range reads {
		r := &reads[i]
		if r.Family == 1 {
			r.Family, r.Key = 0, 12345 // so low a hash that any sample has it
		}
		counted++
		s.Reference(0, r.Key, r.Bytes, cachesim.Epoch.Add(r.At))
	}
	p := s.Profile(cachesim.Epoch.Add(100 * time.Second))
	if p.Families[0].Rate != 1 || s.Wants(0, 12345) || p.Sampled > 60_000 {
		t.Errorf("rate %g, %d sampled", p.Families[0].Rate, p.Sampled)
	}
	near(t, "hit rate", caching.Advise(p, 90).Predicted, cachesim.Simulate(reads, 300_000, []cachesim.Rule{{TTL: week}}).HitRate(), tolerant)
}

func TestAfterAScanTheSampleIsWidenedAgain(t *testing.T) {
	t.Parallel()
	traffic := cachesim.NewTraffic(4, cachesim.Same(1000))
	counted := uint64(0)
	s := caching.NewSampler(caching.SamplerOptions{
		Limit: 200_000, Families: []caching.Family{kept("a", week, 0)}, MaxKeys: 2000, PerSecond: -1, HalfLife: time.Minute,
		Counted: func(int) (uint64, uint64) { return counted, 0 },
	})
	counted = 50_000
	end := watch(s, traffic.Spread(traffic.Scan(50_000), 10_000), cachesim.Epoch)
	if rate := s.Profile(end).Families[0].Rate; rate > 0.05 {
		t.Fatalf("the scan leaves a rate of %g", rate)
	}
	loop := traffic.Spread(traffic.Loop(80_000, 300), 200)
	begin, known := end, false
	for _, r := range loop {
		counted++
		end = begin.Add(r.At)
		s.Reference(0, r.Key, r.Bytes, end)
		if known || r.At > 130*time.Second {
			continue
		}
		if f := s.Profile(end).Families[0]; f.Rate == 1 && f.Keys == 300 {
			known = true
			near(t, "reads of which nothing is known", f.CountedOf-f.Reads, 300, 0)
		}
	}
	p := s.Profile(end)
	if !known {
		t.Error("it was not widened within two half-lives")
	}
	if p.Families[0].Rate != 1 || p.Keys != 300 {
		t.Fatalf("rate %g, %d keys", p.Families[0].Rate, p.Keys)
	}
	a := caching.Advise(p, 90)
	near(t, "hit rate", a.Predicted, 0, tolerant)
	near(t, "hit rate of double the memory", a.Memory[4].HitRate, 100, 5) // the scan is not quite forgotten
	if len(a.Cheapest) != 1 || a.Cheapest[0].Memory != 300_000 {
		t.Errorf("%+v of %+v", a.Cheapest, a.Memory)
	}
}

func TestAdviceFollowsTheTraffic(t *testing.T) {
	t.Parallel()
	traffic := cachesim.NewTraffic(5, cachesim.Same(1000))
	var reads, hits uint64
	s := caching.NewSampler(caching.SamplerOptions{
		Limit: 100_000, Families: []caching.Family{kept("a", week, 0)}, HalfLife: time.Minute,
		Counted: func(int) (uint64, uint64) { return reads, hits },
	})
	play := func(keys int, from time.Time, hit uint64) time.Time {
		end := from
		for _, r := range traffic.Spread(traffic.Loop(60_000, keys), 100) {
			reads++
			hits += hit
			end = from.Add(r.At)
			s.Reference(0, r.Key, r.Bytes, end)
		}
		return end
	}
	end := play(150, cachesim.Epoch, 0)
	a := caching.Advise(s.Profile(end), 90)
	near(t, "hit rate", a.Predicted, 0, tolerant)
	near(t, "measured", *a.Measured, 0, 0)
	a = caching.Advise(s.Profile(play(50, end, 1)), 90)
	near(t, "hit rate", a.Predicted, 100, tolerant)
	near(t, "measured", *a.Measured, 100, tolerant)
	near(t, "new keys", a.Families[0].Cold, 0, 0.1)
	if !a.Reached || a.Reads > 20_000 {
		t.Errorf("the past counts for %d reads", a.Reads)
	}
}

func TestADeletedValueIsMissedWhateverTheSettings(t *testing.T) {
	t.Parallel()
	s := caching.NewSampler(caching.SamplerOptions{Limit: 1 << 20, Families: []caching.Family{kept("a", week, 0), kept("b", week, 0)}})
	at := cachesim.Epoch
	for round := range 10 {
		for key := range uint64(100) {
			at = at.Add(time.Millisecond)
			s.Reference(int(key%2), cachesim.Hash(key), 1000, at)
		}
		switch round {
		case 4:
			s.Forget(0, cachesim.Hash(0))
			s.Forget(0, cachesim.Hash(1000)) // which was never read
		case 6:
			s.Clear(1)
		}
	}
	p := s.Profile(at)
	for _, level := range p.Families[0].Misses {
		for _, n := range level {
			near(t, "misses of a", n, 50+1, 0)
		}
	}
	near(t, "misses of b", p.Families[1].Misses[6][8], 50+50, 0)
	near(t, "deleted of a", p.Families[0].Gone, 1, 0)
	near(t, "new of a", p.Families[0].Cold, 50, 0)
}

func TestWhenATimeToLiveIsChangedItsFamilyIsCountedAnew(t *testing.T) {
	t.Parallel()
	families := []caching.Family{kept("a", 10*time.Second, 0), kept("b", 10*time.Second, 0)}
	s := caching.NewSampler(caching.SamplerOptions{Limit: 1 << 20, Families: families})
	play := func(from time.Time) time.Time {
		at := from
		for range 100 {
			for family := range families {
				at = at.Add(time.Second / 2)
				s.Reference(family, uint64(family+1), 100, at)
			}
		}
		return at
	}
	end := play(cachesim.Epoch)
	s.Tune(caching.TTLs{"a": 2 * time.Second, "b": 10 * time.Second})
	p := s.Profile(play(end))
	near(t, "reads of a", p.Families[0].Reads, 100, 0)
	near(t, "reads of b", p.Families[1].Reads, 200, 0)
	near(t, "misses of a", p.Families[0].Misses[1][1], 50, 1)
	near(t, "misses of b", p.Families[1].Misses[1][1], 20, 1)
	if want := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, week}; !cmp.Equal(p.Families[0].TTLs, want) {
		t.Errorf("%v", p.Families[0].TTLs)
	}
	near(t, "cold reads of a", p.Families[0].Cold, 0, 0)
}

// Keys that are dropped leave deadlines behind; clearing them up must not take those of others.
func TestWhatIsPastItsTimeLeavesRoomAfterAFlood(t *testing.T) {
	t.Parallel()
	s := caching.NewSampler(caching.SamplerOptions{
		Limit: 1_000_000, Families: []caching.Family{kept("short", 10*time.Second, 0), kept("long", week, 0), kept("flood", week, 0)}, MaxKeys: 50, PerSecond: -1,
	})
	at := func(seconds float64) time.Time { return cachesim.Epoch.Add(time.Duration(seconds * 1e9)) }
	s.Reference(1, 1, 90_000, at(0))
	s.Reference(0, 2, 800_000, at(1))
	for i := range uint64(20_000) {
		s.Reference(2, cachesim.Hash(i), 1, at(2+float64(i)/10_000))
	}
	s.Reference(1, 3, 300_000, at(21))
	s.Reference(1, 1, 90_000, at(22))
	f := s.Profile(at(22)).Families[1]
	near(t, "misses", f.Misses[1][1], 2, 0)
}

// The load of a value does not move when its time to live is changed.
func TestAChangedTimeToLiveBeginsAtTheLoad(t *testing.T) {
	t.Parallel()
	s := caching.NewSampler(caching.SamplerOptions{Limit: 1 << 20, Families: []caching.Family{kept("a", 10*time.Second, 0)}})
	for second := range 23 {
		if second == 9 {
			s.Tune(caching.TTLs{"a": 40 * time.Second})
		}
		s.Reference(0, 1, 100, cachesim.Epoch.Add(time.Duration(second)*time.Second))
	}
	f := s.Profile(cachesim.Epoch).Families[0]
	near(t, "misses at 20 seconds, which had been 5", f.Misses[0][1], 1, 0)
	near(t, "misses at 40 seconds", f.Misses[1][1], 0, 0)
}

func TestReuseTimesAndTheCurveAreTold(t *testing.T) {
	t.Parallel()
	traffic := cachesim.NewTraffic(6, cachesim.Varied(200, 8))
	reads := traffic.Spread(traffic.Zipf(50_000, 2000, 0.8), 1000)
	limit := cachesim.Footprint(reads) / 8
	p := cachesim.Watch(reads, caching.SamplerOptions{Limit: limit, Families: []caching.Family{kept("a", week, 0)}, PerSecond: -1})
	a := caching.Advise(p, 90)
	if len(a.Curve) < 30 || a.Curve[0].Memory != limit/64 {
		t.Fatalf("%+v", a.Curve)
	}
	for i := 6; i < len(a.Curve); i += 6 {
		near(t, "curve", a.Curve[i].HitRate, cachesim.Simulate(reads, a.Curve[i].Memory, []cachesim.Rule{{TTL: week}}).HitRate(), 0.4)
	}
	counts, last := map[time.Duration]float64{}, map[uint64]time.Duration{}
	repeated := 0.0
	for _, r := range reads {
		if before, ok := last[r.Key]; ok {
			below := time.Millisecond
			for below.Milliseconds() <= (r.At - before).Milliseconds() {
				below *= 2
			}
			counts[below]++
			repeated++
		}
		last[r.Key] = r.At
	}
	sum := 0.0
	for i, share := range a.Families[0].Reuse {
		near(t, share.Below.String(), share.Share, 100*counts[share.Below]/repeated, 1e-6)
		sum += share.Share
		if i > 0 && share.Below != 2*a.Families[0].Reuse[i-1].Below {
			t.Errorf("%s is missing", share.Below/2)
		}
	}
	near(t, "all", sum, 100, 1e-6)
}

func TestAProfileAndItsAdviceCanBeSent(t *testing.T) {
	t.Parallel()
	s := caching.NewSampler(caching.SamplerOptions{Limit: 64 << 20, Families: caching.Families()})
	empty := s.Profile(cachesim.Epoch)
	traffic := cachesim.NewTraffic(7, cachesim.Same(500))
	for _, p := range []caching.Profile{empty, s.Profile(watch(s, traffic.Spread(traffic.Zipf(20_000, 300, 1), 100), cachesim.Epoch))} {
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var back caching.Profile
		if err := json.Unmarshal(b, &back); err != nil || !cmp.Equal(back, p) {
			t.Errorf("%v\n%s", err, cmp.Diff(p, back))
		}
		if _, err := json.Marshal(caching.Advise(p, 90)); err != nil {
			t.Error(err)
		}
	}
}

// It has something to find only under the race detector.
func TestManyMayReadAtOnce(t *testing.T) {
	t.Parallel()
	s := caching.NewSampler(caching.SamplerOptions{Limit: 1 << 20, Families: caching.Families(), MaxKeys: 200, PerSecond: 2000, HalfLife: time.Second})
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			traffic := cachesim.NewTraffic(uint64(worker), cachesim.Varied(100, 10))
			for i, r := range traffic.Spread(traffic.Zipf(20_000, 2000, 1.1), 1000) {
				at := cachesim.Epoch.Add(r.At)
				s.Reference(i%6, r.Key+uint64(i%6), r.Bytes, at)
				switch i % 1000 {
				case 100:
					s.Forget(i%6, r.Key)
				case 200:
					s.Clear(i % 6)
				case 300:
					s.Tune(caching.TTLs{"content": time.Duration(1+i) * time.Millisecond})
				case 400:
					caching.Advise(s.Profile(at), 90)
				}
			}
		})
	}
	all.Wait()
	if p := s.Profile(cachesim.Epoch.Add(time.Minute)); p.Sampled == 0 || p.Keys > 201 {
		t.Errorf("%d sampled, %d keys", p.Sampled, p.Keys)
	}
}

func TestAnUnsampledReadAllocatesNothing(t *testing.T) {
	s := caching.NewSampler(caching.SamplerOptions{Limit: 1 << 20, Families: caching.Families(), Rate: 0.5})
	if n := testing.AllocsPerRun(1000, func() { s.Reference(2, math.MaxUint64, 100, cachesim.Epoch) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
	if p := s.Profile(cachesim.Epoch); p.Sampled != 0 || s.Wants(2, 1<<63+1) || !s.Wants(2, 1<<63-1) {
		t.Errorf("%d sampled", p.Sampled)
	}
}
