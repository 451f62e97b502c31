package entstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ent"
	entresult "github.com/toeic-app/toeic/ent/result"
)

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

func (r attemptReads) Result(ctx context.Context, id uuid.UUID) (score.Result, error) {
	row, err := r.c.Result.Query().Where(entresult.AttemptID(id)).Only(ctx)
	if err != nil {
		return score.Result{}, orNotFound(err, attempt.ErrNotSubmitted)
	}
	var res score.Result
	if err := json.Unmarshal(row.Report, &res); err != nil {
		return score.Result{}, fmt.Errorf("result of attempt %s: %w", id, err)
	}
	return res, nil
}
