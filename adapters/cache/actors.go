package cache

import (
	"context"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

var _ ports.Actors = (*Actors)(nil)

const (
	// actorLifetime is how long an actor is remembered at most, which is what the family allows.
	actorLifetime = time.Minute
	// trustTime is how long what is remembered is believed after the changes were last read. Together with the pause
	// between readings it bounds how late a revocation takes effect, whatever fails: it must stay below a second.
	trustTime = 900 * time.Millisecond
	// changeWindow is how far back changes are read: more than the clocks of the processes may differ, and more than
	// the longest transaction.
	changeWindow = 5 * time.Minute
	// actorBytes is the memory that an actor takes, about.
	actorBytes = 1 << 10
)

// Actors remembers who stands behind a credential, near the processor, and forgets it when that changes.
//
// The store's own list of changes decides what to forget. Sync reads it: several times a second, after each change
// that this process makes, and when another process calls. While it cannot be read, nothing that is remembered is
// believed, so that the database decides every request.
type Actors struct {
	inner   ports.Actors
	changes ports.ActorChanges
	clock   ports.Clock
	changed func(subject string)
	region  *Region[*remembered]
	engine  *Engine

	syncing  sync.Mutex
	seen     map[uuid.UUID]time.Time // changes that were heeded, with the time of that
	syncedAt atomic.Int64            // when the last successful reading began; nanoseconds since start
	start    time.Time

	mu      sync.RWMutex
	evicted map[uuid.UUID]time.Duration // users, sessions and tokens, with when they changed, since start
	floor   time.Duration               // nothing that was loaded before counts
}

// remembered is an actor with when its reading began, since the start.
type remembered struct {
	actor    identity.Actor
	loadedAt time.Duration
	asked    *byte // by whom
}

// NewActors wraps inner. changed hears of every subject of a change, once in this process.
func NewActors(e *Engine, inner ports.Actors, changes ports.ActorChanges, clock ports.Clock, changed func(subject string)) (*Actors, error) {
	region, err := NewRegion(e, RegionOptions[*remembered]{
		Family: caching.Auth, Name: "actor", Schema: 1, Local: true, Size: func(*remembered) int64 { return actorBytes },
	})
	if err != nil {
		return nil, err
	}
	a := &Actors{
		inner: inner, changes: changes, clock: clock, changed: changed, region: region, engine: e,
		seen: map[uuid.UUID]time.Time{}, evicted: map[uuid.UUID]time.Duration{}, start: time.Now(),
	}
	a.syncedAt.Store(int64(-trustTime) - 1)
	return a, nil
}

// OfSession implements ports.Actors.
func (a *Actors) OfSession(ctx context.Context, session uuid.UUID, now time.Time) (identity.Actor, error) {
	found, err, ok := a.region.CachedUUID(session)
	if ok && err == nil && a.good(found, now) {
		return found.actor, nil
	}
	return a.ask(ctx, session.String(), ok, now, func(ctx context.Context) (identity.Actor, error) {
		return a.inner.OfSession(ctx, session, now)
	})
}

// OfToken implements ports.Actors.
func (a *Actors) OfToken(ctx context.Context, hash string, now time.Time) (identity.Actor, error) {
	found, err, ok := a.region.Cached(hash)
	if ok && err == nil && a.good(found, now) {
		return found.actor, nil
	}
	return a.ask(ctx, hash, ok, now, func(ctx context.Context) (identity.Actor, error) {
		return a.inner.OfToken(ctx, hash, now)
	})
}

// ask asks the store, of which the answer is remembered. outdated says that what is remembered is not good any more.
func (a *Actors) ask(ctx context.Context, id string, outdated bool, now time.Time, load func(context.Context) (identity.Actor, error)) (identity.Actor, error) {
	if outdated {
		a.engine.drop(change{Keys: []string{a.region.Key(id)}})
	}
	asked := new(byte)
	found, err := a.region.Get(ctx, id, func(ctx context.Context) (*remembered, error) {
		began := time.Since(a.start)
		actor, err := load(ctx)
		return &remembered{actor: actor, loadedAt: began, asked: asked}, err
	})
	if err != nil {
		return identity.Actor{}, err
	}
	if found.asked != asked && !a.good(found, now) { // somebody else began to read it, maybe before it changed
		return load(ctx)
	}
	return found.actor, nil
}

// good reports whether nothing can have changed about a remembered actor.
func (a *Actors) good(r *remembered, now time.Time) bool {
	since := time.Since(a.start)
	if since-time.Duration(a.syncedAt.Load()) > trustTime || since-r.loadedAt > actorLifetime || !now.Before(r.actor.Until) {
		return false
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	if r.loadedAt <= a.floor {
		return false
	}
	if len(a.evicted) == 0 {
		return true
	}
	return !a.evictedSince(r.actor.UserID, r.loadedAt) && !a.evictedSince(r.actor.SessionID, r.loadedAt) && !a.evictedSince(r.actor.TokenID, r.loadedAt)
}

func (a *Actors) evictedSince(id uuid.UUID, loadedAt time.Duration) bool {
	at, gone := a.evicted[id]
	return gone && loadedAt <= at
}

// Sync reads what changed and forgets it, and returns how many changes were new.
func (a *Actors) Sync(ctx context.Context) (int, error) {
	a.syncing.Lock()
	defer a.syncing.Unlock()
	began, now := time.Since(a.start), a.clock.Now()
	list, err := a.changes.Since(ctx, now.Add(-changeWindow))
	if err != nil {
		return 0, err
	}
	var fresh []string
	for _, c := range list {
		if _, known := a.seen[c.ID]; !known {
			fresh = append(fresh, c.Subject)
		}
		a.seen[c.ID] = now
	}
	for id, at := range a.seen {
		if now.Sub(at) > changeWindow {
			delete(a.seen, id)
		}
	}
	a.forget(fresh, began)
	a.syncedAt.Store(int64(began))
	for _, subject := range fresh {
		a.changed(subject)
	}
	return len(fresh), nil
}

// forget marks subjects as changed before the end of the reading that found them.
func (a *Actors) forget(subjects []string, began time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	at := time.Since(a.start)
	if began-time.Duration(a.syncedAt.Load()) > changeWindow/2 { // changes may have come and gone unread
		a.floor = at
	}
	maps.DeleteFunc(a.evicted, func(_ uuid.UUID, when time.Duration) bool { return at-when > actorLifetime })
	for _, subject := range subjects {
		if subject == "roles" { // which may be anybody's
			a.floor = at
		}
		if _, id, named := strings.Cut(subject, ":"); named {
			if id, err := uuid.Parse(id); err == nil && id != uuid.Nil {
				a.evicted[id] = at
			}
		}
	}
}

// Synced runs units of work and then heeds what they changed, so that a process sees its own changes at once. Publish
// tells the other processes; it must not wait.
func Synced[Repos any](inner ports.UnitOfWork[Repos], a *Actors, publish func()) ports.UnitOfWork[Repos] {
	return synced[Repos]{inner, a, publish}
}

type synced[Repos any] struct {
	inner   ports.UnitOfWork[Repos]
	actors  *Actors
	publish func()
}

// Do implements ports.UnitOfWork. What fails after its commit may have been stored, so the changes are read in any case. A
// failure to read them is none of the unit of work: until they are read, nothing that is remembered is believed for long.
func (s synced[Repos]) Do(ctx context.Context, fn func(ctx context.Context, repos Repos) error) error {
	failed := s.inner.Do(ctx, fn)
	n, err := s.actors.Sync(context.WithoutCancel(ctx))
	switch {
	case err != nil:
		s.actors.syncedAt.Store(int64(time.Since(s.actors.start) - trustTime - 1)) // or our own change might go unseen
	case n > 0:
		s.publish()
	}
	return failed
}
