package caching

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Reads counts how often the family was asked for something.
func (f FamilyFigures) Reads() uint64 { return f.Near.Hits + f.Near.Misses }

// Hits counts the reads that one of the tiers answered.
func (f FamilyFigures) Hits() uint64 {
	return f.Near.Hits + f.Far.Hits - min(f.RefreshHits, f.Far.Hits)
}

// Misses counts the reads that no tier answered: they loaded, or waited for somebody else's load.
func (f FamilyFigures) Misses() uint64 { return f.Reads() - min(f.Hits(), f.Reads()) }

// HitRate is the part of the reads that one of the tiers answered, in percent.
func (f FamilyFigures) HitRate() float64 { return hitRate(f.Hits(), f.Reads()) }

// AverageTTL is what was left of the life of values, on average, when the near tier gave them out.
func (f FamilyFigures) AverageTTL() time.Duration {
	if f.Near.Hits == 0 {
		return 0
	}
	return time.Duration(f.TTLSum / float64(f.Near.Hits) * float64(time.Second))
}

// AverageLoad is how long a load took, on average.
func (f FamilyFigures) AverageLoad() time.Duration {
	if f.Loads == 0 {
		return 0
	}
	return f.LoadTime / time.Duration(f.Loads)
}

// HitRate is the part of the questions to the tier that it answered, in percent.
func (t TierFigures) HitRate() float64 { return hitRate(t.Hits, t.Hits+t.Misses) }

// Evicted counts what left the near tier, for whatever reason.
func (t TierFigures) Evicted() uint64 {
	total := uint64(0)
	for _, n := range t.Evictions {
		total += n
	}
	return total
}

// MinReads is how many reads make a hit rate worth an alarm. Before, caches are filling, and every rate is low.
const MinReads = 1000

// hitRate is 100 of nothing: who was never asked has never failed to answer, and a rate must not alarm anybody because a
// process is new.
func hitRate(part, whole uint64) float64 {
	if whole == 0 {
		return 100
	}
	return 100 * float64(min(part, whole)) / float64(whole)
}

// Overall adds up the families of one process, or of all.
func Overall(families map[string]FamilyFigures) FamilyFigures {
	var out FamilyFigures
	for _, f := range families {
		out = out.and(f, addUp)
	}
	return out
}

// Total adds up the figures of processes by family, every family of the table among them. What the near tiers hold adds
// up as each has its own; the far tier is one, and what it holds is what the process says that sees most of it.
func Total(processes []Figures) map[string]FamilyFigures {
	out := map[string]FamilyFigures{}
	for _, f := range Families() {
		out[f.Name] = FamilyFigures{}
	}
	for _, p := range processes {
		for name, f := range p.Families {
			out[name] = out[name].and(f, greater)
		}
	}
	return out
}

func addUp(a, b int64) int64 { return a + b }

func greater(a, b int64) int64 { return max(a, b) }

// and adds figures up. held says how what the far tier holds adds up.
func (f FamilyFigures) and(g FamilyFigures, held func(a, b int64) int64) FamilyFigures {
	return FamilyFigures{
		Near: f.Near.and(g.Near, addUp), Far: f.Far.and(g.Far, held), Shared: f.Shared + g.Shared, Loads: f.Loads + g.Loads,
		Failures: f.Failures + g.Failures, LoadTime: f.LoadTime + g.LoadTime, Stale: f.Stale + g.Stale, Negative: f.Negative + g.Negative,
		Refreshes: f.Refreshes + g.Refreshes, RefreshHits: f.RefreshHits + g.RefreshHits, TTLSum: f.TTLSum + g.TTLSum,
	}
}

func (t TierFigures) and(u TierFigures, held func(a, b int64) int64) TierFigures {
	out := TierFigures{
		Hits: t.Hits + u.Hits, Misses: t.Misses + u.Misses, Keys: held(t.Keys, u.Keys), Bytes: held(t.Bytes, u.Bytes),
		Errors: t.Errors + u.Errors, Evictions: maps.Clone(t.Evictions),
	}
	for reason, n := range u.Evictions {
		if out.Evictions == nil {
			out.Evictions = map[Reason]uint64{}
		}
		out.Evictions[reason] += n
	}
	return out
}

// TopKeys merges the most read keys of processes, at most limit of them. A key that a process does not list may still have
// been read there: at most as often as the least read key of a list that is full.
func TopKeys(processes []Figures, limit int) []KeyCount {
	merged := map[string]KeyCount{}
	for _, p := range processes {
		for _, k := range p.Top {
			merged[k.Key] = KeyCount{Key: k.Key}
		}
	}
	for key, sum := range merged {
		for _, p := range processes {
			count := p.countOf(key)
			sum.Count, sum.Error = sum.Count+count.Count, sum.Error+count.Error
		}
		merged[key] = sum
	}
	out := slices.SortedFunc(maps.Values(merged), func(a, b KeyCount) int {
		return cmp.Or(cmp.Compare(b.Count-b.Error, a.Count-a.Error), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Key, b.Key))
	})
	return out[:min(len(out), limit)]
}

func (p Figures) countOf(key string) KeyCount {
	for _, k := range p.Top {
		if k.Key == key {
			return k
		}
	}
	return KeyCount{Key: key, Count: p.Unlisted, Error: p.Unlisted}
}
