package bootstrap

import (
	"context"
	"encoding/hex"
	"os"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/adapters/httpapi/cacheapi"
	"github.com/toeic-app/toeic/application/cacheapp"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

// cacheEngine is what the caches of a process offer to their administration.
type cacheEngine interface {
	ports.CacheFigures
	ports.CacheControl
	ports.CacheAdvisor
	SetTTLs(caching.TTLs)
}

// cacheCases are the use cases of the administration of caches.
type cacheCases struct {
	apply  *cacheapp.Apply
	ttls   cacheapp.TTLs
	stats  cacheapp.Stats
	health cacheapp.Health
	clear  cacheapp.Clear
	warm   *cacheapp.Warm
	advise cacheapp.Advise
	now    func() time.Time
}

// replicaName names a process after its host, and after what tells it from others there.
func replicaName(id uuid.UUID) string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "unknown"
	}
	return host + "-" + hex.EncodeToString(id[12:])
}

// warmers lists what is worth having in advance, the most wanted first.
func (c *core) warmers() []cacheapp.Source {
	return []cacheapp.Source{}
}

func wireCaches(c *core, engine cacheEngine, recorder ports.Recorder) cacheCases {
	apply := &cacheapp.Apply{Settings: c.store.CacheSettings(), Environment: c.config.cacheTTLs(), To: engine.SetTTLs}
	apply.Defaults()
	runs := c.store.CacheRunWork()
	out := cacheCases{
		apply: apply, now: c.clock.Now,
		ttls: cacheapp.TTLs{
			Clock: c.clock, Apply: apply, Recorder: recorder, Work: cache.Synced(c.store.CacheSettingsWork(), c.actors, c.callOthers),
		},
		stats:  cacheapp.Stats{Figures: engine},
		health: cacheapp.Health{Figures: engine, Failed: func(err error) { c.log.Warn("Redis does not answer the caches", zap.Error(err)) }},
		clear:  cacheapp.Clear{Control: engine, Recorder: recorder, Work: runs},
		advise: cacheapp.Advise{Advisor: engine},
		warm: &cacheapp.Warm{
			Clock: c.clock, IDs: c.ids, Replica: c.replica, Sources: c.warmers(), Control: engine, Runs: c.store.CacheRuns(), Recorder: recorder, Work: runs,
			Limits: cacheapp.DefaultWarmLimits(), Failed: func(what string, err error) {
				c.log.Warn("filling the caches: cannot "+what, zap.Error(err))
			},
		},
	}
	if c.redis != nil {
		out.health.Far = c.redis
	}
	return out
}

func (uc cacheCases) routes() cacheapi.UseCases {
	return cacheapi.UseCases{
		Stats: uc.stats.Execute, Health: uc.health.Execute, Clear: uc.clear.Execute, Start: uc.warm.Start, Run: uc.warm.Get, Cancel: uc.warm.Cancel,
		TTLs: uc.ttls.List, SetTTL: uc.ttls.Set, Reset: uc.ttls.Reset, Advise: uc.advise.Execute, Now: uc.now,
	}
}

const (
	// retuneLatest is how long a process may go by old settings if it misses that they changed.
	retuneLatest = time.Minute
	// retuneRetry is how soon it tries again to read them after it could not.
	retuneRetry = time.Second
)

// retuneCaches makes the caches heed settings that changed, until ctx ends.
func (a *App) retuneCaches(ctx context.Context) {
	for ctx.Err() == nil {
		wait := retuneLatest
		if err := a.core.caches.apply.Execute(ctx); err != nil {
			a.failed(ctx, "reading how long caches keep things failed", err)
			wait = retuneRetry
		}
		select {
		case <-ctx.Done():
		case <-a.core.retune:
		case <-time.After(wait):
		}
	}
}

// warmCaches fills the caches of a new process, and then whenever somebody asks, until ctx ends.
func (a *App) warmCaches(ctx context.Context) {
	a.failed(ctx, "filling the caches of a new process failed", a.core.caches.warm.AtStart(ctx))
	a.core.caches.warm.Do(ctx)
}
