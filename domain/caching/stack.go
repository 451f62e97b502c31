package caching

import (
	"cmp"
	"math/bits"
	"slices"
)

// It is followed for some times to live, the lanes, and for some memories, the groups, which values are past their time.
// Other times to live and memories are judged by the next of these. All share one order.
const (
	lanes  = 4
	groups = 3

	presentLane  = 1
	presentGroup = 1
)

var (
	laneLevels   = [lanes]int{0, 1, 2, 4}
	groupColumns = [groups]int{0, 1, 4}
	groupOf      = [columns - 1]int{0, 1, 1, 1, 2, 2, 2, 2}
)

// laneOf is the lane that a time to live is judged by.
func laneOf(level int) int { return min(level, lanes-1) }

const (
	vacant      = -1
	fewestSpots = 1024
)

// spot is a value in the stack. Of all keys, weight bytes are what its own stand for.
type spot struct {
	slot   int32        // vacant for none
	in     [lanes]uint8 // groups in which it is not past its time, as bits
	own    int64
	weight int64
}

const allGroups = 1<<groups - 1

func (p *spot) lives(lane, group int) bool { return p.in[lane]&(1<<group) != 0 }

// needs is the memory that a value itself counts with when it is asked whether it still has room. It is its own bytes when
// all keys are sampled. Else what is above it is known in steps of the weights only, so half a step is added: with none,
// distances would be told half a step too short on average, with a whole one half a step too long.
func (p *spot) needs() int64 { return p.own + (p.weight-p.own)/2 }

// mark is where a miniature cache ends: it holds what is above, and that is held bytes of all keys.
type mark struct {
	position int32
	held     int64
}

// stack has the sampled keys in the order of their last use; positions grow with use. It tells two things. A Fenwick tree
// (Fenwick, "A new data structure for cumulative frequency tables", 1994) sums the bytes above a position, for the reuse
// distance, in O(log n). And for each memory and lane a mark follows up to where a cache of that size has made room: a
// distance alone would not tell, as what was pushed out does not come back when values above it leave for their age. A
// mark only moves up, so it passes each position once. When positions run out, those in use are moved together, which
// costs each use a constant on average.
type stack struct {
	sizes [columns]int64 // of the miniature caches; the last never makes room
	tree  []int64        // from 1; of the present lane and group
	total int64
	spots []spot
	next  int32 // position of the next use
	live  int   // positions in use
	marks [lanes][columns - 1]mark
}

// distance is the reuse distance of the value at a position: the bytes that were used after it and are not past their
// time, and its own.
func (s *stack) distance(position int32) int64 {
	sum := s.total + s.spots[position].needs()
	for i := int(position) + 1; i > 0; i &= i - 1 {
		sum -= s.tree[i]
	}
	return sum
}

func (s *stack) add(position int32, weight int64) {
	for i := int(position) + 1; i < len(s.tree); i += i & -i {
		s.tree[i] += weight
	}
	s.total += weight
}

// holds reports whether the miniature cache of a memory and a lane has not made room for others at the cost of a position.
func (s *stack) holds(column, lane int, position int32) bool {
	return column == columns-1 || position >= s.marks[lane][column].position && s.spots[position].own <= s.sizes[column]
}

// push puts a value on top. The caller has made room for its position.
func (s *stack) push(slot int32, own, weight int64) int32 {
	position := s.next
	s.spots[position] = spot{slot: slot, own: own, weight: weight}
	for lane := range lanes {
		s.spots[position].in[lane] = allGroups
	}
	s.next++
	s.live++
	s.add(position, weight)
	for lane := range s.marks {
		for column := range s.marks[lane] {
			if own > s.sizes[column] {
				continue
			}
			m := &s.marks[lane][column]
			if m.held += weight; m.held > s.sizes[column] {
				s.settle(m, lane, column)
			}
		}
	}
	return position
}

// settle makes room: it moves a mark up until the value there fits below what is above it.
func (s *stack) settle(m *mark, lane, column int) {
	size, group := s.sizes[column], groupOf[column]
	for m.held > size && m.position < s.next {
		if p := &s.spots[m.position]; p.lives(lane, group) && p.own <= size {
			if m.held-p.weight+p.needs() <= size {
				return
			}
			m.held -= p.weight
		}
		m.position++
	}
}

// thin takes a value out of a lane for a group of memories. It keeps its position.
func (s *stack) thin(position int32, lane, group int) {
	p := &s.spots[position]
	if !p.lives(lane, group) {
		return
	}
	p.in[lane] &^= 1 << group
	if lane == presentLane && group == presentGroup {
		s.add(position, -p.weight)
	}
	for column := range s.marks[lane] {
		if m := &s.marks[lane][column]; groupOf[column] == group && position >= m.position && p.own <= s.sizes[column] {
			m.held -= p.weight
		}
	}
}

// empty takes a value out of all lanes. It keeps its position.
func (s *stack) empty(position int32) {
	for lane := range lanes {
		for group := range groups {
			s.thin(position, lane, group)
		}
	}
}

// pull takes a value out.
func (s *stack) pull(position int32) {
	s.empty(position)
	s.spots[position].slot = vacant
	s.live--
}

func (s *stack) full() bool { return int(s.next) == len(s.spots) }

// compact moves the positions in use together, in their order, with at least as many free ones after them. moved tells a
// slot its new position.
func (s *stack) compact(moved func(slot, position int32)) {
	size := max(fewestSpots, 1<<bits.Len(uint(2*s.live)))
	old, next := s.spots, int32(0)
	if size != len(old) {
		s.spots = make([]spot, size)
	}
	places := s.places()
	for position := range s.next {
		for len(places) > 0 && places[0].position <= position {
			places[0].position = next
			places = places[1:]
		}
		if old[position].slot != vacant {
			s.spots[next] = old[position] // never ahead of what is read
			moved(old[position].slot, next)
			next++
		}
	}
	for _, m := range places {
		m.position = next
	}
	s.next = next
	s.sum()
}

// places are the marks from the bottom up.
func (s *stack) places() []*mark {
	var out []*mark
	for lane := range s.marks {
		for column := range s.marks[lane] {
			out = append(out, &s.marks[lane][column])
		}
	}
	slices.SortFunc(out, func(a, b *mark) int { return cmp.Compare(a.position, b.position) })
	return out
}

// sum builds the tree.
func (s *stack) sum() {
	if len(s.tree) != len(s.spots)+1 {
		s.tree = make([]int64, len(s.spots)+1)
	} else {
		clear(s.tree)
	}
	s.total = 0
	for position := range s.next {
		if p := &s.spots[position]; p.lives(presentLane, presentGroup) {
			s.tree[position+1] = p.weight
			s.total += p.weight
		}
	}
	for i := 1; i < len(s.tree); i++ {
		if up := i + i&-i; up < len(s.tree) {
			s.tree[up] += s.tree[i]
		}
	}
}

// reweigh takes new weights for all values, and moves marks where values no longer fit.
func (s *stack) reweigh(weigh func(slot int32, own int64) int64) {
	for position := range s.next {
		if p := &s.spots[position]; p.slot != vacant {
			p.weight = weigh(p.slot, p.own)
		}
	}
	s.sum()
	for lane := range s.marks {
		for column := range s.marks[lane] {
			m := &s.marks[lane][column]
			m.held = 0
			for position := m.position; position < s.next; position++ {
				if p := &s.spots[position]; p.lives(lane, groupOf[column]) && p.own <= s.sizes[column] {
					m.held += p.weight
				}
			}
			s.settle(m, lane, column)
		}
	}
}
