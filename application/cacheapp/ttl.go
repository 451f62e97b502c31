// Package cacheapp is the administration of the caches: how long they keep things, how well they do, and filling and
// clearing them.
package cacheapp

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// Apply makes the caches of this process keep things for as long as was decided. There is one in a process.
type Apply struct {
	Settings    ports.CacheSettings
	Environment caching.TTLs       // of the process as it was started; Provide replaces it
	To          func(caching.TTLs) // the caches

	provided atomic.Pointer[caching.TTLs] // nil while Environment holds
	mu       sync.Mutex
	applied  caching.TTLs
}

// Execute reads the settings and applies them. Of two at once the second reads after the first has applied, so that no
// older decision replaces a newer one.
func (uc *Apply) Execute(ctx context.Context) error {
	uc.mu.Lock()
	defer uc.mu.Unlock()
	settings, err := uc.Settings.All(ctx)
	if err != nil {
		return err
	}
	uc.apply(caching.TTLsOf(caching.Decide(settings, uc.environment())))
	return nil
}

// Provide replaces what the environment of the process says. It holds from the next Execute on.
func (uc *Apply) Provide(environment caching.TTLs) { uc.provided.Store(&environment) }

// environment returns what the environment of the process says. It never waits for Execute: who asks may be within a unit of
// work whose connection Execute waits for.
func (uc *Apply) environment() caching.TTLs {
	if provided := uc.provided.Load(); provided != nil {
		return *provided
	}
	return uc.Environment
}

// Defaults applies what holds without settings, for the time until they can be read.
func (uc *Apply) Defaults() {
	uc.mu.Lock()
	defer uc.mu.Unlock()
	uc.apply(caching.TTLsOf(caching.Decide(nil, uc.environment())))
}

func (uc *Apply) apply(ttls caching.TTLs) {
	uc.To(ttls)
	uc.applied = ttls
}

// inForce returns what the caches of this process go by.
func (uc *Apply) inForce() caching.TTLs {
	uc.mu.Lock()
	defer uc.mu.Unlock()
	return uc.applied
}

// TTLs reads and changes how long families keep what they hold. Every change is recorded in the audit log.
type TTLs struct {
	Clock    ports.Clock
	Apply    *Apply
	Recorder ports.Recorder
	Work     ports.UnitOfWork[ports.CacheSettingsRepos]
}

// TTLView is how long a family keeps what it holds.
type TTLView struct {
	caching.Decision
	InForce time.Duration // what this process goes by; for a moment after a change that is still the old one
}

// List returns all families, by name.
func (uc TTLs) List(ctx context.Context) ([]TTLView, error) {
	settings, err := uc.Apply.Settings.All(ctx)
	if err != nil {
		return nil, err
	}
	decisions, inForce := caching.Decide(settings, uc.Apply.environment()), uc.Apply.inForce()
	out := make([]TTLView, len(decisions))
	for i, d := range decisions {
		out[i] = TTLView{Decision: d, InForce: inForce.Of(d.Family)}
	}
	return out, nil
}

// SetCommand sets how long a family keeps what it holds.
type SetCommand struct {
	By      identity.Caller
	Pattern string
	Seconds float64
}

// ttlState is what the audit log keeps.
type ttlState struct {
	Seconds float64        `json:"ttl_seconds"`
	Source  caching.Source `json:"source"`
}

// Set returns the family as it is now; caching.ErrUnknownPattern and caching.ErrInvalidTTL.
func (uc TTLs) Set(ctx context.Context, cmd SetCommand) (TTLView, error) {
	family, err := only(cmd.Pattern)
	if err != nil {
		return TTLView{}, err
	}
	ttl, ok := caching.FromSeconds(cmd.Seconds)
	if !ok {
		ttl = -1 // which no family allows
	}
	if err := family.Check(ttl); err != nil {
		return TTLView{}, err
	}
	return uc.change(ctx, cmd.By, family, func(ctx context.Context, desk ports.CacheSettingsDesk) error {
		return desk.Put(ctx, caching.Setting{Family: family.Name, TTL: ttl, By: cmd.By.Actor.UserID, At: uc.Clock.Now()})
	})
}

// Reset takes a setting back, so that the environment or the table of families decides again, and returns the family as it
// is now; caching.ErrUnknownPattern. Where there was no setting there is none now: that is a success.
func (uc TTLs) Reset(ctx context.Context, by identity.Caller, pattern string) (TTLView, error) {
	family, err := only(pattern)
	if err != nil {
		return TTLView{}, err
	}
	return uc.change(ctx, by, family, func(ctx context.Context, desk ports.CacheSettingsDesk) error {
		_, err := desk.Remove(ctx, family.Name)
		return err
	})
}

func only(pattern string) (caching.Family, error) {
	families, err := caching.OfPatterns("pattern", []string{pattern})
	if err != nil {
		return caching.Family{}, err
	}
	return families[0], nil
}

// change runs a change of one family, with what was before and after in the audit log.
func (uc TTLs) change(ctx context.Context, by identity.Caller, family caching.Family, fn func(context.Context, ports.CacheSettingsDesk) error) (TTLView, error) {
	var after caching.Decision
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.CacheSettingsRepos) error {
		// Nobody else changes a setting from here on, so that what is recorded as before is what this change replaced.
		if _, err := repos.Audit.Head(ctx); err != nil {
			return err
		}
		before, err := uc.decision(ctx, repos.Settings, family)
		if err != nil {
			return err
		}
		if err := fn(ctx, repos.Settings); err != nil {
			return err
		}
		if after, err = uc.decision(ctx, repos.Settings, family); err != nil {
			return err
		}
		return uc.Recorder.Record(ctx, repos.Audit, by, audit.CacheTTLChanged, "cache:"+family.Pattern(), stateOf(before), stateOf(after))
	})
	if err != nil {
		return TTLView{}, err
	}
	// The change stands whatever happens here; if it cannot be read now, that is tried again in the background.
	_ = uc.Apply.Execute(ctx)
	return TTLView{Decision: after, InForce: uc.Apply.inForce().Of(family)}, nil
}

func (uc TTLs) decision(ctx context.Context, settings ports.CacheSettings, family caching.Family) (caching.Decision, error) {
	all, err := settings.All(ctx)
	if err != nil {
		return caching.Decision{}, err
	}
	for _, d := range caching.Decide(all, uc.Apply.environment()) {
		if d.Family.Name == family.Name {
			return d, nil
		}
	}
	return caching.Decision{}, caching.ErrUnknownPattern
}

func stateOf(d caching.Decision) ttlState { return ttlState{d.TTL.Seconds(), d.Source} }
