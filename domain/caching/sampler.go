package caching

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// What a Sampler does unless told otherwise.
const (
	MaxSampledKeys   = 16384
	SampledPerSecond = 1000
	DefaultHalfLife  = time.Hour
)

const (
	maxFamilies       = 16   // a power of two
	fewestPerHalfLife = 1000 // reads, about; with fewer, history does not fade
	biggestValue      = 1 << 40
)

// SamplerOptions say what a Sampler watches. Limit and Families are required.
type SamplerOptions struct {
	Limit    int64    // bytes that the near tier may take
	Families []Family // at most 16; a family is known to the sampler by its place here
	TTLs     TTLs     // as they are set now; Tune changes them

	// Counted returns how many reads of a family there were and how many of them were hits, since the start. The counters
	// that the cache keeps anyway do. With it predictions are corrected for hot keys that happen to be in or out of the
	// sample, and can be compared with what was measured. It is called with the sampler locked and must not call back.
	Counted func(family int) (reads, hits uint64)

	// Answered returns how many reads of a family any tier answered since the start, with what is past its time: what people
	// know as its hit rate, and aim at. Without it advice goes by what it predicts alone. It is called as Counted is, after
	// it, and only together with it.
	Answered func(family int) uint64

	MaxKeys   int           // sampled keys at most; zero means MaxSampledKeys
	Rate      float64       // the share of keys that are sampled at first; zero means all of them
	PerSecond float64       // sampled reads that may be taken in on average; zero means SampledPerSecond, below zero any number
	HalfLife  time.Duration // after which history counts half; zero means DefaultHalfLife
}

// Sampler watches the reads of one cache, to say how it would do with other memory and other times to live.
//
// It follows SHARDS (Waldspurger, Park, Garthwaite, Ahmad, "Efficient MRC Construction with SHARDS", FAST 2015): of all
// keys those are sampled whose hash is at most a threshold, all reads of these are taken in, and a reuse distance among
// them divided by the sampling rate is one among all keys. A reuse distance is the bytes of the other keys that were used
// since the last use of the key, and its own; LRU with that many bytes would have kept it. When there are more than
// MaxKeys, some of the highest hashes are dropped and the threshold follows them (the fixed-size variant). Misses are
// counted and weighted by the sampling rate of their time; hits are what is left of all reads, which are counted exactly
// (the correction called SHARDS-adj): a hot key has next to no misses, so that it matters little whether it is in the
// sample. Unlike there, each family has a threshold of its own and stands in the stack with the weight of its own rate,
// so that a family of few keys is watched as a whole beside one of very many.
//
// Reuse distances and reuse times cannot tell what memory and times to live do together: a time to live begins when a
// value is loaded, which is when it was missed last, and values that leave for their age make room for others. So for
// each pair of a memory and a time to live there is a miniature cache (Waldspurger, Saemundsson, Ahmad, Park, "Cache
// Modeling and Optimization using Miniature Simulations", USENIX ATC 2017), as cheap as two numbers for each key: all
// caches share the order of last use, a mark for each tells where it ends, and each key has the time of its load in
// each. Without sampling, half, the same and double the memory and time to live are exact; the memories and times to
// live between and beyond take what leaves for its age from the nearest of these. A longer time to live is judged as
// if all families had as much more; so where memory is short, what is said of it for one family alone is a little too
// low for this family, and a little too high for the others.
//
// All keys are sampled at first. More than PerSecond reads a second lower the rate, so that a busy process spends little
// on being watched and a quiet one is watched closely: see the benchmarks for what a read costs. A key so hot that it
// takes much of this allowance alone is no longer taken in and counts as a hit. When a family has few keys again, its
// sample is begun anew with a higher rate.
//
// What it predicts is LRU. Ristretto, with its admission by frequency (TinyLFU) and its eviction among a few, is up to ten
// points better on skewed traffic where memory is short, and worse on traffic that favours what is new or when it has no
// time to count reads; the measured hit rate stands beside the predicted one for this reason. Values that are not stored
// at all, because they failed to load or were too big, count as stored.
//
// How an engine uses it: one Sampler for its near tier. After each read, hit or miss,
//
//	if sampler.Wants(family, hash) {
//		sampler.Reference(family, hash, bytes, time.Now())
//	}
//
// where hash is uniform over all 64 bits (such as the one the near tier files the key by, not a number that the key
// contains) and bytes is what the value costs in the near tier, after the load when there was one. Forget where a value
// is deleted because it changed, Clear where a family is, Tune when times to live change. Profile and Advise answer the
// administrator. It needs at most about twenty megabytes, and far less when there are few keys. All methods may be called
// at once.
type Sampler struct {
	_          [64]byte // what every read looks at shares its cache line with nothing that is written
	thresholds [maxFamilies]atomic.Uint64
	_          [64]byte

	busiest [busiestKeys]atomic.Uint64 // keys that are not taken in any more; zero for none

	mu       sync.Mutex
	limit    int64
	counted  func(family int) (reads, hits uint64)
	answered func(family int) uint64
	halfLife time.Duration
	families []watched
	keys     sample
	budget   budget
	sampled  uint64 // reads that were taken in
	begun    int64  // in nanoseconds, as all times here; zero before the first read
	tuned    bool   // whether a family waits for a read to be counted from
	window   int64  // when history faded last
}

// watched is a family and what was counted of it. All counts fade, and stand for all keys, not for the sampled ones.
type watched struct {
	Family
	scale       float64       // one by the sampling rate
	sampled     uint64        // reads that were taken in since history faded last
	spent       uint32        // reads that were taken in within the period of the budget
	unknownTo   int64         // until when the first read of a key says nothing
	tuned       bool          // whether it was counted with another time to live before
	since       int64         // from when on it is counted with this one; zero until there is a read
	ttl         time.Duration // as it is set now
	ttls        [levels]time.Duration
	keep        [lanes]time.Duration // after the load, until the near tier forgets it
	reads, hits float64              // counted until the last time that they faded
	base        struct{ reads, hits uint64 }
	estimated   float64               // reads, from the sample
	unknown     float64               // reads of these that may have been hits or misses
	misses      [parts][cells]float64 // by parts of the keys
	cold        float64               // reads of keys that were never read before
	gone        float64               // reads of keys that were deleted since they were read
	distances   [distanceBuckets]float64
	reuse       [reuseBuckets]float64
}

// NewSampler watches from now on. It panics when there are more families than it can take.
func NewSampler(o SamplerOptions) *Sampler {
	if o.MaxKeys <= 0 {
		o.MaxKeys = MaxSampledKeys
	}
	if o.HalfLife <= 0 {
		o.HalfLife = DefaultHalfLife
	}
	if o.PerSecond == 0 {
		o.PerSecond = SampledPerSecond
	}
	if len(o.Families) > maxFamilies {
		panic("caching: too many families for a sampler")
	}
	s := &Sampler{
		limit: o.Limit, counted: o.Counted, answered: o.Answered, halfLife: o.HalfLife,
		families: make([]watched, len(o.Families)), keys: newSample(o.MaxKeys, len(o.Families), memories(o.Limit)), budget: newBudget(o.PerSecond),
	}
	for i, f := range o.Families {
		s.families[i].Family = f
		s.retime(i, o.TTLs.Of(f))
		s.sampleUpTo(i, thresholdOf(o.Rate))
	}
	return s
}

// thresholdOf is the greatest hash that is sampled at a rate; a rate that is none means all.
func thresholdOf(rate float64) uint64 {
	if rate > 0 && rate < 1 {
		return uint64(rate * (1 << 63) * 2)
	}
	return math.MaxUint64
}

func (s *Sampler) sampleUpTo(family int, threshold uint64) {
	s.thresholds[family].Store(threshold)
	s.families[family].scale = (1 << 63) * 2 / (float64(threshold) + 1)
}

// retime sets how long a family keeps values and forgets what was counted of it, as it was counted for other times.
func (s *Sampler) retime(family int, ttl time.Duration) {
	f := &s.families[family]
	*f = watched{
		Family: f.Family, ttl: ttl, ttls: ttls(f.Family, ttl), scale: f.scale, sampled: f.sampled, spent: f.spent,
		unknownTo: f.unknownTo, tuned: s.begun != 0,
	}
	s.tuned = true
	for lane, level := range laneLevels {
		f.keep[lane] = time.Duration(later(int64(f.ttls[level]), f.Stale))
	}
	if s.counted != nil {
		f.base.reads, f.base.hits = s.counted(family)
	}
}

// Bound is what no hash is greater than whose key is sampled. It changes.
func (s *Sampler) Bound(family int) *atomic.Uint64 { return &s.thresholds[family&(maxFamilies-1)] }

// Wants reports whether a key is sampled: whether Reference would do anything with it.
func (s *Sampler) Wants(family int, hash uint64) bool {
	return hash <= s.thresholds[family&(maxFamilies-1)].Load() && !s.isBusiest(hash)
}

// Reference takes in that a key was read at a time, and how many bytes its value takes.
func (s *Sampler) Reference(family int, hash uint64, bytes int64, at time.Time) {
	if s.Wants(family, hash) {
		s.record(family, hash, bytes, at)
	}
}

func (s *Sampler) record(family int, hash uint64, bytes int64, at time.Time) {
	now := at.UnixNano()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance(now)
	if !s.Wants(family, hash) {
		return // somebody lowered the threshold meanwhile
	}
	s.sampled++
	s.families[family].sampled++
	slot, known := s.keys.find(hash)
	if !known {
		slot = s.keys.add(family, hash, now)
	}
	e := &s.keys.slots[slot]
	e.bytes = min(max(1, bytes), biggestValue)
	s.judge(e, known, now)
	e.last = now
	s.use(slot)
	s.spend(slot, now)
}

// advance lets time pass: it fades history, forgets what is past its time, and drops keys when there are too many.
func (s *Sampler) advance(now int64) {
	if s.begun == 0 {
		s.begun, s.window = now, now
	}
	if s.tuned {
		s.countFrom(now)
	}
	if now-s.window >= int64(s.halfLife) {
		s.fade(now)
	}
	s.keys.expire(now, func(e *entry, lane int) time.Duration { return s.families[e.family].keep[lane] })
	if s.keys.len() > s.keys.most {
		s.drop()
	}
}

// countFrom notes when families are counted from whose times to live were set: from the first read afterwards on, whichever
// family it is of, as nobody tells what time it was.
func (s *Sampler) countFrom(now int64) {
	s.tuned = false
	for i := range s.families {
		if s.families[i].since == 0 {
			s.families[i].since = now
		}
	}
}

// use puts the value of a key on top of the stack.
func (s *Sampler) use(slot int32) {
	f := &s.families[s.keys.slots[slot].family]
	s.keys.remove(slot)
	s.keys.put(slot, f.weigh(s.keys.slots[slot].bytes), f.keep[:])
}

// weigh is how many bytes of all keys those of a sampled one stand for.
func (f *watched) weigh(bytes int64) int64 {
	if f.scale == 1 {
		return bytes
	}
	return scaled(bytes, f.scale)
}

// judge decides for each memory and time to live whether the read was a hit, and counts it.
func (s *Sampler) judge(e *entry, known bool, now int64) {
	f := &s.families[e.family]
	weight, misses := f.scale, &f.misses[e.hash%parts]
	f.estimated += weight
	switch {
	case !known && now < f.unknownTo:
		f.unknown += weight
		e.loadAll(now, misses, 0)
		return
	case !known:
		f.cold += weight
		e.loadAll(now, misses, weight)
		return
	}
	f.reuse[reuseBucket(time.Duration(now-e.last))] += weight
	if e.gone {
		f.gone += weight
		e.gone = false
		e.loadAll(now, misses, weight)
		return
	}
	if now-e.loaded[cell(columns-1, presentLevel)] < int64(f.ttls[presentLevel]) {
		f.distances[distanceBucket(s.keys.stack.distance(e.position))] += weight
	}
	for level, ttl := range &f.ttls {
		lane := laneOf(level)
		for column := range columns {
			i := cell(column, level)
			if now-e.loaded[i] < int64(ttl) && s.keys.stack.holds(column, lane, e.position) {
				continue
			}
			e.loaded[i] = now
			misses[i] += weight
		}
	}
}

// Forget takes in that the value of a key was deleted because what it tells changed.
func (s *Sampler) Forget(family int, hash uint64) {
	if !s.Wants(family, hash) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slot, ok := s.keys.find(hash); ok {
		s.keys.forget(slot)
	}
}

// Clear takes in that all values of a family were deleted.
func (s *Sampler) Clear(family int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, slot := range s.keys.index {
		if int(s.keys.slots[slot].family) == family {
			s.keys.forget(slot)
		}
	}
}

// Tune takes in that families keep values for other times. What was counted of those that changed is forgotten, and there is
// no advice of them until they were watched for as long as they keep values now.
func (s *Sampler) Tune(ttls TTLs) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.families {
		if ttl := ttls.Of(s.families[i].Family); ttl != s.families[i].ttl {
			s.retime(i, ttl)
			s.keys.reload(i)
		}
	}
}
