package entstore

import (
	"context"
	"time"

	domainjob "github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/predicate"
	"github.com/toeic-app/toeic/ent/schedule"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// Schedules keeps when recurring work is due.
func (s *Store) Schedules() ports.Schedules { return schedules{s.client, s.dialect} }

type schedules struct {
	c       *ent.Client
	dialect migrations.Dialect
}

func (r schedules) Plan(ctx context.Context, name string, first, latest time.Time) error {
	planned, err := insertNew(ctx, r.c, r.dialect, schedule.Table,
		[]string{schedule.FieldID, schedule.FieldNextAt, schedule.FieldLastError, schedule.FieldRuns}, []any{name, first, "", 0})
	if planned || err != nil {
		return err
	}
	return translate(r.c.Schedule.Update().Where(schedule.ID(name), schedule.NextAtGT(latest)).SetNextAt(latest).Exec(ctx))
}

func (r schedules) All(ctx context.Context) ([]domainjob.Schedule, error) {
	rows, err := r.c.Schedule.Query().Order(schedule.ByID()).All(ctx)
	out := make([]domainjob.Schedule, len(rows))
	for i, row := range rows {
		out[i] = scheduleFromRow(row)
	}
	return out, translate(err)
}

// Claim is one statement, whose condition decides between callers: on PostgreSQL the second waits for the first and then
// looks again, on SQLite there is one writer at a time.
func (r schedules) Claim(ctx context.Context, name string, now, until time.Time, urgent bool) (domainjob.Schedule, bool, error) {
	due := []predicate.Schedule{schedule.ID(name), schedule.Or(schedule.LeasedUntilIsNil(), schedule.LeasedUntilLTE(now))}
	if !urgent {
		due = append(due, schedule.NextAtLTE(now))
	}
	n, err := r.c.Schedule.Update().Where(due...).SetLeasedUntil(until).SetBeganAt(now).AddRuns(1).Save(ctx)
	if err != nil || n == 0 {
		return domainjob.Schedule{}, false, translate(err)
	}
	row, err := r.c.Schedule.Query().Where(schedule.ID(name), schedule.BeganAt(now), schedule.LeasedUntil(until)).Only(ctx)
	if err != nil { // not found: another run began already, because this one's lease ended
		return domainjob.Schedule{}, false, orNotFound(err, nil)
	}
	return scheduleFromRow(row), true, nil
}

// run selects a schedule while that run is its newest.
func run(s domainjob.Schedule) predicate.Schedule {
	return schedule.And(schedule.ID(s.Name), schedule.Runs(s.Runs))
}

func (r schedules) Extend(ctx context.Context, s domainjob.Schedule, until time.Time) error {
	n, err := r.c.Schedule.Update().Where(run(s), schedule.LeasedUntilNotNil()).SetLeasedUntil(until).Save(ctx)
	return one(n, err, domainjob.ErrLeaseLost)
}

func (r schedules) Finish(ctx context.Context, s domainjob.Schedule, at, next time.Time, failure string) error {
	update := func(which ...predicate.Schedule) *ent.ScheduleUpdate {
		u := r.c.Schedule.Update().Where(run(s)).Where(which...).ClearLeasedUntil().SetLastError(failure)
		if failure == "" {
			u.SetSucceededAt(at)
		}
		return u
	}
	n, err := update(schedule.NextAt(s.NextAt)).SetNextAt(next).Save(ctx)
	if err != nil || n > 0 {
		return translate(err)
	}
	return translate(update().Exec(ctx)) // it was brought forward meanwhile
}

func (r schedules) Release(ctx context.Context, s domainjob.Schedule) error {
	return translate(r.c.Schedule.Update().Where(run(s)).ClearLeasedUntil().Exec(ctx))
}

type scheduleDesk struct {
	c       *ent.Client
	dialect migrations.Dialect
}

func (r scheduleDesk) BringForward(ctx context.Context, name string, at time.Time) (domainjob.Schedule, error) {
	q := r.c.Schedule.Query().Where(schedule.ID(name))
	if r.dialect == migrations.Postgres { // SQLite has one writer at a time anyway
		q.ForUpdate()
	}
	row, err := q.Only(ctx)
	if err != nil {
		return domainjob.Schedule{}, orNotFound(err, domainjob.ErrNoSchedule)
	}
	n, err := r.c.Schedule.Update().Where(schedule.ID(name)).SetNextAt(at).Save(ctx)
	return scheduleFromRow(row), one(n, err, domainjob.ErrNoSchedule)
}

func scheduleFromRow(r *ent.Schedule) domainjob.Schedule {
	return domainjob.Schedule{
		Name: r.ID, NextAt: r.NextAt.UTC(), LeasedUntil: utc(r.LeasedUntil), BeganAt: utc(r.BeganAt), SucceededAt: utc(r.SucceededAt),
		LastError: r.LastError, Runs: r.Runs,
	}
}
