package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"go.uber.org/zap"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/pack"
	"github.com/toeic-app/toeic/adapters/password"
	"github.com/toeic-app/toeic/adapters/seal"
	"github.com/toeic-app/toeic/adapters/system"
	"github.com/toeic-app/toeic/adapters/token"
	"github.com/toeic-app/toeic/application/examapp"
	"github.com/toeic-app/toeic/content"
	"github.com/toeic-app/toeic/ports"
)

// revisionCacheBytes bounds the memory that published forms take.
const revisionCacheBytes = 64 << 20

// core is everything below the HTTP face, shared by the server and the other commands.
type core struct {
	config    Config
	log       *zap.Logger
	clock     ports.Clock
	ids       ports.IDs
	store     *entstore.Store
	revisions *cache.Revisions
	redis     *cache.Redis // nil without REDIS_URL
	replies   ports.Replies
	identity  identityCases
	exams     examCases
	attempts  attemptCases
}

// openCore opens the stores and wires the use cases. It does not touch the schema.
func openCore(ctx context.Context, c Config, log *zap.Logger) (*core, error) {
	if err := c.makeDataDir(); err != nil {
		return nil, err
	}
	key, err := c.signingKey()
	if err != nil {
		return nil, err
	}
	out := &core{config: c, log: log, clock: system.Clock{}, ids: system.IDs{}}
	if out.store, err = openStore(ctx, c); err != nil {
		return nil, err
	}
	if err := out.wire(key); err != nil {
		return nil, errors.Join(err, out.close())
	}
	return out, nil
}

func openStore(ctx context.Context, c Config) (*entstore.Store, error) {
	return entstore.Open(ctx, entstore.Config{
		URL: c.database(), Application: "toeic " + version(),
		Pool: entstore.Pool{
			MaxOpen: c.DBMaxConnections, MinIdle: c.DBMinConnections,
			MaxIdleTime: c.DBMaxIdleTime, MaxLifetime: c.DBMaxLifetime,
		},
	})
}

func (c *core) wire(key []byte) error {
	sealKey, err := seal.DeriveKey(key)
	if err != nil {
		return err
	}
	c.replies = seal.New(sealKey, c.store.Replies())
	if c.revisions, err = cache.NewRevisions(c.store.Revisions(), revisionCacheBytes); err != nil {
		return err
	}
	if c.config.RedisURL != "" {
		if c.redis, err = cache.NewRedis(string(c.config.RedisURL)); err != nil {
			return err
		}
	}
	tokens, err := token.New(token.Key(key))
	if err != nil {
		return err
	}
	c.identity = wireIdentity(c, password.New(), tokens, token.Secrets{})
	c.exams = wireExams(c, pack.New())
	c.attempts = wireAttempts(c)
	return nil
}

// migrate brings the database up to date.
func (c *core) migrate(ctx context.Context) error {
	done, err := c.store.Migrate(ctx)
	for _, m := range done {
		c.log.Info("applied a migration", zap.String("name", m.Name))
	}
	return err
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
	load := examapp.Import{OnlyNew: true, Clock: c.clock, IDs: c.ids, Work: c.store.Publication(), Validate: examapp.Validate{
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
	if c.revisions != nil {
		c.revisions.Close()
	}
	var errs []error
	if c.redis != nil {
		errs = append(errs, c.redis.Close())
	}
	return errors.Join(append(errs, c.store.Close())...)
}
