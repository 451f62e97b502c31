package practice

import (
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/fault"
)

// MaxCount is how many questions may be asked for.
const MaxCount = 100

// Pool is which questions a set is drawn from, by what the learner did with them before.
type Pool string

// The pools.
const (
	AnyQuestion Pool = "any"
	Unseen      Pool = "unseen" // never counted for the learner
	WrongBefore Pool = "wrong"  // in the book of wrong answers; those that are due come first
)

// Feedback is when a learner is told what was right.
type Feedback string

// The kinds of feedback.
const (
	Immediate Feedback = "immediate" // with each answer, which is final therefore
	Final     Feedback = "final"     // when the set is finished; until then answers may be changed
)

// Range is a range of difficulty, as the share of right answers of those who took the item, 0 to 1.
type Range struct {
	Min     float64 `json:"min"`
	Max     float64 `json:"max"`
	Unknown bool    `json:"include_unknown"` // also items whose difficulty nobody knows yet
}

// Criteria say which questions a set is to have. Empty fields select all.
type Criteria struct {
	Count      int            `json:"count"`
	Parts      []exam.Part    `json:"parts,omitempty"`
	Abilities  []exam.Ability `json:"abilities,omitempty"`
	Difficulty *Range         `json:"difficulty,omitempty"`
	Pool       Pool           `json:"pool"`
	Exam       uuid.UUID      `json:"exam_id"` // the nil UUID for all exams
}

// Check returns ErrInvalid naming what cannot be.
func (c Criteria) Check() error {
	var fields []fault.Field
	if c.Count < 1 || c.Count > MaxCount {
		fields = append(fields, fault.Field{Name: "count", Code: "range", Detail: "A set has 1 to 100 questions."})
	}
	for _, p := range c.Parts {
		if !p.Valid() {
			fields = append(fields, fault.Field{Name: "parts", Code: "range", Detail: "The parts are 1 to 7."})
		}
	}
	for _, a := range c.Abilities {
		if a.Section() == "" {
			fields = append(fields, fault.Field{Name: "abilities", Code: "one_of", Detail: "The abilities are L1 to L5 and R1 to R5."})
		}
	}
	if d := c.Difficulty; d != nil && !(d.Min >= 0 && d.Min <= d.Max && d.Max <= 1) { // so that NaN fails too
		fields = append(fields, fault.Field{Name: "difficulty", Code: "range", Detail: "The difficulty is a range within 0 to 1, the lower end first."})
	}
	if c.Pool != AnyQuestion && c.Pool != Unseen && c.Pool != WrongBefore {
		fields = append(fields, fault.Field{Name: "pool", Code: "one_of", Detail: "The pool is any, unseen or wrong."})
	}
	if len(fields) > 0 {
		return ErrInvalid.WithFields(fields...)
	}
	return nil
}
