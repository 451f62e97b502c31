package caching_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/tests/cachesim"
)

const (
	week     = 7 * 24 * time.Hour
	tolerant = 2.0 // points
)

// kept is a family that may be kept for a nanosecond to a week.
func kept(name string, ttl, stale time.Duration) caching.Family {
	return caching.Family{Name: name, TTL: ttl, Min: 1, Max: week, Stale: stale}
}

// validate compares each prediction for half, the same and double the memory and times to live with a simulation.
func validate(t *testing.T, reads []cachesim.Read, o caching.SamplerOptions) caching.Advice {
	t.Helper()
	o.PerSecond, o.HalfLife = -1, week
	a := caching.Advise(cachesim.Watch(reads, o), caching.TargetHitRate)
	worst := 0.0
	for _, p := range a.Both {
		sim := cachesim.Simulate(reads, p.Memory, cachesim.RulesOf(o.Families, p.TTLFactor))
		off := math.Abs(p.HitRate - sim.HitRate())
		worst = max(worst, off)
		if off > tolerant {
			t.Errorf("memory × %g, time to live × %g: predicted %.2f, simulated %.2f", p.MemoryFactor, p.TTLFactor, p.HitRate, sim.HitRate())
		}
		for i, f := range a.Families {
			list := f.Memory
			if p.MemoryFactor == 1 {
				list = f.TTL
			} else if p.TTLFactor != 1 {
				continue
			}
			at := slices.IndexFunc(list, func(q caching.Prediction) bool { return q.MemoryFactor == p.MemoryFactor && q.TTLFactor == p.TTLFactor })
			off := math.Abs(list[at].HitRate - sim.Score[i].Rate())
			worst = max(worst, off)
			if off > tolerant {
				t.Errorf("%s, memory × %g, time to live × %g: predicted %.2f, simulated %.2f", f.Family, p.MemoryFactor, p.TTLFactor, list[at].HitRate, sim.Score[i].Rate())
			}
		}
	}
	t.Logf("%d reads, rate %.4f, %d keys, predicted %.2f, at most %.2f off", len(reads), a.Rate, a.Keys, a.Predicted, worst)
	return a
}

func TestPredictionsAreWithinTwoPointsOfSimulation(t *testing.T) {
	forever := []caching.Family{kept("content", week, 0)}
	for _, exponent := range []float64{0.6, 0.8, 1, 1.2} {
		t.Run(fmt.Sprintf("Zipf %g", exponent), func(t *testing.T) {
			traffic := cachesim.NewTraffic(1, cachesim.Same(1000))
			reads := traffic.Spread(traffic.Zipf(400_000, 50_000, exponent), 1000)
			validate(t, reads, caching.SamplerOptions{Limit: 5_000_000, Families: forever})
		})
	}
	t.Run("values of different sizes", func(t *testing.T) {
		traffic := cachesim.NewTraffic(2, cachesim.Varied(200, 9))
		reads := traffic.Spread(traffic.Zipf(400_000, 50_000, 0.9), 1000)
		validate(t, reads, caching.SamplerOptions{Limit: cachesim.Footprint(reads) / 8, Families: forever})
	})
	t.Run("a scan", func(t *testing.T) {
		traffic := cachesim.NewTraffic(3, cachesim.Same(1000))
		a := validate(t, traffic.Spread(traffic.Scan(100_000), 1000), caching.SamplerOptions{Limit: 5_000_000, Families: forever})
		if a.Reachable || a.Cheapest != nil || a.Ceiling > tolerant {
			t.Errorf("a scan cannot be helped: %+v", a.Cheapest)
		}
	})
	t.Run("a loop that fits twice the memory", func(t *testing.T) {
		traffic := cachesim.NewTraffic(4, cachesim.Same(1000))
		a := validate(t, traffic.Spread(traffic.Loop(400_000, 20_000), 1000), caching.SamplerOptions{Limit: 12_000_000, Families: forever})
		if len(a.Cheapest) != 1 || a.Cheapest[0].Memory != 24_000_000 {
			t.Errorf("cheapest: %+v", a.Cheapest)
		}
	})
	t.Run("times to live, memory enough", func(t *testing.T) {
		traffic := cachesim.NewTraffic(5, cachesim.Varied(200, 6))
		reads := traffic.Spread(traffic.Mixture(traffic.Zipf(200_000, 5000, 0.8), traffic.Zipf(100_000, 1000, 1), traffic.Loop(100_000, 3000)), 1000)
		families := []caching.Family{kept("a", 20*time.Second, 0), kept("b", 5*time.Second, time.Minute), kept("c", 9*time.Second, 0)}
		validate(t, reads, caching.SamplerOptions{Limit: 1 << 40, Families: families})
	})
	for _, share := range []int64{4, 8, 20} {
		t.Run(fmt.Sprintf("times to live, a memory of 1/%d", share), func(t *testing.T) {
			traffic := cachesim.NewTraffic(6, cachesim.Varied(200, 6))
			reads := traffic.Spread(traffic.Mixture(traffic.Zipf(300_000, 20_000, 0.8), traffic.Zipf(150_000, 10_000, 1), traffic.Scan(50_000)), 1000)
			families := []caching.Family{kept("a", 20*time.Second, 0), kept("b", 5*time.Second, 30*time.Second), kept("c", 9*time.Second, 0)}
			validate(t, reads, caching.SamplerOptions{Limit: cachesim.Footprint(reads) / share, Families: families})
		})
	}
}
