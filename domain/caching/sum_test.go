package caching_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/caching"
)

func TestWhoWasNeverAskedHasMissedNothing(t *testing.T) {
	var f caching.FamilyFigures
	if f.HitRate() != 100 || f.Near.HitRate() != 100 || f.AverageTTL() != 0 || f.AverageLoad() != 0 {
		t.Errorf("%v %v %v %v", f.HitRate(), f.Near.HitRate(), f.AverageTTL(), f.AverageLoad())
	}
}

func TestAReadIsAHitWhenAnyTierAnswersIt(t *testing.T) {
	f := caching.FamilyFigures{
		Near: caching.TierFigures{Hits: 60, Misses: 40}, Far: caching.TierFigures{Hits: 30, Misses: 10}, Shared: 4, Loads: 6,
		LoadTime: 12 * time.Second, TTLSum: 3600,
	}
	if f.Reads() != 100 || f.Hits() != 90 || f.Misses() != 10 || f.HitRate() != 90 {
		t.Errorf("%d reads, %d hits, %d misses, %v %%", f.Reads(), f.Hits(), f.Misses(), f.HitRate())
	}
	f.Refreshes, f.RefreshHits, f.Far.Hits = 9, 5, f.Far.Hits+5 // of nobody who reads
	if f.Reads() != 100 || f.Hits() != 90 || f.Misses() != 10 {
		t.Errorf("with refreshes: %d reads, %d hits, %d misses", f.Reads(), f.Hits(), f.Misses())
	}
	f.Far.Hits -= 5
	if f.Near.HitRate() != 60 || f.Far.HitRate() != 75 {
		t.Errorf("near %v %%, far %v %%", f.Near.HitRate(), f.Far.HitRate())
	}
	if f.AverageLoad() != 2*time.Second || f.AverageTTL() != time.Minute {
		t.Errorf("a load takes %s, a value has %s left", f.AverageLoad(), f.AverageTTL())
	}
}

func TestFiguresOfProcessesAddUpButWhatRedisHoldsIsTheSameForAll(t *testing.T) {
	process := func(n uint64) caching.Figures {
		held := int64(n)
		return caching.Figures{Limit: 100, Families: map[string]caching.FamilyFigures{
			caching.Content: {
				Near: caching.TierFigures{Hits: n, Misses: 2 * n, Keys: held, Bytes: 10 * held, Evictions: map[caching.Reason]uint64{caching.Capacity: n}},
				Far:  caching.TierFigures{Hits: 3 * n, Misses: 4 * n, Keys: 7, Bytes: 70 + held, Errors: n}, Shared: n, Loads: n, Failures: n,
				LoadTime: time.Duration(n), Stale: n, Negative: n, TTLSum: float64(n), Refreshes: n, RefreshHits: n,
			},
			caching.Users: {Near: caching.TierFigures{Hits: n, Keys: held}},
		}}
	}
	processes := []caching.Figures{process(1), process(2)}
	got := caching.Total(processes)
	want := caching.FamilyFigures{
		Near: caching.TierFigures{Hits: 3, Misses: 6, Keys: 3, Bytes: 30, Evictions: map[caching.Reason]uint64{caching.Capacity: 3}},
		Far:  caching.TierFigures{Hits: 9, Misses: 12, Keys: 7, Bytes: 72, Errors: 3}, Shared: 3, Loads: 3, Failures: 3, LoadTime: 3, Stale: 3, Negative: 3, TTLSum: 3, Refreshes: 3, RefreshHits: 3,
	}
	if diff := gocmp.Diff(want, got[caching.Content]); diff != "" {
		t.Errorf("content (-want +got)\n%s", diff)
	}
	if len(got) != len(caching.Families()) {
		t.Errorf("families: %d", len(got))
	}
	all := caching.Overall(got)
	if all.Near.Hits != 6 || all.Near.Keys != 6 || all.Far.Keys != 7 || all.Near.Evicted() != 3 {
		t.Errorf("overall: %+v", all)
	}
	if processes[0].Families[caching.Content].Near.Evictions[caching.Capacity] != 1 {
		t.Error("adding up changed what was added")
	}
}

// However reads are spread over processes that each remember a few keys, the bounds of a merged count hold.
func TestTheBoundsOfMergedCountsHoldTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		truth := map[string]uint64{}
		var processes []caching.Figures
		for p := range rapid.IntRange(1, 4).Draw(t, "processes") {
			var counts []caching.KeyCount
			for k := range rapid.IntRange(0, 8).Draw(t, "keys") {
				n := rapid.Uint64Range(1, 100).Draw(t, fmt.Sprint(p, k))
				key := fmt.Sprintf("content:%d", k)
				counts = append(counts, caching.KeyCount{Key: key, Count: n})
				truth[key] += n
			}
			slices.SortFunc(counts, func(a, b caching.KeyCount) int { return cmp.Compare(b.Count, a.Count) })
			listed := min(len(counts), 4)
			f := caching.Figures{Top: counts[:listed]}
			if len(counts) > listed {
				f.Unlisted = counts[listed].Count
			}
			processes = append(processes, f)
		}
		got := caching.TopKeys(processes, 5)
		if len(got) > 5 {
			t.Fatalf("%d keys", len(got))
		}
		for i, k := range got {
			if n := truth[k.Key]; n > k.Count || n < k.Count-k.Error {
				t.Fatalf("%s was read %d times, told %d to %d", k.Key, n, k.Count-k.Error, k.Count)
			}
			if i > 0 && got[i-1].Count-got[i-1].Error < k.Count-k.Error {
				t.Fatalf("%v is not in order", got)
			}
		}
	})
}
