package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

var (
	_ ports.CacheFigures = (*Engine)(nil)
	_ ports.CacheControl = (*Engine)(nil)
)

const (
	// apartTime is how long values are kept near by at most while this process does not hear what others change, less up
	// to a half of it, so that not all end at once.
	apartTime = 10 * time.Second

	// beat is how often the engine looks after Redis and itself.
	beat = 250 * time.Millisecond

	// sweepBeats is in how many beats the whole near tier is searched for what is past its time.
	sweepBeats = 40
)

// Options say how an Engine works. MaxBytes is required.
type Options struct {
	Replica  string                // names the process in figures
	MaxBytes int64                 // of the near tier
	Redis    redis.UniversalClient // the far tier, from Connect; nil without. The engine does not close it
	TTLs     caching.TTLs          // see SetTTLs

	// Log hears what an operator should know: of Redis, once for each change of its state, and once a minute for each kind
	// of fault. An err of nil is good news. It may be nil, and must not wait.
	Log func(message string, err error)

	// Watcher is told of every read whose key it wants; nil for none.
	Watcher Watcher

	patience time.Duration // how long Redis may take for one answer; zero is answerTime
}

// Watcher learns from reads. Families are known by their places in caching.Families. A hash stands for a key in this
// process only and is uniform over all 64 bits; bytes is what the value costs in the near tier, and zero when there is
// none. caching.Sampler is one. Its methods are called by many at once and must not wait.
type Watcher interface {
	Bound(family int) *atomic.Uint64 // no hash above it is wanted; so the most of them cost a comparison
	Wants(family int, hash uint64) bool
	Reference(family int, hash uint64, bytes int64, at time.Time)
	Forget(family int, hash uint64) // the key was evicted because what it holds changed
	Clear(family int)               // all of the family was
	Tune(ttls caching.TTLs)
}

// Engine is the cache of a process: a near tier in its memory, and a far tier that it shares with other processes.
// Regions are what it is used through.
type Engine struct {
	name     string // of this engine among all
	replica  string
	since    time.Time
	clock    *clock
	near     *near
	far      *far // nil without
	log      func(message string, err error)
	watcher  Watcher
	families []*family
	byName   map[string]*family
	top      *sketch
	inbox    inbox

	tuning sync.Mutex // whoever changes the rules
	rules  atomic.Pointer[rules]

	registering sync.RWMutex
	regions     map[string]*region // by family and name

	met     chan struct{} // closed when it first hears the others
	meeting sync.Once
}

// rules is what the lives of values depend on.
type rules struct {
	ttls  []int64 // by the place of the family, nanoseconds
	cut   []int64 // when they were last made shorter, by the clock; what was loaded before is not given out past its time
	apart int64   // since when this process hears nothing of others, by the clock; zero while it does
}

// NewEngine makes an engine. It works at once, but for what Run does.
func NewEngine(o Options) (*Engine, error) {
	n, err := newNear(o.MaxBytes)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		name: randomName(), replica: o.Replica, since: time.Now().UTC(), clock: newClock(), near: n, log: o.Log, watcher: o.Watcher,
		byName: map[string]*family{}, regions: map[string]*region{}, top: newSketch(topKeys), met: make(chan struct{}),
	}
	e.inbox.asked = map[string]chan caching.Figures{}
	if e.log == nil {
		e.log = func(string, error) {}
	}
	for i, f := range caching.Families() {
		e.families = append(e.families, &family{Family: f, place: i, bound: &atomic.Uint64{}})
		if e.watcher != nil {
			e.families[i].bound = e.watcher.Bound(i)
		}
		e.byName[f.Name] = e.families[i]
	}
	first := &rules{ttls: e.ttls(o.TTLs), cut: make([]int64, len(e.families))}
	for place := range first.cut {
		first.cut[place] = math.MinInt64 // what comes from Redis may have been loaded before this process began
	}
	if o.Redis != nil {
		e.far = newFar(o.Redis, cmp.Or(o.patience, answerTime), e.log)
		first.apart = max(1, e.clock.exact()) // until it hears
	}
	e.rules.Store(first)
	return e, nil
}

func (e *Engine) ttls(t caching.TTLs) []int64 {
	out := make([]int64, len(e.families))
	for i, f := range e.families {
		out[i] = int64(t.Of(f.Family))
	}
	return out
}

// SetTTLs changes how long families keep what they hold, from the next read on. What is kept near by lives as if it had
// been so from its load on: shorter or longer. What is kept in Redis lives shorter, but no longer than was meant when it
// was put there.
func (e *Engine) SetTTLs(t caching.TTLs) {
	e.change(func(r *rules) {
		before, now := r.ttls, e.clock.exact()
		r.ttls, r.cut = e.ttls(t), slices.Clone(r.cut)
		for place, ttl := range r.ttls {
			if ttl < before[place] {
				r.cut[place] = now
			}
		}
	})
	if e.watcher != nil {
		e.watcher.Tune(t)
	}
}

func (e *Engine) change(how func(*rules)) {
	e.tuning.Lock()
	defer e.tuning.Unlock()
	next := *e.rules.Load()
	how(&next)
	e.rules.Store(&next)
}

// Met is closed when the engine first hears the others. What was near by until then is forgotten, so that there is little
// use in filling it before. Without a far tier it is never closed.
func (e *Engine) Met() <-chan struct{} { return e.met }

// Run does what must go on beside the reads, until ctx ends: it hears what other processes change, tells Redis what it
// could not be told before, watches Redis, and takes out what is past its time. Without it an engine that has a far tier
// works as one that is cut off.
func (e *Engine) Run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { e.clock.run(ctx) })
	if e.far != nil {
		running.Go(func() { e.hear(ctx) })
	}
	every := time.NewTicker(beat)
	defer every.Stop()
	for part := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if e.far != nil {
			e.far.check(ctx)
			e.catchUp(ctx)
		}
		e.near.flush()
		for range (shards + sweepBeats - 1) / sweepBeats {
			e.sweep(part)
			part++
		}
	}
}

// sweep takes out what is past its time from a part of the near tier.
func (e *Engine) sweep(part int) {
	now, r := e.clock.exact(), e.rules.Load()
	e.near.sweep(part, func(en *entry) bool { return !en.usable(r, now) })
}

// check feeds the breaker, so that it opens and closes even when nobody asks for anything. It asks for a key, as a node of
// a cluster that serves no keys answers a ping.
func (f *far) check(ctx context.Context) {
	_ = f.gate.ask(ctx, func(ctx context.Context) error { return f.client.Exists(ctx, tagTable).Err() }) // the gate reports it
}

// Close gives the memory of the near tier back. Reads go on, without it. Nobody may be reading for the first tenth of a
// second.
func (e *Engine) Close() { e.near.close() }

// Counted returns how often a family was read since the start, and how many of these reads the near tier answered with
// what was not past its time. Families are known by their places in caching.Families.
func (e *Engine) Counted(place int) (reads, hits uint64) {
	f := e.families[place].figures()
	return f.Reads(), f.Near.Hits - min(f.Stale, f.Near.Hits)
}

// Answered returns how many reads of a family any tier answered since the start, with what was past its time.
func (e *Engine) Answered(place int) uint64 { return e.families[place].figures().Hits() }

// names are those of all families.
func (e *Engine) names() []string {
	out := make([]string, len(e.families))
	for i, f := range e.families {
		out[i] = f.Name
	}
	return out
}

// farNames are those of the given families that are kept in Redis.
func (e *Engine) farNames(among []string) []string {
	return slices.DeleteFunc(slices.Clone(among), func(name string) bool {
		f := e.byName[name]
		return f == nil || !f.Far
	})
}

var errRegion = errors.New("cache: there is no such family, or the region is there already")

// register adds a region.
func (e *Engine) register(r *region, familyName, name string, schema int, local bool) error {
	f, ok := e.byName[familyName]
	e.registering.Lock()
	defer e.registering.Unlock()
	key := familyName + ":" + name
	if !ok || e.regions[key] != nil {
		return fmt.Errorf("%w: %s", errRegion, key)
	}
	r.engine, r.family, r.far = e, f, f.Far && !local && e.far != nil
	r.prefix = fmt.Sprintf("%s.%d:", key, schema)
	e.regions[key] = r
	return nil
}
