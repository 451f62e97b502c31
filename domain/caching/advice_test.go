package caching_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/tests/cachesim"
)

const (
	week     = 7 * 24 * time.Hour
	tolerant = 2.0 // points
	exact    = 0.5 // points, when all keys are watched
)

// kept is a family that may be kept for a nanosecond to a week.
func kept(name string, ttl, stale time.Duration) caching.Family {
	return caching.Family{Name: name, TTL: ttl, Min: 1, Max: week, Stale: stale}
}

// failer is of a test or of a property.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Logf(format string, args ...any)
}

// validate compares each prediction for half, the same and double the memory and times to live with a simulation. A sample
// that says itself that it is not good enough may be off.
func validate(t failer, reads []cachesim.Read, o caching.SamplerOptions, tolerance float64) caching.Advice {
	t.Helper()
	o.PerSecond, o.HalfLife = -1, week
	a := caching.Advise(cachesim.Watch(reads, o), caching.TargetHitRate)
	worst := 0.0
	compare := func(what string, p caching.Prediction, margin, predicted, simulated float64) {
		off := math.Abs(predicted - simulated)
		worst = max(worst, off)
		if off > tolerance && margin <= tolerant {
			t.Errorf("%s, memory × %g, time to live × %g: predicted %.2f, simulated %.2f", what, p.MemoryFactor, p.TTLFactor, predicted, simulated)
		}
	}
	for _, p := range a.Both {
		if p.TTLFactor != 1 && o.Families[0].TTL == week {
			continue // half a week is longer than any of the traffic
		}
		sim := cachesim.Simulate(reads, p.Memory, cachesim.RulesOf(o.Families, p.TTLFactor))
		compare("all", p, a.Margin, p.HitRate, sim.HitRate())
		for i, f := range a.Families {
			for _, q := range append(f.Memory, f.TTL...) {
				if q.MemoryFactor == p.MemoryFactor && q.TTLFactor == p.TTLFactor {
					compare(f.Family, p, f.Margin, q.HitRate, sim.Score[i].Rate())
				}
			}
		}
		if p.MemoryFactor == 1 && p.TTLFactor == 1 && math.Abs(*a.Measured-sim.HitRate()) > 0.001 {
			t.Errorf("measured %g instead of %g", *a.Measured, sim.HitRate())
		}
	}
	t.Logf("%d reads, %.3f of the keys sampled, predicted %.2f ± %.2f, at most %.2f off", len(reads), a.Rate, a.Predicted, a.Margin, worst)
	return a
}

func TestPredictionsAreWithinTwoPointsOfSimulation(t *testing.T) {
	t.Parallel()
	forever := []caching.Family{kept("content", week, 0)}
	sampled := func(limit int64, families ...caching.Family) caching.SamplerOptions {
		return caching.SamplerOptions{Limit: limit, Families: families, MaxKeys: 4096}
	}
	t.Run("values of different sizes", func(t *testing.T) {
		t.Parallel()
		for seed := range uint64(3) {
			traffic := cachesim.NewTraffic(seed, cachesim.Varied(200, 9))
			reads := traffic.Spread(traffic.Zipf(40_000, 8000, 0.9), 1000)
			validate(t, reads, sampled(cachesim.Footprint(reads)/8, forever...), tolerant)
		}
	})
	t.Run("a scan cannot be helped", func(t *testing.T) {
		t.Parallel()
		traffic := cachesim.NewTraffic(3, cachesim.Same(1000))
		a := validate(t, traffic.Spread(traffic.Scan(60_000), 1000), caching.SamplerOptions{Limit: 6_000_000, Families: forever}, tolerant)
		if !a.Enough || a.Reachable || a.Cheapest != nil || a.Ceiling > tolerant || a.Families[0].Cold < 100-tolerant {
			t.Errorf("%+v", a)
		}
	})
	t.Run("a loop needs the memory that it fits in", func(t *testing.T) {
		t.Parallel()
		traffic := cachesim.NewTraffic(4, cachesim.Same(1000))
		a := validate(t, traffic.Spread(traffic.Loop(288_000, 24_000), 1000), caching.SamplerOptions{Limit: 14_400_000, Families: forever}, tolerant)
		if len(a.Cheapest) != 1 || a.Cheapest[0].Memory != 28_800_000 || a.Then < 90 || !a.Reachable || a.Reached {
			t.Errorf("%+v, then %g", a.Cheapest, a.Then)
		}
	})
	t.Run("times to live with memory enough", func(t *testing.T) {
		t.Parallel()
		for seed := range uint64(3) {
			traffic := cachesim.NewTraffic(seed, cachesim.Varied(200, 6))
			reads := traffic.Spread(traffic.Mixture(traffic.Zipf(20_000, 2000, 0.8), traffic.Zipf(10_000, 500, 1), traffic.Loop(10_000, 300)), 1000)
			validate(t, reads, sampled(1<<40, kept("a", 20*time.Second, 0), kept("b", 5*time.Second, time.Minute), kept("c", 9*time.Second, 0)), tolerant)
		}
	})
	for _, share := range []int64{4, 20} {
		t.Run(fmt.Sprintf("times to live and a %dth of the memory", share), func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(3) {
				traffic := cachesim.NewTraffic(seed, cachesim.Varied(200, 6))
				reads := traffic.Spread(traffic.Mixture(traffic.Zipf(24_000, 3000, 0.8), traffic.Zipf(12_000, 1000, 1), traffic.Scan(4_000)), 1000)
				validate(t, reads, sampled(cachesim.Footprint(reads)/share,
					kept("a", 20*time.Second, 0), kept("b", 5*time.Second, 30*time.Second), kept("c", 9*time.Second, 0)), tolerant)
			}
		})
	}
}

// A sample of the size that servers take is good enough for most traffic, whichever keys it happens to consist of.
func TestServersSampleEnough(t *testing.T) {
	t.Parallel()
	const seeds, keys = 2, 3 * caching.MaxSampledKeys / 2
	for name, read := range map[string]func(*cachesim.Traffic) []cachesim.Read{
		"Zipf 0.6": func(t *cachesim.Traffic) []cachesim.Read { return t.Zipf(5*keys, keys, 0.6) },
		"Zipf 0.8": func(t *cachesim.Traffic) []cachesim.Read { return t.Zipf(5*keys, keys, 0.8) },
		"Zipf 1":   func(t *cachesim.Traffic) []cachesim.Read { return t.Zipf(6*keys, 2*keys, 1) },
		"Zipf 1.2": func(t *cachesim.Traffic) []cachesim.Read { return t.Zipf(10*keys, 10*keys, 1.2) },
		"a scan":   func(t *cachesim.Traffic) []cachesim.Read { return t.Scan(3 * keys) },
		"a loop":   func(t *cachesim.Traffic) []cachesim.Read { return t.Loop(3*keys, keys) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			enough := 0
			for seed := range uint64(seeds) {
				traffic := cachesim.NewTraffic(seed, cachesim.Same(1000))
				a := validate(t, traffic.Spread(read(traffic), 1000), caching.SamplerOptions{Limit: 100 * keys, Families: []caching.Family{kept("content", week, 0)}}, tolerant)
				if a.Rate > 0.95 {
					t.Errorf("%g of the keys were sampled: nothing is proved", a.Rate)
				}
				if a.Enough {
					enough++
				}
			}
			if enough < seeds {
				t.Errorf("%d of %d samples are good enough", enough, seeds)
			}
		})
	}
}

// When all keys are watched, what is left is the error of the model.
func TestPredictionsHoldForAnyTraffic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		traffic := cachesim.NewTraffic(rapid.Uint64().Draw(t, "seed"), cachesim.Varied(200, rapid.Float64Range(0, 8).Draw(t, "powers of size")))
		keys := rapid.IntRange(30, 200).Draw(t, "keys")
		reads := traffic.Spread(traffic.Mixture(
			traffic.Zipf(600, keys, rapid.Float64Range(0.3, 1.3).Draw(t, "exponent")), traffic.Loop(200, rapid.IntRange(5, 130).Draw(t, "loop")),
		), 8)
		share := rapid.Float64Range(0.02, 1.2).Draw(t, "share of memory")
		seconds := rapid.Float64Range(1, 200)
		validate(t, reads, caching.SamplerOptions{
			Limit: int64(float64(cachesim.Footprint(reads)) * share),
			Families: []caching.Family{
				kept("a", time.Duration(seconds.Draw(t, "a")*1e9), 0),
				kept("b", time.Duration(seconds.Draw(t, "b")*1e9), time.Duration(seconds.Draw(t, "stale")*1e9)),
			},
		}, exact)
	})
}

// Where a few hot keys decide, sampling is far off at times, on average not, and the margin says by how much.
func TestSamplingIsOffByAsMuchAsItSays(t *testing.T) {
	t.Parallel()
	const trials = 16
	sum, squares, margins, within := 0.0, 0.0, 0.0, 0
	for seed := range uint64(trials) {
		traffic := cachesim.NewTraffic(seed, cachesim.Same(1000))
		reads := traffic.Spread(traffic.Zipf(12_000, 4000, 0.8), 1000)
		a := caching.Advise(cachesim.Watch(reads, caching.SamplerOptions{
			Limit: 60_000, Families: []caching.Family{kept("content", week, 0)}, MaxKeys: 500, PerSecond: -1,
		}), caching.TargetHitRate)
		off := a.Predicted - *a.Measured
		sum, squares, margins = sum+off, squares+off*off, margins+a.Margin
		if math.Abs(off) <= a.Margin {
			within++
		}
		if a.Margin != a.Families[0].Margin || a.Enough == (a.Margin > 2) {
			t.Errorf("enough: %v, with a margin of %g and %g", a.Enough, a.Margin, a.Families[0].Margin)
		}
	}
	off := math.Sqrt(squares / trials)
	t.Logf("off by %.2f, on average by %.2f, with a margin of %.2f, within it %d of %d times", off, sum/trials, margins/trials, within, trials)
	if math.Abs(sum/trials) > 1.5 || within < trials*7/8 || margins/trials > 5*off {
		t.Errorf("off by %.2f, on average by %.2f, with a margin of %.2f, within it %d of %d times", off, sum/trials, margins/trials, within, trials)
	}
}

// When few of the sampled values fit the memory, rounding must not favour either side. Keys that are all read alike are hit
// as often as they are in memory.
func TestCoarseSamplesAreNotBiased(t *testing.T) {
	t.Parallel()
	const keys, bytes = 2000, 1000
	predicted, expected := 0.0, 0.0
	for seed := range uint64(40) {
		traffic := cachesim.NewTraffic(seed, cachesim.Same(bytes))
		reads := traffic.Spread(traffic.Zipf(16_000, keys, 0), 1000)
		s := caching.NewSampler(caching.SamplerOptions{
			Limit: 40_000 + int64(seed)*260, Families: []caching.Family{kept("content", week, 0)}, MaxKeys: 200, PerSecond: -1,
		})
		a := caching.Advise(s.Profile(watch(s, reads, cachesim.Epoch)), caching.TargetHitRate)
		for _, p := range a.Memory[:5] {
			predicted += p.HitRate
			expected += 100 * float64(p.Memory/bytes) / keys
		}
	}
	off := predicted/expected - 1
	t.Logf("%+.1f %% off", 100*off)
	if math.Abs(off) > 0.04 {
		t.Errorf("%+.1f %% off", 100*off)
	}
}
