package entstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ent"
	entattempt "github.com/toeic-app/toeic/ent/attempt"
	"github.com/toeic-app/toeic/ent/practiceanswer"
	"github.com/toeic-app/toeic/ent/practiceset"
	entquestion "github.com/toeic-app/toeic/ent/question"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// Practice runs units of work on practice.
func (s *Store) Practice() ports.UnitOfWork[ports.PracticeRepos] {
	return unit[ports.PracticeRepos]{store: s, bind: func(tx session) ports.PracticeRepos {
		return ports.PracticeRepos{
			Sets:      practiceSets{tx},
			Answers:   practiceAnswers{tx.Client(), tx.dialect},
			Histories: histories{tx},
			Counted:   countedAttempts{tx.Client()},
			Questions: questionIndex{tx.Client()},
		}
	}}
}

type practiceSets struct{ tx session }

// drawn is the column criteria.
type drawn struct {
	practice.Criteria
	Seed uint64 `json:"seed"`
}

func (r practiceSets) Add(ctx context.Context, set *practice.Set) error {
	s := set.Snapshot()
	criteria, err := json.Marshal(drawn{s.Criteria, s.Seed})
	if err != nil {
		return fmt.Errorf("encode the criteria of a set: %w", err)
	}
	items, err := json.Marshal(s.Items)
	if err != nil {
		return fmt.Errorf("encode the items of a set: %w", err)
	}
	return translate(r.tx.PracticeSet.Create().SetID(s.ID).SetUserID(s.UserID).SetStatus(string(s.Status)).SetFeedback(string(s.Feedback)).
		SetCriteria(criteria).SetItems(items).SetCreatedAt(s.CreatedAt).SetNillableFinishedAt(s.FinishedAt).SetVersion(s.Version).Exec(ctx))
}

func (r practiceSets) ForChange(ctx context.Context, id uuid.UUID) (*practice.Set, error) {
	q := r.tx.PracticeSet.Query().Where(practiceset.ID(id))
	if r.tx.dialect == migrations.Postgres { // SQLite has one writer at a time anyway
		q.ForUpdate()
	}
	row, err := q.Only(ctx)
	if err != nil {
		return nil, orNotFound(err, practice.ErrNotFound)
	}
	s, err := setFromRow(row)
	if err != nil {
		return nil, err
	}
	return practice.Restore(s), nil
}

func (r practiceSets) Save(ctx context.Context, set *practice.Set) error {
	s := set.Snapshot()
	n, err := r.tx.PracticeSet.Update().Where(practiceset.ID(s.ID), practiceset.Version(s.Version-1)).
		SetStatus(string(s.Status)).SetNillableFinishedAt(s.FinishedAt).SetVersion(s.Version).Save(ctx)
	return one(n, err, ports.ErrStale)
}

func setFromRow(r *ent.PracticeSet) (practice.Snapshot, error) {
	var d drawn
	if err := json.Unmarshal(r.Criteria, &d); err != nil {
		return practice.Snapshot{}, fmt.Errorf("criteria of practice set %s: %w", r.ID, err)
	}
	var items []practice.Item
	if err := json.Unmarshal(r.Items, &items); err != nil {
		return practice.Snapshot{}, fmt.Errorf("items of practice set %s: %w", r.ID, err)
	}
	return practice.Snapshot{
		ID: r.ID, UserID: r.UserID, Status: practice.Status(r.Status), Feedback: practice.Feedback(r.Feedback), Criteria: d.Criteria, Seed: d.Seed,
		Items: items, CreatedAt: r.CreatedAt.UTC(), FinishedAt: utc(r.FinishedAt), Version: r.Version,
	}, nil
}

type practiceAnswers struct {
	c       *ent.Client
	dialect migrations.Dialect
}

func (r practiceAnswers) Put(ctx context.Context, set uuid.UUID, batch []practice.Answer) error {
	if len(batch) == 0 {
		return nil
	}
	insert := sql.Dialect(entDialect(r.dialect)).Insert(practiceanswer.Table).Columns(practiceanswer.FieldSetID, practiceanswer.FieldNumber,
		practiceanswer.FieldChoice, practiceanswer.FieldSeq, practiceanswer.FieldElapsedMs, practiceanswer.FieldAnsweredAt)
	for _, a := range batch {
		insert.Values(set, a.Number, a.Choice.String(), a.Seq, a.Elapsed, a.At)
	}
	insert.OnConflict(sql.ConflictColumns(practiceanswer.FieldSetID, practiceanswer.FieldNumber), sql.ResolveWith(func(u *sql.UpdateSet) {
		for _, column := range []string{practiceanswer.FieldChoice, practiceanswer.FieldSeq, practiceanswer.FieldElapsedMs, practiceanswer.FieldAnsweredAt} {
			u.SetExcluded(column)
		}
	}))
	query, args := insert.Query()
	_, err := r.c.ExecContext(ctx, query, args...)
	return translate(err)
}

func (r practiceAnswers) Sheet(ctx context.Context, set uuid.UUID) (practice.Sheet, error) {
	rows, err := r.c.PracticeAnswer.Query().Where(practiceanswer.SetID(set)).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	sheet := make(practice.Sheet, len(rows))
	for _, row := range rows {
		choice, ok := exam.ParseChoice(row.Choice)
		if !ok {
			return nil, fmt.Errorf("answer %d of practice set %s has choice %q", row.Number, set, row.Choice)
		}
		sheet[row.Number] = practice.Answer{Number: row.Number, Choice: choice, Seq: row.Seq, Elapsed: row.ElapsedMs, At: row.AnsweredAt.UTC()}
	}
	return sheet, nil
}

type countedAttempts struct{ c *ent.Client }

func (r countedAttempts) Claim(ctx context.Context, id uuid.UUID, at time.Time) (bool, error) {
	n, err := r.c.Attempt.Update().Where(entattempt.ID(id), scoredAttempt(), entattempt.CountedAtIsNil()).SetCountedAt(at).Save(ctx)
	return n == 1, translate(err)
}

// scoredAttempt selects attempts that ended in a way that gives a result.
func scoredAttempt() func(*sql.Selector) {
	return entattempt.StatusIn(string(attempt.Submitted), string(attempt.Expired))
}

type questionIndex struct{ c *ent.Client }

func (r questionIndex) AddMissing(ctx context.Context, items []exam.Item) error {
	if len(items) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(items))
	for i, q := range items {
		ids[i] = q.ID
	}
	there, err := r.c.Question.Query().Where(entquestion.IDIn(ids...)).Count(ctx)
	if err != nil || there == len(items) { // as nearly always
		return translate(err)
	}
	return translate(r.c.Question.CreateBulk(r.rows(items, false)...).OnConflictColumns(entquestion.FieldID).Ignore().Exec(ctx))
}

func (r questionIndex) MakeCurrent(ctx context.Context, items []exam.Item) error {
	if len(items) == 0 {
		return nil
	}
	return translate(r.c.Question.CreateBulk(r.rows(items, true)...).OnConflictColumns(entquestion.FieldID).Update(func(u *ent.QuestionUpsert) {
		u.UpdateRevisionID().UpdateNumber().UpdateAbility().UpdateCurrent()
	}).Exec(ctx))
}

func (r questionIndex) rows(items []exam.Item, current bool) []*ent.QuestionCreate {
	rows := make([]*ent.QuestionCreate, len(items))
	for i, q := range items {
		rows[i] = r.c.Question.Create().SetID(q.ID).SetExamID(q.ExamID).SetRevisionID(q.Revision).SetNumber(q.Number).
			SetPart(int(q.Part)).SetAbility(string(q.Ability)).SetCurrent(current)
	}
	return rows
}
