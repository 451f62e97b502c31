package cacheapp_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/toeic-app/toeic/application/cacheapp"
	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

// warmer has keys of families. Loads go through gate, where there is one.
type warmer struct {
	keys   map[string]int
	gate   chan struct{} // a load takes one; closed, all go through
	bad    func(key string) error
	fails  error
	panics bool
	at     atomic.Int32
	atOnce atomic.Int32 // the most at the same time
	mu     sync.Mutex
	loaded []string
}

func (w *warmer) Plan(_ context.Context, f caching.Family, limit int) ([]ports.WarmStep, error) {
	if w.panics {
		panic("a bug")
	}
	var out []ports.WarmStep
	for i := range w.keys[f.Name] { // more than limit, which must not matter
		key := fmt.Sprintf("%s:%d", f.Name, i)
		out = append(out, ports.WarmStep{Key: key, Run: func(ctx context.Context) error { return w.load(ctx, key) }})
	}
	return out, w.fails
}

func (w *warmer) load(ctx context.Context, key string) error {
	now := w.at.Add(1)
	defer w.at.Add(-1)
	for most := w.atOnce.Load(); now > most && !w.atOnce.CompareAndSwap(most, now); most = w.atOnce.Load() {
	}
	if w.gate != nil {
		select {
		case <-w.gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if w.bad != nil {
		if err := w.bad(key); err != nil {
			return err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loaded = append(w.loaded, key)
	return nil
}

// station is a process that fills caches.
type station struct {
	*office
	warm   *cacheapp.Warm
	stop   context.CancelFunc
	asked  atomic.Int32 // for its sources
	mu     sync.Mutex
	failed []string
}

// process starts one more process on the store of an office.
func (o *office) process(limits cacheapp.WarmLimits, warmers ...*warmer) *station {
	o.t.Helper()
	return o.processWith(limits, o.store.CacheRuns(), warmers...)
}

func (o *office) processWith(limits cacheapp.WarmLimits, runs ports.CacheRuns, warmers ...*warmer) *station {
	o.t.Helper()
	s := &station{office: o}
	s.warm = &cacheapp.Warm{
		Clock: o.clock, IDs: ids{}, Replica: "here", Control: o.engine, Runs: runs, Recorder: o.log, Work: o.store.CacheRunWork(),
		Limits: limits, Failed: func(what string, err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.failed = append(s.failed, what+": "+err.Error())
		},
	}
	var sources []cacheapp.Source
	for i, w := range warmers {
		sources = append(sources, cacheapp.Source{Name: fmt.Sprint("source ", i), Warmer: w})
	}
	s.warm.Sources = func() []cacheapp.Source {
		s.asked.Add(1)
		return sources
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(o.t.Context()))
	s.stop = stop
	var running sync.WaitGroup
	running.Go(func() { s.warm.Do(ctx) })
	o.t.Cleanup(func() { stop(); running.Wait() })
	return s
}

func limits() cacheapp.WarmLimits {
	return cacheapp.WarmLimits{Keys: 100, Workers: 4, Time: time.Minute, Patience: time.Minute}
}

func hasty() cacheapp.WarmLimits {
	l := limits()
	l.Patience = 0
	return l
}

func (s *station) start(patterns ...string) caching.Run {
	s.t.Helper()
	return s.begun(patterns...).Run
}

func (s *station) begun(patterns ...string) cacheapp.Started {
	s.t.Helper()
	run, err := s.warm.Start(s.t.Context(), cacheapp.WarmCommand{By: s.by, Patterns: patterns})
	s.wants(err, nil)
	return run
}

// ended waits for the end of a run.
func (s *station) ended(run caching.Run) caching.Run {
	s.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
		got, err := s.warm.Get(s.t.Context(), run.ID)
		s.wants(err, nil)
		if got.Outcome != caching.Running {
			return got
		}
	}
	s.t.Fatal("the run did not end")
	return run
}

// told is a run in one line.
func told(r caching.Run) string {
	text := string(r.Outcome)
	for _, w := range r.Families {
		text += fmt.Sprintf(" %s %d/%d", strings.TrimSuffix(w.Pattern(), ":*"), w.Loaded, w.Planned)
		if w.Failed > 0 {
			text += fmt.Sprintf(" failed %d", w.Failed)
		}
		if w.Note != "" {
			text += " noted"
		}
	}
	return text
}

func (s *station) is(run caching.Run, want string) {
	s.t.Helper()
	if got := told(run); got != want {
		s.t.Errorf("%s, want %s", got, want)
	}
	stored, err := s.store.CacheRuns().Run(s.t.Context(), run.ID)
	s.wants(err, nil)
	if got := told(stored); got != want {
		s.t.Errorf("stored: %s, want %s", got, want)
	}
}

func TestARunLoadsWhatThePatternsNameAndClearsNothing(t *testing.T) {
	w := &warmer{keys: map[string]int{caching.Content: 3, caching.Statistics: 2, caching.Users: 5}}
	s := open(t).process(limits(), w)
	run := s.start("users:*", "auth:*", "content:*")
	s.is(run, "done users 0/0 noted auth 0/0 noted content 3/3")
	if run.By != s.by.Actor.UserID || run.Replica != "here" || run.Cleared || run.EndedAt == nil || len(s.engine.cleared) > 0 {
		t.Errorf("%+v, cleared %+v", run, s.engine.cleared)
	}
	slices.Sort(w.loaded)
	if got := strings.Join(w.loaded, " "); got != "content:0 content:1 content:2" {
		t.Errorf("loaded %s", got)
	}
	s.recorded(entry{audit.CacheWarmed, "cache-run:" + run.ID.String(), "null", `{"patterns":["users:*","auth:*","content:*"],"cleared":false}`})
}

func TestWithoutPatternsEverythingIsClearedAndThenLoaded(t *testing.T) {
	w := &warmer{keys: map[string]int{caching.Content: 1}}
	s := open(t).process(limits(), w)
	run := s.start()
	s.is(run, "done content 1/1 leaderboards 0/0 noted statistics 0/0 noted")
	s.noted(ports.CacheScope{})
	if !run.Cleared || run.Far != caching.FarCleared || len(s.engine.cleared) != 1 || s.engine.cleared[0].Families != nil || s.engine.cleared[0].Tag != "" {
		t.Errorf("cleared %+v", s.engine.cleared)
	}
	if n := s.asked.Load(); n != 1 {
		t.Errorf("a run over three families asks %d times for its sources", n)
	}
	s.is(s.start("*"), "done attempts 0/0 noted auth 0/0 noted content 1/1 leaderboards 0/0 noted statistics 0/0 noted users 0/0 noted")
	s.noted(ports.CacheScope{})
}

func TestPatternsThatNameNothingAreToldAndTheRestIsLoaded(t *testing.T) {
	w := &warmer{keys: map[string]int{caching.Content: 2}}
	s := open(t).process(limits(), w)
	run := s.start("words:*", "content:*", "words:*", "content:*", strings.Repeat("é", 100))
	s.is(run, "done content 2/2 words 0/0 noted "+strings.Repeat("é", 20)+" 0/0 noted")
	if note := run.Families[1].Note; !strings.HasPrefix(note, "unknown") || !strings.Contains(note, "content:*") {
		t.Errorf("noted %q", note)
	}
	s.is(s.start("words:*"), "done words 0/0 noted")
	if len(w.loaded) != 2 || len(s.engine.cleared) > 0 {
		t.Errorf("loaded %v, cleared %v", w.loaded, s.engine.cleared)
	}
	s.recorded(
		entry{audit.CacheWarmed, "cache-run:" + run.ID.String(), "null", `{"patterns":["content:*"],"cleared":false}`},
		entry{audit.CacheWarmed, s.log.entries[1].Object, "null", `{"patterns":[],"cleared":false}`},
	)
}

func TestARunTakesNoMoreKeysAndNoMoreAtOnceThanItMay(t *testing.T) {
	l := limits()
	l.Keys, l.Workers = 25, 3
	w, more := &warmer{keys: map[string]int{caching.Content: 20}}, &warmer{keys: map[string]int{caching.Content: 20}}
	s := open(t).process(l, w, more)
	s.is(s.start("content:*"), "done content 25/25")
	if len(w.loaded) != 20 || len(more.loaded) != 5 {
		t.Errorf("loaded %d of the first source, %d of the second", len(w.loaded), len(more.loaded))
	}
	gated := &warmer{keys: map[string]int{caching.Content: 20}, gate: make(chan struct{})}
	s = open(t).process(l, gated)
	go func() {
		for gated.at.Load() < 3 {
			time.Sleep(time.Millisecond)
		}
		close(gated.gate)
	}()
	s.is(s.start("content:*"), "done content 20/20")
	if most := gated.atOnce.Load(); most != 3 {
		t.Errorf("%d at once, want 3", most)
	}
}

func TestWhatCannotBeLoadedIsCountedAndTheRestIsLoaded(t *testing.T) {
	w := &warmer{keys: map[string]int{caching.Content: 5}, bad: func(key string) error {
		switch key {
		case "content:1", "content:2":
			return errors.New("no such exam")
		case "content:3":
			panic("a bug")
		}
		return nil
	}}
	broken := &warmer{fails: errors.New("the store is down")}
	s := open(t).process(limits(), broken, &warmer{panics: true}, w)
	s.engine.fails = errors.New("Redis is down")
	s.is(s.start("content:*"), "done content 2/5 failed 3 noted")
	run := s.start()
	s.is(run, "done content 2/5 failed 3 noted leaderboards 0/0 noted statistics 0/0 noted")
	stored, err := s.store.CacheRuns().Run(t.Context(), run.ID)
	s.wants(err, nil)
	if run.Far != caching.FarPending || stored.Far != caching.FarPending {
		t.Errorf("Redis is %q, stored %q", run.Far, stored.Far)
	}
	failed := strings.Join(s.failed, "\n")
	for _, want := range []string{"source 0 has for content:*: the store is down", "source 1 has for content:*: panic: a bug", "clear the caches first: Redis is down", "load content:"} {
		if !strings.Contains(failed, want) {
			t.Errorf("the log lacks %q:\n%s", want, failed)
		}
	}
}

func TestACancelledRunEndsAndKeepsWhatIsLoaded(t *testing.T) {
	w := &warmer{keys: map[string]int{caching.Content: 10}, gate: make(chan struct{})}
	s := open(t).process(hasty(), w)
	run := s.start("content:*")
	w.gate <- struct{}{}
	s.warm.Limits.Patience = time.Minute
	got, err := s.warm.Cancel(t.Context(), s.by, run.ID)
	s.wants(err, nil)
	s.is(got, "cancelled content 1/10")
	again, err := s.warm.Cancel(t.Context(), s.by, run.ID)
	s.wants(err, nil)
	s.is(again, "cancelled content 1/10")
	_, err = s.warm.Cancel(t.Context(), s.by, ids{}.New())
	s.wants(err, caching.ErrNoRun)
	if last := s.log.entries[len(s.log.entries)-1]; last.Action != audit.CacheWarmingCancelled || last.Object != "cache-run:"+run.ID.String() || len(s.log.entries) != 2 {
		t.Errorf("recorded %+v", s.log.entries)
	}
}

func TestARunIsToldAndCancelledByAnyProcess(t *testing.T) {
	o, w := open(t), &warmer{keys: map[string]int{caching.Content: 10}, gate: make(chan struct{})}
	s, other := o.process(hasty(), w), o.process(hasty())
	run := s.start("content:*")
	w.gate <- struct{}{}
	w.gate <- struct{}{}
	for loaded := 0; loaded < 2; time.Sleep(time.Millisecond) { // as it is stored once a second
		got, err := other.warm.Get(t.Context(), run.ID)
		o.wants(err, nil)
		loaded = got.Families[0].Loaded
	}
	got, err := other.warm.Cancel(t.Context(), o.by, run.ID)
	o.wants(err, nil)
	if !got.Cancelling {
		t.Errorf("%+v", got)
	}
	s.is(other.ended(run), "cancelled content 2/10")
	_, err = other.warm.Get(t.Context(), ids{}.New())
	o.wants(err, caching.ErrNoRun)
}

func TestARunEndsWithItsTimeAndWithItsProcess(t *testing.T) {
	l := limits()
	l.Time = 10 * time.Millisecond
	shut := func() *warmer { return &warmer{keys: map[string]int{caching.Content: 10}, gate: make(chan struct{})} }
	s := open(t).process(l, shut())
	if run := s.start("content:*"); run.Outcome != caching.Interrupted || run.Families[0].Loaded > 0 {
		t.Errorf("%s", told(run))
	}
	w := shut()
	s = open(t).process(hasty(), w)
	run := s.start("content:*")
	for w.at.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	s.stop()
	s.is(s.ended(run), "interrupted content 0/10")
}

func TestANewProcessFillsItsCachesUnaskedAndClearsNothing(t *testing.T) {
	w := &warmer{keys: map[string]int{caching.Content: 2}}
	s := open(t).process(limits(), w)
	s.wants(s.warm.AtStart(t.Context()), nil)
	s.ended(s.start("content:*"))
	if len(w.loaded) < 2 || len(s.engine.cleared) > 0 || len(s.log.entries) != 1 {
		t.Errorf("loaded %v, cleared %v, recorded %v", w.loaded, s.engine.cleared, s.log.entries)
	}
	idle := open(t).process(limits())
	idle.wants(idle.warm.AtStart(t.Context()), nil)
	idle.is(idle.start("content:*"), "done content 0/0 noted")
}

func TestARunThatCannotBeRecordedIsNotBegun(t *testing.T) {
	w := &warmer{keys: map[string]int{caching.Content: 2}}
	s := open(t).process(limits(), w)
	s.log.fails = errors.New("the log is full")
	_, err := s.warm.Start(t.Context(), cacheapp.WarmCommand{By: s.by})
	s.wants(err, s.log.fails)
	s.log.fails = nil
	s.is(s.start("content:*"), "done content 2/2")
	if len(w.loaded) != 2 || len(s.engine.cleared) > 0 {
		t.Errorf("loaded %v, cleared %v", w.loaded, s.engine.cleared)
	}
}
