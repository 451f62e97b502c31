package bootstrap

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"
)

// How often the background work looks for something to do.
const (
	expiryPeriod       = 500 * time.Millisecond
	jobPeriod          = 500 * time.Millisecond
	syncPeriod         = 300 * time.Millisecond // see cache.Actors: what is remembered is believed for 900 ms
	housekeepingPeriod = 10 * time.Minute
)

// startBackground starts what the service does on its own account, until ctx ends.
func (a *App) startBackground(ctx context.Context) *sync.WaitGroup {
	var running sync.WaitGroup
	running.Go(func() { every(ctx, expiryPeriod, a.expire) })
	running.Go(func() { every(ctx, housekeepingPeriod, a.forgetReplies) })
	running.Go(func() { every(ctx, housekeepingPeriod, a.sweep) })
	running.Go(func() { every(ctx, jobPeriod, a.doJobs) })
	running.Go(func() { every(ctx, statisticsPeriod, a.enqueueStatistics) })
	running.Go(func() { every(ctx, syncPeriod, a.sync) })
	running.Go(func() { a.reloadKeys(ctx) })
	if a.core.redis != nil {
		running.Go(func() { a.core.redis.Listen(ctx, func() { a.sync(ctx) }) })
	}
	return &running
}

// every runs fn at once and then again whenever period has passed since its last run ended.
func every(ctx context.Context, period time.Duration, fn func(context.Context)) {
	for ctx.Err() == nil {
		fn(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(period):
		}
	}
}

func (a *App) expire(ctx context.Context) {
	n, err := a.core.attempts.expire.Execute(ctx)
	if n > 0 {
		a.log.Info("scored attempts whose time was over", zap.Int("attempts", n))
	}
	if err != nil && ctx.Err() == nil {
		a.log.Error("scoring overdue attempts failed", zap.Error(err))
	}
}

func (a *App) forgetReplies(ctx context.Context) {
	if err := a.core.replies.Forget(ctx, a.core.clock.Now()); err != nil && ctx.Err() == nil {
		a.log.Error("forgetting old replies failed", zap.Error(err))
	}
}

// sweep removes what nobody can use any more.
func (a *App) sweep(ctx context.Context) {
	n, err := a.core.store.Housekeeping().Sweep(ctx, a.core.clock.Now())
	if n > 0 {
		a.log.Info("removed what had ended long ago", zap.Int("rows", n))
	}
	if err != nil && ctx.Err() == nil {
		a.log.Error("removing what had ended failed", zap.Error(err))
	}
}

// doJobs does all jobs that are due.
func (a *App) doJobs(ctx context.Context) {
	for ctx.Err() == nil {
		worked, err := a.core.identity.jobs.Execute(ctx)
		if err != nil && ctx.Err() == nil {
			a.log.Error("doing jobs failed", zap.Error(err))
		}
		if err != nil || !worked {
			return
		}
	}
}

// sync reads what changed about who may do what.
func (a *App) sync(ctx context.Context) {
	if _, err := a.core.actors.Sync(ctx); err != nil && ctx.Err() == nil {
		a.log.Warn("reading changes of permissions failed; the database decides every request meanwhile", zap.Error(err))
	}
}

// reloadKeys reads the keys whenever they changed.
func (a *App) reloadKeys(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.core.reload:
			if err := a.core.identity.keys.Load(ctx); err != nil && ctx.Err() == nil {
				a.log.Error("reading the keys failed", zap.Error(err))
			}
		}
	}
}
