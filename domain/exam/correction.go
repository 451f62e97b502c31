package exam

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/fault"
)

// The failures of corrections.
var (
	ErrSameKey           = fault.New(fault.Conflict, "exam.same_key", "The question has that key already.")
	ErrQuestionNotOnForm = fault.New(fault.Conflict, "exam.question_not_on_form", "The question is not on the form that learners take now.")
	ErrInvalidCorrection = fault.New(fault.Invalid, "exam.invalid_correction", "The correction would leave the question without what it needs.")
	ErrRegradeNotFound   = fault.New(fault.NotFound, "exam.regrade_not_found", "There is no such regrade.")
)

// The bounds of what a correction may write, in characters; those of a content pack.
const (
	maxExplanation = 4000
	maxRationale   = 1000
	maxReason      = 500
)

// Correction says what is changed about a question whose key is wrong.
type Correction struct {
	Key         Choice
	Explanation *string           // nil keeps it
	Rationales  map[Choice]string // of wrong options; those that are not named keep theirs
	Reason      string
}

// Corrected returns the content with the key of question n corrected and all else as it is, and the key that it had. The
// option that is right now loses its rationale, as it is explained in the explanation. Failures are
// ErrQuestionNotOnForm, ErrSameKey, and ErrInvalidCorrection naming what is wrong.
func (r Revision) Corrected(n int, c Correction) (Content, Choice, error) {
	part, _, q, there := r.Question(n)
	if !there {
		return Content{}, NoChoice, ErrQuestionNotOnForm
	}
	if c.Key == q.KeyChoice() {
		return Content{}, NoChoice, ErrSameKey
	}
	if fields := c.check(part.Options()); len(fields) > 0 {
		return Content{}, NoChoice, ErrInvalidCorrection.WithFields(fields...)
	}
	out := Content{Form: r.Content.Form.with(n, c.apply), Media: r.Content.Media}
	if fields := broken(r.Content.Form, out.Form); len(fields) > 0 {
		return Content{}, NoChoice, ErrInvalidCorrection.WithFields(fields...)
	}
	return out, q.KeyChoice(), nil
}

// check judges the correction of a question with so many options by itself.
func (c Correction) check(options int) []fault.Field {
	var fields []fault.Field
	bad := func(name, code, detail string) {
		fields = append(fields, fault.Field{Name: name, Code: code, Detail: detail})
	}
	if c.Key == NoChoice || c.Key.Index() >= options {
		bad("key", "key", fmt.Sprintf("The key must be one of A to %s.", Label(options-1)))
	}
	switch {
	case blank(c.Reason):
		bad("reason", "required", "A correction needs its reason.")
	case utf8.RuneCountInString(c.Reason) > maxReason:
		bad("reason", "too_long", fmt.Sprintf("The reason may have at most %d characters.", maxReason))
	}
	switch e := c.Explanation; {
	case e == nil:
	case blank(*e):
		bad("explanation", "explanation_missing", "An item needs its explanation.")
	case utf8.RuneCountInString(*e) > maxExplanation:
		bad("explanation", "too_long", fmt.Sprintf("The explanation may have at most %d characters.", maxExplanation))
	}
	for _, option := range slices.Sorted(maps.Keys(c.Rationales)) {
		name := "rationales." + option.String()
		switch {
		case option == NoChoice || option.Index() >= options:
			bad(name, "unknown", "The question has no such option.")
		case option == c.Key && c.Rationales[option] != "":
			bad(name, "rationale_unexpected", "The right option is explained in the explanation, not in a rationale.")
		case utf8.RuneCountInString(c.Rationales[option]) > maxRationale:
			bad(name, "too_long", fmt.Sprintf("A rationale may have at most %d characters.", maxRationale))
		}
	}
	return fields
}

// apply corrects a question of its own.
func (c Correction) apply(q Question) Question {
	q.Key = c.Key.String()
	if c.Explanation != nil {
		q.Explanation = *c.Explanation
	}
	q.Options = slices.Clone(q.Options)
	for option, text := range c.Rationales {
		q.Options[option.Index()].Rationale = text
	}
	q.Options[c.Key.Index()].Rationale = ""
	return q
}

// with returns the form with question n changed; it shares the rest.
func (f Form) with(n int, change func(Question) Question) Form {
	f.Parts = slices.Clone(f.Parts)
	for i, p := range f.Parts {
		for j, g := range p.Groups {
			k := slices.IndexFunc(g.Questions, func(q Question) bool { return q.Number == n })
			if k < 0 {
				continue
			}
			g.Questions = slices.Clone(g.Questions)
			g.Questions[k] = change(g.Questions[k])
			p.Groups = slices.Clone(p.Groups)
			p.Groups[j] = g
			f.Parts[i] = p
		}
	}
	return f
}

// broken lists the rules that the form breaks after a correction and kept before it. A form that was published under
// older rules can be corrected all the same.
func broken(before, after Form) []fault.Field {
	known := map[Issue]bool{}
	for _, i := range before.Check() {
		known[i] = true
	}
	var fields []fault.Field
	for _, i := range after.Check() {
		if !known[i] {
			place := strings.Split(i.Pointer, "/")
			fields = append(fields, fault.Field{Name: place[len(place)-1], Code: i.Code, Detail: i.Detail})
		}
	}
	return fields
}

// Correcting returns the revision that follows r, with content that Corrected made.
func (r Revision) Correcting(id uuid.UUID, content Content, encoded []byte, now time.Time) Revision {
	next := Revision{Summary: r.Summary, Content: content}
	next.RevisionID, next.Revision, next.Corrects = id, r.Revision+1, r.FormID()
	next.Hash, next.PublishedAt = Hash(encoded), now
	return next
}

// Regrade is one correction of a key, with what became of the attempts that had been scored by the wrong one.
type Regrade struct {
	ID           uuid.UUID
	ExamID       uuid.UUID
	Question     uuid.UUID
	Number       int // of the question on the form
	From, To     Choice
	FromRevision uuid.UUID
	ToRevision   uuid.UUID
	Reason       string
	Attempts     int       // scored on the form
	Changed      int       // whose result is another one now
	By           uuid.UUID // the nil UUID for the command line
	At           time.Time
}
