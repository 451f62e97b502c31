package entstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ports"
)

// Corrections tells which keys are in force.
func (s *Store) Corrections() ports.Corrections { return corrections{s.client} }

// Closings reads what is needed to close an attempt.
func (s *Store) Closings() ports.Closings { return closings{s.db} }

type corrections struct{ c *ent.Client }

// newestOf selects the newest correction of the form that a revision belongs to.
func newestOf(revision string) string {
	return `SELECT n.id FROM exam_revisions n JOIN exam_revisions r ON n.exam_id = r.exam_id
		AND COALESCE(n.corrects_id, n.id) = COALESCE(r.corrects_id, r.id) WHERE r.id = ` + revision + ` ORDER BY n.number DESC LIMIT 1`
}

// Newest implements ports.Corrections.
func (r corrections) Newest(ctx context.Context, revision uuid.UUID) (uuid.UUID, error) {
	rows, err := r.c.QueryContext(ctx, newestOf("$1"), revision)
	if err != nil {
		return uuid.Nil, translate(err)
	}
	defer rows.Close()
	var id uuid.UUID
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return id, translate(err)
		}
		return id, exam.ErrNotFound
	}
	return id, translate(rows.Scan(&id))
}

type closings struct{ db *sql.DB }

var closingQuery = "SELECT " + heldColumns + `,
	(` + newestOf("attempts.revision_id") + `),
	(SELECT e.current_revision_id FROM exams e WHERE e.id = attempts.exam_id),
	(SELECT v.version FROM conversion_activations v WHERE v.exam_id = attempts.exam_id ORDER BY v.id DESC LIMIT 1),
	p.review, p.device, p.closes_at, p.updated_at, p.ruled
	FROM attempts LEFT JOIN (
		SELECT exam_id AS ruled_exam, review, device, closes_at, updated_at, version AS ruled FROM exam_policies
	) p ON p.ruled_exam = attempts.exam_id WHERE id = $1`

// Closing implements ports.Closings.
func (r closings) Closing(ctx context.Context, id uuid.UUID) (ports.Closing, error) {
	rows, err := r.db.QueryContext(ctx, closingQuery, id)
	if err != nil {
		return ports.Closing{}, translate(err)
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return ports.Closing{}, translate(err)
		}
		return ports.Closing{}, attempt.ErrNotFound
	}
	var (
		out            ports.Closing
		table, device  sql.NullString
		review         []byte
		closes, update *time.Time
		ruled          sql.NullInt64 // the version of the rules, where somebody set any
	)
	if out.Attempt, err = scanAttempt(rows, &out.Keys, &out.Current, &table, &review, &device, &closes, &update, &ruled); err != nil {
		return out, translate(err)
	}
	out.Table = table.String
	if !ruled.Valid {
		out.Policy = exam.DefaultPolicy(out.Attempt.ExamID)
		return out, nil
	}
	out.Policy, err = policyFromRow(&ent.ExamPolicy{
		ID: out.Attempt.ExamID, Review: review, Device: device.String, ClosesAt: closes, UpdatedAt: *update, Version: int(ruled.Int64),
	})
	return out, err
}
