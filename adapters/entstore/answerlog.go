package entstore

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/answerchange"
	"github.com/toeic-app/toeic/ports"
)

// AnswerLog reads the log of answers.
func (s *Store) AnswerLog() ports.AnswerLog { return answerLog{s.client} }

type answerLog struct{ c *ent.Client }

func (r answerLog) Changes(ctx context.Context, id uuid.UUID) ([]attempt.Change, error) {
	rows, err := r.c.AnswerChange.Query().Where(answerchange.AttemptID(id)).Order(answerchange.ByID()).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]attempt.Change, len(rows))
	for i, row := range rows {
		choice, ok := exam.ParseChoice(row.Choice)
		replaced, known := exam.ParseChoice(row.Replaced)
		if !ok || !known {
			return nil, fmt.Errorf("change %d replaces %q by %q", row.ID, row.Replaced, row.Choice)
		}
		out[i] = attempt.Change{
			Answer: attempt.Answer{
				Number: row.Number, Choice: choice, Seq: row.Seq, Elapsed: row.ElapsedMs, MadeAt: utc(row.ClientAt), At: row.ServerAt.UTC(),
			},
			Replaced: replaced, Outcome: attempt.Outcome(row.Outcome),
		}
	}
	return out, nil
}
