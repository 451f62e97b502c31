package caching_test

import (
	"slices"
	"testing"
	"time"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/tests/cachesim"
)

const content = 2 // the place of this family

func samplerOf(perSecond, rate float64) *caching.Sampler {
	return caching.NewSampler(caching.SamplerOptions{
		Limit: 64 << 20, Families: caching.Families(), PerSecond: perSecond, Rate: rate,
		Counted: func(int) (uint64, uint64) { return 0, 0 },
	})
}

// BenchmarkReference is what Reference costs when the key is not sampled, next to a loop that does nothing else, and when
// it is, with as many keys as there can be.
func BenchmarkReference(b *testing.B) {
	traffic := cachesim.NewTraffic(1, cachesim.Varied(200, 8))
	now := time.Now()
	few := traffic.Zipf(1024, 1000, 1)
	b.Run("loop alone", func(b *testing.B) {
		sum := uint64(0)
		for i := 0; b.Loop(); i++ {
			sum += few[i&1023].Key
		}
	})
	b.Run("unsampled", func(b *testing.B) {
		s := samplerOf(-1, 1e-12)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			s.Reference(content, few[i&1023].Key, 1000, now)
		}
	})
	b.Run("unsampled, asked first", func(b *testing.B) {
		s := samplerOf(-1, 1e-12)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if key := few[i&1023].Key; s.Wants(content, key) {
				s.Reference(content, key, 1000, now)
			}
		}
	})
	b.Run("sampled", func(b *testing.B) {
		s := samplerOf(-1, 1)
		many := traffic.Zipf(1<<18, 8000, 0.9)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			r := &many[i&(1<<18-1)]
			s.Reference(content, r.Key, r.Bytes, now.Add(time.Duration(i)*time.Microsecond))
		}
	})
}

// look takes about as long as a near hit: six look-ups in a map of 100,000 keys.
func look(values map[uint64]int64, key uint64) (sum int64) {
	for i := range uint64(6) {
		sum += values[key+i]
	}
	return sum
}

func alone(values map[uint64]int64, part []cachesim.Read) (sum int64) {
	for i := range part {
		sum += look(values, part[i].Key)
	}
	return sum
}

func watched(values map[uint64]int64, part []cachesim.Read, s *caching.Sampler) (sum int64) {
	for i := range part {
		r := &part[i]
		sum += look(values, r.Key)
		if s.Wants(content, r.Key) {
			s.Reference(content, r.Key, r.Bytes, time.Now())
		}
	}
	return sum
}

// BenchmarkHit reads alone and watched in turns, so that both see the same machine. It says what being watched costs on
// average, when the budget has settled on a rate for as many reads as one core can do.
func BenchmarkHit(b *testing.B) {
	for name, exponent := range map[string]float64{"uniform": 0, "Zipf": 1} {
		reads := cachesim.NewTraffic(1, cachesim.Varied(200, 8)).Zipf(1<<20, 100_000, exponent)
		values := map[uint64]int64{}
		for _, r := range reads {
			values[r.Key] = r.Bytes
		}
		s := samplerOf(0, 1)
		var times [2][]time.Duration // of each part, alone and watched
		sum := int64(0)
		turn := func(n int) { // parts of their own, so that neither finds in the processor's caches what the other read
			for i := range 4 {
				part := reads[(4*n+i)*1024%(1<<20):][:1024]
				begun, which := time.Now(), (i+1)/2%2
				if which == 0 {
					sum += alone(values, part)
				} else {
					sum += watched(values, part, s)
				}
				times[which] = append(times[which], time.Since(begun))
			}
		}
		for begun, n := time.Now(), 0; time.Since(begun) < 20*time.Second; n++ {
			turn(n) // until the budget has settled
		}
		b.Run(name, func(b *testing.B) {
			times = [2][]time.Duration{}
			before, begun := s.Profile(time.Now()).Sampled, time.Now()
			for n := 0; b.Loop(); n++ {
				turn(n)
			}
			taken := float64(s.Profile(time.Now()).Sampled - before)
			b.ReportMetric(taken/time.Since(begun).Seconds(), "sampled/s")
			median := func(parts []time.Duration) float64 { // as others use the machine as well
				slices.Sort(parts)
				return float64(parts[len(parts)/2].Nanoseconds()) / 1024
			}
			bare, with := median(times[0]), median(times[1])
			b.ReportMetric(bare, "ns/alone")
			b.ReportMetric(with, "ns/watched")
			b.ReportMetric(100*(with-bare)/bare, "%more")
		})
		if sum == 0 {
			b.Error("nothing was read")
		}
	}
}
