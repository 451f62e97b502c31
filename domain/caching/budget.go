package caching

import (
	"math"
	"time"
)

// budget says how many reads may be taken in.
type budget struct {
	allowance uint32 // reads in a period; zero for any number
	count     uint32 // in this one
	period    uint32
	begun     int64
	top       int32  // slot of the key with the most reads in this period
	topCount  uint32 // its reads
	goal      uint64 // threshold that is being gone down to
}

func newBudget(perSecond float64) budget {
	b := budget{goal: math.MaxUint64}
	if perSecond > 0 {
		b.allowance = uint32(max(1, min(perSecond*allowancePeriod.Seconds(), math.MaxUint32)))
	}
	return b
}

func (b *budget) begin(now int64) {
	b.begun, b.count, b.topCount = now, 0, 0
	b.period++
}

// spend takes in what a read cost. When the allowance of a period is used up before its end, either a key that took a
// quarter of it alone is not taken in any more, or the rate is lowered to what would have lasted.
func (s *Sampler) spend(slot int32, now int64) {
	b := &s.budget
	if b.allowance == 0 {
		return
	}
	elapsed := now - b.begun
	if elapsed >= int64(allowancePeriod) || elapsed < 0 {
		b.begin(now)
		elapsed = 0
	}
	e := &s.keys.slots[slot]
	if e.period != b.period {
		e.period, e.spent = b.period, 0
	}
	e.spent++
	b.count++
	if e.spent > b.topCount {
		b.top, b.topCount = slot, e.spent
	}
	if b.count < b.allowance {
		return
	}
	if b.topCount <= b.allowance/4 || !s.ignoreBusiest(b.top) {
		share := max(float64(elapsed)/float64(allowancePeriod), strongestReduction)
		b.goal = max(leastThreshold, uint64(float64(s.threshold.Load())*share))
	}
	b.begin(now)
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

// lower goes down to the goal of the budget in steps, so that no read has to wait for long.
func (s *Sampler) lower() {
	for range mostDroppedAtOnce {
		if s.keys.len() == 0 || s.keys.highest.items[0].hash <= s.budget.goal {
			s.sampleUpTo(s.budget.goal)
			return
		}
		s.drop()
	}
}

// drop forgets the key of the highest hash and samples only what is below it.
func (s *Sampler) drop() { s.sampleUpTo(max(s.keys.drop(), 1) - 1) }

// fade halves what was counted, so that advice follows the present traffic, and samples more keys when it has room.
func (s *Sampler) fade(now int64) {
	for i := range s.families {
		s.families[i].fade(i, s.counted)
	}
	for i := range s.busiest {
		s.busiest[i].Store(0)
	}
	elapsed := time.Duration(now - s.window.begun).Seconds()
	s.widen(float64(s.window.sampled)/elapsed, now)
	s.window.begun, s.window.sampled = now, 0
}

func (f *watched) fade(family int, counted func(int) (reads, hits uint64)) {
	f.reads, f.hits = f.counted(family, counted)
	f.reads /= 2
	f.hits /= 2
	if counted != nil {
		f.base.reads, f.base.hits = counted(family)
	}
	f.estimated /= 2
	f.unknown /= 2
	f.cold /= 2
	f.gone /= 2
	for _, counts := range [][]float64{f.misses[:], f.distances[:], f.reuse[:]} {
		for i := range counts {
			counts[i] /= 2
		}
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

// widen begins the sample anew with a higher rate when both keys and reads leave room for four times as many. As the
// history of the new keys is not known, the first read of each says nothing until history has faded once more.
func (s *Sampler) widen(perSecond float64, now int64) {
	if s.scale == 1 {
		return
	}
	active := 1
	for _, slot := range s.keys.index {
		if s.keys.slots[slot].last >= s.window.begun {
			active++
		}
	}
	room := float64(s.keys.most) / float64(active)
	if s.budget.allowance > 0 {
		room = min(room, float64(s.budget.allowance)/allowancePeriod.Seconds()/max(perSecond, 1))
	}
	if room < 4 {
		return
	}
	s.keys = newSample(s.keys.most)
	s.sampleUpTo(thresholdOf(room / 2 / s.scale))
	s.budget.goal = s.threshold.Load()
	s.unknown = later(now, s.halfLife)
}
