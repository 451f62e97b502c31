package entstore

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ent"
	entattempt "github.com/toeic-app/toeic/ent/attempt"
	entexam "github.com/toeic-app/toeic/ent/exam"
	"github.com/toeic-app/toeic/ent/learneritem"
	"github.com/toeic-app/toeic/ent/practiceanswer"
	"github.com/toeic-app/toeic/ent/practiceset"
	entquestion "github.com/toeic-app/toeic/ent/question"
	"github.com/toeic-app/toeic/ports"
)

// PracticeReads reads practice sets.
func (s *Store) PracticeReads() ports.PracticeReads {
	return practiceReads{practiceAnswers: practiceAnswers{s.client, s.dialect}, c: s.client}
}

// QuestionPool finds questions to practise.
func (s *Store) QuestionPool() ports.QuestionPool { return questionPool{s.client} }

// OpenExams tells which exams a learner is taking.
func (s *Store) OpenExams() ports.OpenExams { return openExams{s.client} }

// HistoryReads reads what learners did with questions.
func (s *Store) HistoryReads() ports.HistoryReads { return historyReads{s.client} }

// QuestionGaps finds exams that were published before questions had identifiers.
func (s *Store) QuestionGaps() ports.QuestionGaps { return practiceGaps{s.client} }

// PracticeGaps finds what was stored before there was practice.
func (s *Store) PracticeGaps() ports.PracticeGaps { return practiceGaps{s.client} }

type practiceReads struct {
	practiceAnswers
	c *ent.Client
}

func (r practiceReads) Set(ctx context.Context, id uuid.UUID) (ports.PracticeView, error) {
	row, err := r.c.PracticeSet.Query().Where(practiceset.ID(id)).WithAnswers(answeredOnly).Only(ctx)
	if err != nil {
		return ports.PracticeView{}, orNotFound(err, practice.ErrNotFound)
	}
	return practiceViewFromRow(row)
}

func (r practiceReads) List(ctx context.Context, user uuid.UUID, page ports.Page) (ports.Slice[ports.PracticeView], error) {
	q := r.c.PracticeSet.Query().Where(practiceset.UserID(user))
	if page.After != uuid.Nil {
		q.Where(practiceset.IDLT(page.After))
	}
	rows, err := q.Order(practiceset.ByID(sql.OrderDesc())).Limit(page.Limit + 1).WithAnswers(answeredOnly).All(ctx)
	if err != nil {
		return ports.Slice[ports.PracticeView]{}, translate(err)
	}
	return slice(rows, page, practiceViewFromRow, func(v ports.PracticeView) uuid.UUID { return v.ID })
}

// answeredOnly loads just enough of the answers to count those with a choice.
func answeredOnly(q *ent.PracticeAnswerQuery) {
	q.Where(practiceanswer.ChoiceNEQ("")).Select(practiceanswer.FieldID, practiceanswer.FieldSetID)
}

func practiceViewFromRow(row *ent.PracticeSet) (ports.PracticeView, error) {
	s, err := setFromRow(row)
	return ports.PracticeView{Snapshot: s, Answered: len(row.Edges.Answers)}, err
}

type questionPool struct{ c *ent.Client }

func (r questionPool) Candidates(
	ctx context.Context, user uuid.UUID, c practice.Criteria, without []uuid.UUID, now time.Time,
) ([]practice.Candidate, error) {
	var rows []struct {
		ID         uuid.UUID `sql:"id"`
		ExamID     uuid.UUID `sql:"exam_id"`
		RevisionID uuid.UUID `sql:"revision_id"`
		Number     int       `sql:"number"`
		Part       int       `sql:"part"`
		Ability    string    `sql:"ability"`
		RightOn    *string   `sql:"right_on"`
	}
	q := r.c.Question.Query().Where(entquestion.Current(true))
	restrict(q, c, without)
	err := q.Modify(func(s *sql.Selector) {
		item := sql.Table(learneritem.Table)
		s.LeftJoin(item).OnP(sql.And(
			sql.ColumnsEQ(s.C(entquestion.FieldID), item.C(learneritem.FieldQuestionID)), sql.EQ(item.C(learneritem.FieldUserID), user),
		))
		switch c.Pool {
		case practice.Unseen:
			s.Where(sql.IsNull(item.C(learneritem.FieldID)))
		case practice.WrongBefore:
			s.Where(sql.NotNull(item.C(learneritem.FieldInBookSince)))
		}
		s.Select(append(s.Columns(entquestion.FieldID, entquestion.FieldExamID, entquestion.FieldRevisionID, entquestion.FieldNumber,
			entquestion.FieldPart, entquestion.FieldAbility), item.C(learneritem.FieldRightOn))...)
	}).Scan(ctx, &rows)
	if err != nil {
		return nil, translate(err)
	}
	today := practice.Day(now)
	out := make([]practice.Candidate, len(rows))
	for i, row := range rows {
		out[i] = practice.Candidate{
			Item: exam.Item{
				ID: row.ID, ExamID: row.ExamID, Revision: row.RevisionID, Number: row.Number, Part: exam.Part(row.Part), Ability: exam.Ability(row.Ability),
			},
			Due: c.Pool == practice.WrongBefore && row.RightOn != nil && *row.RightOn != today,
		}
	}
	return out, nil
}

// restrict adds what criteria say of the questions themselves.
func restrict(q *ent.QuestionQuery, c practice.Criteria, without []uuid.UUID) {
	if len(c.Parts) > 0 {
		parts := make([]int, len(c.Parts))
		for i, p := range c.Parts {
			parts[i] = int(p)
		}
		q.Where(entquestion.PartIn(parts...))
	}
	if len(c.Abilities) > 0 {
		q.Where(entquestion.AbilityIn(texts(c.Abilities)...))
	}
	if d := c.Difficulty; d != nil {
		known := entquestion.And(entquestion.DifficultyGTE(d.Min), entquestion.DifficultyLTE(d.Max))
		if d.Unknown {
			known = entquestion.Or(known, entquestion.DifficultyIsNil())
		}
		q.Where(known)
	}
	if c.Exam != uuid.Nil {
		q.Where(entquestion.ExamID(c.Exam))
	}
	if len(without) > 0 {
		q.Where(entquestion.ExamIDNotIn(without...))
	}
}

type openExams struct{ c *ent.Client }

func (r openExams) OpenExams(ctx context.Context, user uuid.UUID) ([]uuid.UUID, error) {
	var exams []uuid.UUID
	err := r.c.Attempt.Query().
		Where(entattempt.UserID(user), entattempt.Mode(string(attempt.ExamMode)), entattempt.Status(string(attempt.InProgress))).
		Select(entattempt.FieldExamID).Scan(ctx, &exams)
	return exams, translate(err)
}

type practiceGaps struct{ c *ent.Client }

func (r practiceGaps) Unindexed(ctx context.Context) ([]uuid.UUID, error) {
	var revisions []uuid.UUID
	err := r.c.Exam.Query().Where(entexam.CurrentRevisionIDNotNil(), func(s *sql.Selector) {
		q := sql.Table(entquestion.Table)
		s.Where(sql.NotExists(sql.Dialect(s.Dialect()).Select(q.C(entquestion.FieldID)).From(q).
			Where(sql.And(sql.ColumnsEQ(q.C(entquestion.FieldExamID), s.C(entexam.FieldID)), sql.EQ(q.C(entquestion.FieldCurrent), true)))))
	}).Select(entexam.FieldCurrentRevisionID).Scan(ctx, &revisions)
	return revisions, translate(err)
}

func (r practiceGaps) Uncounted(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	q := r.c.Attempt.Query().Where(scoredAttempt(), entattempt.CountedAtIsNil())
	if after != uuid.Nil {
		q.Where(entattempt.IDGT(after))
	}
	ids, err := q.Order(entattempt.ByID()).Limit(limit).IDs(ctx)
	return ids, translate(err)
}
