package entstore

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ent"
	entattempt "github.com/toeic-app/toeic/ent/attempt"
	"github.com/toeic-app/toeic/ports"
)

// Corrections tells which keys are in force.
func (s *Store) Corrections() ports.Corrections { return corrections{s.client} }

// Closings reads what is needed to close an attempt.
func (s *Store) Closings() ports.Closings { return closings{s.client} }

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

type closings struct{ c *ent.Client }

// closingColumns are what is read besides the attempt itself.
var closingColumns = []struct{ name, query string }{
	{"keys", "(" + newestOf("attempts.revision_id") + ")"},
	{"current", "(SELECT e.current_revision_id FROM exams e WHERE e.id = attempts.exam_id)"},
	{"activated", "(SELECT v.version FROM conversion_activations v WHERE v.exam_id = attempts.exam_id ORDER BY v.id DESC LIMIT 1)"},
}

// Closing implements ports.Closings.
func (r closings) Closing(ctx context.Context, id uuid.UUID) (ports.Closing, error) {
	q := r.c.Attempt.Query().Where(entattempt.ID(id))
	q.Modify(func(s *sql.Selector) {
		s.Select(s.Columns(entattempt.Columns...)...)
		for _, column := range closingColumns {
			s.AppendSelectExprAs(sql.Expr(column.query), column.name)
		}
	})
	row, err := q.Only(ctx)
	if err != nil {
		return ports.Closing{}, orNotFound(err, attempt.ErrNotFound)
	}
	var out ports.Closing
	if out.Attempt, err = attemptFromRow(row); err != nil {
		return out, err
	}
	for name, into := range map[string]*uuid.UUID{"keys": &out.Keys, "current": &out.Current} {
		value, err := row.Value(name)
		if err == nil {
			err = into.Scan(value)
		}
		if err != nil {
			return out, fmt.Errorf("%s of attempt %s: %w", name, id, err)
		}
	}
	version, err := row.Value("activated")
	if err != nil {
		return out, fmt.Errorf("activated table of attempt %s: %w", id, err)
	}
	switch v := version.(type) {
	case string:
		out.Table = v
	case []byte:
		out.Table = string(v)
	}
	return out, nil
}
