package cacheapp

import (
	"context"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// topKeys is how many of the most read keys are told.
const topKeys = 20

// Stats tells how the caches do.
type Stats struct {
	Figures ports.CacheFigures
}

// StatsView is how the caches of all processes do.
type StatsView struct {
	Total     caching.FamilyFigures
	Families  map[string]caching.FamilyFigures // of all processes, by name; every family is there
	Processes []caching.Figures                // the one that was asked first
	Top       []caching.KeyCount
}

// Limit is how many bytes the near tiers of all processes may take.
func (v StatsView) Limit() int64 {
	total := int64(0)
	for _, p := range v.Processes {
		total += p.Limit
	}
	return total
}

// Execute adds up what the processes that answer say of themselves.
func (uc Stats) Execute(ctx context.Context) (StatsView, error) {
	processes, err := uc.Figures.Figures(ctx)
	if err != nil {
		return StatsView{}, err
	}
	families := caching.Total(processes)
	return StatsView{
		Total: caching.Overall(families), Families: families, Processes: processes, Top: caching.TopKeys(processes, topKeys),
	}, nil
}

// Health tells whether the tiers of the caches work.
type Health struct {
	Far     ports.Probe // nil without Redis
	Figures ports.CacheFigures
	Failed  func(error) // hears why Redis does not answer
}

// HealthView is whether the tiers of the caches work.
type HealthView struct {
	Near caching.FamilyFigures // of all families of this process
	// Limit is how many bytes the near tier of this process may take.
	Limit int64
	// Configured is whether there should be a far tier, Answers whether it answers, and Apart whether this process hears
	// nothing of what others change.
	Configured, Answers, Apart bool
	Faults                     map[caching.Fault]uint64 // of the far tier, since the start
	Processes                  int
}

// Healthy reports whether everything works that should. Without Redis, or while it is silent, the service answers all the
// same, only slower.
func (v HealthView) Healthy() bool { return !v.Configured || (v.Answers && !v.Apart) }

// Execute looks. That Redis does not answer is no failure of looking.
func (uc Health) Execute(ctx context.Context) (HealthView, error) {
	processes, err := uc.Figures.Figures(ctx)
	if err != nil {
		return HealthView{}, err
	}
	view := HealthView{Configured: uc.Far != nil, Processes: len(processes)}
	if len(processes) > 0 {
		own := processes[0]
		view.Near, view.Limit, view.Apart, view.Faults = caching.Overall(own.Families), own.Limit, own.Apart, own.Faults
	}
	if uc.Far == nil {
		return view, nil
	}
	if err := uc.Far.Check(ctx); err != nil {
		uc.Failed(err)
		return view, nil
	}
	view.Answers = true
	return view, nil
}

// Clear forgets what the caches hold.
type Clear struct {
	Replica  string // names this process
	Control  ports.CacheControl
	Recorder ports.Recorder
	Work     ports.UnitOfWork[ports.CacheRunRepos]
	Failed   func(error) // hears why Redis is not cleared yet
}

// ClearCommand says what to forget.
type ClearCommand struct {
	By       identity.Caller
	Patterns []string // such as "content:*", or the single "*"
	Tag      string   // such as "exam:<id>"
}

// clearState is what the audit log keeps.
type clearState struct {
	Patterns []string `json:"patterns,omitempty"`
	Tag      string   `json:"tag,omitempty"`
}

// Execute returns what was forgotten; caching.ErrNothingNamed, caching.ErrInvalidTag and caching.ErrUnknownPattern. That
// somebody wanted it is recorded first: what is forgotten cannot be brought back when the log refuses. That Redis does not
// answer is no failure: it follows, and so do the other processes.
func (uc Clear) Execute(ctx context.Context, cmd ClearCommand) (ports.CacheCleared, error) {
	families, err := caching.ScopeOf(cmd.Patterns, cmd.Tag)
	if err != nil {
		return ports.CacheCleared{}, err
	}
	scope := ports.CacheScope{Families: families, Tag: cmd.Tag}
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.CacheRunRepos) error {
		if err := repos.Runs.NoteClearing(ctx, scope, uc.Replica); err != nil {
			return err
		}
		return uc.Recorder.Record(ctx, repos.Audit, cmd.By, audit.CacheCleared, "cache", nil, clearState{cmd.Patterns, cmd.Tag})
	})
	if err != nil {
		return ports.CacheCleared{}, err
	}
	done, err := uc.Control.Clear(ctx, scope)
	if err != nil && done.Far == caching.FarPending {
		uc.Failed(err)
		return done, nil
	}
	return done, err
}
