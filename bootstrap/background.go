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
	housekeepingPeriod = 10 * time.Minute
)

// startBackground starts what the service does on its own account, until ctx ends.
func (a *App) startBackground(ctx context.Context) *sync.WaitGroup {
	var running sync.WaitGroup
	running.Go(func() { every(ctx, expiryPeriod, a.expire) })
	running.Go(func() { every(ctx, housekeepingPeriod, a.forgetReplies) })
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
