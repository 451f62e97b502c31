package entstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ent"
	entattempt "github.com/toeic-app/toeic/ent/attempt"
	"github.com/toeic-app/toeic/ent/attemptpause"
	"github.com/toeic-app/toeic/ent/predicate"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// Attempts runs units of work on attempts.
func (s *Store) Attempts() ports.UnitOfWork[ports.AttemptRepos] {
	return unit[ports.AttemptRepos]{store: s, bind: func(tx session) ports.AttemptRepos {
		return ports.AttemptRepos{
			Attempts: attempts{tx},
			Answers:  answers{tx.Client()},
			Results:  results{tx.Client(), tx.dialect},
			Jobs:     tx.jobs(),
			Audit:    auditLog{tx.Client(), tx.dialect},

			Accommodations: accommodations{tx},
			Sessions:       liveSessions{tx.UserSession},
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
	g := s.Granted
	return translate(r.tx.Attempt.Create().SetID(s.ID).SetUserID(s.UserID).SetExamID(s.ExamID).SetRevisionID(s.RevisionID).
		SetMode(string(s.Mode)).SetStatus(string(s.Status)).SetTaken(taken).SetStartedAt(s.StartedAt).
		SetListeningSeconds(int(s.ListeningTime / time.Second)).SetReadingSeconds(int(s.ReadingTime / time.Second)).
		SetNillableAdvancedAt(s.AdvancedAt).SetNillableDeadlineAt(s.DeadlineAt).SetNillableClosedAt(s.ClosedAt).
		SetTimePercent(usual + g.MoreTime).SetExtraSeconds(int(g.Extra / time.Second)).SetPausePercent(usual + g.MorePause).
		SetListeningOmitted(g.ListeningOmitted).SetLimitSeconds(int(s.Limit / time.Second)).SetNillableSessionID(s.Holder).
		SetVersion(s.Version).Exec(ctx))
}

func (r attempts) ForChange(ctx context.Context, id uuid.UUID) (*attempt.Attempt, error) {
	q := r.tx.Attempt.Query().Where(entattempt.ID(id))
	if r.tx.dialect == migrations.Postgres { // SQLite transactions begin by taking the one write lock of the file
		q = q.ForUpdate()
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

func (r attempts) OpenOf(ctx context.Context, user uuid.UUID) ([]*attempt.Attempt, error) {
	q := r.tx.Attempt.Query().Where(entattempt.UserID(user), entattempt.Status(string(attempt.InProgress))).Order(entattempt.ByID())
	if r.tx.dialect == migrations.Postgres {
		q = q.ForUpdate()
	}
	rows, err := q.All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	open := make([]*attempt.Attempt, len(rows))
	for i, row := range rows {
		s, err := attemptFromRow(row)
		if err != nil {
			return nil, err
		}
		open[i] = attempt.Restore(s)
	}
	return open, nil
}

func (r attempts) Save(ctx context.Context, a *attempt.Attempt) error {
	s, g := a.Snapshot(), a.Snapshot().Granted
	taken, err := json.Marshal(s.Taken)
	if err != nil {
		return fmt.Errorf("encode the outline: %w", err)
	}
	up := r.tx.Attempt.Update().Where(entattempt.ID(s.ID), entattempt.Version(s.Version-1)).
		SetStatus(string(s.Status)).SetTaken(taken).SetNillableDeadlineAt(s.DeadlineAt).SetNillableClosedAt(s.ClosedAt).
		SetTimePercent(usual + g.MoreTime).SetExtraSeconds(int(g.Extra / time.Second)).SetPausePercent(usual + g.MorePause).
		SetListeningOmitted(g.ListeningOmitted).SetPausedMs(s.Paused.Milliseconds()).SetPauses(s.Pauses).SetVersion(s.Version)
	m := up.Mutation()
	orClear(s.AdvancedAt, m.SetAdvancedAt, m.ClearAdvancedAt)
	orClear(s.PausedAt, m.SetPausedAt, m.ClearPausedAt)
	orClear(s.Holder, m.SetSessionID, m.ClearSessionID)
	orClear(s.FormerHolder, m.SetFormerSessionID, m.ClearFormerSessionID)
	n, err := up.Save(ctx)
	if err := one(n, err, ports.ErrStale); err != nil {
		return err
	}
	return r.logPause(ctx, s.ID, s.PausedAt, a.PauseEnded())
}

// logPause writes the end of the pause that the log has as the last, and the beginning of one that it lacks.
func (r attempts) logPause(ctx context.Context, id uuid.UUID, began, ended *time.Time) error {
	lasting := []predicate.AttemptPause{attemptpause.AttemptID(id), attemptpause.ResumedAtIsNil()}
	if ended != nil {
		if err := r.tx.AttemptPause.Update().Where(lasting...).SetResumedAt(*ended).Exec(ctx); err != nil {
			return translate(err)
		}
	}
	if began == nil {
		return nil
	}
	logged, err := r.tx.AttemptPause.Query().Where(lasting...).Exist(ctx)
	if err != nil || logged {
		return translate(err)
	}
	pause, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("make an identifier: %w", err)
	}
	return translate(r.tx.AttemptPause.Create().SetID(pause).SetAttemptID(id).SetPausedAt(*began).Exec(ctx))
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
		Limit: time.Duration(r.LimitSeconds) * time.Second, Granted: accommodationOf(r.TimePercent, r.ExtraSeconds, r.PausePercent, r.ListeningOmitted),
		AdvancedAt: utc(r.AdvancedAt), DeadlineAt: utc(r.DeadlineAt), PausedAt: utc(r.PausedAt),
		Paused: time.Duration(r.PausedMs) * time.Millisecond, Pauses: r.Pauses, Holder: r.SessionID, FormerHolder: r.FormerSessionID,
		Answered: r.Answered, Position: r.Position, ClosedAt: utc(r.ClosedAt), Version: r.Version,
	}, nil
}
