package score

import (
	"math"

	"github.com/toeic-app/toeic/domain/exam"
)

// Reliability and standard error of measurement of one section of a full form. The test's makers
// state a KR-20 of about .90 and a standard error of about 25 scaled points.
const (
	fullReliability = 0.90
	fullSEM         = 25.0
)

// Mark is one item of the taken parts, judged. A blank is a wrong answer: the test counts rights only.
type Mark struct {
	Part    exam.Part
	Ability exam.Ability
	Correct bool
}

// Band is the range of one standard error of measurement either side of a scaled score, within the scale.
// In about two of three repetitions the score would fall inside it.
type Band struct {
	Low, High int
}

// SectionResult is the outcome of one section.
type SectionResult struct {
	Raw    int     // right answers
	Items  int     // items taken
	Scaled *Scaled // nil when not all parts of the section in the form were taken
}

// Scaled is what only a wholly taken section has.
type Scaled struct {
	Score int
	Band  Band
	CEFR  CEFR
}

// Total is what only a wholly taken form of both sections has.
type Total struct {
	Score  int // Listening plus Reading, 10 to 990
	Band   Band
	Colour Colour
}

// PartResult counts the right answers of one part.
type PartResult struct {
	Part           exam.Part
	Correct, Items int
}

// AbilityResult is the share of right answers among the items of one ability.
type AbilityResult struct {
	Ability exam.Ability
	Percent int // 0–100, to the nearest integer
	Items   int
}

// Result is a score report. It is always an estimate.
type Result struct {
	Version   string                         // of the conversion table
	Sections  map[exam.Section]SectionResult // the sections of which something was taken
	Total     *Total
	Parts     []PartResult    // the parts taken, in test order
	Abilities []AbilityResult // the abilities with at least one item, in report order
}

// Compute judges an attempt: marks are the items taken, form is the outline of the whole form they come from.
func Compute(table Table, form exam.Outline, marks []Mark) Result {
	r := Result{Version: table.Version, Sections: map[exam.Section]SectionResult{}}
	parts := map[exam.Part]*PartResult{}
	abilities := map[exam.Ability]*AbilityResult{}
	rights := map[exam.Ability]int{}
	for _, m := range marks {
		p := entry(parts, m.Part)
		a := entry(abilities, m.Ability)
		s := r.Sections[m.Part.Section()]
		p.Items, a.Items, s.Items = p.Items+1, a.Items+1, s.Items+1
		if m.Correct {
			p.Correct++
			s.Raw++
			rights[m.Ability]++
		}
		r.Sections[m.Part.Section()] = s
	}
	for _, p := range exam.Parts() {
		if c := parts[p]; c != nil {
			r.Parts = append(r.Parts, PartResult{Part: p, Correct: c.Correct, Items: c.Items})
		}
	}
	for _, a := range exam.Abilities() {
		if c := abilities[a]; c != nil {
			percent := int(math.Round(100 * float64(rights[a]) / float64(c.Items)))
			r.Abilities = append(r.Abilities, AbilityResult{Ability: a, Percent: percent, Items: c.Items})
		}
	}
	r.scale(table, form)
	return r
}

// scale fills in scaled scores for the sections that were taken whole, and the total when both were.
func (r *Result) scale(table Table, form exam.Outline) {
	var total int
	var variance float64
	whole := 0
	for _, section := range exam.Sections() {
		s := r.Sections[section]
		if s.Items == 0 || s.Items != form.Count(section) {
			continue
		}
		sem := StandardError(s.Items)
		scaled := table.Scale(section, s.Raw, s.Items)
		s.Scaled = &Scaled{Score: scaled, Band: band(scaled, sem, MinScaled, MaxScaled), CEFR: Level(section, scaled)}
		r.Sections[section] = s
		total += scaled
		variance += sem * sem
		whole++
	}
	if whole == len(exam.Sections()) {
		r.Total = &Total{
			Score: total, Band: band(total, math.Sqrt(variance), 2*MinScaled, 2*MaxScaled), Colour: ColourOf(total),
		}
	}
}

// StandardError returns the standard error of measurement, in scaled points, of a section with so many
// items. A full section has 25; for shorter ones the reliability is lowered by the Spearman–Brown
// formula, r' = kr / (1 + (k−1)r) with k the relative length, and SEM' = SD·√(1−r') with SD = 25/√(1−r).
func StandardError(items int) float64 {
	k := float64(items) / MaxRaw
	reliability := k * fullReliability / (1 + (k-1)*fullReliability)
	return fullSEM * math.Sqrt((1-reliability)/(1-fullReliability))
}

// band rounds the standard error to the scale's step and keeps the range on the scale.
func band(score int, sem float64, low, high int) Band {
	half := Step * int(math.Round(sem/Step))
	return Band{Low: max(low, score-half), High: min(high, score+half)}
}

func entry[K comparable, V any](m map[K]*V, k K) *V {
	if m[k] == nil {
		m[k] = new(V)
	}
	return m[k]
}
