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
	"github.com/toeic-app/toeic/domain/fault"
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
	Replica  string          // names this process
	Sources  func() []Source // asked once for each run, so that they may share what they found out; nil for none
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

// Started is a run that somebody asked for.
type Started struct {
	caching.Run
	Begun bool // whether it was begun for that; otherwise the same was under way
}

// Start begins a run, or returns the one that is under way in this process if it does the same. One that does something
// else is replaced if nobody asked for it; otherwise caching.ErrRunUnderWay, of which a field names it. Patterns that name no family
// are told in the run. A run that ends within a moment is returned as it ended.
func (uc *Warm) Start(ctx context.Context, cmd WarmCommand) (Started, error) {
	f, isNew, err := uc.begin(ctx, taskOf(cmd.Patterns), &cmd.By)
	if err != nil {
		return Started{}, err
	}
	uc.await(ctx, f)
	return Started{uc.told(f), isNew}, nil
}

// AtStart fills the caches of a process that is new, and returns when that is over. It asks nobody, and clears nothing that
// others use. Do must be at work.
func (uc *Warm) AtStart(ctx context.Context) error {
	if uc.Sources == nil {
		return nil
	}
	t := taskOf(nil)
	t.cleared = false
	f, _, err := uc.begin(ctx, t, nil)
	if err != nil {
		return err
	}
	select {
	case <-f.done:
	case <-ctx.Done():
	}
	return nil
}

// task is what a run is to do.
type task struct {
	families []caching.Family
	unknown  []string // patterns that name none
	cleared  bool     // everything is cleared first
}

func taskOf(patterns []string) task {
	if len(patterns) == 0 {
		return task{families: slices.DeleteFunc(caching.Families(), func(f caching.Family) bool { return !f.Warmable }), cleared: true}
	}
	families, unknown := caching.PatternsOf(patterns)
	return task{families: families, unknown: unknown}
}

// patterns are all of the task, in an order of their own: two tasks with the same do the same, if both clear or neither.
func (t task) patterns() []string {
	out := append(patternsOf(t.families), t.unknown...)
	slices.Sort(out)
	return out
}

func (t task) same(as task) bool {
	return t.cleared == as.cleared && slices.Equal(t.patterns(), as.patterns())
}

// begin stores a run and hands it to Do, unless the same is under way. by is nil for a run that nobody asked for.
func (uc *Warm) begin(ctx context.Context, t task, by *identity.Caller) (f *filling, isNew bool, err error) {
	uc.starting.Lock()
	defer uc.starting.Unlock()
	if f, err := uc.underWay(ctx, t, by != nil); f != nil || err != nil {
		return f, false, err
	}
	f = uc.filling(t)
	f.asked = by != nil
	if by != nil {
		f.run.By = by.Actor.UserID
	}
	if err := uc.store(ctx, f, by); err != nil {
		return nil, false, err
	}
	uc.mu.Lock()
	uc.newest = f
	uc.mu.Unlock()
	uc.pending() <- f // there is room: nothing else is under way
	return f, true, nil
}

// store stores a new run, tells the other processes what it clears, and records who asked for it.
func (uc *Warm) store(ctx context.Context, f *filling, by *identity.Caller) error {
	run := uc.told(f)
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.CacheRunRepos) error {
		if err := repos.Runs.Add(ctx, run); err != nil {
			return err
		}
		if run.Cleared {
			if err := repos.Runs.NoteClearing(ctx, ports.CacheScope{}, uc.Replica); err != nil {
				return err
			}
		}
		if by == nil {
			return nil
		}
		return uc.Recorder.Record(ctx, repos.Audit, *by, audit.CacheWarmed, objectOf(run.ID), nil, warmState{patternsOf(f.families), f.cleared})
	})
}

// underWay returns the run of this process that has not ended, if it does what is asked for, and nil when there is none.
// One that nobody asked for gives way to who asks, and so does one whose end somebody wants: their end is waited for, which
// takes as long as loads take to notice. In the way of any other it is caching.ErrRunUnderWay.
func (uc *Warm) underWay(ctx context.Context, t task, asked bool) (*filling, error) {
	f := uc.current()
	switch {
	case f == nil:
		return nil, nil
	case !asked:
		return f, nil
	case f.asked && !f.ending() && f.same(t):
		return f, nil
	case f.asked && !f.ending():
		return nil, caching.ErrRunUnderWay.WithFields(fault.Field{Name: "warm/" + uc.told(f).ID.String(), Code: "running", Detail: "This run is under way."})
	}
	f.cancel()
	select {
	case <-f.done:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
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

// Cancel ends a run, whichever process does it; caching.ErrNoRun. One that has ended stays as it is, and nothing is recorded.
func (uc *Warm) Cancel(ctx context.Context, by identity.Caller, id uuid.UUID) (caching.Run, error) {
	f := uc.own(id)
	if f != nil {
		if run := uc.told(f); run.Outcome != caching.Running {
			return run, nil
		}
	}
	var run caching.Run
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.CacheRunRepos) error {
		var err error
		if run, err = repos.Runs.Cancel(ctx, id); err != nil || run.State(uc.Clock.Now()) != caching.Running {
			return err
		}
		return uc.Recorder.Record(ctx, repos.Audit, by, audit.CacheWarmingCancelled, objectOf(id), nil, nil)
	})
	if err != nil {
		return caching.Run{}, err
	}
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
	task
	asked    bool          // by somebody
	run      caching.Run   // guarded by Warm.mu
	unwanted chan struct{} // closed when somebody wants its end
	cancel   func()        // closes unwanted, once
	done     chan struct{} // closed when it has ended
}

// ending reports whether somebody wants its end.
func (f *filling) ending() bool {
	select {
	case <-f.unwanted:
		return true
	default:
		return false
	}
}

func (uc *Warm) filling(t task) *filling {
	now := uc.Clock.Now()
	unwanted := make(chan struct{})
	f := &filling{task: t, done: make(chan struct{}), unwanted: unwanted, cancel: sync.OnceFunc(func() { close(unwanted) }), run: caching.Run{
		ID: uc.IDs.New(), Replica: uc.Replica, Cleared: t.cleared, StartedAt: now, SeenAt: now, Outcome: caching.Running,
		Families: make([]caching.Warmed, 0, len(t.families)+len(t.unknown)),
	}}
	for _, family := range t.families {
		f.run.Families = append(f.run.Families, caching.Warmed{Family: family.Name, Note: family.NotWarmable()})
	}
	for _, pattern := range t.unknown {
		f.run.Families = append(f.run.Families, caching.Warmed{Unknown: pattern, Note: caching.UnknownNote()})
	}
	return f
}

// current returns the run of this process that has not ended, or nil.
func (uc *Warm) current() *filling {
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
