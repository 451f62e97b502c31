package caching

import "math/bits"

// lanes is how many stacks are kept at once, each for another time to live. They share their positions, so one walk
// through the tree answers for all of them.
const lanes = 4

// laneLevels are the times to live that the stacks are kept for.
var laneLevels = [lanes]int{0, 1, 2, 4}

// laneOf is the stack that a time to live is judged by.
func laneOf(level int) int { return min(level, lanes-1) }

// weights are bytes in each stack.
type weights [lanes]int64

// stack is the LRU stack of the sampled keys: who was used after whom, and how many bytes lie above each. Positions
// grow with use, and a Fenwick tree (Fenwick, "A new data structure for cumulative frequency tables", 1994) sums the
// bytes over them, both in O(log n). When the positions run out, those in use are moved together, which costs each use a
// constant on average.
type stack struct {
	tree  []weights // from 1
	owner []int32   // the slot at a position from 0; vacant for none
	next  int       // position of the next use
	live  int       // positions in use
	total weights
}

const (
	vacant      = -1
	fewestSpots = 1024
)

// above returns the bytes that were used after position.
func (s *stack) above(position int32) weights {
	sum := s.total
	for i := int(position) + 1; i > 0; i &= i - 1 {
		for lane, v := range &s.tree[i] {
			sum[lane] -= v
		}
	}
	return sum
}

func (s *stack) add(position int32, delta weights) {
	for i := int(position) + 1; i < len(s.tree); i += i & -i {
		for lane, v := range &delta {
			s.tree[i][lane] += v
		}
	}
	for lane, v := range &delta {
		s.total[lane] += v
	}
}

// push puts a slot on top. The caller has made room.
func (s *stack) push(slot int32, bytes int64) int32 {
	position := int32(s.next)
	s.owner[position] = slot
	s.next++
	s.live++
	var w weights
	for lane := range w {
		w[lane] = bytes
	}
	s.add(position, w)
	return position
}

// pull takes a slot out, of which these bytes are left in each stack.
func (s *stack) pull(position int32, left weights) {
	for lane := range left {
		left[lane] = -left[lane]
	}
	s.add(position, left)
	s.owner[position] = vacant
	s.live--
}

func (s *stack) full() bool { return s.next == len(s.owner) }

// compact moves the positions in use together, in their order, with at least as many free ones after them. moved tells
// each slot its new position and returns its bytes.
func (s *stack) compact(moved func(slot, position int32) weights) {
	size := max(fewestSpots, 1<<bits.Len(uint(2*s.live)))
	old := s.owner[:s.next]
	tree, owner := s.tree, s.owner
	if size != len(owner) {
		tree, owner = make([]weights, size+1), make([]int32, size)
	} else {
		clear(tree)
	}
	s.next, s.total = 0, weights{}
	for _, slot := range old {
		if slot == vacant {
			continue
		}
		owner[s.next] = slot // never ahead of what is read
		w := moved(slot, int32(s.next))
		s.next++
		tree[s.next] = w
		for lane, v := range &w {
			s.total[lane] += v
		}
	}
	for i := 1; i <= size; i++ {
		if up := i + i&-i; up <= size {
			for lane, v := range &tree[i] {
				tree[up][lane] += v
			}
		}
	}
	s.tree, s.owner = tree, owner
}
