package score

import (
	"math"

	"github.com/toeic-app/toeic/domain/exam"
)

// Row is one row of a conversion table, for one section.
type Row struct{ Raw, Scaled int }

// Lookup is how a table was read for a section.
type Lookup struct {
	Position float64 // the raw score as it would be of 100 items
	Rows     []Row   // the row at the position, or the two around it
	Exact    float64 // the scaled score on the line between the rows
	Scaled   int     // Exact to the nearest step of the scale
}

// Lookup shows what Scale reads. It needs at least one item.
func (t Table) Lookup(s exam.Section, raw, items int) Lookup {
	column := t.column(s)
	low, rest := raw*MaxRaw/items, raw*MaxRaw%items
	out := Lookup{
		Position: float64(raw*MaxRaw) / float64(items), Rows: []Row{{low, column[low]}},
		Exact: float64(column[low]), Scaled: t.Scale(s, raw, items),
	}
	if rest > 0 {
		out.Rows = append(out.Rows, Row{low + 1, column[low+1]})
		out.Exact += float64((column[low+1]-column[low])*rest) / float64(items)
	}
	return out
}

// ErrorTerms are the figures that the standard error of measurement of a section follows from; see StandardError.
type ErrorTerms struct {
	Length          float64 // k: items relative to a full section
	FullReliability float64 // r: KR-20 of a full section
	Reliability     float64 // r′ = kr / (1 + (k−1)r)
	Deviation       float64 // SD = 25 / √(1−r): standard deviation of scaled scores
	Error           float64 // SEM = SD·√(1−r′)
}

// ErrorOf returns the terms for a section of so many items, at least one.
func ErrorOf(items int) ErrorTerms {
	k := float64(items) / MaxRaw
	return ErrorTerms{
		Length: k, FullReliability: fullReliability, Reliability: k * fullReliability / (1 + (k-1)*fullReliability),
		Deviation: fullSEM / math.Sqrt(1-fullReliability), Error: StandardError(items),
	}
}

// Cut is the least scaled score of a level.
type Cut struct {
	Level CEFR
	Least int
}

// CutOf returns the cut that a scaled score reached, nil below all, and the next one above, nil above all.
func CutOf(s exam.Section, scaled int) (reached, next *Cut) {
	for _, c := range cuts[s] {
		cut := Cut{Level: c.level, Least: c.least}
		if scaled < c.least {
			return reached, &cut
		}
		reached = &cut
	}
	return reached, nil
}

// TotalError is the standard error of measurement of a total: √(SEM² + SEM²) of its sections.
func TotalError(r Result) float64 {
	variance := 0.0
	for _, s := range r.Sections {
		if s.Scaled != nil {
			variance += square(StandardError(s.Items))
		}
	}
	return math.Sqrt(variance)
}
