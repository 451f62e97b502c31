package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/zap"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/adapters/mail"
	"github.com/toeic-app/toeic/adapters/pack"
	"github.com/toeic-app/toeic/adapters/password"
	"github.com/toeic-app/toeic/adapters/ratelimit"
	"github.com/toeic-app/toeic/adapters/seal"
	"github.com/toeic-app/toeic/adapters/system"
	"github.com/toeic-app/toeic/adapters/token"
	"github.com/toeic-app/toeic/application/examapp"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/content"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

// limitedKeys bounds how many accounts and addresses are counted at once; about 200 bytes each.
const limitedKeys = 100_000

// callTime bounds the call to other processes.
const callTime = time.Second

// core is everything below the HTTP face, shared by the server and the other commands.
type core struct {
	config      Config
	log         *zap.Logger
	clock       ports.Clock
	ids         ports.IDs
	store       *entstore.Store
	remembered  remembered
	reload      chan struct{}    // the keys changed
	retune      chan struct{}    // how long caches keep things changed
	limits      ports.Limits     // in this process
	shared      ports.Limits     // across all processes
	redisLimits *ratelimit.Redis // nil without Redis
	mail        *mail.SMTP       // nil without SMTP_URL
	outbox      *mail.Outbox     // nil outside development, and with SMTP_URL
	redis       *cache.Redis     // nil without Redis
	replica     string           // names this process
	engine      *cache.Engine
	sampler     *caching.Sampler // watches the engine
	caches      cacheCases
	replies     ports.Replies
	api         *web.API // nil until the routes are registered
	identity    identityCases
	exams       examCases
	attempts    attemptCases
	scoring     scoringCases
	regrade     regradeCases
	jobs        jobCases
	itemstat    itemstatCases
	policies    examapp.Policy
}

// openCore opens the stores and wires the use cases. It does not touch the schema.
func openCore(ctx context.Context, c Config, log *zap.Logger) (*core, error) {
	if err := c.makeDataDir(); err != nil {
		return nil, err
	}
	secrets, err := c.rootSecrets()
	if err != nil {
		return nil, err
	}
	out := &core{config: c, log: log, clock: system.Clock{}, ids: system.IDs{}, reload: make(chan struct{}, 1), retune: make(chan struct{}, 1)}
	if out.store, err = openStore(ctx, c, log); err != nil {
		return nil, err
	}
	out.replica = replicaName(out.ids.New())
	if err := out.wire(secrets); err != nil {
		return nil, errors.Join(err, out.close())
	}
	return out, nil
}

func openStore(ctx context.Context, c Config, log *zap.Logger) (*entstore.Store, error) {
	return entstore.Open(ctx, entstore.Config{
		URL: c.database(), Application: "toeic " + version(),
		Pool: entstore.Pool{
			MaxOpen: c.DBMaxConnections, MinIdle: c.DBMinConnections,
			MaxIdleTime: c.DBMaxIdleTime, MaxLifetime: c.DBMaxLifetime, Answers: c.AnswerWriters,
		},
		Lost: func(reason error) {
			if reason != nil {
				log.Error("the database does not answer; who needs it is refused until it does", zap.Error(reason))
				return
			}
			log.Info("the database answers again")
		},
	})
}

// wire makes the adapters and hands them to the use cases.
func (c *core) wire(secrets [][]byte) error {
	box, err := seal.NewBox(secrets...)
	if err != nil {
		return err
	}
	c.replies = seal.Replies(box, c.store.Replies())
	if err := c.connectRedis(); err != nil {
		return err
	}
	if err := errors.Join(c.openCaches(), c.remember()); err != nil {
		return err
	}
	tools, err := c.tools(box)
	if err != nil {
		return err
	}
	c.identity = wireIdentity(c, tools)
	c.exams = wireExams(c, pack.New())
	c.attempts = wireAttempts(c)
	recorder := identityapp.Recorder{Clock: c.clock, Key: tools.auditKey}
	c.itemstat, c.policies, c.regrade = wireStatistics(c, recorder), wirePolicies(c, recorder), wireRegrade(c, recorder)
	c.caches = wireCaches(c, recorder)
	c.jobs = wireJobDesk(c, tools.auditKey)
	c.scoring, err = wireScoring(c, recorder)
	return err
}

// connectRedis prepares what Redis shares between processes. Without it each process counts for itself.
func (c *core) connectRedis() error {
	own := ratelimit.NewMemory(c.clock, limitedKeys)
	c.limits, c.shared = own, own
	if !c.config.hasRedis() {
		return nil
	}
	cache.LogTo(func(text string) { c.log.Debug("redis", zap.String("text", text)) })
	if err := c.openRedis(); err != nil {
		return err
	}
	c.shared = ratelimit.NewShared(c.redisLimits, ratelimit.NewMemory(c.clock, limitedKeys), ratelimit.DefaultPatience(), func(reason error) {
		if reason != nil {
			c.log.Warn("limits are counted in this process alone", zap.Error(reason))
			return
		}
		c.log.Info("limits are counted across all processes again")
	})
	return nil
}

// openRedis prepares connections, for the caches and for the limits, whose bounds differ.
func (c *core) openRedis() error {
	client, err := cache.Connect(cache.Where{
		URL: string(c.config.RedisURL), Addresses: c.config.RedisAddrs, Master: c.config.RedisMaster,
		Username: c.config.RedisUsername, Password: string(c.config.RedisPassword),
		SentinelPassword: string(c.config.RedisSentinelPassword),
	})
	if err != nil {
		return err
	}
	c.redis = cache.NewRedis(client)
	if c.config.RedisURL != "" {
		c.redisLimits, err = ratelimit.NewRedis(string(c.config.RedisURL))
		return err
	}
	c.redisLimits = ratelimit.NewRedisOf(redis.UniversalOptions{
		Addrs: c.config.RedisAddrs, MasterName: c.config.RedisMaster, Username: c.config.RedisUsername, Password: string(c.config.RedisPassword),
		SentinelPassword: string(c.config.RedisSentinelPassword),
	})
	return nil
}

// heed acts on a change that is told to all processes, beyond forgetting what is remembered of who may do what.
func (c *core) heed(subject string) {
	switch subject {
	case "keys":
		wake(c.reload)
	case "cache-settings":
		wake(c.retune)
	default:
		c.forget(subject)
	}
}

// wake wakes whoever waits; when somebody is about to look already, that is enough.
func wake(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// callOthers tells the other processes that something changed, without waiting for it.
func (c *core) callOthers() {
	if c.redis == nil {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), callTime)
		defer cancel()
		if err := c.redis.Call(ctx); err != nil {
			c.log.Warn("calling the other processes failed; they will notice by themselves", zap.Error(err))
		}
	}()
}

// tools makes what the use cases of accounts need.
func (c *core) tools(box *seal.Box) (identityTools, error) {
	t := identityTools{
		work: cache.Synced(c.store.Identity(), c.remembered.actors, c.callOthers), users: c.store.Users(), auditKey: &token.AuditKey{}, codes: &token.Codes{},
		sealer: box, limits: c.shared, passwords: password.New(),
	}
	var err error
	if t.access, err = token.New(); err != nil {
		return t, err
	}
	return t, c.outside(&t)
}

// migrate brings the database up to date, indexes what older programs left without, and reads the keys in it.
func (c *core) migrate(ctx context.Context) error {
	done, err := c.store.Migrate(ctx)
	for _, m := range done {
		c.log.Info("applied a migration", zap.String("name", m.Name))
	}
	if err != nil {
		return err
	}
	if err := c.indexQuestions(ctx); err != nil {
		return err
	}
	return c.identity.keys.Load(ctx)
}

// seed publishes what the program ships: conversion tables always, sample tests unless told otherwise.
func (c *core) seed(ctx context.Context) error {
	if err := seedTables(ctx, content.Conversions, c.exams.importTable); err != nil {
		return err
	}
	if !c.config.sampleContent() {
		return nil
	}
	packs, err := fs.Sub(content.Packs, "packs")
	if err != nil {
		return fmt.Errorf("open the shipped packs: %w", err)
	}
	entries, err := fs.ReadDir(packs, ".")
	if err != nil {
		return fmt.Errorf("list the shipped packs: %w", err)
	}
	load := examapp.Import{OnlyNew: true, Clock: c.clock, IDs: c.ids, Work: c.publication(), Validate: examapp.Validate{
		Packs: pack.NewFS(packs), Conversions: c.store.Conversions(),
	}}
	for _, e := range entries {
		done, issues, err := load.Execute(ctx, e.Name())
		if err != nil {
			return fmt.Errorf("publish the shipped pack %s (%d issues): %w", e.Name(), len(issues), err)
		}
		if done.Outcome != examapp.Unchanged {
			c.log.Info("published a shipped exam", zap.String("exam", done.Summary.Slug), zap.Int("revision", done.Summary.Revision))
		}
	}
	return nil
}

func seedTables(ctx context.Context, files fs.FS, load examapp.ImportTable) error {
	names, err := fs.Glob(files, "conversion/*.csv")
	if err != nil {
		return fmt.Errorf("list the conversion tables: %w", err)
	}
	for _, name := range names {
		f, err := files.Open(name)
		if err != nil {
			return fmt.Errorf("open a conversion table: %w", err)
		}
		_, err = load.Execute(ctx, strings.TrimSuffix(path.Base(name), ".csv"), f)
		if err := errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("store conversion table %s: %w", name, err)
		}
	}
	return nil
}

func (c *core) close() error {
	if c.engine != nil {
		c.engine.Close()
	}
	if c.attempts.answer != nil {
		c.attempts.answer.Close()
	}
	var errs []error
	if c.redis != nil {
		errs = append(errs, c.redis.Close())
	}
	if c.redisLimits != nil {
		errs = append(errs, c.redisLimits.Close())
	}
	return errors.Join(append(errs, c.store.Close())...)
}
