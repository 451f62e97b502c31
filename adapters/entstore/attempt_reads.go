package entstore

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/answer"
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
	counts, err := r.counts(ctx, []uuid.UUID{id})
	if err != nil {
		return ports.AttemptView{}, err
	}
	return viewFromRow(row, counts)
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
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	counts, err := r.counts(ctx, ids)
	if err != nil {
		return ports.Slice[ports.AttemptView]{}, err
	}
	from := func(row *ent.Attempt) (ports.AttemptView, error) { return viewFromRow(row, counts) }
	return slice(rows, page, from, func(v ports.AttemptView) uuid.UUID { return v.ID })
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

// counts returns how many items of each attempt have a choice.
func (r attemptReads) counts(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]int, error) {
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // reading a nil map gives 0, which is what no attempt has
	}
	var rows []struct {
		AttemptID uuid.UUID `json:"attempt_id"`
		Count     int       `json:"count"`
	}
	err := r.c.Answer.Query().Where(answer.AttemptIDIn(ids...), answer.ChoiceNEQ("")).
		GroupBy(answer.FieldAttemptID).Aggregate(ent.Count()).Scan(ctx, &rows)
	if err != nil {
		return nil, translate(err)
	}
	counts := make(map[uuid.UUID]int, len(rows))
	for _, row := range rows {
		counts[row.AttemptID] = row.Count
	}
	return counts, nil
}

// revisionNumber leaves the content of the revision in the database.
func revisionNumber(q *ent.ExamRevisionQuery) {
	q.Select(examrevision.FieldID, examrevision.FieldNumber)
}

func viewFromRow(row *ent.Attempt, counts map[uuid.UUID]int) (ports.AttemptView, error) {
	s, err := attemptFromRow(row)
	if err != nil {
		return ports.AttemptView{}, err
	}
	revision, err := row.Edges.RevisionOrErr()
	if err != nil {
		return ports.AttemptView{}, fmt.Errorf("revision of attempt %s: %w", row.ID, err)
	}
	return ports.AttemptView{Snapshot: s, Revision: revision.Number, Answered: counts[row.ID]}, nil
}
