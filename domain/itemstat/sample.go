package itemstat

import "github.com/toeic-app/toeic/domain/exam"

// Sample counts the takers of a form. Its size is that of the form. It is not safe for concurrent use.
type Sample struct {
	sections []*tally
	whole    scale // of those who took every section
	at       map[int]place
}

// place is where an item is counted.
type place struct{ section, index int }

// scale is what the reliability of a score follows from.
type scale struct {
	n      int
	scores []int // takers by score
	rights []int // right answers by item
}

// tally counts the takers of a section.
type tally struct {
	scale
	section exam.Section
	items   []Item
	first   int   // of its items in the whole form
	chosen  []int // takers by item, response and score; see cell
	last    []int // takers by the place of the last item that they answered, counted from 1; 0 for none
	spent   []int64
	timed   []int         // takers of whom spent is known
	sheet   []exam.Choice // of the taker who is being counted
	score   int           // likewise
	present bool          // likewise: whether they took the section
}

// responses is how many different responses are counted of an item: four options at most, and the blank as the first.
const responses = 5

// NewSample prepares to count the takers of a form with those items, in order.
func NewSample(items []Item) *Sample {
	s := &Sample{at: make(map[int]place, len(items)), whole: newScale(len(items))}
	for _, section := range exam.Sections() {
		t := &tally{section: section, first: len(s.at)}
		for _, item := range items {
			if item.Section == section {
				s.at[item.Number] = place{len(s.sections), len(t.items)}
				t.items = append(t.items, item)
			}
		}
		if k := len(t.items); k > 0 {
			t.scale = newScale(k)
			t.chosen = make([]int, k*responses*(k+1))
			t.last = make([]int, k+1)
			t.spent, t.timed = make([]int64, k), make([]int, k)
			t.sheet = make([]exam.Choice, k)
			s.sections = append(s.sections, t)
		}
	}
	return s
}

func newScale(items int) scale {
	return scale{scores: make([]int, items+1), rights: make([]int, items)}
}

// Add counts one taker. A section of which not all items were taken is left out, and then so is the taker's total. Items
// without a response are blanks; a response to an item that the form does not have is ignored.
func (s *Sample) Add(taken exam.Outline, given []Response) {
	for _, t := range s.sections {
		clear(t.sheet)
	}
	for _, r := range given {
		p, known := s.at[r.Number]
		if !known {
			continue
		}
		t := s.sections[p.section]
		if r.Choice.Index() < t.items[p.index].OptionCount {
			t.sheet[p.index] = r.Choice
		}
	}
	whole := len(s.sections) > 0
	for _, t := range s.sections {
		if t.present = taken.Count(t.section) == len(t.items); t.present {
			t.count()
		}
		whole = whole && t.present
	}
	for _, r := range given {
		if p, known := s.at[r.Number]; known && r.Elapsed > 0 && s.sections[p.section].present {
			s.sections[p.section].spent[p.index] += r.Elapsed
			s.sections[p.section].timed[p.index]++
		}
	}
	if whole {
		s.count()
	}
}

// count counts the sheet at hand.
func (t *tally) count() {
	t.score = 0
	last := 0
	for i, item := range t.items {
		if t.sheet[i] == item.Key {
			t.score++
			t.rights[i]++
		}
		if t.sheet[i] != exam.NoChoice {
			last = i + 1
		}
	}
	for i := range t.items {
		t.chosen[t.cell(i, t.sheet[i], t.score)]++
	}
	t.n++
	t.scores[t.score]++
	t.last[last]++
}

// count counts the total of the sheets at hand.
func (s *Sample) count() {
	total := 0
	for _, t := range s.sections {
		total += t.score
		for i, item := range t.items {
			if t.sheet[i] == item.Key {
				s.whole.rights[t.first+i]++
			}
		}
	}
	s.whole.n++
	s.whole.scores[total]++
}

// cell is where the takers with that response to item i and that score are counted.
func (t *tally) cell(i int, c exam.Choice, score int) int {
	return (i*responses+c.Index()+1)*(len(t.items)+1) + score
}

// with returns the takers with that response to item i, by score.
func (t *tally) with(i int, c exam.Choice) []int {
	from := t.cell(i, c, 0)
	return t.chosen[from : from+len(t.items)+1]
}
