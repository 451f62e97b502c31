package practiceapp

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ports"
)

// AnswerCommand hands in choices.
type AnswerCommand struct {
	User    uuid.UUID
	Set     uuid.UUID
	Answers []practice.Answer
}

// Judged is one answer with what was right.
type Judged struct {
	ReviewItem
	Counted bool // the answer that was handed in is the one that counts, not one that was given before
}

// Answered is what became of a batch of answers.
type Answered struct {
	Accepted int // stored
	Ignored  int // older than what was stored, or too late to change an answer whose key is known
	Answered int // questions of the set that have a choice now
	Now      time.Time
	Feedback []Judged // with immediate feedback: of the questions that were named, in their order
}

// Answer stores choices. What it acknowledges is committed, together with what it means for the book of wrong answers
// where feedback is immediate; where it is final, that comes with finishing the set.
type Answer struct {
	Clock     ports.Clock
	Reads     ports.PracticeReads
	OpenExams ports.OpenExams
	Revisions ports.Revisions
	Work      ports.UnitOfWork[ports.PracticeRepos]
}

// Execute returns practice.ErrNotFound, practice.ErrFinished, and practice.ErrAnswersDenied naming each answer that cannot
// be accepted; with immediate feedback attempt.ErrReviewLocked while the learner is taking an exam that has one of the
// questions in exam mode. Then none of the batch is stored.
func (uc Answer) Execute(ctx context.Context, cmd AnswerCommand) (Answered, error) {
	v, err := find(ctx, uc.Reads, cmd.User, cmd.Set)
	if err != nil {
		return Answered{}, err
	}
	set := practice.Restore(v.Snapshot)
	var revisions shelf
	if set.Immediate() {
		named := numbers(cmd.Answers)
		if err := unlocked(ctx, uc.OpenExams, set, named...); err != nil {
			return Answered{}, err
		}
		if revisions, err = fetch(ctx, uc.Revisions, itemsAt(set, named)); err != nil {
			return Answered{}, err
		}
	}
	var (
		out   Answered
		sheet practice.Sheet
	)
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.PracticeRepos) error {
		set, err := repos.Sets.ForChange(ctx, cmd.Set)
		if err != nil {
			return err
		}
		if sheet, err = repos.Answers.Sheet(ctx, cmd.Set); err != nil {
			return err
		}
		now := uc.Clock.Now()
		batch, err := set.Accept(cmd.Answers, sheet, now)
		if err != nil {
			return err
		}
		if err := repos.Answers.Put(ctx, cmd.Set, batch); err != nil {
			return err
		}
		for _, a := range batch {
			sheet[a.Number] = a
		}
		out = Answered{Accepted: len(batch), Ignored: len(cmd.Answers) - len(batch), Answered: sheet.Answered(), Now: now}
		if !set.Immediate() {
			return nil
		}
		return revisions.tell(ctx, repos.Histories, set, batch)
	})
	if err != nil || !set.Immediate() {
		return out, err
	}
	out.Feedback, err = revisions.feedback(set, cmd.Answers, sheet)
	return out, err
}

// unlocked returns attempt.ErrReviewLocked while the learner takes an exam that has one of these questions of a set, or
// any of the set's when none is named: to say what is right would give the exam away.
func unlocked(ctx context.Context, exams ports.OpenExams, set *practice.Set, numbers ...int) error {
	open, err := exams.OpenExams(ctx, set.Snapshot().UserID)
	if err == nil && set.Asks(open, numbers...) {
		err = attempt.ErrReviewLocked
	}
	return err
}

// numbers lists the questions that a batch names, each once, in order.
func numbers(batch []practice.Answer) []int {
	named := map[int]bool{}
	for _, a := range batch {
		named[a.Number] = true
	}
	return slices.Sorted(maps.Keys(named))
}

// itemsAt returns the questions at some places of a set, as far as there are any.
func itemsAt(set *practice.Set, places []int) []practice.Item {
	var out []practice.Item
	for _, n := range places {
		if item, there := set.Item(n); there {
			out = append(out, item)
		}
	}
	return out
}

// feedback judges the answers that count to the questions of a batch.
func (s shelf) feedback(set *practice.Set, batch []practice.Answer, sheet practice.Sheet) ([]Judged, error) {
	var out []Judged
	for _, n := range numbers(batch) {
		counts, answered := sheet[n]
		item, there := set.Item(n)
		if !answered || !there {
			continue // it was only cleared
		}
		reviewed, err := s.review(n, item, counts)
		if err != nil {
			return nil, err
		}
		this := func(a practice.Answer) bool { return a.Number == n && a.Seq == counts.Seq && a.Choice == counts.Choice }
		out = append(out, Judged{ReviewItem: reviewed, Counted: slices.ContainsFunc(batch, this)})
	}
	return out, nil
}
