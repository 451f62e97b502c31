package bootstrap

import (
	"context"
	"encoding/hex"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/httpapi/cacheapi"
	"github.com/toeic-app/toeic/application/cacheapp"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

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

// openCaches makes the caches of this process, and watches them.
func (c *core) openCaches() error {
	ttls := caching.TTLsOf(caching.Decide(nil, c.config.cacheTTLs()))
	c.sampler = caching.NewSampler(caching.SamplerOptions{
		Limit: c.config.CacheMemory, Families: caching.Families(), TTLs: ttls, Counted: func(family int) (reads, hits uint64) {
			if c.engine == nil { // it is made below
				return 0, 0
			}
			return c.engine.Counted(family)
		},
		Answered: func(family int) uint64 {
			if c.engine == nil {
				return 0
			}
			return c.engine.Answered(family)
		},
	})
	o := cache.Options{Replica: c.replica, MaxBytes: c.config.CacheMemory, TTLs: ttls, Watcher: c.sampler, Log: func(message string, err error) {
		if err != nil {
			c.log.Warn(message, zap.Error(err))
			return
		}
		c.log.Info(message)
	}}
	if c.redis != nil {
		o.Redis = c.redis.Client()
	}
	var err error
	c.engine, err = cache.NewEngine(o)
	return err
}

// forget heeds a change of what the caches of this process hold: a clearing, unless this process does it itself, or else
// something that tags name. Other changes say nothing of what is cached.
func (c *core) forget(subject string) {
	scope, by, clearing := entstore.ClearingOf(subject)
	switch {
	case clearing && by != c.replica:
		c.engine.ClearHere(scope)
	case clearing:
	case subject == cache.CatalogueTag: // whoever published may not reach Redis, or know of it
		c.engine.ForgetTold(context.Background(), subject)
	case subject == cache.BoardsTag, strings.HasPrefix(subject, "user:"):
		c.engine.ForgetHere(subject)
	}
}

// Profile implements ports.CacheAdvisor.
func (c *core) Profile(context.Context) (caching.Profile, string, error) {
	return c.sampler.Profile(c.clock.Now()), c.replica, nil
}

func wireCaches(c *core, recorder ports.Recorder) cacheCases {
	engine := c.engine
	apply := &cacheapp.Apply{Settings: c.store.CacheSettings(), Environment: c.config.cacheTTLs(), To: engine.SetTTLs}
	apply.Defaults()
	runs := cache.Synced(c.store.CacheRunWork(), c.remembered.actors, c.callOthers)
	out := cacheCases{
		apply: apply, now: c.clock.Now,
		ttls: cacheapp.TTLs{
			Clock: c.clock, Apply: apply, Recorder: recorder, Work: cache.Synced(c.store.CacheSettingsWork(), c.remembered.actors, c.callOthers),
		},
		stats:  cacheapp.Stats{Figures: engine},
		health: cacheapp.Health{Figures: engine, Failed: func(err error) { c.log.Warn("Redis does not answer the caches", zap.Error(err)) }},
		clear: cacheapp.Clear{
			Replica: c.replica, Control: engine, Recorder: recorder, Work: runs,
			Failed: func(err error) { c.log.Warn("Redis is cleared as soon as it answers", zap.Error(err)) },
		},
		advise: cacheapp.Advise{Advisor: c},
		warm: &cacheapp.Warm{
			Clock: c.clock, IDs: c.ids, Replica: c.replica, Control: engine, Runs: c.store.CacheRuns(), Recorder: recorder, Work: runs,
			Sources: func() []cacheapp.Source { return c.warmers(c.store.Catalogue()) },
			Limits:  cacheapp.DefaultWarmLimits(), Failed: func(what string, err error) {
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

// meetTime is how long a new process waits until it hears the others, before it fills its caches.
const meetTime = time.Second

// warmCaches fills the caches of a new process, closes warm, and then fills them whenever somebody asks, until ctx ends.
func (a *App) warmCaches(ctx context.Context, warm chan<- struct{}) {
	var doing sync.WaitGroup
	defer doing.Wait()
	doing.Go(func() { a.core.caches.warm.Do(ctx) })
	if a.core.redis != nil {
		select {
		case <-ctx.Done():
		case <-a.core.engine.Met():
		case <-time.After(meetTime):
		}
	}
	a.sync(ctx) // what changed lately would empty them again
	for ctx.Err() == nil {
		err := a.core.caches.warm.AtStart(ctx)
		if err == nil {
			break
		}
		a.failed(ctx, "filling the caches of a new process failed", err)
		select {
		case <-ctx.Done():
		case <-time.After(retuneRetry):
		}
	}
	close(warm)
}
