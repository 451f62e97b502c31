package entstore

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/answer"
)

// answers reads the answers of one attempt.
type answers struct{ c *ent.Client }

func (r answers) Sheet(ctx context.Context, id uuid.UUID) (attempt.Sheet, error) {
	rows, err := r.c.Answer.Query().Where(answer.AttemptID(id)).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	sheet := make(attempt.Sheet, len(rows))
	for _, row := range rows {
		if sheet[row.Number], err = answerFromRow(row); err != nil {
			return nil, err
		}
	}
	return sheet, nil
}

// AnswersSince reads a sheet that has 200 rows at most, so that it needs no index of its own.
func (r answers) AnswersSince(ctx context.Context, id uuid.UUID, position int64) ([]attempt.Answer, error) {
	rows, err := r.c.Answer.Query().Where(answer.AttemptID(id), answer.PositionGT(position)).Order(answer.ByPosition(), answer.ByNumber()).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]attempt.Answer, len(rows))
	for i, row := range rows {
		if out[i], err = answerFromRow(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func answerFromRow(row *ent.Answer) (attempt.Answer, error) {
	choice, ok := exam.ParseChoice(row.Choice)
	if !ok {
		return attempt.Answer{}, fmt.Errorf("answer %d of attempt %s has choice %q", row.Number, row.AttemptID, row.Choice)
	}
	return attempt.Answer{
		Number: row.Number, Choice: choice, Seq: row.Seq, Elapsed: row.ElapsedMs, At: row.AnsweredAt.UTC(), Position: row.Position,
	}, nil
}
