package cachesim

import (
	"math"
	"time"

	"github.com/toeic-app/toeic/domain/caching"
)

// Epoch is the time of a read at zero.
var Epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Watch lets a sampler watch reads, counted exactly as a cache of the sampler's own limit would, and returns what it saw.
func Watch(reads []Read, o caching.SamplerOptions) caching.Profile {
	counts := make([]Score, len(o.Families))
	rules := make([]Rule, len(o.Families))
	for i, f := range o.Families {
		rules[i] = Rule{TTL: o.TTLs.Of(f), Stale: f.Stale}
	}
	cache := NewLRU(o.Limit, rules)
	o.Counted = func(family int) (uint64, uint64) { return counts[family].Reads, counts[family].Hits }
	s := caching.NewSampler(o)
	last := time.Duration(0)
	for _, r := range reads {
		hit := cache.Do(r)
		if r.Delete {
			s.Forget(r.Family, r.Key)
			continue
		}
		counts[r.Family].Reads++
		if hit {
			counts[r.Family].Hits++
		}
		s.Reference(r.Family, r.Key, r.Bytes, Epoch.Add(r.At))
		last = r.At
	}
	return s.Profile(Epoch.Add(last))
}

// Simulate runs reads through a cache and returns it, for its scores.
func Simulate(reads []Read, limit int64, rules []Rule) *LRU {
	c := NewLRU(limit, rules)
	for _, r := range reads {
		c.Do(r)
	}
	return c
}

// RulesOf are the rules of families with their times to live times a factor, within their bounds.
func RulesOf(families []caching.Family, factor float64) []Rule {
	out := make([]Rule, len(families))
	for i, f := range families {
		ttl := f.Max
		if scaled := float64(f.TTL) * factor; scaled < math.MaxInt64 {
			ttl = max(f.Min, min(f.Max, time.Duration(scaled)))
		}
		out[i] = Rule{TTL: ttl, Stale: f.Stale}
	}
	return out
}
