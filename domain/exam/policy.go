package exam

import (
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/fault"
)

// Visible says what a learner is shown of an attempt.
type Visible struct {
	Score       bool `json:"score"`        // the result, and how it came about
	ChoiceMarks bool `json:"choice_marks"` // which choices were right
	Key         bool `json:"key"`
	Explanation bool `json:"explanation"` // why the key is right
	Rationales  bool `json:"rationales"`  // why each distractor is wrong
	Transcript  bool `json:"transcript"`  // what is heard, and what pictures show
	Others      bool `json:"others"`      // how others answered
}

// Everything hides nothing.
func Everything() Visible {
	return Visible{Score: true, ChoiceMarks: true, Key: true, Explanation: true, Rationales: true, Transcript: true, Others: true}
}

// Nothing reports whether all is hidden.
func (v Visible) Nothing() bool { return v == Visible{} }

// Phase is when a learner looks at an attempt.
type Phase string

// The phases.
const (
	During      Phase = "during"       // before it was scored
	AfterSubmit Phase = "after_submit" // scored, while the exam is open to others
	AfterClose  Phase = "after_close"  // scored, once the exam is closed
)

// ReviewRules are the visibility matrix of an exam.
type ReviewRules struct {
	During      Visible `json:"during"` // of attempts in practice mode: one in exam mode shows nothing before it is scored, whatever is said here
	AfterSubmit Visible `json:"after_submit"`
	AfterClose  Visible `json:"after_close"`
}

// DeviceRule says on which devices an attempt may be taken.
type DeviceRule string

// The rules.
const (
	AnyDevice  DeviceRule = "any"      // on all at once
	TakeOver   DeviceRule = "takeover" // on the one that came last
	RefuseMore DeviceRule = "refuse"   // on the one that came first
)

// Policy says what learners may see of an exam when, on which devices it may be taken, and until when.
type Policy struct {
	ExamID    uuid.UUID
	Review    ReviewRules
	Device    DeviceRule
	ClosesAt  *time.Time // nil for never
	UpdatedAt time.Time  // the zero time where nobody set one
	Version   int        // grows with each stored change
}

// DefaultPolicy is the policy of an exam for which nobody set one: all is shown once an attempt was scored.
func DefaultPolicy(exam uuid.UUID) Policy {
	return Policy{ExamID: exam, Review: ReviewRules{AfterSubmit: Everything(), AfterClose: Everything()}, Device: TakeOver, Version: 1}
}

// Changed returns the policy with other rules; ErrInvalidPolicy names every rule that contradicts another.
func (p Policy) Changed(review ReviewRules, device DeviceRule, closesAt *time.Time, now time.Time) (Policy, error) {
	if closesAt != nil {
		at := closesAt.UTC().Truncate(time.Microsecond)
		closesAt = &at
	}
	p.Review, p.Device, p.ClosesAt, p.UpdatedAt = review, device, closesAt, now
	p.Version++
	return p, p.check()
}

func (p Policy) check() error {
	var fields []fault.Field
	if p.Review.During.Score {
		fields = append(fields, fault.Field{Name: "review.during.score", Code: "no_score_yet", Detail: "There is no score before an attempt is submitted."})
	}
	for _, phase := range []struct {
		name Phase
		v    Visible
	}{{During, p.Review.During}, {AfterSubmit, p.Review.AfterSubmit}, {AfterClose, p.Review.AfterClose}} {
		for _, name := range phase.v.betrayals() {
			fields = append(fields, fault.Field{
				Name: "review." + string(phase.name) + "." + name, Code: "gives_away", Detail: "This gives away what the same phase hides.",
			})
		}
	}
	switch p.Device {
	case AnyDevice, TakeOver, RefuseMore:
	default:
		fields = append(fields, fault.Field{Name: "device", Code: "one_of", Detail: "The rule is any, takeover or refuse."})
	}
	if len(fields) > 0 {
		return ErrInvalidPolicy.WithFields(fields...)
	}
	return nil
}

// betrayals names what is shown although it tells what is hidden: the key tells which choices were right, and an
// explanation, or rationales of all options but one, tell the key.
func (v Visible) betrayals() []string {
	var out []string
	if v.Key && !v.ChoiceMarks {
		out = append(out, "key")
	}
	if v.Explanation && !v.Key {
		out = append(out, "explanation")
	}
	if v.Rationales && !v.Key {
		out = append(out, "rationales")
	}
	return out
}

// Withholds reports whether at now something about the items is hidden of attempts that were scored. Practice tells all
// about an item once it was answered, so it has to leave such exams alone.
func (p Policy) Withholds(now time.Time) bool {
	v := p.Visible(true, p.Phase(true, now))
	return !v.ChoiceMarks || !v.Key || !v.Explanation || !v.Rationales || !v.Transcript
}

// Closed reports whether no attempt in exam mode may be started any more.
func (p Policy) Closed(now time.Time) bool { return p.ClosesAt != nil && !now.Before(*p.ClosesAt) }

// Phase returns the phase of an attempt.
func (p Policy) Phase(scored bool, now time.Time) Phase {
	switch {
	case !scored:
		return During
	case p.Closed(now):
		return AfterClose
	default:
		return AfterSubmit
	}
}

// Visible returns what is shown of an attempt in a phase. Before it is scored, one in exam mode shows nothing.
func (p Policy) Visible(practice bool, phase Phase) Visible {
	switch {
	case phase == AfterClose:
		return p.Review.AfterClose
	case phase == AfterSubmit:
		return p.Review.AfterSubmit
	case phase == During && practice:
		return p.Review.During
	default:
		return Visible{}
	}
}
