package score

import "github.com/toeic-app/toeic/domain/exam"

// CEFR is a level of the Common European Framework of Reference, or BelowA1. The test does not reach C2.
type CEFR string

// The levels.
const (
	BelowA1 CEFR = "below A1"
	A1      CEFR = "A1"
	A2      CEFR = "A2"
	B1      CEFR = "B1"
	B2      CEFR = "B2"
	C1      CEFR = "C1"
)

// cuts holds the least scaled score of each level, lowest level first, from the correlation table that
// the test's makers published in 2020.
var cuts = map[exam.Section][]struct {
	least int
	level CEFR
}{
	exam.Listening: {{60, A1}, {110, A2}, {275, B1}, {400, B2}, {490, C1}},
	exam.Reading:   {{60, A1}, {115, A2}, {275, B1}, {385, B2}, {455, C1}},
}

// Level returns the CEFR level of a section's scaled score. Levels are set per section, never on the total.
func Level(s exam.Section, scaled int) CEFR {
	level := BelowA1
	for _, c := range cuts[s] {
		if scaled >= c.least {
			level = c.level
		}
	}
	return level
}

// Colour is the colour of the certificate that a total score earns.
type Colour string

// The colours, from the highest totals to the lowest.
const (
	Gold   Colour = "gold"   // 860–990
	Blue   Colour = "blue"   // 730–855
	Green  Colour = "green"  // 470–725
	Brown  Colour = "brown"  // 220–465
	Orange Colour = "orange" // 10–215
)

// ColourOf returns the certificate colour of a total score.
func ColourOf(total int) Colour {
	switch {
	case total >= 860:
		return Gold
	case total >= 730:
		return Blue
	case total >= 470:
		return Green
	case total >= 220:
		return Brown
	default:
		return Orange
	}
}
