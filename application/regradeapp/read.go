package regradeapp

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

// Secrecy keeps keys from people who are taking the exam at the moment, whatever else they are.
type Secrecy struct{ Attempts ports.AttemptReads }

// check returns attempt.ErrReviewLocked while the caller has an attempt in exam mode open on the exam.
func (s Secrecy) check(ctx context.Context, user, examID uuid.UUID) error {
	if user == uuid.Nil { // the command line, whose user takes no exam
		return nil
	}
	open := ports.AttemptFilter{User: user, Exam: examID, Mode: attempt.ExamMode, Status: attempt.InProgress}
	rows, err := s.Attempts.List(ctx, open, ports.Page{Limit: 1})
	if err == nil && len(rows.Items) > 0 {
		err = attempt.ErrReviewLocked
	}
	return err
}

// Question is what an editor has to know to correct its key.
type Question struct {
	exam.Item
	Key     exam.Choice
	Options int
	Current bool // on the form that learners take now
}

// ShowQuestion shows one question.
type ShowQuestion struct {
	Questions ports.Questions
	Catalogue ports.Catalogue
	Revisions ports.Revisions
	Secrecy   Secrecy
}

// Execute returns exam.ErrQuestionNotFound and attempt.ErrReviewLocked.
func (uc ShowQuestion) Execute(ctx context.Context, user, id uuid.UUID) (Question, error) {
	item, err := uc.Questions.Question(ctx, id)
	if err != nil {
		return Question{}, err
	}
	if err := uc.Secrecy.check(ctx, user, item.ExamID); err != nil {
		return Question{}, err
	}
	current, err := uc.Catalogue.Exam(ctx, item.ExamID)
	if err != nil {
		return Question{}, err
	}
	r, err := uc.Revisions.Revision(ctx, item.Revision)
	if err != nil {
		return Question{}, fmt.Errorf("load revision %s: %w", item.Revision, err)
	}
	_, _, q, there := r.Question(item.Number)
	if !there {
		return Question{}, fmt.Errorf("revision %s has no question %d", item.Revision, item.Number)
	}
	return Question{Item: item, Key: q.KeyChoice(), Options: len(q.Options), Current: item.Revision == current.RevisionID}, nil
}

// ListQuestions lists the questions of the form that learners take now.
type ListQuestions struct {
	Catalogue ports.Catalogue
	Revisions ports.Revisions
	Secrecy   Secrecy
}

// Execute returns exam.ErrNotFound and attempt.ErrReviewLocked.
func (uc ListQuestions) Execute(ctx context.Context, user, id uuid.UUID) ([]Question, error) {
	current, err := uc.Catalogue.Exam(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := uc.Secrecy.check(ctx, user, id); err != nil {
		return nil, err
	}
	r, err := uc.Revisions.Revision(ctx, current.RevisionID)
	if err != nil {
		return nil, fmt.Errorf("load revision %s: %w", current.RevisionID, err)
	}
	items, err := r.Items()
	if err != nil {
		return nil, err
	}
	out := make([]Question, 0, len(items))
	i := 0
	r.Content.Form.Each(func(_ exam.Part, _ exam.Group, q exam.Question) {
		out = append(out, Question{Item: items[i], Key: q.KeyChoice(), Options: len(q.Options), Current: true})
		i++
	})
	return out, nil
}

// History reads what was corrected.
type History struct {
	Catalogue ports.Catalogue
	Regrades  ports.RegradeReads
	Secrecy   Secrecy
}

// OfExam returns one stretch of the regrades of an exam, newest first. Failures are exam.ErrNotFound and
// attempt.ErrReviewLocked.
func (uc History) OfExam(ctx context.Context, user, id uuid.UUID, page ports.Page) (ports.Slice[exam.Regrade], error) {
	if _, err := uc.Catalogue.Exam(ctx, id); err != nil {
		return ports.Slice[exam.Regrade]{}, err
	}
	if err := uc.Secrecy.check(ctx, user, id); err != nil {
		return ports.Slice[exam.Regrade]{}, err
	}
	return uc.Regrades.OfExam(ctx, id, page)
}

// One returns a regrade with what it changed, MaxListed attempts at most. Failures are exam.ErrRegradeNotFound and
// attempt.ErrReviewLocked.
func (uc History) One(ctx context.Context, user, id uuid.UUID) (exam.Regrade, []ports.ScoreChange, error) {
	r, err := uc.Regrades.Regrade(ctx, id)
	if err != nil {
		return exam.Regrade{}, nil, err
	}
	if err := uc.Secrecy.check(ctx, user, r.ExamID); err != nil {
		return exam.Regrade{}, nil, err
	}
	changes, err := uc.Regrades.Changes(ctx, id, MaxListed)
	return r, changes, err
}

// InForce reads forms with the keys that are in force, whichever of their revisions is asked for.
type InForce struct {
	Corrections ports.Corrections
	Revisions   ports.Revisions
}

// Revision implements ports.Revisions.
func (uc InForce) Revision(ctx context.Context, id uuid.UUID) (*exam.Revision, error) {
	newest, err := uc.Corrections.Newest(ctx, id)
	if err != nil {
		return nil, err
	}
	return uc.Revisions.Revision(ctx, newest)
}
