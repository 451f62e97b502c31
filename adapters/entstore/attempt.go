package entstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ent"
	entattempt "github.com/toeic-app/toeic/ent/attempt"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// Attempts runs units of work on attempts.
func (s *Store) Attempts() ports.UnitOfWork[ports.AttemptRepos] {
	return unit[ports.AttemptRepos]{store: s, bind: func(tx session) ports.AttemptRepos {
		return ports.AttemptRepos{
			Attempts: attempts{tx},
			Answers:  answers{tx.Client(), tx.dialect},
			Results:  results{tx.Client()},
			Jobs:     jobs{tx.Client(), tx.dialect},
			Audit:    auditLog{tx.Client(), tx.dialect},
		}
	}}
}

type attempts struct{ tx session }

func (r attempts) Add(ctx context.Context, a *attempt.Attempt) error {
	s := a.Snapshot()
	taken, err := json.Marshal(s.Taken)
	if err != nil {
		return fmt.Errorf("encode the outline: %w", err)
	}
	return translate(r.tx.Attempt.Create().SetID(s.ID).SetUserID(s.UserID).SetExamID(s.ExamID).SetRevisionID(s.RevisionID).
		SetMode(string(s.Mode)).SetStatus(string(s.Status)).SetTaken(taken).SetStartedAt(s.StartedAt).
		SetListeningSeconds(int(s.ListeningTime / time.Second)).SetReadingSeconds(int(s.ReadingTime / time.Second)).
		SetNillableAdvancedAt(s.AdvancedAt).SetNillableDeadlineAt(s.DeadlineAt).SetNillableClosedAt(s.ClosedAt).
		SetVersion(s.Version).Exec(ctx))
}

func (r attempts) ForAnswers(ctx context.Context, id uuid.UUID) (*attempt.Attempt, error) {
	return r.locked(ctx, id, (*ent.AttemptQuery).ForShare)
}

func (r attempts) ForChange(ctx context.Context, id uuid.UUID) (*attempt.Attempt, error) {
	return r.locked(ctx, id, (*ent.AttemptQuery).ForUpdate)
}

// locked reads a row under a lock. SQLite has no row locks and needs none: its transactions here begin by
// taking the one write lock of the file.
func (r attempts) locked(ctx context.Context, id uuid.UUID, lock func(*ent.AttemptQuery, ...sql.LockOption) *ent.AttemptQuery) (*attempt.Attempt, error) {
	q := r.tx.Attempt.Query().Where(entattempt.ID(id))
	if r.tx.dialect == migrations.Postgres {
		q = lock(q)
	}
	row, err := q.Only(ctx)
	if err != nil {
		return nil, orNotFound(err, attempt.ErrNotFound)
	}
	s, err := attemptFromRow(row)
	if err != nil {
		return nil, err
	}
	return attempt.Restore(s), nil
}

func (r attempts) Save(ctx context.Context, a *attempt.Attempt) error {
	s := a.Snapshot()
	n, err := r.tx.Attempt.Update().Where(entattempt.ID(s.ID), entattempt.Version(s.Version-1)).
		SetStatus(string(s.Status)).SetNillableAdvancedAt(s.AdvancedAt).SetNillableDeadlineAt(s.DeadlineAt).
		SetNillableClosedAt(s.ClosedAt).SetVersion(s.Version).Save(ctx)
	return one(n, err, ports.ErrStale)
}

func attemptFromRow(r *ent.Attempt) (attempt.Snapshot, error) {
	var taken exam.Outline
	if err := json.Unmarshal(r.Taken, &taken); err != nil {
		return attempt.Snapshot{}, fmt.Errorf("outline of attempt %s: %w", r.ID, err)
	}
	return attempt.Snapshot{
		ID: r.ID, UserID: r.UserID, ExamID: r.ExamID, RevisionID: r.RevisionID,
		Mode: attempt.Mode(r.Mode), Status: attempt.Status(r.Status), Taken: taken, StartedAt: r.StartedAt.UTC(),
		ListeningTime: time.Duration(r.ListeningSeconds) * time.Second, ReadingTime: time.Duration(r.ReadingSeconds) * time.Second,
		AdvancedAt: utc(r.AdvancedAt), DeadlineAt: utc(r.DeadlineAt), ClosedAt: utc(r.ClosedAt), Version: r.Version,
	}, nil
}
