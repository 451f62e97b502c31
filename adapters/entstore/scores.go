package entstore

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ent"
	entattempt "github.com/toeic-app/toeic/ent/attempt"
	"github.com/toeic-app/toeic/ent/examrevision"
	entresult "github.com/toeic-app/toeic/ent/result"
	"github.com/toeic-app/toeic/ports"
)

// ScoreReads reads results with what is around them.
func (s *Store) ScoreReads() ports.ScoreReads { return scoreReads{s.client} }

type scoreReads struct{ c *ent.Client }

// Record implements ports.ScoreReads.
func (r scoreReads) Record(ctx context.Context, id uuid.UUID) (ports.ScoreRecord, error) {
	row, err := r.c.Result.Query().Where(entresult.AttemptID(id)).Only(ctx)
	if err != nil {
		return ports.ScoreRecord{}, orNotFound(err, attempt.ErrNotSubmitted)
	}
	return recordFromRow(row)
}

func recordFromRow(row *ent.Result) (ports.ScoreRecord, error) {
	out := ports.ScoreRecord{At: row.CreatedAt.UTC(), Regraded: row.RegradeID != nil}
	if row.RevisionID != nil {
		out.Revision = *row.RevisionID
	}
	var err error
	out.Result, err = resultFromRow(row)
	return out, err
}

// Earlier implements ports.ScoreReads.
func (r scoreReads) Earlier(ctx context.Context, which ports.EarlierScores) ([]ports.EarlierScore, error) {
	rows, err := r.c.Attempt.Query().Where(
		entattempt.UserID(which.User), entattempt.Mode(string(which.Mode)), entattempt.ClosedAtLT(which.Before), entattempt.HasResult(),
		entattempt.HasRevisionWith(examrevision.Kind(string(which.Kind))),
	).Order(entattempt.ByClosedAt(sql.OrderDesc()), entattempt.ByID(sql.OrderDesc())).Limit(which.Limit).WithResult().All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]ports.EarlierScore, len(rows))
	for i, row := range rows {
		stored, err := row.Edges.ResultOrErr()
		if err != nil {
			return nil, fmt.Errorf("result of attempt %s: %w", row.ID, err)
		}
		out[i] = ports.EarlierScore{Attempt: row.ID, Exam: row.ExamID, ClosedAt: row.ClosedAt.UTC()}
		if out[i].Result, err = resultFromRow(stored); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func resultFromRow(row *ent.Result) (score.Result, error) {
	return decodeResult(row.AttemptID, row.Report)
}
