package caching

import (
	"math"
	"time"
)

// entry is a sampled key.
type entry struct {
	hash     uint64
	last     int64 // when it was read
	bytes    int64
	loaded   [cells]int64 // when its value was loaded, with each memory and time to live
	position int32        // in the stack; vacant when it is not taken in any more
	spent    uint32       // reads within the period of the budget
	period   uint32       // that spent belongs to
	family   uint8
	pending  uint8 // lanes whose expiry is waited for, as bits
	gone     bool  // its value was deleted
}

// loadAll takes in a read that missed whatever the memory and the time to live.
func (e *entry) loadAll(now int64, misses *[cells]float64, weight float64) {
	for i := range misses {
		e.loaded[i] = now
		misses[i] += weight
	}
}

// deadline is when a value leaves a lane because of its age.
type deadline struct {
	at   int64
	hash uint64
	slot int32
	lane uint8
}

// sample holds the sampled keys and the order of their last use.
type sample struct {
	most      int
	slots     []entry
	free      []int32
	index     map[uint64]int32
	highest   []heap[ranked] // of each family
	deadlines heap[deadline]
	stack     stack
}

// ranked is a key by its hash; the highest is dropped first.
type ranked struct {
	hash uint64
	slot int32
}

func newSample(most, families int, sizes [columns]int64) sample {
	s := sample{
		stack:     stack{sizes: sizes},
		most:      most,
		index:     map[uint64]int32{},
		highest:   make([]heap[ranked], families),
		deadlines: heap[deadline]{before: func(a, b deadline) bool { return a.at < b.at }},
	}
	for i := range s.highest {
		s.highest[i].before = func(a, b ranked) bool { return a.hash > b.hash }
	}
	return s
}

// len counts the keys, with those that are not taken in any more until they are dropped.
func (s *sample) len() int { return len(s.slots) - len(s.free) }

func (s *sample) find(hash uint64) (int32, bool) {
	slot, ok := s.index[hash]
	return slot, ok
}

// add begins to watch a key.
func (s *sample) add(family int, hash uint64, now int64) int32 {
	var slot int32
	if n := len(s.free); n > 0 {
		slot, s.free = s.free[n-1], s.free[:n-1]
	} else {
		slot = int32(len(s.slots))
		s.slots = append(s.slots, entry{})
	}
	s.slots[slot] = entry{hash: hash, family: uint8(family), last: now, position: vacant}
	s.index[hash] = slot
	s.highest[family].push(ranked{hash, slot})
	if len(s.deadlines.items) > 2*lanes*s.most {
		s.tidy()
	}
	return slot
}

// remove takes the value of a key out of the stack.
func (s *sample) remove(slot int32) {
	if e := &s.slots[slot]; e.position != vacant {
		s.stack.pull(e.position)
		e.position = vacant
	}
}

// put puts the value of a key on top of the stack; it leaves each lane when it was kept for that long after its load.
func (s *sample) put(slot int32, weight int64, keep []time.Duration) {
	if s.stack.full() {
		s.stack.compact(func(slot, position int32) { s.slots[slot].position = position })
	}
	e := &s.slots[slot]
	e.position = s.stack.push(slot, e.bytes, weight)
	for lane, d := range keep {
		if e.pending&(1<<lane) == 0 {
			e.pending |= 1 << lane
			s.deadlines.push(deadline{later(e.earliest(lane), d), e.hash, slot, uint8(lane)})
		}
	}
}

// loadedIn is when the value was loaded that is in a lane for a group of memories.
func (e *entry) loadedIn(lane, group int) int64 {
	return e.loaded[cell(groupColumns[group], laneLevels[lane])]
}

// later adds without running over.
func later(at int64, d time.Duration) int64 {
	if int64(d) > math.MaxInt64-max(0, at) {
		return math.MaxInt64
	}
	return at + int64(d)
}

// earliest is when the first of the values was loaded that are in a lane.
func (e *entry) earliest(lane int) int64 {
	at := e.loadedIn(lane, 0)
	for group := 1; group < groups; group++ {
		at = min(at, e.loadedIn(lane, group))
	}
	return at
}

// expire takes out of each lane what is past its time. What was loaded later is waited for.
func (s *sample) expire(now int64, keep func(e *entry, lane int) time.Duration) {
	for len(s.deadlines.items) > 0 && s.deadlines.items[0].at <= now {
		d := s.deadlines.pop()
		e, lane := &s.slots[d.slot], int(d.lane)
		if e.hash != d.hash || e.pending&(1<<lane) == 0 || e.position == vacant {
			continue // of a key that was dropped
		}
		d.at = math.MaxInt64
		for group := range groups {
			if due := later(e.loadedIn(lane, group), keep(e, lane)); due > now {
				d.at = min(d.at, due)
				continue
			}
			s.stack.thin(e.position, lane, group)
		}
		if d.at < math.MaxInt64 {
			s.deadlines.push(d)
		} else {
			e.pending &^= 1 << lane
		}
	}
}

// tidy forgets the deadlines of keys that were dropped.
func (s *sample) tidy() {
	all := s.deadlines.items
	s.deadlines.items = all[:0]
	for _, d := range all { // pushing never gets ahead of reading
		if s.slots[d.slot].hash == d.hash {
			s.deadlines.push(d)
		}
	}
}

// forget takes a value out of the stack, but for its position, and makes the next read of its key a miss.
func (s *sample) forget(slot int32) {
	e := &s.slots[slot]
	s.stack.empty(e.position)
	e.gone = true
}

// reload takes all times of loads of a family from those of its present time to live, as its other times to live changed.
func (s *sample) reload(family int) {
	for _, slot := range s.index {
		e := &s.slots[slot]
		if int(e.family) != family {
			continue
		}
		for column := range columns {
			for level := range levels {
				e.loaded[cell(column, level)] = e.loaded[cell(column, presentLevel)]
			}
		}
	}
}

// ignore stops taking a key in. Its slot stays until its hash is dropped.
func (s *sample) ignore(slot int32) {
	delete(s.index, s.slots[slot].hash)
	s.remove(slot)
	s.slots[slot].pending = 0
}

// drop forgets the key of the highest hash of a family and returns this hash.
func (s *sample) drop(family int) uint64 {
	top := s.highest[family].pop()
	if s.slots[top.slot].position != vacant {
		s.ignore(top.slot)
	}
	s.slots[top.slot] = entry{position: vacant}
	s.free = append(s.free, top.slot)
	return top.hash
}

// above reports whether keys of a family have hashes above a threshold.
func (s *sample) above(family int, threshold uint64) bool {
	h := &s.highest[family]
	return len(h.items) > 0 && h.items[0].hash > threshold
}
