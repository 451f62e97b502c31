package itemstatapp

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/itemstat"
	"github.com/toeic-app/toeic/ports"
)

// Secrecy keeps the keys that statistics show from people who are taking the exam at the moment, whatever else they are.
type Secrecy struct{ Attempts ports.AttemptReads }

// check returns attempt.ErrReviewLocked while the caller has an attempt in exam mode open on the exam.
func (s Secrecy) check(ctx context.Context, user, examID uuid.UUID) error {
	open := ports.AttemptFilter{User: user, Exam: examID, Mode: attempt.ExamMode, Status: attempt.InProgress}
	if user == uuid.Nil { // the command line, whose user takes no exam
		return nil
	}
	rows, err := s.Attempts.List(ctx, open, ports.Page{Limit: 1})
	if err == nil && len(rows.Items) > 0 {
		err = attempt.ErrReviewLocked
	}
	return err
}

// OfExam shows how a form of an exam works.
type OfExam struct {
	Catalogue  ports.Catalogue
	Statistics ports.Statistics
	Secrecy    Secrecy
}

// Execute returns the statistics of a form, or of the one that learners take now for the nil form. Failures are
// exam.ErrNotFound, itemstat.ErrNotComputed, and attempt.ErrReviewLocked.
func (uc OfExam) Execute(ctx context.Context, user, id, form uuid.UUID) (itemstat.Statistics, error) {
	current, err := uc.Catalogue.Exam(ctx, id)
	if err != nil {
		return itemstat.Statistics{}, err
	}
	if err := uc.Secrecy.check(ctx, user, id); err != nil {
		return itemstat.Statistics{}, err
	}
	if form == uuid.Nil {
		form = current.FormID()
	}
	s, err := uc.Statistics.OfForm(ctx, form)
	if err == nil && s.Exam != id {
		err = itemstat.ErrNotComputed
	}
	return s, err
}

// ItemOnForm is how a question works on one form.
type ItemOnForm struct {
	itemstat.Statistics
	Item itemstat.ItemReport
}

// OfQuestion shows how a question works.
type OfQuestion struct {
	Questions  ports.Questions
	Statistics ports.Statistics
	Secrecy    Secrecy
}

// Execute returns the question and its statistics on every form that has it, the youngest form first. Failures are
// exam.ErrQuestionNotFound, itemstat.ErrNotComputed, and attempt.ErrReviewLocked.
func (uc OfQuestion) Execute(ctx context.Context, user, id uuid.UUID) (exam.Item, []ItemOnForm, error) {
	question, err := uc.Questions.Question(ctx, id)
	if err != nil {
		return exam.Item{}, nil, err
	}
	if err := uc.Secrecy.check(ctx, user, question.ExamID); err != nil {
		return exam.Item{}, nil, err
	}
	all, err := uc.Statistics.OfExam(ctx, question.ExamID)
	if err != nil {
		return exam.Item{}, nil, err
	}
	var out []ItemOnForm
	for _, s := range all {
		for _, item := range s.Report.Items {
			if item.ID == id {
				out = append(out, ItemOnForm{Statistics: s, Item: item})
			}
		}
	}
	if len(out) == 0 {
		return exam.Item{}, nil, itemstat.ErrNotComputed
	}
	return question, out, nil
}
