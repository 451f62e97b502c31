package attemptapp

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/itemstat"
	"github.com/toeic-app/toeic/ports"
)

// Sight decides what learners see of their attempts by the rules of the exam.
type Sight struct {
	Clock    ports.Clock
	Policies ports.Policies
}

// Of returns what is shown of an attempt now.
func (s Sight) Of(ctx context.Context, head attempt.Snapshot) (exam.Visible, exam.Phase, error) {
	policy, err := s.Policies.Policy(ctx, head.ExamID)
	if err != nil {
		return exam.Visible{}, "", err
	}
	visible, phase := s.under(policy, head)
	return visible, phase, nil
}

// under returns what is shown of an attempt by rules that are known.
func (s Sight) under(policy exam.Policy, head attempt.Snapshot) (exam.Visible, exam.Phase) {
	phase := policy.Phase(attempt.Restore(head).Scored(), s.Clock.Now())
	return policy.Visible(head.Mode == attempt.PracticeMode, phase), phase
}

// Score returns attempt.ErrScoreWithheld unless the score of an attempt is shown now. Everything that tells the score, or
// explains it, asks.
func (s Sight) Score(ctx context.Context, head attempt.Snapshot) error {
	visible, _, err := s.Of(ctx, head)
	if err == nil && !visible.Score {
		err = attempt.ErrScoreWithheld
	}
	return err
}

// Reviewed is an attempt looked at again. What the rules of the exam hide is not in it.
type Reviewed struct {
	Phase  exam.Phase
	Swings *attempt.Swings // of the items shown; nil while it is hidden which choices were right
	Items  []ReviewItem
}

// ReviewItem is one item of a review.
type ReviewItem struct {
	Part         exam.Part
	Number       int
	Ability      exam.Ability
	Prompt       string
	Options      []ReviewOption
	Answer       attempt.Answer
	Changes      []attempt.Change // in the order in which they were made
	Correct      *bool
	Key          exam.Choice // NoChoice while it is hidden
	Explanation  string
	Transcript   []exam.Turn
	Descriptions []string // of the images
	Others       *Others
}

// ReviewOption is one option of an item.
type ReviewOption struct {
	Text      string
	Rationale string
}

// Others says how everybody answered who took the item.
type Others struct {
	Takers int
	Chosen []int // by option
	Blank  int
}

// Review looks at an attempt again, as far as the rules of the exam let it.
type Review struct {
	Reads       ports.AttemptReads
	Scores      ports.ScoreReads
	Corrections ports.Corrections
	Revisions   ports.Revisions
	Log         ports.AnswerLog
	Statistics  ports.Statistics
	Sight       Sight
}

// Execute returns the items that were taken, or those of one part. Failures are attempt.ErrNotFound,
// attempt.ErrAbandoned, attempt.ErrNotSubmitted where nothing is shown before that, and attempt.ErrReviewLocked while the
// learner has another attempt in exam mode open on the same exam, which the keys of this one would give away.
func (uc Review) Execute(ctx context.Context, user, id uuid.UUID, part exam.Part) (Reviewed, error) {
	head, err := snapshot(ctx, uc.Reads, user, id)
	if err != nil {
		return Reviewed{}, err
	}
	visible, phase, err := uc.allowed(ctx, head)
	if err != nil {
		return Reviewed{}, err
	}
	m, err := uc.material(ctx, head, visible)
	if err != nil {
		return Reviewed{}, err
	}
	out := Reviewed{Phase: phase}
	if visible.ChoiceMarks {
		out.Swings = &attempt.Swings{}
	}
	m.form.Content.Form.Each(func(p exam.Part, g exam.Group, q exam.Question) {
		if !head.Taken.HasPart(p) || (part != 0 && part != p) {
			return
		}
		item := m.reviewed(p, g, q, visible)
		if out.Swings != nil {
			out.Swings.Count(item.Changes, q.KeyChoice())
		}
		out.Items = append(out.Items, item)
	})
	return out, nil
}

// allowed returns what is shown of an attempt, or why nothing is.
func (uc Review) allowed(ctx context.Context, head attempt.Snapshot) (exam.Visible, exam.Phase, error) {
	if head.Status == attempt.Abandoned {
		return exam.Visible{}, "", attempt.ErrAbandoned
	}
	visible, phase, err := uc.Sight.Of(ctx, head)
	if err != nil {
		return visible, phase, err
	}
	if phase == exam.During && visible.Nothing() {
		return visible, phase, attempt.ErrNotSubmitted
	}
	open := ports.AttemptFilter{User: head.UserID, Exam: head.ExamID, Mode: attempt.ExamMode, Status: attempt.InProgress}
	others, err := uc.Reads.List(ctx, open, ports.Page{Limit: 1})
	if err == nil && len(others.Items) > 0 {
		err = attempt.ErrReviewLocked
	}
	return visible, phase, err
}

// reviewMaterial is what a review is made of.
type reviewMaterial struct {
	form    *exam.Revision
	sheet   attempt.Sheet
	changes map[int][]attempt.Change
	others  itemstat.Report
}

func (uc Review) material(ctx context.Context, head attempt.Snapshot, visible exam.Visible) (reviewMaterial, error) {
	m := reviewMaterial{changes: map[int][]attempt.Change{}}
	keys, err := uc.keys(ctx, head)
	if err != nil {
		return m, err
	}
	if m.form, err = uc.Revisions.Revision(ctx, keys); err != nil {
		return m, err
	}
	if m.sheet, err = uc.Reads.Sheet(ctx, head.ID); err != nil {
		return m, err
	}
	log, err := uc.Log.Changes(ctx, head.ID)
	if err != nil {
		return m, err
	}
	for _, c := range log {
		m.changes[c.Number] = append(m.changes[c.Number], c)
	}
	if !visible.Others {
		return m, nil
	}
	s, err := uc.Statistics.OfForm(ctx, m.form.FormID())
	if errors.Is(err, itemstat.ErrNotComputed) {
		return m, nil
	}
	m.others = s.Report
	return m, err
}

// keys is the revision whose keys judge the answers of an attempt: those of its result or, before it has one, those that
// would judge it now.
func (uc Review) keys(ctx context.Context, head attempt.Snapshot) (uuid.UUID, error) {
	if !attempt.Restore(head).Scored() {
		return uc.Corrections.Newest(ctx, head.RevisionID)
	}
	record, err := uc.Scores.Record(ctx, head.ID)
	return record.Keys(head), err
}

// reviewed shows one item without what is hidden. In parts 1 and 2 prompt and options are what is heard.
func (m reviewMaterial) reviewed(p exam.Part, g exam.Group, q exam.Question, visible exam.Visible) ReviewItem {
	item := ReviewItem{
		Part: p, Number: q.Number, Ability: q.Ability, Options: make([]ReviewOption, len(q.Options)),
		Answer: m.sheet[q.Number], Changes: attempt.History(m.changes[q.Number]),
	}
	legible := p.Printed() || visible.Transcript
	if legible {
		item.Prompt = q.Prompt
	}
	for i, o := range q.Options {
		if legible {
			item.Options[i].Text = o.Text
		}
		if visible.Rationales {
			item.Options[i].Rationale = o.Rationale
		}
	}
	if visible.ChoiceMarks {
		right := item.Answer.Choice == q.KeyChoice()
		item.Correct = &right
	}
	if visible.Key {
		item.Key = q.KeyChoice()
	}
	if visible.Explanation {
		item.Explanation = q.Explanation
	}
	if visible.Transcript {
		item.Transcript = slices.Concat(g.Transcript, q.Spoken(p))
		item.Descriptions = descriptions(g)
	}
	if visible.Others {
		item.Others = m.othersOn(q.Number)
	}
	return item
}

func descriptions(g exam.Group) []string {
	var out []string
	for _, s := range g.Stimuli {
		if s.Description != "" {
			out = append(out, s.Description)
		}
	}
	return out
}

// othersOn returns nil while too few took the item.
func (m reviewMaterial) othersOn(number int) *Others {
	r, known := m.others.Item(number)
	if !known || r.Takers < itemstat.MinTakers {
		return nil
	}
	out := &Others{Takers: r.Takers, Blank: r.Blank.Chosen, Chosen: make([]int, len(r.Options))}
	for i, o := range r.Options {
		out.Chosen[i] = o.Chosen
	}
	return out
}
