package bootstrap

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/toeic-app/toeic/adapters/httpapi/jobapi"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/application/jobapp"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

// How often a process looks for work that it was not told of.
const (
	jobPeriod      = 500 * time.Millisecond // jobs that other processes ordered, or that wait for their time
	schedulePeriod = 500 * time.Millisecond // recurring work; attempts whose time is over
)

// expiryLease is how long attempts may stay open when the process that scores them dies.
const expiryLease = 3 * time.Second

// jobCases are the use cases of jobs and recurring work.
type jobCases struct {
	schedule  jobapp.Schedule
	list      jobapp.ListJobs
	get       jobapp.GetJob
	desk      jobapp.Desk
	schedules jobapp.Schedules
}

func wireJobDesk(c *core, key ports.AuditKey) jobCases {
	recurring := c.recurring()
	return jobCases{
		schedule:  jobapp.Schedule{Clock: c.clock, Store: c.store.Schedules(), Work: recurring},
		list:      jobapp.ListJobs{Clock: c.clock, Jobs: c.store.JobList()},
		get:       jobapp.GetJob{Clock: c.clock, Jobs: c.store.JobList()},
		desk:      jobapp.Desk{Clock: c.clock, Recorder: identityapp.Recorder{Clock: c.clock, Key: key}, Work: c.store.JobWork(), Known: recurring},
		schedules: jobapp.Schedules{Clock: c.clock, Store: c.store.Schedules(), Work: recurring},
	}
}

func (j jobCases) routes() jobapi.UseCases {
	return jobapi.UseCases{
		List: j.list.Execute, Get: j.get.Execute, Retry: j.desk.Retry, Remove: j.desk.Remove,
		Schedules: j.schedules.Execute, RunNow: j.desk.RunNow,
	}
}

// recurring is all work that recurs. Its names are in the database and in the API, so they stay.
func (c *core) recurring() []jobapp.Recurring {
	overdue := attemptapp.Overdue{Clock: c.clock, Reads: c.store.AttemptReads()}
	return []jobapp.Recurring{
		{
			// Once a minute to show that it works, and within schedulePeriod when there is something to do: a row that
			// changed twice a second for nothing would cost SQLite a sync each time, and PostgreSQL a dead row.
			Name: "expire_attempts", Rhythm: job.Every(time.Minute), Lease: expiryLease, Urgent: overdue.Execute, Run: c.expire,
		},
		{Name: "forget_replies", Rhythm: job.Every(10 * time.Minute), Lease: job.Lease, Run: func(ctx context.Context) error {
			return c.replies.Forget(ctx, c.clock.Now())
		}},
		{Name: "sweep", Rhythm: job.Every(10 * time.Minute), Lease: job.Lease, Run: c.sweep},
		{Name: "order_statistics", Rhythm: job.Every(10 * time.Minute), Lease: job.Lease, Run: c.orderStatistics},
	}
}

func (c *core) expire(ctx context.Context) error {
	n, err := c.attempts.expire.Execute(ctx)
	if n > 0 {
		c.log.Info("scored attempts whose time was over", zap.Int("attempts", n))
	}
	return err
}

// sweep removes what nobody can use any more.
func (c *core) sweep(ctx context.Context) error {
	n, err := c.store.Housekeeping().Sweep(ctx, c.clock.Now())
	if n > 0 {
		c.log.Info("removed what had ended long ago", zap.Int("rows", n))
	}
	return err
}

// startJobs starts the workers and the scheduler, until ctx ends.
func (a *App) startJobs(ctx context.Context, running *sync.WaitGroup) {
	for range a.config.JobWorkers {
		running.Go(func() { a.doJobs(ctx) })
	}
	running.Go(func() { a.keepSchedules(ctx) })
}

// doJobs does one job after another. It begins at once when this process orders one, and looks now and then for others.
func (a *App) doJobs(ctx context.Context) {
	for ctx.Err() == nil {
		worked, err := a.core.identity.jobs.Execute(ctx)
		if err != nil && ctx.Err() == nil {
			a.log.Error("doing jobs failed", zap.Error(err))
		}
		if worked && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-a.core.store.Queue().Ordered():
		case <-time.After(jobPeriod):
		}
	}
}

// keepSchedules does recurring work that is due, each in its own time: none waits for another.
func (a *App) keepSchedules(ctx context.Context) {
	var (
		mu      sync.Mutex
		busy    = map[string]bool{}
		turns   sync.WaitGroup
		planned bool
	)
	take := func(name string, whether bool) bool {
		mu.Lock()
		defer mu.Unlock()
		was := busy[name]
		busy[name] = whether
		return was
	}
	every(ctx, schedulePeriod, func(ctx context.Context) {
		if !planned {
			if err := a.core.jobs.schedule.Plan(ctx); err != nil {
				a.failed(ctx, "planning recurring work failed", err)
				return
			}
			planned = true
		}
		due, err := a.core.jobs.schedule.Due(ctx)
		a.failed(ctx, "looking for recurring work failed", err)
		for _, turn := range due {
			if take(turn.Name, true) {
				continue // it is under way here
			}
			turns.Go(func() {
				defer take(turn.Name, false)
				_, err := a.core.jobs.schedule.Run(ctx, turn)
				a.failed(ctx, "recurring work failed", err, zap.String("name", turn.Name))
			})
		}
	})
	turns.Wait()
}

// failed logs what went wrong in the background, unless that is because the process stops.
func (a *App) failed(ctx context.Context, what string, err error, fields ...zap.Field) {
	if err != nil && ctx.Err() == nil {
		a.log.Error(what, append(fields, zap.Error(err))...)
	}
}
