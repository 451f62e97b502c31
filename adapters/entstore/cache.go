package entstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/cacherun"
	"github.com/toeic-app/toeic/ent/cachesetting"
	"github.com/toeic-app/toeic/ports"
)

// CacheSettings reads how long families of keys are kept.
func (s *Store) CacheSettings() ports.CacheSettings { return cacheSettings{s.client} }

// CacheSettingsWork runs units of work on these settings.
func (s *Store) CacheSettingsWork() ports.UnitOfWork[ports.CacheSettingsRepos] {
	return unit[ports.CacheSettingsRepos]{store: s, bind: func(tx session) ports.CacheSettingsRepos {
		return ports.CacheSettingsRepos{Settings: cacheSettings{tx.Client()}, Audit: auditLog{tx.Client(), tx.dialect}}
	}}
}

// CacheRuns tells how fillings of the caches are doing.
func (s *Store) CacheRuns() ports.CacheRuns { return cacheRuns{s.client} }

// CacheRunWork runs units of work on fillings of the caches.
func (s *Store) CacheRunWork() ports.UnitOfWork[ports.CacheRunRepos] {
	return unit[ports.CacheRunRepos]{store: s, bind: func(tx session) ports.CacheRunRepos {
		return ports.CacheRunRepos{Runs: cacheRuns{tx.Client()}, Audit: auditLog{tx.Client(), tx.dialect}}
	}}
}

type cacheSettings struct{ c *ent.Client }

func (r cacheSettings) All(ctx context.Context) ([]caching.Setting, error) {
	rows, err := r.c.CacheSetting.Query().Order(cachesetting.ByID()).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]caching.Setting, len(rows))
	for i, row := range rows {
		out[i] = caching.Setting{
			Family: row.ID, TTL: time.Duration(row.TTLMs) * time.Millisecond, By: filled(row.ChangedBy), At: row.ChangedAt.UTC(),
		}
	}
	return out, nil
}

func (r cacheSettings) Put(ctx context.Context, s caching.Setting) error {
	err := r.c.CacheSetting.Create().SetID(s.Family).SetTTLMs(s.TTL.Milliseconds()).SetNillableChangedBy(orNull(s.By)).SetChangedAt(s.At).
		OnConflictColumns(cachesetting.FieldID).UpdateNewValues().Update(func(u *ent.CacheSettingUpsert) {
		if s.By == uuid.Nil {
			u.ClearChangedBy() // new values that are missing would leave the old ones
		}
	}).Exec(ctx)
	if err != nil {
		return translate(err)
	}
	return changed(ctx, r.c, ofCacheSettings)
}

func (r cacheSettings) Remove(ctx context.Context, family string) (bool, error) {
	n, err := r.c.CacheSetting.Delete().Where(cachesetting.ID(family)).Exec(ctx)
	if err != nil || n == 0 {
		return false, translate(err)
	}
	return true, changed(ctx, r.c, ofCacheSettings)
}

type cacheRuns struct{ c *ent.Client }

func (r cacheRuns) Run(ctx context.Context, id uuid.UUID) (caching.Run, error) {
	row, err := r.c.CacheRun.Get(ctx, id)
	if err != nil {
		return caching.Run{}, orNotFound(err, caching.ErrNoRun)
	}
	out := caching.Run{
		ID: row.ID, Replica: row.Replica, By: filled(row.AskedBy), Cleared: row.Cleared, Far: caching.FarClearing(row.Far), StartedAt: row.StartedAt.UTC(), SeenAt: row.SeenAt.UTC(),
		Outcome: caching.Outcome(row.Outcome), EndedAt: utc(row.EndedAt), Cancelling: row.Cancelling,
	}
	if err := json.Unmarshal(row.Families, &out.Families); err != nil {
		return caching.Run{}, fmt.Errorf("filling %s of the caches: %w", id, err)
	}
	return out, nil
}

func (r cacheRuns) Add(ctx context.Context, run caching.Run) error {
	families, err := json.Marshal(run.Families)
	if err != nil {
		return fmt.Errorf("encode a filling of the caches: %w", err)
	}
	return translate(r.c.CacheRun.Create().SetID(run.ID).SetReplica(run.Replica).SetNillableAskedBy(orNull(run.By)).SetFamilies(families).
		SetCleared(run.Cleared).SetFar(string(run.Far)).SetStartedAt(run.StartedAt).SetSeenAt(run.SeenAt).SetOutcome(string(run.Outcome)).SetNillableEndedAt(run.EndedAt).Exec(ctx))
}

// Progress leaves alone whether somebody asked for the end: that is not the process's to say.
func (r cacheRuns) Progress(ctx context.Context, run caching.Run) (bool, error) {
	families, err := json.Marshal(run.Families)
	if err != nil {
		return false, fmt.Errorf("encode a filling of the caches: %w", err)
	}
	n, err := r.c.CacheRun.Update().Where(cacherun.ID(run.ID)).SetFamilies(families).SetSeenAt(run.SeenAt).
		SetFar(string(run.Far)).SetOutcome(string(run.Outcome)).SetNillableEndedAt(run.EndedAt).Save(ctx)
	if err := one(n, err, caching.ErrNoRun); err != nil {
		return false, err
	}
	asked, err := r.c.CacheRun.Query().Where(cacherun.ID(run.ID), cacherun.Cancelling(true)).Exist(ctx)
	return asked, translate(err)
}

func (r cacheRuns) Cancel(ctx context.Context, id uuid.UUID) (caching.Run, error) {
	err := r.c.CacheRun.Update().Where(cacherun.ID(id), cacherun.Outcome(string(caching.Running))).SetCancelling(true).Exec(ctx)
	if err != nil {
		return caching.Run{}, translate(err)
	}
	return r.Run(ctx, id)
}

func (r cacheRuns) NoteClearing(ctx context.Context, scope ports.CacheScope, by string) error {
	subject, err := subjectOf(scope, by)
	if err != nil {
		return err
	}
	return changed(ctx, r.c, subject)
}
