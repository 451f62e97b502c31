package cacheapp

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// Source is something whose keys are worth having before anybody asks.
type Source struct {
	Name   string // for logs
	Warmer ports.Warmer
}

// WarmLimits bound a run, so that it never keeps the database from those who ask.
type WarmLimits struct {
	Keys     int           // of a family
	Workers  int           // loads at once
	Time     time.Duration // of the whole run
	Patience time.Duration // how long who starts or cancels a run waits for its end, to be told all of it
}

// DefaultWarmLimits suit a database that serves others meanwhile.
func DefaultWarmLimits() WarmLimits {
	return WarmLimits{Keys: 2000, Workers: 4, Time: 10 * time.Minute, Patience: 2 * time.Second}
}

// Warm fills the caches of this process, and Redis, ahead of those who will ask. One run is under way at a time.
type Warm struct {
	Clock    ports.Clock
	IDs      ports.IDs
	Replica  string // names this process
	Sources  []Source
	Control  ports.CacheControl
	Runs     ports.CacheRuns
	Recorder ports.Recorder
	Work     ports.UnitOfWork[ports.CacheRunRepos]
	Limits   WarmLimits
	Failed   func(what string, err error) // hears what went wrong; of a family's loads, the first

	starting sync.Mutex // held while a run is being begun
	once     sync.Once
	queue    chan *filling
	mu       sync.Mutex
	newest   *filling // of this process; nil before the first
}

// WarmCommand begins a run.
type WarmCommand struct {
	By       identity.Caller
	Patterns []string // none: everything is cleared, and what can be loaded in advance is loaded
}

// warmState is what the audit log keeps.
type warmState struct {
	Patterns []string `json:"patterns"`
	Cleared  bool     `json:"cleared"`
}

// Start begins a run, or returns the one that is under way in this process; caching.ErrUnknownPattern. A run that ends
// within a moment is returned as it ended.
func (uc *Warm) Start(ctx context.Context, cmd WarmCommand) (caching.Run, error) {
	families, err := toWarm(cmd.Patterns)
	if err != nil {
		return caching.Run{}, err
	}
	f, err := uc.begin(ctx, families, len(cmd.Patterns) == 0, &cmd.By)
	if err != nil {
		return caching.Run{}, err
	}
	uc.await(ctx, f)
	return uc.told(f), nil
}

// AtStart fills the caches of a process that is new, and returns when that is over. It asks nobody, and clears nothing that
// others use. Do must be at work.
func (uc *Warm) AtStart(ctx context.Context) error {
	if len(uc.Sources) == 0 {
		return nil
	}
	families, err := toWarm(nil)
	if err != nil {
		return err
	}
	f, err := uc.begin(ctx, families, false, nil)
	if err != nil {
		return err
	}
	select {
	case <-f.done:
	case <-ctx.Done():
	}
	return nil
}

func toWarm(patterns []string) ([]caching.Family, error) {
	switch {
	case len(patterns) == 0:
		return slices.DeleteFunc(caching.Families(), func(f caching.Family) bool { return !f.Warmable }), nil
	case len(patterns) == 1 && patterns[0] == caching.Everything:
		return caching.Families(), nil
	default:
		return caching.OfPatterns("patterns", patterns)
	}
}

// begin stores a run and hands it to Do. by is nil for a run that nobody asked for.
func (uc *Warm) begin(ctx context.Context, families []caching.Family, cleared bool, by *identity.Caller) (*filling, error) {
	uc.starting.Lock()
	defer uc.starting.Unlock()
	f, isNew := uc.underWay(), false
	if f == nil {
		f, isNew = uc.filling(families, cleared), true
	}
	if by != nil && isNew {
		f.run.By = by.Actor.UserID
	}
	run := uc.told(f)
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.CacheRunRepos) error {
		if isNew {
			if err := repos.Runs.Add(ctx, run); err != nil {
				return err
			}
		}
		if by == nil {
			return nil
		}
		return uc.Recorder.Record(ctx, repos.Audit, *by, audit.CacheWarmed, objectOf(run.ID), nil, warmState{patternsOf(families), cleared})
	})
	if err != nil || !isNew {
		return f, err
	}
	uc.mu.Lock()
	uc.newest = f
	uc.mu.Unlock()
	uc.pending() <- f // there is room: nothing else is under way
	return f, nil
}

func objectOf(run uuid.UUID) string { return "cache-run:" + run.String() }

func patternsOf(families []caching.Family) []string {
	out := make([]string, len(families))
	for i, f := range families {
		out[i] = f.Pattern()
	}
	return out
}

// Get returns a run, whichever process does it; caching.ErrNoRun.
func (uc *Warm) Get(ctx context.Context, id uuid.UUID) (caching.Run, error) {
	if f := uc.own(id); f != nil {
		return uc.told(f), nil
	}
	return uc.Runs.Run(ctx, id)
}

// Cancel ends a run, whichever process does it; caching.ErrNoRun. One that has ended stays as it is.
func (uc *Warm) Cancel(ctx context.Context, by identity.Caller, id uuid.UUID) (caching.Run, error) {
	var run caching.Run
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.CacheRunRepos) error {
		var err error
		if run, err = repos.Runs.Cancel(ctx, id); err != nil {
			return err
		}
		return uc.Recorder.Record(ctx, repos.Audit, by, audit.CacheWarmingCancelled, objectOf(id), nil, nil)
	})
	if err != nil {
		return caching.Run{}, err
	}
	f := uc.own(id)
	if f == nil {
		return run, nil
	}
	f.cancel()
	uc.await(ctx, f)
	return uc.told(f), nil
}

// await waits a moment for the end of a run.
func (uc *Warm) await(ctx context.Context, f *filling) {
	patience := time.NewTimer(uc.Limits.Patience)
	defer patience.Stop()
	select {
	case <-f.done:
	case <-patience.C:
	case <-ctx.Done():
	}
}

// errCancelled is why a run ends that somebody did not want any more.
var errCancelled = errors.New("somebody asked for the end")

// filling is a run of this process.
type filling struct {
	families []caching.Family
	run      caching.Run   // guarded by Warm.mu
	unwanted chan struct{} // closed when somebody wants its end
	cancel   func()        // closes unwanted, once
	done     chan struct{} // closed when it has ended
}

func (uc *Warm) filling(families []caching.Family, cleared bool) *filling {
	now := uc.Clock.Now()
	unwanted := make(chan struct{})
	f := &filling{families: families, done: make(chan struct{}), unwanted: unwanted, cancel: sync.OnceFunc(func() { close(unwanted) }), run: caching.Run{
		ID: uc.IDs.New(), Replica: uc.Replica, Cleared: cleared, StartedAt: now, SeenAt: now, Outcome: caching.Running,
		Families: make([]caching.Warmed, len(families)),
	}}
	for i, family := range families {
		f.run.Families[i] = caching.Warmed{Family: family.Name, Note: family.NotWarmable()}
	}
	return f
}

// underWay returns the run of this process that has not ended, or nil.
func (uc *Warm) underWay() *filling {
	uc.mu.Lock()
	defer uc.mu.Unlock()
	if uc.newest == nil || uc.newest.run.Outcome != caching.Running {
		return nil
	}
	return uc.newest
}

// own returns the newest run of this process if it is that one: of it, memory knows more than the store.
func (uc *Warm) own(id uuid.UUID) *filling {
	uc.mu.Lock()
	defer uc.mu.Unlock()
	if uc.newest == nil || uc.newest.run.ID != id {
		return nil
	}
	return uc.newest
}

// told returns a run as it is now, with memory of its own.
func (uc *Warm) told(f *filling) caching.Run {
	uc.mu.Lock()
	defer uc.mu.Unlock()
	run := f.run
	run.Families = slices.Clone(run.Families)
	if run.Outcome == caching.Running {
		run.SeenAt = uc.Clock.Now() // it is here
	}
	return run
}

// pending holds the run that waits for Do.
func (uc *Warm) pending() chan *filling {
	uc.once.Do(func() { uc.queue = make(chan *filling, 1) })
	return uc.queue
}
