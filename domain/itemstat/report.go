package itemstat

import "github.com/toeic-app/toeic/domain/exam"

// Flag names what somebody should look at.
type Flag string

// The flags of items and, the last two, of sections.
const (
	TooHard           Flag = "too_hard"                // fewer than HardBelow get it right
	TooEasy           Flag = "too_easy"                // more than EasyAbove get it right
	LowDiscrimination Flag = "low_discrimination"      // the corrected point-biserial is below LowBelow
	NegativeDiscr     Flag = "negative_discrimination" // it is below zero: the weak get it right more often than the good
	WrongKey          Flag = "possible_wrong_key"      // the best fifth prefers a distractor to the key
	UnusedDistractor  Flag = "unused_distractor"       // fewer than UnusedBelow choose one of the distractors
	Speeded           Flag = "speeded"                 // fewer than ReachedBelow reached the item; of a section, its last one
	SmallSample       Flag = "small_sample"            // fewer than SmallBelow takers: the figures may be chance
)

// The thresholds of the flags, as shares.
const (
	HardBelow    = 0.20 // less than by guessing among four options
	EasyAbove    = 0.95
	LowBelow     = 0.15
	UnusedBelow  = 0.02
	ReachedBelow = 0.80 // the usual sign of a speeded test
	SmallBelow   = 100  // takers
)

// Fifths is how many groups of takers a distractor table compares.
const Fifths = 5

// Report is the analysis of a form.
type Report struct {
	Form     Scale // of those who took every section
	Sections []Section
	Items    []ItemReport // in order
}

// Scale says how well a number-right score measures.
type Scale struct {
	Takers int
	Items  int
	Mean   *float64 // items right
	SD     *float64 // of the sample, by n - 1
	KR20   *float64 // reliability by Kuder and Richardson's formula 20, which for items right or wrong is Cronbach's alpha
	// SEM is the standard error of measurement, in items: SD times the root of what KR20 lacks to 1. A KR20 below zero
	// counts as zero.
	SEM         *float64
	Frequencies []int // takers by score, from 0
}

// Section is the analysis of a section.
type Section struct {
	Section exam.Section
	Scale
	Finished      *float64 // share of the takers who reached the last item
	ThreeQuarters *float64 // share of the takers who reached three quarters of the items
	NotReached    *float64 // share of all its responses
	Flags         []Flag
}

// ItemReport is the analysis of an item.
type ItemReport struct {
	Item
	Takers         int
	P              *float64 // difficulty: the share of the takers who got it right
	PointBiserial  *float64 // correlation of right or wrong with the score of the section
	Corrected      *float64 // the same with the score of the section's other items
	AlphaIfDeleted *float64 // KR20 of the section without the item
	Omitted        int      // blanks before an item that was answered
	NotReached     int      // blanks after the last item of the section that was answered
	MeanElapsed    *float64 // milliseconds, of those who told
	Options        []OptionReport
	Blank          OptionReport
	Fifths         [Fifths]Fifth // of the takers by their score, the weakest first
	Flags          []Flag
}

// OptionReport says who gave a response.
type OptionReport struct {
	Chosen    int
	MeanScore *float64 // of the section, of those who gave it
}

// Fifth is about a fifth of the takers: all with the same score are in the same fifth, so that short forms have fifths of
// different sizes, and empty ones.
type Fifth struct {
	Takers int
	Chosen []int // by option
	Blank  int
}

// Report analyses what was counted so far.
func (s *Sample) Report() Report {
	out := Report{Form: s.whole.report()}
	for _, t := range s.sections {
		section := t.report()
		out.Sections = append(out.Sections, section)
		for i := range t.items {
			out.Items = append(out.Items, t.item(i))
		}
	}
	return out
}

func (t *tally) report() Section {
	out := Section{Section: t.section, Scale: t.scale.report()}
	k := len(t.items)
	finished, most, missed := 0, 0, 0
	for last, n := range t.last {
		if last == k {
			finished += n
		}
		if 4*last >= 3*k {
			most += n
		}
		missed += n * (k - last)
	}
	out.Finished, out.ThreeQuarters, out.NotReached = ratio(finished, t.n), ratio(most, t.n), ratio(missed, t.n*k)
	if t.n < SmallBelow {
		out.Flags = append(out.Flags, SmallSample)
	}
	if below(out.Finished, ReachedBelow) {
		out.Flags = append(out.Flags, Speeded)
	}
	return out
}

func (t *tally) item(i int) ItemReport {
	item := t.items[i]
	out := ItemReport{Item: item, Takers: t.n, P: ratio(t.rights[i], t.n), Blank: t.option(i, exam.NoChoice)}
	for reached := range i + 1 {
		out.NotReached += t.last[reached]
	}
	out.Omitted = out.Blank.Chosen - out.NotReached
	out.MeanElapsed = ratio(t.spent[i], int64(t.timed[i]))
	for o := range item.OptionCount {
		out.Options = append(out.Options, t.option(i, exam.Label(o)))
	}
	out.PointBiserial, out.Corrected, out.AlphaIfDeleted = t.discrimination(i)
	out.Fifths = t.fifths(i)
	out.Flags = out.flags()
	return out
}

func (t *tally) option(i int, c exam.Choice) OptionReport {
	n, sum := 0, 0
	for score, takers := range t.with(i, c) {
		n += takers
		sum += score * takers
	}
	return OptionReport{Chosen: n, MeanScore: ratio(sum, n)}
}

// fifths makes the distractor table of an item. A score belongs to the fifth in which the middle of its takers stands.
func (t *tally) fifths(i int) [Fifths]Fifth {
	var out [Fifths]Fifth
	for f := range out {
		out[f].Chosen = make([]int, t.items[i].OptionCount)
	}
	before := 0
	for score, takers := range t.scores {
		if takers == 0 {
			continue
		}
		f := &out[Fifths*(2*before+takers)/(2*t.n)]
		before += takers
		f.Takers += takers
		f.Blank += t.with(i, exam.NoChoice)[score]
		for o := range f.Chosen {
			f.Chosen[o] += t.with(i, exam.Label(o))[score]
		}
	}
	return out
}

// flags says what is strange about an item.
func (r ItemReport) flags() []Flag {
	var out []Flag
	raise := func(f Flag, when bool) {
		if when {
			out = append(out, f)
		}
	}
	raise(SmallSample, r.Takers < SmallBelow)
	raise(TooHard, below(r.P, HardBelow))
	raise(TooEasy, r.P != nil && *r.P > EasyAbove)
	raise(NegativeDiscr, below(r.Corrected, 0))
	raise(LowDiscrimination, below(r.Corrected, LowBelow) && *r.Corrected >= 0)
	raise(WrongKey, r.suspect())
	raise(UnusedDistractor, r.unused())
	raise(Speeded, below(ratio(r.Takers-r.NotReached, r.Takers), ReachedBelow))
	return out
}

// suspect reports whether the best takers prefer a distractor to the key.
func (r ItemReport) suspect() bool {
	for f := Fifths - 1; f >= 0; f-- {
		best := r.Fifths[f]
		if best.Takers == 0 {
			continue
		}
		for _, n := range best.Chosen {
			if n > best.Chosen[r.Key.Index()] {
				return true
			}
		}
		return false
	}
	return false
}

func (r ItemReport) unused() bool {
	for o, option := range r.Options {
		if o != r.Key.Index() && below(ratio(option.Chosen, r.Takers), UnusedBelow) {
			return true
		}
	}
	return false
}
