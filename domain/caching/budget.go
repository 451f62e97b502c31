package caching

import (
	"math"
	"time"
)

const (
	allowancePeriod    = 20 * time.Second // long enough for a start or a page of many parts
	strongestReduction = 0.25             // of a rate, at once
	leastThreshold     = 1 << 48          // that the budget may lead to
	busiestKeys        = 8
	droppedShare       = 8 // one in so many keys of a family is dropped when there are too many
	roomToWiden        = 4 // how many times as many keys and reads there must be room for
)

// budget says how many reads may be taken in.
type budget struct {
	allowance uint32 // reads in a period; zero for any number
	count     uint32 // in this one
	period    uint32
	begun     int64
	top       int32  // slot of the key with the most reads in this period
	topCount  uint32 // its reads
}

func newBudget(perSecond float64) budget {
	var b budget
	if perSecond > 0 {
		b.allowance = uint32(max(1, min(perSecond*allowancePeriod.Seconds(), math.MaxUint32)))
	}
	return b
}

// spend takes in what a read cost. When the allowance of a period is used up before its end, either a key that took a
// quarter of it alone is not taken in any more, or the rate of the family that took the most is lowered to what would
// have lasted.
func (s *Sampler) spend(slot int32, now int64) {
	b := &s.budget
	if b.allowance == 0 {
		return
	}
	elapsed := now - b.begun
	if elapsed >= int64(allowancePeriod) || elapsed < 0 {
		s.beginPeriod(now)
		elapsed = 0
	}
	e := &s.keys.slots[slot]
	if e.period != b.period {
		e.period, e.spent = b.period, 0
	}
	e.spent++
	b.count++
	s.families[e.family].spent++
	if e.spent > b.topCount {
		b.top, b.topCount = slot, e.spent
	}
	if b.count < b.allowance {
		return
	}
	if b.topCount <= b.allowance/4 || !s.ignoreBusiest(b.top) {
		most := s.mostly(func(family int) int { return int(s.families[family].spent) })
		share := max(float64(elapsed)/float64(allowancePeriod), strongestReduction)
		s.lower(most, max(leastThreshold, uint64(float64(s.thresholds[most].Load())*share)))
	}
	s.beginPeriod(now)
}

func (s *Sampler) beginPeriod(now int64) {
	b := &s.budget
	b.begun, b.count, b.topCount = now, 0, 0
	b.period++
	for i := range s.families {
		s.families[i].spent = 0
	}
}

// mostly is the family with the most of something.
func (s *Sampler) mostly(of func(family int) int) int {
	best := 0
	for i := range s.families {
		if of(i) > of(best) {
			best = i
		}
	}
	return best
}

// ignoreBusiest stops taking in a key, if there is room to remember it.
func (s *Sampler) ignoreBusiest(slot int32) bool {
	hash := s.keys.slots[slot].hash
	for i := range s.busiest {
		if s.busiest[i].CompareAndSwap(0, hash) {
			s.keys.ignore(slot)
			return true
		}
	}
	return false
}

func (s *Sampler) isBusiest(hash uint64) bool {
	for i := range s.busiest {
		if s.busiest[i].Load() == hash {
			return hash != 0
		}
	}
	return false
}

// lower samples of a family only the keys up to a threshold. As the stack must be weighed anew, it takes about a
// millisecond, and is seldom done.
func (s *Sampler) lower(family int, threshold uint64) {
	for s.keys.above(family, threshold) {
		s.keys.drop(family)
	}
	s.sampleUpTo(family, min(threshold, s.thresholds[family].Load()))
	s.keys.stack.reweigh(func(slot int32, own int64) int64 {
		return s.families[s.keys.slots[slot].family].weigh(own)
	})
}

// drop makes room for more keys: an eighth of those of the family with the most.
func (s *Sampler) drop() {
	family := s.mostly(func(family int) int { return len(s.keys.highest[family].items) })
	hash := uint64(0)
	for range max(1, len(s.keys.highest[family].items)/droppedShare) {
		hash = s.keys.drop(family)
	}
	s.lower(family, max(hash, 1)-1)
}

// fade halves what was counted, so that advice follows the present traffic, and samples more keys when it has room. While
// there is hardly any traffic nothing fades.
func (s *Sampler) fade(now int64) {
	reads := 0.0
	for i := range s.families {
		reads += float64(s.families[i].sampled) * s.families[i].scale
	}
	if reads < fewestPerHalfLife {
		return
	}
	s.widen(now)
	for i := range s.families {
		s.families[i].fade(i, s.counted)
	}
	for i := range s.busiest {
		s.busiest[i].Store(0)
	}
	s.window = now
}

func (f *watched) fade(family int, counted func(int) (reads, hits uint64)) {
	f.reads, f.hits = f.counted(family, counted)
	f.reads /= 2
	f.hits /= 2
	if counted != nil {
		f.base.reads, f.base.hits = counted(family)
	}
	f.sampled = 0
	f.estimated /= 2
	f.unknown /= 2
	f.cold /= 2
	f.gone /= 2
	for part := range f.misses {
		halve(f.misses[part][:])
	}
	halve(f.distances[:])
	halve(f.reuse[:])
}

func halve(counts []float64) {
	for i := range counts {
		counts[i] /= 2
	}
}

// counted returns the reads and hits that the cache counted, faded like the rest.
func (f *watched) counted(family int, counted func(int) (reads, hits uint64)) (reads, hits float64) {
	if counted == nil {
		return 0, 0
	}
	r, h := counted(family)
	return f.reads + float64(r-f.base.reads), f.hits + float64(h-f.base.hits)
}

// widen begins the sample of a family anew with a higher rate, when there is room for several times as many keys and
// reads. As the history of the new keys is not known, the first read of each says nothing for a while.
func (s *Sampler) widen(now int64) {
	active := make([]int, len(s.families))
	left := s.keys.most
	for _, slot := range s.keys.index {
		if e := &s.keys.slots[slot]; e.last >= s.window {
			active[e.family]++
			left--
		}
	}
	elapsed := time.Duration(now - s.window).Seconds()
	spare := float64(s.budget.allowance) / allowancePeriod.Seconds() * elapsed
	for i := range s.families {
		spare -= float64(s.families[i].sampled)
	}
	for i := range s.families {
		f := &s.families[i]
		room := float64(left+active[i]) / float64(active[i]+1)
		if s.budget.allowance > 0 {
			room = min(room, (spare+float64(f.sampled))/float64(f.sampled+1))
		}
		if f.scale > 1 && room >= roomToWiden {
			s.restart(i, thresholdOf(room/2/f.scale), now)
			left -= int(float64(active[i]) * (room/2 - 1))
			spare -= float64(f.sampled) * (room/2 - 1)
		}
	}
}

// restart begins the sample of a family anew.
func (s *Sampler) restart(family int, threshold uint64, now int64) {
	for s.keys.above(family, 0) {
		s.keys.drop(family)
	}
	s.sampleUpTo(family, threshold)
	s.families[family].unknownTo = later(now, s.halfLife)
}
