// Package regradeapp holds the use cases of wrong keys: finding the question, seeing whom a correction would change,
// correcting it, and the history of corrections.
package regradeapp

import (
	"context"
	"reflect"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

const (
	// PageSize is how many attempts are in memory at once. With 200 answers each they take some megabytes.
	PageSize = 200
	// MaxListed bounds how many changes are listed one by one; all are counted.
	MaxListed = 1000
)

// Regrade corrects a wrong key and scores again who was scored by it.
type Regrade struct {
	Clock       ports.Clock
	IDs         ports.IDs
	Questions   ports.Questions
	Catalogue   ports.Catalogue
	Revisions   ports.Revisions
	Conversions ports.Conversions
	Scored      ports.ScoredAttempts
	Recorder    ports.Recorder
	Work        ports.UnitOfWork[ports.RegradeRepos]
	Secrecy     Secrecy
}

// Command says what is corrected.
type Command struct {
	By       identity.Caller
	Question uuid.UUID
	exam.Correction
	Revision int  // number of the exam's revision that it was decided on; zero for any
	DryRun   bool // tells what would be changed, and changes nothing
}

// Outcome is what a correction changes.
type Outcome struct {
	exam.Regrade                     // its identifier and new revision are nil after a dry run
	Revision     int                 // number of the exam's current revision
	Changes      []ports.ScoreChange // by attempt, the oldest first; MaxListed at most
}

// Execute returns what the correction changed, or would. Failures are exam.ErrQuestionNotFound,
// exam.ErrQuestionNotOnForm, exam.ErrSameKey, exam.ErrInvalidCorrection, attempt.ErrReviewLocked, and ports.ErrStale when
// another revision of the exam was published meanwhile.
func (uc Regrade) Execute(ctx context.Context, cmd Command) (Outcome, error) {
	item, err := uc.Questions.Question(ctx, cmd.Question)
	if err != nil {
		return Outcome{}, err
	}
	if err := uc.Secrecy.check(ctx, cmd.By.Actor.UserID, item.ExamID); err != nil {
		return Outcome{}, err
	}
	fix, err := uc.prepare(ctx, item, cmd)
	if err != nil {
		return Outcome{}, err
	}
	if cmd.DryRun {
		return fix.rescored(ctx, uc.Scored, uc.Conversions, nil)
	}
	return uc.apply(ctx, fix)
}

// correction is a correction that is sound, with all that is needed to apply it.
type correction struct {
	old     exam.Revision
	content exam.Content
	encoded []byte
	head    exam.Regrade // without what is known afterwards
	by      identity.Caller
}

func (uc Regrade) prepare(ctx context.Context, item exam.Item, cmd Command) (correction, error) {
	current, err := uc.Catalogue.Exam(ctx, item.ExamID)
	switch {
	case err != nil:
		return correction{}, err
	case cmd.Revision != 0 && cmd.Revision != current.Revision:
		return correction{}, ports.ErrStale
	case item.Revision != current.RevisionID:
		return correction{}, exam.ErrQuestionNotOnForm
	}
	old, err := uc.Revisions.Revision(ctx, current.RevisionID)
	if err != nil {
		return correction{}, err
	}
	content, from, err := old.Corrected(item.Number, cmd.Correction)
	if err != nil {
		return correction{}, err
	}
	encoded, err := content.Encode()
	if err != nil {
		return correction{}, err
	}
	return correction{old: *old, content: content, encoded: encoded, by: cmd.By, head: exam.Regrade{
		ExamID: item.ExamID, Question: item.ID, Number: item.Number, From: from, To: cmd.Key, FromRevision: old.RevisionID,
		Reason: cmd.Reason, By: cmd.By.Actor.UserID, At: uc.Clock.Now(),
	}}, nil
}

// state is what the audit log keeps: not the keys, as who reads it may be taking the test.
type state struct {
	Revision uuid.UUID `json:"revision_id"`
	Regrade  uuid.UUID `json:"regrade_id,omitzero"`
	Attempts int       `json:"attempts,omitempty"`
	Changed  int       `json:"changed,omitempty"`
}

func (uc Regrade) apply(ctx context.Context, fix correction) (Outcome, error) {
	var out Outcome
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.RegradeRepos) error {
		current, err := repos.Regrades.ForCorrection(ctx, fix.head.ExamID)
		switch {
		case err != nil:
			return err
		case current.RevisionID != fix.old.RevisionID:
			return ports.ErrStale
		}
		next := fix.old.Correcting(uc.IDs.New(), fix.content, fix.encoded, uc.Clock.Now())
		fix.head.ID, fix.head.ToRevision, fix.head.At = uc.IDs.New(), next.RevisionID, next.PublishedAt
		if err := repos.Publication.Publish(ctx, next, fix.encoded); err != nil {
			return err
		}
		out, err = fix.rescored(ctx, repos.Regrades, repos.Conversions, func(changed []ports.Replacement) error {
			for i := range changed {
				changed[i].ID = uc.IDs.New()
			}
			return repos.Regrades.Replace(ctx, fix.head, changed)
		})
		if err != nil {
			return err
		}
		out.Revision = next.Revision
		if err := repos.Regrades.Judged(ctx, fix.head.ExamID, next.FormID(), next.RevisionID); err != nil {
			return err
		}
		if err := repos.Regrades.Add(ctx, out.Regrade); err != nil {
			return err
		}
		return uc.Recorder.Record(ctx, repos.Audit, fix.by, audit.QuestionRegraded, "question:"+fix.head.Question.String(),
			state{Revision: fix.head.FromRevision}, state{next.RevisionID, fix.head.ID, out.Attempts, out.Changed})
	})
	return out, err
}

// rescored scores every attempt on the form by the corrected keys, each with the conversion table of its own result, page
// by page, and gives those whose result changes to replace.
func (fix correction) rescored(
	ctx context.Context, scored ports.ScoredAttempts, conversions ports.Conversions, replace func([]ports.Replacement) error,
) (Outcome, error) {
	out := Outcome{Regrade: fix.head, Revision: fix.old.Revision}
	tables := map[string]score.Table{}
	after := uuid.Nil
	for {
		page, err := scored.Page(ctx, fix.head.ExamID, fix.old.FormID(), after, PageSize)
		if err != nil {
			return Outcome{}, err
		}
		var changed []ports.Replacement
		for _, a := range page {
			table, err := tableOf(ctx, tables, conversions, a.Record.Result.Version)
			if err != nil {
				return Outcome{}, err
			}
			now := score.Compute(table, fix.old.Outline, attempt.Restore(a.Attempt).Marks(fix.content.Form, a.Sheet))
			if reflect.DeepEqual(now, a.Record.Result) {
				continue
			}
			changed = append(changed, ports.Replacement{Attempt: a.Attempt.ID, Former: a.Record, Result: now})
			if len(out.Changes) < MaxListed {
				out.Changes = append(out.Changes, ports.ScoreChange{Attempt: a.Attempt.ID, User: a.Attempt.UserID, Before: a.Record.Result, After: now})
			}
		}
		if replace != nil && len(changed) > 0 {
			if err := replace(changed); err != nil {
				return Outcome{}, err
			}
		}
		out.Attempts, out.Changed = out.Attempts+len(page), out.Changed+len(changed)
		if len(page) < PageSize {
			return out, nil
		}
		after = page[len(page)-1].Attempt.ID
	}
}

// tableOf remembers tables: there are few, and many results.
func tableOf(ctx context.Context, known map[string]score.Table, conversions ports.Conversions, version string) (score.Table, error) {
	if t, ok := known[version]; ok {
		return t, nil
	}
	t, err := conversions.Table(ctx, version)
	if err == nil {
		known[version] = t
	}
	return t, err
}
