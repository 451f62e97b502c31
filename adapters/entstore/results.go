package entstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ent"
	entresult "github.com/toeic-app/toeic/ent/result"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

type results struct {
	c       *ent.Client
	dialect migrations.Dialect
}

// addResult stores a result only while the exam has the current revision by which the keys were chosen. PostgreSQL holds
// the row of the exam until the end of the transaction: a correction waits for that, and then finds the result; a result
// that waits for a correction finds another revision.
const (
	addResultSQLite = `INSERT INTO results (id, attempt_id, conversion_version, revision_id, total, report, created_at)
		SELECT $1, $1, $2, $3, $4, $5, $6 FROM exams WHERE id = $7 AND current_revision_id = $8`
	addResultPostgres = `INSERT INTO results (id, attempt_id, conversion_version, revision_id, total, report, created_at)
		SELECT $1::uuid, $1::uuid, $2::varchar, $3::uuid, $4::bigint, $5::jsonb, $6::timestamptz FROM exams
		WHERE id = $7 AND current_revision_id = $8 FOR SHARE`
)

func (r results) Add(ctx context.Context, res ports.NewResult) error {
	report, err := json.Marshal(res.Result)
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	var total *int
	if t := res.Result.Total; t != nil {
		total = &t.Score
	}
	query := addResultSQLite
	if r.dialect == migrations.Postgres {
		query = addResultPostgres
	}
	done, err := r.c.ExecContext(ctx, query, res.Attempt, res.Result.Version, res.Keys, total, report, res.At, res.Exam, res.Current)
	if err != nil {
		return translate(err)
	}
	n, err := done.RowsAffected()
	return one(int(n), err, ports.ErrStale)
}

func (r attemptReads) Result(ctx context.Context, id uuid.UUID) (score.Result, error) {
	row, err := r.c.Result.Query().Where(entresult.AttemptID(id)).Only(ctx)
	if err != nil {
		return score.Result{}, orNotFound(err, attempt.ErrNotSubmitted)
	}
	return resultFromRow(row)
}
