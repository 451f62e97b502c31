package cache

import (
	"sync/atomic"
	"time"

	"github.com/toeic-app/toeic/domain/caching"
)

// stripes is over how many places the counts of hits are spread, so that processors do not wait for each other; a power
// of two.
const stripes = 64

// stripe counts hits.
type stripe struct {
	hits atomic.Uint64
	left atomic.Int64 // what was left of the lives of what was given out, in milliseconds
	_    [48]byte     // the rest of a cache line
}

// family is a family with what happened to it since the start.
type family struct {
	caching.Family
	place int
	bound *atomic.Uint64 // of the hashes that the watcher wants

	stripes     [stripes]stripe
	misses      atomic.Uint64
	keys, bytes atomic.Int64
	evictions   [reasons]atomic.Uint64

	farHits, farMisses, farErrors atomic.Uint64

	shared, loads, failures, stale, negative, refreshes, refreshHits atomic.Uint64
	loadTime                                                         atomic.Int64 // nanoseconds
}

// hit counts a hit near by and returns its number within a part of the hits.
func (f *family) hit(hash uint64, left int64) uint64 {
	s := &f.stripes[(hash>>8)&(stripes-1)] // the lowest bits are those that ristretto and the index divide by
	if left > 0 {
		s.left.Add(left / int64(time.Millisecond))
	}
	return s.hits.Add(1)
}

// loaded counts a load.
func (f *family) loaded(took int64, failed bool) {
	f.loads.Add(1)
	f.loadTime.Add(took)
	if failed {
		f.failures.Add(1)
	}
}

// figures reads the counts. Each is exact; between two of them more may happen.
func (f *family) figures() caching.FamilyFigures {
	out := caching.FamilyFigures{
		Near: caching.TierFigures{
			Misses: f.misses.Load(), Keys: f.keys.Load(), Bytes: f.bytes.Load(), Evictions: map[caching.Reason]uint64{},
		},
		Far:    caching.TierFigures{Hits: f.farHits.Load(), Misses: f.farMisses.Load(), Errors: f.farErrors.Load()},
		Shared: f.shared.Load(), Loads: f.loads.Load(), Failures: f.failures.Load(), LoadTime: time.Duration(f.loadTime.Load()),
		Stale: f.stale.Load(), Negative: f.negative.Load(), Refreshes: f.refreshes.Load(), RefreshHits: f.refreshHits.Load(),
	}
	for i := range f.stripes {
		out.Near.Hits += f.stripes[i].hits.Load()
		out.TTLSum += float64(f.stripes[i].left.Load()) / 1000
	}
	for i := range f.evictions {
		out.Near.Evictions[reasonNames[i]] = f.evictions[i].Load()
	}
	return out
}

// mix spreads numbers that follow each other over all of 64 bits. It is the last step of MurmurHash3.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
