package entstore

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/answer"
	"github.com/toeic-app/toeic/migrations"
)

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
