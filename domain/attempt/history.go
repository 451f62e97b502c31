package attempt

import (
	"cmp"
	"slices"

	"github.com/toeic-app/toeic/domain/exam"
)

// History tells from the log of one item what its learner did, in the order in which they did it, whatever the order of
// arrival: Replaced is the choice before in that order. What came too late, and what chose the same again, is left out.
func History(log []Change) []Change {
	ordered := slices.Clone(log)
	slices.SortStableFunc(ordered, func(x, y Change) int { return cmp.Compare(x.Seq, y.Seq) })
	var out []Change
	before := exam.NoChoice
	for _, c := range ordered {
		if c.Outcome == Late || c.Choice == before {
			continue
		}
		c.Replaced, before = before, c.Choice
		out = append(out, c)
	}
	return out
}

// Swings counts changes from one choice to another by what they did. An answer that was cleared in between counts as the
// choice before it was.
type Swings struct {
	WrongToRight int
	RightToWrong int
	WrongToWrong int
}

// Count adds the changes of an item with that key.
func (s *Swings) Count(history []Change, key exam.Choice) {
	before := exam.NoChoice
	for _, c := range history {
		switch {
		case c.Choice == exam.NoChoice || c.Choice == before:
			continue
		case before == exam.NoChoice:
		case c.Choice == key:
			s.WrongToRight++
		case before == key:
			s.RightToWrong++
		default:
			s.WrongToWrong++
		}
		before = c.Choice
	}
}
