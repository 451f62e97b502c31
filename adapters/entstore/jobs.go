package entstore

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	domainjob "github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/job"
	"github.com/toeic-app/toeic/ent/predicate"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// triesPerRound separates the two counts of the column tries: tries of the present order, and rounds, one for each time
// that the job was ordered again while it was being done. Together they tell a claim from all others, so that a worker
// that lost its lease long ago cannot take another's claim for its own.
const triesPerRound = 1000

// bell tells the workers of this process that there is something to do.
type bell chan struct{}

func newBell() bell { return make(bell, 1) }

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default: // it rings already
	}
}

// open selects jobs that are neither done nor given up.
func open() predicate.Job { return job.And(job.DoneAtIsNil(), job.DeadAtIsNil()) }

// held selects a job while it is that claim's.
func held(j domainjob.Job) predicate.Job { return job.And(job.ID(j.ID), job.Tries(j.Claim), open()) }

type jobs struct {
	c       *ent.Client
	dialect migrations.Dialect
	ordered *bool
}

func (s session) jobs() jobs { return jobs{s.Client(), s.dialect, s.ordered} }

func (r jobs) Add(ctx context.Context, j domainjob.Job) (bool, error) {
	if !j.RunAt.After(j.CreatedAt) {
		*r.ordered = true
	}
	if j.Once == "" {
		return true, translate(r.c.Job.Create().SetID(j.ID).SetKind(string(j.Kind)).SetPayload(append([]byte{}, j.Payload...)).SetRunAt(j.RunAt).
			SetTries(j.Tries).SetNillableDoneAt(j.DoneAt).SetNillableDeadAt(j.DeadAt).SetLastError(j.LastError).SetCreatedAt(j.CreatedAt).Exec(ctx))
	}
	query, args := sql.Dialect(entDialect(r.dialect)).Insert(job.Table).
		Columns(job.FieldID, job.FieldKind, job.FieldPayload, job.FieldRunAt, job.FieldTries, job.FieldLastError, job.FieldCreatedAt, job.FieldOnce).
		Values(j.ID, string(j.Kind), append([]byte{}, j.Payload...), j.RunAt, j.Tries, j.LastError, j.CreatedAt, j.Once).
		OnConflict(sql.ConflictColumns(job.FieldOnce), sql.ConflictWhere(sql.And(sql.IsNull(job.FieldDoneAt), sql.IsNull(job.FieldDeadAt))), sql.DoNothing()).
		Query()
	done, err := r.c.ExecContext(ctx, query, args...)
	if err != nil {
		return false, translate(err)
	}
	n, err := done.RowsAffected()
	if n == 1 || err != nil {
		return n == 1, translate(err)
	}
	return r.again(ctx, j)
}

// again holds on to the job that was ordered before, so that no worker begins it until this unit of work has ended, and
// moves its time.
func (r jobs) again(ctx context.Context, j domainjob.Job) (bool, error) {
	q := r.c.Job.Query().Where(job.Once(j.Once), open())
	if r.dialect == migrations.Postgres { // SQLite has one writer at a time anyway
		q.ForUpdate()
	}
	row, err := q.Only(ctx)
	if ent.IsNotFound(err) { // it was done between the two statements, before it could see what this unit of work stores
		return r.Add(ctx, j)
	}
	if err != nil {
		return false, translate(err)
	}
	at := j.RunAt
	switch begun := row.LeasedUntil != nil; {
	case !begun && !at.Before(row.RunAt):
		return false, nil
	case begun && !at.After(row.RunAt): // a later time than the one that it has is how its worker learns that it is to run once more
		at = row.RunAt.Add(time.Microsecond)
	}
	return false, translate(r.c.Job.Update().Where(job.ID(row.ID)).SetRunAt(at).Exec(ctx))
}

func (r jobs) Done(ctx context.Context, j domainjob.Job, at time.Time) error {
	n, err := end(ctx, r.c, j, func(u *ent.JobUpdate) { u.SetDoneAt(at).SetPayload([]byte{}).SetLastError("") })
	if err == nil && n == 0 {
		return domainjob.ErrLeaseLost
	}
	return err
}

// end stores how a claimed job ended; one that was ordered again meanwhile waits for its next run instead. It returns
// how many rows it changed: none when the lease was lost.
func end(ctx context.Context, c *ent.Client, j domainjob.Job, how func(*ent.JobUpdate)) (int, error) {
	u := c.Job.Update().Where(held(j), job.RunAt(j.RunAt)).ClearLeasedUntil()
	how(u)
	n, err := u.Save(ctx)
	if n > 0 || err != nil {
		return n, translate(err)
	}
	round := (j.Claim/triesPerRound + 1) * triesPerRound
	n, err = c.Job.Update().Where(held(j)).ClearLeasedUntil().SetTries(round).SetLastError("").Save(ctx)
	return n, translate(err)
}

type queue struct{ s *Store }

// Claim asks without a lock first: most of the time there is nothing to do, and a transaction would keep the one writer
// of SQLite from its work.
func (r queue) Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]domainjob.Job, error) {
	due := []predicate.Job{open(), job.RunAtLTE(now), job.Or(job.LeasedUntilIsNil(), job.LeasedUntilLTE(now))}
	if found, err := r.s.client.Job.Query().Where(due...).Exist(ctx); err != nil || !found {
		return nil, translate(err)
	}
	var out []domainjob.Job
	work := unit[*ent.Client]{store: r.s, bind: func(tx session) *ent.Client { return tx.Client() }}
	err := work.Do(ctx, func(ctx context.Context, c *ent.Client) error {
		out = nil
		q := c.Job.Query().Where(due...).Order(job.ByRunAt()).Limit(limit)
		if r.s.dialect == migrations.Postgres { // SQLite has one writer at a time anyway
			q.ForUpdate(sql.WithLockAction(sql.SkipLocked))
		}
		rows, err := q.All(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		ids, until := make([]uuid.UUID, len(rows)), now.Add(lease)
		for i, row := range rows {
			ids[i] = row.ID
			row.Tries++
			row.LeasedUntil = &until
			out = append(out, jobFromRow(row))
		}
		return c.Job.Update().Where(job.IDIn(ids...)).AddTries(1).SetLeasedUntil(until).Exec(ctx)
	})
	if len(out) > 0 {
		r.s.bell.ring() // there may be more, for a worker who sleeps
	}
	return out, err
}

func (r queue) Ordered() <-chan struct{} { return r.s.bell }

func (r queue) Extend(ctx context.Context, j domainjob.Job, until time.Time) error {
	n, err := r.s.client.Job.Update().Where(held(j)).SetLeasedUntil(until).Save(ctx)
	return one(n, err, domainjob.ErrLeaseLost)
}

func (r queue) Done(ctx context.Context, j domainjob.Job, at time.Time) error {
	_, err := end(ctx, r.s.client, j, func(u *ent.JobUpdate) { u.SetDoneAt(at).SetPayload([]byte{}).SetLastError("") })
	return err
}

func (r queue) Retry(ctx context.Context, j domainjob.Job, at time.Time, failure string) error {
	return translate(r.s.client.Job.Update().Where(held(j)).ClearLeasedUntil().SetRunAt(at).SetLastError(failure).Exec(ctx))
}

func (r queue) Bury(ctx context.Context, j domainjob.Job, at time.Time, failure string) error {
	_, err := end(ctx, r.s.client, j, func(u *ent.JobUpdate) { u.SetDeadAt(at).SetLastError(failure) })
	return err
}

func (r queue) Release(ctx context.Context, j domainjob.Job) error {
	return translate(r.s.client.Job.Update().Where(held(j)).ClearLeasedUntil().Exec(ctx))
}

func jobFromRow(r *ent.Job) domainjob.Job {
	j := domainjob.Job{
		ID: r.ID, Kind: domainjob.Kind(r.Kind), Payload: r.Payload, RunAt: r.RunAt.UTC(), Tries: r.Tries % triesPerRound, Claim: r.Tries,
		LeasedUntil: utc(r.LeasedUntil), CreatedAt: r.CreatedAt.UTC(), DoneAt: utc(r.DoneAt), DeadAt: utc(r.DeadAt), LastError: r.LastError,
	}
	if r.Once != nil {
		j.Once = *r.Once
	}
	return j
}

var (
	_ ports.Jobs     = jobs{}
	_ ports.JobQueue = queue{}
)
