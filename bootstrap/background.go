package bootstrap

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"
)

// syncPeriod is how often a process reads what changed about who may do what.
const syncPeriod = 300 * time.Millisecond // see cache.Actors: what is remembered is believed for 900 ms

// startBackground starts what the service does on its own account, until ctx ends.
func (a *App) startBackground(ctx context.Context, warm chan<- struct{}) *sync.WaitGroup {
	var running sync.WaitGroup
	a.startJobs(ctx, &running)
	running.Go(func() { every(ctx, syncPeriod, a.sync) })
	running.Go(func() { a.reloadKeys(ctx) })
	running.Go(func() { a.fillPractice(ctx) })
	running.Go(func() { a.core.engine.Run(ctx) })
	running.Go(func() { a.retuneCaches(ctx) })
	running.Go(func() { a.warmCaches(ctx, warm) })
	a.followSettings(ctx, &running)
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

// sync reads what changed about who may do what.
func (a *App) sync(ctx context.Context) {
	if _, err := a.core.remembered.actors.Sync(ctx); err != nil && ctx.Err() == nil {
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
