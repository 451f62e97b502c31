package practiceapp

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ports"
)

// Outcome is a finished set with its summary.
type Outcome struct {
	ports.PracticeView
	Summary practice.Summary
}

// Finish closes a set and sums it up.
type Finish struct {
	Clock     ports.Clock
	Reads     ports.PracticeReads
	OpenExams ports.OpenExams
	Revisions ports.Revisions
	Work      ports.UnitOfWork[ports.PracticeRepos]
}

// Execute returns the outcome; of a set that was finished before, the same again. Failures are practice.ErrNotFound, and
// attempt.ErrReviewLocked while the learner is taking an exam that has one of the questions in exam mode: a summary of
// few questions tells which answers are right.
func (uc Finish) Execute(ctx context.Context, user, id uuid.UUID) (Outcome, error) {
	v, err := find(ctx, uc.Reads, user, id)
	if err != nil {
		return Outcome{}, err
	}
	if err := unlocked(ctx, uc.OpenExams, practice.Restore(v.Snapshot)); err != nil {
		return Outcome{}, err
	}
	revisions, err := fetch(ctx, uc.Revisions, v.Items)
	if err != nil {
		return Outcome{}, err
	}
	var (
		out   Outcome
		sheet practice.Sheet
	)
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.PracticeRepos) error {
		set, err := repos.Sets.ForChange(ctx, id)
		if err != nil {
			return err
		}
		if sheet, err = repos.Answers.Sheet(ctx, id); err != nil {
			return err
		}
		now := uc.Clock.Now()
		changed := set.Finish(now)
		out.PracticeView = ports.PracticeView{Snapshot: set.Snapshot(), Answered: sheet.Answered()}
		if !changed {
			return nil
		}
		if !set.Immediate() {
			if err := revisions.tell(ctx, repos.Histories, set, at(sheet, now)); err != nil {
				return err
			}
		}
		return repos.Sets.Save(ctx, set)
	})
	if err != nil {
		return Outcome{}, err
	}
	out.Summary, err = revisions.summary(v.Items, sheet)
	return out, err
}

// at returns answers as given at one time: they could be changed until then.
func at(sheet practice.Sheet, now time.Time) []practice.Answer {
	out := slices.Collect(maps.Values(sheet))
	for i := range out {
		out[i].At = now
	}
	return out
}

// Review shows keys, explanations and transcripts of a set.
type Review struct {
	Reads     ports.PracticeReads
	OpenExams ports.OpenExams
	Revisions ports.Revisions
}

// Execute returns all questions of a finished set; of an open one with immediate feedback, those that are answered.
// Failures are practice.ErrNotFound, practice.ErrNotFinished, and attempt.ErrReviewLocked while the learner is taking an
// exam that has one of the set's questions in exam mode.
func (uc Review) Execute(ctx context.Context, user, id uuid.UUID) ([]ReviewItem, error) {
	v, err := find(ctx, uc.Reads, user, id)
	if err != nil {
		return nil, err
	}
	set := practice.Restore(v.Snapshot)
	if !set.Finished() && !set.Immediate() {
		return nil, practice.ErrNotFinished
	}
	if err := unlocked(ctx, uc.OpenExams, set); err != nil {
		return nil, err
	}
	revisions, err := fetch(ctx, uc.Revisions, v.Items)
	if err != nil {
		return nil, err
	}
	sheet, err := uc.Reads.Sheet(ctx, id)
	if err != nil {
		return nil, err
	}
	var out []ReviewItem
	for i, item := range v.Items {
		a := sheet[i+1]
		if !set.Finished() && a.Choice == exam.NoChoice {
			continue
		}
		reviewed, err := revisions.review(i+1, item, a)
		if err != nil {
			return nil, err
		}
		out = append(out, reviewed)
	}
	return out, nil
}
