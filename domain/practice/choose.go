package practice

import (
	"bytes"
	"fmt"
	"math/bits"
	"slices"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
)

// Candidate is a question that matches the criteria of a set.
type Candidate struct {
	exam.Item
	Due bool // see History.Due
}

// Choose draws a set of about count questions: the same one for the same seed and candidates.
//
// Questions that share a stimulus stay together, as whoever must read or hear it can answer them all: a group is taken
// whole if any of it is a candidate, so a set may be larger than count by less than a group. The parts take turns, the
// one with the fewest questions so far being next, until they have no candidates left; within a part each group is as
// likely as any other, except that groups with a due question come first. The set is in the order of the parts.
//
// The function group returns all questions of a candidate's group in their order; it is called for few of them.
func Choose(seed uint64, count int, candidates []Candidate, group func(Candidate) ([]exam.Item, error)) ([]Item, error) {
	d := draw{random: random{seed}, queues: map[exam.Part][]Candidate{}, chosen: map[exam.Part][][]exam.Item{}, size: map[exam.Part]int{}, matches: map[uuid.UUID]bool{}}
	d.line(candidates)
	for total := 0; total < count; {
		p, left := d.next()
		if !left {
			break
		}
		c := d.queues[p][0]
		d.queues[p] = d.queues[p][1:]
		items, err := group(c)
		if err != nil {
			return nil, fmt.Errorf("find the group of question %s: %w", c.ID, err)
		}
		if d.standsFor(c, items) {
			d.chosen[p] = append(d.chosen[p], items)
			d.size[p] += len(items)
			total += len(items)
		}
	}
	return d.set(), nil
}

// draw is a choice in progress.
type draw struct {
	random  random
	parts   []exam.Part // in an order that decides between parts with equally many questions
	queues  map[exam.Part][]Candidate
	chosen  map[exam.Part][][]exam.Item
	size    map[exam.Part]int
	matches map[uuid.UUID]bool // the candidates, and whether they are due
}

// line puts the candidates of each part in a random order, the due ones first. It does not depend on the order in which
// they come.
func (d *draw) line(candidates []Candidate) {
	sorted := slices.SortedFunc(slices.Values(candidates), func(x, y Candidate) int { return bytes.Compare(x.ID[:], y.ID[:]) })
	for _, c := range sorted {
		d.queues[c.Part] = append(d.queues[c.Part], c)
		d.matches[c.ID] = c.Due
	}
	d.parts = exam.Parts()
	shuffle(&d.random, d.parts)
	for _, p := range d.parts {
		shuffle(&d.random, d.queues[p])
		slices.SortStableFunc(d.queues[p], func(x, y Candidate) int {
			switch {
			case x.Due == y.Due:
				return 0
			case x.Due:
				return -1
			}
			return 1
		})
	}
}

// next returns the part whose turn it is; false when no part has candidates left.
func (d *draw) next() (exam.Part, bool) {
	var best exam.Part
	for _, p := range d.parts {
		if len(d.queues[p]) > 0 && (best == 0 || d.size[p] < d.size[best]) {
			best = p
		}
	}
	return best, best != 0
}

// standsFor reports whether a candidate is the one by which its group is drawn: the first due one, or else the first.
// With one for each group all groups are equally likely, and none is drawn twice.
func (d *draw) standsFor(c Candidate, group []exam.Item) bool {
	var first uuid.UUID
	for _, q := range group {
		due, matches := d.matches[q.ID]
		if due {
			return q.ID == c.ID
		}
		if matches && first == uuid.Nil {
			first = q.ID
		}
	}
	return first == c.ID
}

func (d *draw) set() []Item {
	var out []Item
	groups := 0
	for _, p := range exam.Parts() {
		for _, group := range d.chosen[p] {
			groups++
			for _, q := range group {
				out = append(out, Item{Question: q.ID, Exam: q.ExamID, Revision: q.Revision, Number: q.Number, Part: q.Part, Ability: q.Ability, Group: groups})
			}
		}
	}
	return out
}

// random is the generator SplitMix64 (G. L. Steele, D. Lea, C. H. Flood: Fast splittable pseudorandom number generators,
// OOPSLA 2014). It is not secret and need not be: what it chooses is shown to the learner at once.
type random struct{ state uint64 }

func (r *random) next() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number from 0 to n−1.
func (r *random) below(n int) int {
	high, _ := bits.Mul64(r.next(), uint64(n)) //nolint:gosec // n is a length
	return int(high)                           //nolint:gosec // it is less than n
}

func shuffle[T any](r *random, list []T) {
	for i := len(list) - 1; i > 0; i-- {
		j := r.below(i + 1)
		list[i], list[j] = list[j], list[i]
	}
}
