package entstore

import (
	"context"
	"database/sql"

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
	(SELECT v.version FROM conversion_activations v WHERE v.exam_id = attempts.exam_id ORDER BY v.id DESC LIMIT 1)
	FROM attempts WHERE id = $1`

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
		out   ports.Closing
		table sql.NullString
	)
	out.Attempt, err = scanAttempt(rows, &out.Keys, &out.Current, &table)
	out.Table = table.String
	return out, translate(err)
}
