package entstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/answer"
	entattempt "github.com/toeic-app/toeic/ent/attempt"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// Attempts runs units of work on attempts.
func (s *Store) Attempts() ports.UnitOfWork[ports.AttemptRepos] {
	return unit[ports.AttemptRepos]{store: s, bind: func(tx session) ports.AttemptRepos {
		return ports.AttemptRepos{
			Attempts: attempts{tx},
			Answers:  answers{tx.Client(), tx.dialect},
			Results:  results{tx.Client()},
		}
	}}
}

type attempts struct{ tx session }

func (r attempts) Add(ctx context.Context, a *attempt.Attempt) error {
	s := a.Snapshot()
	taken, err := json.Marshal(s.Taken)
	if err != nil {
		return fmt.Errorf("encode the outline: %w", err)
	}
	return translate(r.tx.Attempt.Create().SetID(s.ID).SetUserID(s.UserID).SetExamID(s.ExamID).SetRevisionID(s.RevisionID).
		SetMode(string(s.Mode)).SetStatus(string(s.Status)).SetTaken(taken).SetStartedAt(s.StartedAt).
		SetListeningSeconds(int(s.ListeningTime / time.Second)).SetReadingSeconds(int(s.ReadingTime / time.Second)).
		SetNillableAdvancedAt(s.AdvancedAt).SetNillableDeadlineAt(s.DeadlineAt).SetNillableClosedAt(s.ClosedAt).
		SetVersion(s.Version).Exec(ctx))
}

func (r attempts) ForAnswers(ctx context.Context, id uuid.UUID) (*attempt.Attempt, error) {
	return r.locked(ctx, id, (*ent.AttemptQuery).ForShare)
}

func (r attempts) ForChange(ctx context.Context, id uuid.UUID) (*attempt.Attempt, error) {
	return r.locked(ctx, id, (*ent.AttemptQuery).ForUpdate)
}

// locked reads a row under a lock. SQLite has no row locks and needs none: its transactions here begin by
// taking the one write lock of the file.
func (r attempts) locked(ctx context.Context, id uuid.UUID, lock func(*ent.AttemptQuery, ...sql.LockOption) *ent.AttemptQuery) (*attempt.Attempt, error) {
	q := r.tx.Attempt.Query().Where(entattempt.ID(id))
	if r.tx.dialect == migrations.Postgres {
		q = lock(q)
	}
	row, err := q.Only(ctx)
	if err != nil {
		return nil, orNotFound(err, attempt.ErrNotFound)
	}
	s, err := attemptFromRow(row)
	if err != nil {
		return nil, err
	}
	return attempt.Restore(s), nil
}

func (r attempts) Save(ctx context.Context, a *attempt.Attempt) error {
	s := a.Snapshot()
	n, err := r.tx.Attempt.Update().Where(entattempt.ID(s.ID), entattempt.Version(s.Version-1)).
		SetStatus(string(s.Status)).SetNillableAdvancedAt(s.AdvancedAt).SetNillableDeadlineAt(s.DeadlineAt).
		SetNillableClosedAt(s.ClosedAt).SetVersion(s.Version).Save(ctx)
	return one(n, err, ports.ErrStale)
}

func attemptFromRow(r *ent.Attempt) (attempt.Snapshot, error) {
	var taken exam.Outline
	if err := json.Unmarshal(r.Taken, &taken); err != nil {
		return attempt.Snapshot{}, fmt.Errorf("outline of attempt %s: %w", r.ID, err)
	}
	return attempt.Snapshot{
		ID: r.ID, UserID: r.UserID, ExamID: r.ExamID, RevisionID: r.RevisionID,
		Mode: attempt.Mode(r.Mode), Status: attempt.Status(r.Status), Taken: taken, StartedAt: r.StartedAt.UTC(),
		ListeningTime: time.Duration(r.ListeningSeconds) * time.Second, ReadingTime: time.Duration(r.ReadingSeconds) * time.Second,
		AdvancedAt: utc(r.AdvancedAt), DeadlineAt: utc(r.DeadlineAt), ClosedAt: utc(r.ClosedAt), Version: r.Version,
	}, nil
}

type answers struct {
	c       *ent.Client
	dialect migrations.Dialect
}

// Put writes one statement with a row for each answer: an item without an answer gets one, and one whose
// Seq is lower is replaced. Ent's own upsert cannot say the second, so the statement is built here. Rows are
// locked in item order, whatever the order of the batch: two writers would wait for each other otherwise.
func (r answers) Put(ctx context.Context, id uuid.UUID, batch []attempt.Answer) (int, error) {
	if len(batch) == 0 {
		return 0, nil
	}
	insert := sql.Dialect(entDialect(r.dialect)).Insert(answer.Table).Columns(
		answer.FieldAttemptID, answer.FieldNumber, answer.FieldChoice, answer.FieldSeq, answer.FieldElapsedMs, answer.FieldAnsweredAt)
	for _, a := range slices.SortedFunc(slices.Values(batch), func(x, y attempt.Answer) int { return x.Number - y.Number }) {
		insert.Values(id, a.Number, a.Choice.String(), a.Seq, a.Elapsed, a.At)
	}
	insert.OnConflict(
		sql.ConflictColumns(answer.FieldAttemptID, answer.FieldNumber),
		sql.ResolveWith(func(u *sql.UpdateSet) {
			for _, column := range []string{answer.FieldChoice, answer.FieldSeq, answer.FieldElapsedMs, answer.FieldAnsweredAt} {
				u.SetExcluded(column)
			}
		}),
		sql.UpdateWhere(sql.ExprP("answers.seq < excluded.seq")),
	)
	query, args := insert.Query()
	done, err := r.c.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, translate(err)
	}
	n, err := done.RowsAffected()
	return int(n), translate(err)
}

func (r answers) Answered(ctx context.Context, id uuid.UUID) (int, error) {
	n, err := r.c.Answer.Query().Where(answer.AttemptID(id), answer.ChoiceNEQ("")).Count(ctx)
	return n, translate(err)
}

func (r answers) Sheet(ctx context.Context, id uuid.UUID) (attempt.Sheet, error) {
	rows, err := r.c.Answer.Query().Where(answer.AttemptID(id)).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	sheet := make(attempt.Sheet, len(rows))
	for _, row := range rows {
		choice, ok := exam.ParseChoice(row.Choice)
		if !ok {
			return nil, fmt.Errorf("answer %d of attempt %s has choice %q", row.Number, id, row.Choice)
		}
		sheet[row.Number] = attempt.Answer{
			Number: row.Number, Choice: choice, Seq: row.Seq, Elapsed: row.ElapsedMs, At: row.AnsweredAt.UTC(),
		}
	}
	return sheet, nil
}

type results struct{ c *ent.Client }

func (r results) Add(ctx context.Context, id uuid.UUID, res score.Result, at time.Time) error {
	report, err := json.Marshal(res)
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	create := r.c.Result.Create().SetID(id).SetAttemptID(id).SetConversionVersion(res.Version).SetReport(report).SetCreatedAt(at)
	if res.Total != nil {
		create.SetTotal(res.Total.Score)
	}
	return translate(create.Exec(ctx))
}
