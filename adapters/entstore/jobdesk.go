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

// JobWork runs units of work of administrators on jobs.
func (s *Store) JobWork() ports.UnitOfWork[ports.JobRepos] {
	return unit[ports.JobRepos]{store: s, bind: func(tx session) ports.JobRepos {
		c := tx.Client()
		return ports.JobRepos{
			Jobs: jobDesk{c: c, dialect: tx.dialect, ordered: tx.ordered}, Schedules: scheduleDesk{c, tx.dialect}, Audit: auditLog{c, tx.dialect},
		}
	}}
}

// JobList reads jobs.
func (s *Store) JobList() ports.JobList { return jobDesk{c: s.client, dialect: s.dialect} }

type jobDesk struct {
	c       *ent.Client
	dialect migrations.Dialect
	ordered *bool // nil outside a unit of work
}

// shown are the columns that people see: all but the payload.
func shown(q *ent.JobQuery) *ent.JobQuery {
	q.Select(job.FieldID, job.FieldKind, job.FieldRunAt, job.FieldTries, job.FieldLeasedUntil, job.FieldDoneAt, job.FieldDeadAt,
		job.FieldLastError, job.FieldCreatedAt, job.FieldOnce)
	return q
}

func (r jobDesk) ByID(ctx context.Context, id uuid.UUID) (domainjob.Job, error) {
	row, err := shown(r.c.Job.Query().Where(job.ID(id))).Only(ctx)
	if err != nil {
		return domainjob.Job{}, orNotFound(err, domainjob.ErrNotFound)
	}
	return jobFromRow(row), nil
}

func (r jobDesk) List(ctx context.Context, which ports.JobFilter, now time.Time, page ports.Page) (ports.Slice[domainjob.Job], error) {
	q := r.c.Job.Query().Where(inState(which.State, now)...)
	if which.Kind != "" {
		q.Where(job.Kind(string(which.Kind)))
	}
	if page.After != uuid.Nil {
		q.Where(job.IDLT(page.After))
	}
	rows, err := shown(q.Order(job.ByID(sql.OrderDesc())).Limit(page.Limit + 1)).All(ctx)
	if err != nil {
		return ports.Slice[domainjob.Job]{}, translate(err)
	}
	from := func(row *ent.Job) (domainjob.Job, error) { return jobFromRow(row), nil }
	return slice(rows, page, from, func(j domainjob.Job) uuid.UUID { return j.ID })
}

// inState is job.State as a condition.
func inState(s domainjob.State, now time.Time) []predicate.Job {
	switch s {
	case domainjob.Queued:
		return []predicate.Job{open(), job.Or(job.LeasedUntilIsNil(), job.LeasedUntilLTE(now))}
	case domainjob.Running:
		return []predicate.Job{open(), job.LeasedUntilGT(now)}
	case domainjob.Done:
		return []predicate.Job{job.DoneAtNotNil()}
	case domainjob.Dead:
		return []predicate.Job{job.DoneAtIsNil(), job.DeadAtNotNil()}
	default:
		return nil
	}
}

func (r jobDesk) ForChange(ctx context.Context, id uuid.UUID) (domainjob.Job, error) {
	q := r.c.Job.Query().Where(job.ID(id))
	if r.dialect == migrations.Postgres { // SQLite has one writer at a time anyway
		q.ForUpdate()
	}
	row, err := q.Only(ctx)
	if err != nil {
		return domainjob.Job{}, orNotFound(err, domainjob.ErrNotFound)
	}
	j := jobFromRow(row)
	j.Payload = nil
	return j, nil
}

// Requeue begins a new round, so that a worker of before has no part in it.
func (r jobDesk) Requeue(ctx context.Context, j domainjob.Job) error {
	round := (j.Claim/triesPerRound + 1) * triesPerRound
	n, err := r.c.Job.Update().Where(job.ID(j.ID), job.DeadAtNotNil()).ClearDeadAt().ClearLeasedUntil().SetRunAt(j.RunAt).SetTries(round + j.Tries).Save(ctx)
	*r.ordered = true
	return one(n, err, domainjob.ErrNotFound)
}

func (r jobDesk) Remove(ctx context.Context, id uuid.UUID) error {
	n, err := r.c.Job.Delete().Where(job.ID(id)).Exec(ctx)
	return one(n, err, domainjob.ErrNotFound)
}
