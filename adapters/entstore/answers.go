package entstore

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/answer"
	"github.com/toeic-app/toeic/ent/answerchange"
	"github.com/toeic-app/toeic/ports"
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

// AnswerLog reads the log of answers.
func (s *Store) AnswerLog() ports.AnswerLog { return answerLog{s.client.AnswerChange} }

type answerLog struct{ c *ent.AnswerChangeClient }

func (r answerLog) Changes(ctx context.Context, id uuid.UUID) ([]ports.LoggedChange, error) {
	rows, err := r.c.Query().Where(answerchange.AttemptID(id)).Order(answerchange.ByID()).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]ports.LoggedChange, len(rows))
	for i, row := range rows {
		choice, known := exam.ParseChoice(row.Choice)
		replaced, before := exam.ParseChoice(row.Replaced)
		if !known || !before {
			return nil, fmt.Errorf("change %d of attempt %s is from %q to %q", row.ID, id, row.Replaced, row.Choice)
		}
		out[i].Change = attempt.Change{Replaced: replaced, Outcome: attempt.Outcome(row.Outcome), Answer: attempt.Answer{
			Number: row.Number, Choice: choice, Seq: row.Seq, Elapsed: row.ElapsedMs, MadeAt: utc(row.ClientAt), At: row.ServerAt.UTC(),
		}}
		if row.SessionID != nil {
			out[i].Session = *row.SessionID
		}
	}
	return out, nil
}
