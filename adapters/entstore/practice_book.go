package entstore

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/learneritem"
	entquestion "github.com/toeic-app/toeic/ent/question"
	"github.com/toeic-app/toeic/ports"
)

type historyReads struct{ c *ent.Client }

// entryRow is a history joined with its question.
type entryRow struct {
	QuestionID  uuid.UUID  `sql:"question_id"`
	Seen        int        `sql:"seen"`
	Wrong       int        `sql:"wrong"`
	LastCorrect bool       `sql:"last_correct"`
	LastAt      time.Time  `sql:"last_at"`
	RightDays   int        `sql:"right_days"`
	RightOn     string     `sql:"right_on"`
	InBookSince *time.Time `sql:"in_book_since"`
	ExamID      uuid.UUID  `sql:"exam_id"`
	RevisionID  uuid.UUID  `sql:"revision_id"`
	Number      int        `sql:"number"`
	Part        int        `sql:"part"`
	Ability     string     `sql:"ability"`
}

func (e entryRow) entry() (ports.BookEntry, error) {
	return ports.BookEntry{
		Item: exam.Item{ID: e.QuestionID, ExamID: e.ExamID, Revision: e.RevisionID, Number: e.Number, Part: exam.Part(e.Part), Ability: exam.Ability(e.Ability)},
		History: practice.History{
			Seen: e.Seen, Wrong: e.Wrong, LastCorrect: e.LastCorrect, LastAt: e.LastAt.UTC(), RightDays: e.RightDays, RightOn: e.RightOn, InBookSince: utc(e.InBookSince),
		},
	}, nil
}

// Histories continues after a question by the place of its history, which stays when the question leaves the book.
func (r historyReads) Histories(ctx context.Context, which ports.HistoryFilter, page ports.Page) (ports.Slice[ports.BookEntry], error) {
	q := r.c.LearnerItem.Query().Where(learneritem.UserID(which.User))
	if which.InBook {
		q.Where(learneritem.InBookSinceNotNil())
	}
	if page.After != uuid.Nil {
		last, err := r.c.LearnerItem.Query().Where(learneritem.UserID(which.User), learneritem.QuestionID(page.After)).OnlyID(ctx)
		if err != nil && !ent.IsNotFound(err) {
			return ports.Slice[ports.BookEntry]{}, translate(err)
		}
		q.Where(learneritem.IDGT(last))
	}
	var rows []entryRow
	err := q.Modify(func(s *sql.Selector) {
		question := sql.Table(entquestion.Table)
		s.Join(question).On(s.C(learneritem.FieldQuestionID), question.C(entquestion.FieldID))
		if which.InBook {
			s.Where(sql.EQ(question.C(entquestion.FieldCurrent), true))
		}
		if which.Part != 0 {
			s.Where(sql.EQ(question.C(entquestion.FieldPart), int(which.Part)))
		}
		if len(which.Without) > 0 {
			s.Where(sql.NotIn(question.C(entquestion.FieldExamID), anys(which.Without)...))
		}
		s.Select(append(
			s.Columns(learneritem.FieldQuestionID, learneritem.FieldSeen, learneritem.FieldWrong, learneritem.FieldLastCorrect, learneritem.FieldLastAt,
				learneritem.FieldRightDays, learneritem.FieldRightOn, learneritem.FieldInBookSince),
			question.C(entquestion.FieldExamID), question.C(entquestion.FieldRevisionID), question.C(entquestion.FieldNumber),
			question.C(entquestion.FieldPart), question.C(entquestion.FieldAbility))...)
		s.OrderBy(s.C(learneritem.FieldID)).Limit(page.Limit + 1)
	}).Scan(ctx, &rows)
	if err != nil {
		return ports.Slice[ports.BookEntry]{}, translate(err)
	}
	return slice(rows, page, entryRow.entry, func(e ports.BookEntry) uuid.UUID { return e.ID })
}

func anys[T any](in []T) []any {
	out := make([]any, len(in))
	for i, v := range in {
		out[i] = v
	}
	return out
}

func (r historyReads) Progress(ctx context.Context, user uuid.UUID, without []uuid.UUID) ([]ports.PracticeTally, error) {
	var rows []struct {
		Part    int    `sql:"part"`
		Ability string `sql:"ability"`
		Seen    int    `sql:"seen"`
		Answers int    `sql:"answers"`
		Wrong   int    `sql:"wrongs"`
		InBook  int    `sql:"in_book"`
	}
	err := r.c.LearnerItem.Query().Where(learneritem.UserID(user)).Modify(func(s *sql.Selector) {
		question := sql.Table(entquestion.Table)
		s.Join(question).On(s.C(learneritem.FieldQuestionID), question.C(entquestion.FieldID))
		if len(without) > 0 {
			s.Where(sql.NotIn(question.C(entquestion.FieldExamID), anys(without)...))
		}
		part, ability := question.C(entquestion.FieldPart), question.C(entquestion.FieldAbility)
		inBook := "CASE WHEN " + s.C(learneritem.FieldInBookSince) + " IS NOT NULL AND " + question.C(entquestion.FieldCurrent) + " THEN 1 ELSE 0 END"
		s.Select(part, ability, sql.As(sql.Count("*"), "seen"), sql.As(sql.Sum(s.C(learneritem.FieldSeen)), "answers"),
			sql.As(sql.Sum(s.C(learneritem.FieldWrong)), "wrongs"), sql.As("SUM("+inBook+")", "in_book")).
			GroupBy(part, ability)
	}).Scan(ctx, &rows)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]ports.PracticeTally, len(rows))
	for i, row := range rows {
		out[i] = ports.PracticeTally{
			Part: exam.Part(row.Part), Ability: exam.Ability(row.Ability), Seen: row.Seen, Answers: row.Answers, Right: row.Answers - row.Wrong, InBook: row.InBook,
		}
	}
	return out, nil
}
