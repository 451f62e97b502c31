package attempt

import "github.com/toeic-app/toeic/domain/exam"

// Outcome is what became of a change.
type Outcome string

// The outcomes.
const (
	Applied    Outcome = "applied"    // it became the item's answer
	Superseded Outcome = "superseded" // a newer one had arrived before it
	Late       Outcome = "late"       // the time of its section, or of the attempt, was over
)

// Change is one line of the log of answers.
type Change struct {
	Answer
	Replaced exam.Choice // the item's choice before
	Outcome  Outcome
}
