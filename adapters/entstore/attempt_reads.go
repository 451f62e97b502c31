package entstore

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/ent"
	entattempt "github.com/toeic-app/toeic/ent/attempt"
	"github.com/toeic-app/toeic/ent/examrevision"
	"github.com/toeic-app/toeic/ent/predicate"
	"github.com/toeic-app/toeic/ports"
)

// AttemptReads reads attempts without holding them.
func (s *Store) AttemptReads() ports.AttemptReads {
	return attemptReads{answers: answers{s.client}, c: s.client}
}

type attemptReads struct {
	answers
	c *ent.Client
}

func (r attemptReads) Snapshot(ctx context.Context, id uuid.UUID) (attempt.Snapshot, error) {
	row, err := r.c.Attempt.Get(ctx, id)
	if err != nil {
		return attempt.Snapshot{}, orNotFound(err, attempt.ErrNotFound)
	}
	return attemptFromRow(row)
}

func (r attemptReads) Attempt(ctx context.Context, id uuid.UUID) (ports.AttemptView, error) {
	row, err := r.c.Attempt.Query().Where(entattempt.ID(id)).WithRevision(revisionNumber).Only(ctx)
	if err != nil {
		return ports.AttemptView{}, orNotFound(err, attempt.ErrNotFound)
	}
	return viewFromRow(row)
}

func (r attemptReads) List(ctx context.Context, which ports.AttemptFilter, page ports.Page) (ports.Slice[ports.AttemptView], error) {
	where := attemptsWhere(which)
	if page.After != uuid.Nil {
		where = append(where, entattempt.IDLT(page.After))
	}
	rows, err := r.c.Attempt.Query().Where(where...).Order(entattempt.ByID(sql.OrderDesc())).Limit(page.Limit + 1).
		WithRevision(revisionNumber).All(ctx)
	if err != nil {
		return ports.Slice[ports.AttemptView]{}, translate(err)
	}
	return slice(rows, page, viewFromRow, func(v ports.AttemptView) uuid.UUID { return v.ID })
}

func attemptsWhere(which ports.AttemptFilter) []predicate.Attempt {
	var where []predicate.Attempt
	if which.User != uuid.Nil {
		where = append(where, entattempt.UserID(which.User))
	}
	if which.Exam != uuid.Nil {
		where = append(where, entattempt.ExamID(which.Exam))
	}
	if which.Mode != "" {
		where = append(where, entattempt.Mode(string(which.Mode)))
	}
	if which.Status != "" {
		where = append(where, entattempt.Status(string(which.Status)))
	}
	if !which.OverdueAt.IsZero() {
		where = append(where, entattempt.Status(string(attempt.InProgress)), entattempt.DeadlineAtLTE(which.OverdueAt.Add(-attempt.Grace)))
	}
	if which.Scored {
		where = append(where, entattempt.HasResult())
	}
	return where
}

// revisionNumber leaves the content of the revision in the database.
func revisionNumber(q *ent.ExamRevisionQuery) {
	q.Select(examrevision.FieldID, examrevision.FieldNumber)
}

func viewFromRow(row *ent.Attempt) (ports.AttemptView, error) {
	s, err := attemptFromRow(row)
	if err != nil {
		return ports.AttemptView{}, err
	}
	revision, err := row.Edges.RevisionOrErr()
	if err != nil {
		return ports.AttemptView{}, fmt.Errorf("revision of attempt %s: %w", row.ID, err)
	}
	return ports.AttemptView{Snapshot: s, Revision: revision.Number}, nil
}
