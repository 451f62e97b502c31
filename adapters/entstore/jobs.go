package entstore

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	domainjob "github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/accountexport"
	"github.com/toeic-app/toeic/ent/accountflow"
	"github.com/toeic-app/toeic/ent/actorchange"
	"github.com/toeic-app/toeic/ent/job"
	"github.com/toeic-app/toeic/ent/loginfailure"
	"github.com/toeic-app/toeic/ent/loginguard"
	"github.com/toeic-app/toeic/ent/usersession"
	"github.com/toeic-app/toeic/migrations"
)

type jobs struct {
	c       *ent.Client
	dialect migrations.Dialect
}

func (r jobs) Add(ctx context.Context, j domainjob.Job) error {
	if j.Once == "" {
		return translate(r.c.Job.Create().SetID(j.ID).SetKind(string(j.Kind)).SetPayload(append([]byte{}, j.Payload...)).SetRunAt(j.RunAt).SetTries(j.Tries).
			SetNillableDoneAt(j.DoneAt).SetNillableDeadAt(j.DeadAt).SetLastError(j.LastError).SetCreatedAt(j.CreatedAt).Exec(ctx))
	}
	query, args := sql.Dialect(entDialect(r.dialect)).Insert(job.Table).
		Columns(job.FieldID, job.FieldKind, job.FieldPayload, job.FieldRunAt, job.FieldTries, job.FieldLastError, job.FieldCreatedAt, job.FieldOnce).
		Values(j.ID, string(j.Kind), append([]byte{}, j.Payload...), j.RunAt, j.Tries, j.LastError, j.CreatedAt, j.Once).
		OnConflict(sql.ConflictColumns(job.FieldOnce), sql.ConflictWhere(sql.And(sql.IsNull(job.FieldDoneAt), sql.IsNull(job.FieldDeadAt))), sql.DoNothing()).
		Query()
	_, err := r.c.ExecContext(ctx, query, args...)
	return translate(err)
}

type queue struct{ s *Store }

func (r queue) Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]domainjob.Job, error) {
	var out []domainjob.Job
	work := unit[*ent.Client]{store: r.s, bind: func(tx session) *ent.Client { return tx.Client() }}
	err := work.Do(ctx, func(ctx context.Context, c *ent.Client) error {
		out = nil
		q := c.Job.Query().Where(job.DoneAtIsNil(), job.DeadAtIsNil(), job.RunAtLTE(now), job.Or(job.LeasedUntilIsNil(), job.LeasedUntilLTE(now))).
			Order(job.ByRunAt()).Limit(limit)
		if r.s.dialect == migrations.Postgres { // SQLite has one writer at a time anyway
			q.ForUpdate(sql.WithLockAction(sql.SkipLocked))
		}
		rows, err := q.All(ctx)
		if err != nil {
			return err
		}
		ids := make([]uuid.UUID, len(rows))
		for i, row := range rows {
			ids[i] = row.ID
			row.Tries++
			out = append(out, jobFromRow(row))
		}
		return c.Job.Update().Where(job.IDIn(ids...)).AddTries(1).SetLeasedUntil(now.Add(lease)).Exec(ctx)
	})
	return out, err
}

func (r queue) mine(j domainjob.Job) *ent.JobUpdate {
	return r.s.client.Job.Update().Where(job.ID(j.ID), job.Tries(j.Tries), job.DoneAtIsNil(), job.DeadAtIsNil()).ClearLeasedUntil()
}

func (r queue) Done(ctx context.Context, j domainjob.Job, at time.Time) error {
	return translate(r.mine(j).SetDoneAt(at).SetPayload([]byte{}).SetLastError("").Exec(ctx))
}

func (r queue) Retry(ctx context.Context, j domainjob.Job, at time.Time, failure string) error {
	return translate(r.mine(j).SetRunAt(at).SetLastError(failure).Exec(ctx))
}

func (r queue) Bury(ctx context.Context, j domainjob.Job, at time.Time, failure string) error {
	return translate(r.mine(j).SetDeadAt(at).SetLastError(failure).Exec(ctx))
}

func jobFromRow(r *ent.Job) domainjob.Job {
	j := domainjob.Job{
		ID: r.ID, Kind: domainjob.Kind(r.Kind), Payload: r.Payload, RunAt: r.RunAt.UTC(), Tries: r.Tries,
		CreatedAt: r.CreatedAt.UTC(), DoneAt: utc(r.DoneAt), DeadAt: utc(r.DeadAt), LastError: r.LastError,
	}
	if r.Once != nil {
		j.Once = *r.Once
	}
	return j
}

// How long what has ended is kept, for people who look into what happened.
const (
	keepSessions = 30 * 24 * time.Hour
	keepFlows    = 24 * time.Hour
	keepJobs     = 7 * 24 * time.Hour
	keepFailures = 90 * 24 * time.Hour
	keepChanges  = time.Hour
	sweepSize    = 1000 // rows of a kind at a time, so that no lock is held for long
)

type housekeeping struct{ c *ent.Client }

func (r housekeeping) Sweep(ctx context.Context, now time.Time) (int, error) {
	total := 0
	for _, sweep := range []func(context.Context, time.Time) (int, error){
		r.sessions, r.flows, r.exports, r.jobs, r.guards, r.failures, r.changes,
	} {
		n, err := sweep(ctx, now)
		total += n
		if err != nil {
			return total, translate(err)
		}
	}
	return total, nil
}

func (r housekeeping) sessions(ctx context.Context, now time.Time) (int, error) {
	ids, err := r.c.UserSession.Query().Where(usersession.ExpiresAtLT(now.Add(-keepSessions))).Limit(sweepSize).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return r.c.UserSession.Delete().Where(usersession.IDIn(ids...)).Exec(ctx)
}

func (r housekeeping) flows(ctx context.Context, now time.Time) (int, error) {
	ids, err := r.c.AccountFlow.Query().Where(accountflow.ExpiresAtLT(now.Add(-keepFlows))).Limit(sweepSize).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return r.c.AccountFlow.Delete().Where(accountflow.IDIn(ids...)).Exec(ctx)
}

func (r housekeeping) exports(ctx context.Context, now time.Time) (int, error) {
	return r.c.AccountExport.Delete().Where(accountexport.ExpiresAtLT(now)).Exec(ctx)
}

func (r housekeeping) jobs(ctx context.Context, now time.Time) (int, error) {
	ids, err := r.c.Job.Query().Where(job.DoneAtLT(now.Add(-keepJobs))).Limit(sweepSize).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return r.c.Job.Delete().Where(job.IDIn(ids...)).Exec(ctx)
}

func (r housekeeping) guards(ctx context.Context, now time.Time) (int, error) {
	return r.c.LoginGuard.Delete().Where(loginguard.UpdatedAtLT(now.Add(-identity.GuardLifetime))).Exec(ctx)
}

func (r housekeeping) failures(ctx context.Context, now time.Time) (int, error) {
	ids, err := r.c.LoginFailure.Query().Where(loginfailure.AtLT(now.Add(-keepFailures))).Limit(sweepSize).IDs(ctx)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return r.c.LoginFailure.Delete().Where(loginfailure.IDIn(ids...)).Exec(ctx)
}

func (r housekeeping) changes(ctx context.Context, now time.Time) (int, error) {
	return r.c.ActorChange.Delete().Where(actorchange.AtLT(now.Add(-keepChanges))).Exec(ctx)
}
