package practice

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/fault"
)

// Status is where a set is in its life.
type Status string

// The statuses.
const (
	Open     Status = "open"
	Finished Status = "finished"
)

// Item is one question of a set, of the revision that was the newest when the set was made. It stays that one when the
// exam is revised, so that what is shown and what is judged always belong together.
type Item struct {
	Question uuid.UUID    `json:"question"`
	Exam     uuid.UUID    `json:"exam"`
	Revision uuid.UUID    `json:"revision"`
	Number   int          `json:"number"` // in the revision; in the set a question's number is its place, from 1
	Part     exam.Part    `json:"part"`
	Ability  exam.Ability `json:"ability"`
	Group    int          `json:"group"` // counted from 1; items of one group share a stimulus and follow each other
}

// Snapshot is the stored state of a set.
type Snapshot struct {
	ID         uuid.UUID
	UserID     uuid.UUID
	Status     Status
	Feedback   Feedback
	Criteria   Criteria
	Seed       uint64 // that the items were drawn with
	Items      []Item
	CreatedAt  time.Time
	FinishedAt *time.Time
	Version    int // grows with each stored change
}

// Set is a choice of questions that a learner practises.
type Set struct{ s Snapshot }

// New makes a set of the items that were drawn for it; ErrNothingMatches when there are none.
func New(id, user uuid.UUID, feedback Feedback, c Criteria, seed uint64, items []Item, now time.Time) (*Set, error) {
	if len(items) == 0 {
		return nil, ErrNothingMatches
	}
	if feedback != Immediate && feedback != Final {
		return nil, ErrInvalid.WithFields(fault.Field{Name: "feedback", Code: "one_of", Detail: "The feedback is immediate or final."})
	}
	return &Set{Snapshot{
		ID: id, UserID: user, Status: Open, Feedback: feedback, Criteria: c, Seed: seed, Items: slices.Clone(items), CreatedAt: now, Version: 1,
	}}, nil
}

// Restore brings a stored set back. It applies no rule, so every stored row loads.
func Restore(s Snapshot) *Set { return &Set{s} }

// Snapshot returns the state to store; its slices are shared and must not be changed.
func (s *Set) Snapshot() Snapshot { return s.s }

// Owned reports whether the set is that user's.
func (s *Set) Owned(user uuid.UUID) bool { return s.s.UserID == user }

// Finished reports whether the set takes no more answers.
func (s *Set) Finished() bool { return s.s.Status == Finished }

// Immediate reports whether each answer is told to be right or wrong at once.
func (s *Set) Immediate() bool { return s.s.Feedback == Immediate }

// Item returns the question at a place; false when there is none.
func (s *Set) Item(number int) (Item, bool) {
	if number < 1 || number > len(s.s.Items) {
		return Item{}, false
	}
	return s.s.Items[number-1], true
}

// Asks reports whether any of the questions at these places, or any at all when none are named, is of one of these exams.
func (s *Set) Asks(exams []uuid.UUID, numbers ...int) bool {
	if len(numbers) == 0 {
		return slices.ContainsFunc(s.s.Items, func(i Item) bool { return slices.Contains(exams, i.Exam) })
	}
	return slices.ContainsFunc(numbers, func(n int) bool {
		item, there := s.Item(n)
		return there && slices.Contains(exams, item.Exam)
	})
}

// Finish closes the set and reports whether it was open. Again, it changes nothing.
func (s *Set) Finish(now time.Time) bool {
	if s.Finished() {
		return false
	}
	s.s.Status, s.s.FinishedAt = Finished, &now
	s.s.Version++
	return true
}

// Limits of one answer.
const (
	MaxSeq     = 1<<53 - 1        // what every client can count exactly
	MaxElapsed = 24 * 3600 * 1000 // milliseconds on one item
)

// Answer is the choice for one question of a set. Seq orders the changes of one question as in an attempt.
type Answer struct {
	Number  int // place in the set
	Choice  exam.Choice
	Seq     int64
	Elapsed int64 // milliseconds
	At      time.Time
}

// Sheet holds the answers to a set by place.
type Sheet map[int]Answer

// Answered counts the questions with a choice.
func (s Sheet) Answered() int {
	n := 0
	for _, a := range s {
		if a.Choice != exam.NoChoice {
			n++
		}
	}
	return n
}

// Accept judges a batch at now against what is stored. It returns what to store instead, at most one answer a question,
// in their order: with final feedback those with a higher Seq than the stored ones; with immediate feedback the first
// choice for each question, as the key is known afterwards, and of those in one batch the one with the highest Seq.
// It returns ErrFinished when the set takes nothing any more, and ErrAnswersDenied naming each answer that is not of
// this set or not a choice of its question; then none is to be stored.
func (s *Set) Accept(batch []Answer, stored Sheet, now time.Time) ([]Answer, error) {
	if s.Finished() {
		return nil, ErrFinished
	}
	newest, err := s.newest(batch)
	if err != nil {
		return nil, err
	}
	var out []Answer
	for n, a := range newest {
		prev, seen := stored[n]
		if a.Seq <= prev.Seq || (s.Immediate() && (seen || a.Choice == exam.NoChoice)) {
			continue
		}
		a.At = now
		out = append(out, a)
	}
	slices.SortFunc(out, func(x, y Answer) int { return x.Number - y.Number })
	return out, nil
}

// newest returns the answer with the highest Seq to each question of a batch in which nothing is wrong.
func (s *Set) newest(batch []Answer) (map[int]Answer, error) {
	type change struct {
		number int
		seq    int64
	}
	var fields []fault.Field
	newest, chosen := map[int]Answer{}, map[change]exam.Choice{}
	for i, a := range batch {
		if f := s.refuse(a); f != nil {
			f.Name = fmt.Sprintf("answers[%d].%s", i, f.Name)
			fields = append(fields, *f)
			continue
		}
		this := change{a.Number, a.Seq}
		if choice, seen := chosen[this]; seen && choice != a.Choice {
			fields = append(fields, fault.Field{Name: fmt.Sprintf("answers[%d].seq", i), Code: "seq_reused", Detail: "Two different choices for one item have the same seq."})
		}
		chosen[this] = a.Choice
		if a.Seq > newest[a.Number].Seq {
			newest[a.Number] = a
		}
	}
	if len(fields) > 0 {
		return nil, ErrAnswersDenied.WithFields(fields...)
	}
	return newest, nil
}

// refuse returns what is wrong with one answer, or nil.
func (s *Set) refuse(a Answer) *fault.Field {
	item, ok := s.Item(a.Number)
	switch {
	case !ok:
		return &fault.Field{Name: "number", Code: "not_in_set", Detail: "The set has no question of this number."}
	case a.Choice != exam.NoChoice && (a.Choice.Index() < 0 || a.Choice.Index() >= item.Part.Options()):
		return &fault.Field{Name: "choice", Code: "not_an_option", Detail: "The item has no such option."}
	case a.Seq < 1 || a.Seq > MaxSeq:
		return &fault.Field{Name: "seq", Code: "range", Detail: "The seq is 1 to 9007199254740991."}
	case a.Elapsed < 0 || a.Elapsed > MaxElapsed:
		return &fault.Field{Name: "elapsed_ms", Code: "range", Detail: "The elapsed time is 0 to 86400000 ms."}
	}
	return nil
}
