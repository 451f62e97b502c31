package entstore

import (
	"context"
	"time"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/accountexport"
	"github.com/toeic-app/toeic/ent/accountflow"
	"github.com/toeic-app/toeic/ent/actorchange"
	"github.com/toeic-app/toeic/ent/cacherun"
	"github.com/toeic-app/toeic/ent/job"
	"github.com/toeic-app/toeic/ent/loginfailure"
	"github.com/toeic-app/toeic/ent/loginguard"
	"github.com/toeic-app/toeic/ent/usersession"
)

// How long what has ended is kept, for people who look into what happened.
const (
	keepSessions = 30 * 24 * time.Hour
	keepFlows    = 24 * time.Hour
	keepJobs     = 7 * 24 * time.Hour
	keepDead     = 90 * 24 * time.Hour
	keepFailures = 90 * 24 * time.Hour
	keepChanges  = time.Hour
	keepRuns     = 7 * 24 * time.Hour
	sweepSize    = 1000 // rows of a kind at a time, so that no lock is held for long
)

type housekeeping struct{ c *ent.Client }

func (r housekeeping) Sweep(ctx context.Context, now time.Time) (int, error) {
	total := 0
	for _, sweep := range []func(context.Context, time.Time) (int, error){
		r.sessions, r.flows, r.exports, r.jobs, r.guards, r.failures, r.changes, r.runs,
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
	ids, err := r.c.Job.Query().Where(job.Or(job.DoneAtLT(now.Add(-keepJobs)), job.DeadAtLT(now.Add(-keepDead)))).Limit(sweepSize).IDs(ctx)
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

func (r housekeeping) runs(ctx context.Context, now time.Time) (int, error) {
	return r.c.CacheRun.Delete().Where(cacherun.StartedAtLT(now.Add(-keepRuns))).Exec(ctx)
}
