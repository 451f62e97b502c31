package entstore

import (
	"context"
	"encoding/json"
	"fmt"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ent"
	entattempt "github.com/toeic-app/toeic/ent/attempt"
	"github.com/toeic-app/toeic/ent/formerresult"
	entregrade "github.com/toeic-app/toeic/ent/regrade"
	entresult "github.com/toeic-app/toeic/ent/result"
	"github.com/toeic-app/toeic/ports"
)

// RegradeReads reads the history of corrections.
func (s *Store) RegradeReads() ports.RegradeReads { return regradeReads{s.client} }

type regradeReads struct{ c *ent.Client }

// OfExam implements ports.RegradeReads.
func (r regradeReads) OfExam(ctx context.Context, examID uuid.UUID, page ports.Page) (ports.Slice[exam.Regrade], error) {
	q := r.c.Regrade.Query().Where(entregrade.ExamID(examID))
	if page.After != uuid.Nil {
		q.Where(entregrade.IDLT(page.After))
	}
	rows, err := q.Order(entregrade.ByID(sql.OrderDesc())).Limit(page.Limit + 1).All(ctx)
	if err != nil {
		return ports.Slice[exam.Regrade]{}, translate(err)
	}
	return slice(rows, page, regradeFromRow, func(g exam.Regrade) uuid.UUID { return g.ID })
}

// Regrade implements ports.RegradeReads.
func (r regradeReads) Regrade(ctx context.Context, id uuid.UUID) (exam.Regrade, error) {
	row, err := r.c.Regrade.Get(ctx, id)
	if err != nil {
		return exam.Regrade{}, orNotFound(err, exam.ErrRegradeNotFound)
	}
	return regradeFromRow(row)
}

func regradeFromRow(row *ent.Regrade) (exam.Regrade, error) {
	from, known := exam.ParseChoice(row.FromKey)
	to, too := exam.ParseChoice(row.ToKey)
	if !known || !too {
		return exam.Regrade{}, fmt.Errorf("regrade %s is from %q to %q", row.ID, row.FromKey, row.ToKey)
	}
	out := exam.Regrade{
		ID: row.ID, ExamID: row.ExamID, Question: row.QuestionID, Number: row.Number, From: from, To: to, FromRevision: row.FromRevisionID,
		ToRevision: row.ToRevisionID, Reason: row.Reason, Attempts: row.Attempts, Changed: row.Changed, At: row.At.UTC(),
	}
	if row.ByUserID != nil {
		out.By = *row.ByUserID
	}
	return out, nil
}

// Changes implements ports.RegradeReads. What a regrade put in force is in force still, or the next former result of the
// same attempt.
func (r regradeReads) Changes(ctx context.Context, id uuid.UUID, limit int) ([]ports.ScoreChange, error) {
	rows, err := r.c.FormerResult.Query().Where(formerresult.RegradeID(id)).Order(formerresult.ByAttemptID()).Limit(limit).
		WithAttempt(func(q *ent.AttemptQuery) { q.Select(entattempt.FieldID, entattempt.FieldUserID) }).All(ctx)
	if err != nil || len(rows) == 0 {
		return nil, translate(err)
	}
	later, err := r.later(ctx, rows)
	if err != nil {
		return nil, err
	}
	out := make([]ports.ScoreChange, len(rows))
	for i, row := range rows {
		owner, err := row.Edges.AttemptOrErr()
		if err != nil {
			return nil, fmt.Errorf("attempt %s of a former result: %w", row.AttemptID, err)
		}
		out[i] = ports.ScoreChange{Attempt: row.AttemptID, User: owner.UserID}
		if out[i].Before, err = decodeResult(row.AttemptID, row.Report); err != nil {
			return nil, err
		}
		if out[i].After, err = decodeResult(row.AttemptID, later[row.AttemptID]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// later returns the reports that came right after former ones, by attempt.
func (r regradeReads) later(ctx context.Context, rows []*ent.FormerResult) (map[uuid.UUID]json.RawMessage, error) {
	ids, from := make([]uuid.UUID, len(rows)), make(map[uuid.UUID]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i], from[row.AttemptID] = row.AttemptID, row.ID
	}
	out := make(map[uuid.UUID]json.RawMessage, len(rows))
	inForce, err := r.c.Result.Query().Where(entresult.AttemptIDIn(ids...)).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	for _, row := range inForce {
		out[row.AttemptID] = row.Report
	}
	others, err := r.c.FormerResult.Query().Where(formerresult.AttemptIDIn(ids...)).Order(formerresult.ByID(sql.OrderDesc())).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	passed := map[uuid.UUID]bool{}
	for _, row := range others { // the newest first; the last one before that of the regrade itself is the next one
		if passed[row.AttemptID] = passed[row.AttemptID] || row.ID == from[row.AttemptID]; !passed[row.AttemptID] {
			out[row.AttemptID] = row.Report
		}
	}
	return out, nil
}

// Former implements ports.RegradeReads.
func (r regradeReads) Former(ctx context.Context, id uuid.UUID) ([]ports.FormerScore, error) {
	rows, err := r.c.FormerResult.Query().Where(formerresult.AttemptID(id)).Order(formerresult.ByID(sql.OrderDesc())).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]ports.FormerScore, len(rows))
	for i, row := range rows {
		out[i] = ports.FormerScore{At: row.CreatedAt.UTC(), ReplacedAt: row.ReplacedAt.UTC()}
		if out[i].Result, err = decodeResult(id, row.Report); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func decodeResult(of uuid.UUID, report json.RawMessage) (score.Result, error) {
	var res score.Result
	if err := json.Unmarshal(report, &res); err != nil {
		return res, fmt.Errorf("result of attempt %s: %w", of, err)
	}
	return res, nil
}
