package cache_test

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

// seen is what a watcher was told, but for hashes, which are numbered as they first come.
type seen struct {
	What   string
	Family int
	Key    int // from 1 on
	Bytes  int64
}

// recorder is a watcher that notes all that it is told.
type recorder struct {
	mu      sync.Mutex
	deaf    bool // wants nothing
	asked   int
	seen    []seen
	hashes  []uint64
	times   []time.Time
	tunings []caching.TTLs
}

func (w *recorder) number(hash uint64) int {
	if i := slices.Index(w.hashes, hash); i >= 0 {
		return i + 1
	}
	w.hashes = append(w.hashes, hash)
	return len(w.hashes)
}

func (*recorder) Bound(int) *atomic.Uint64 {
	all := new(atomic.Uint64)
	all.Store(math.MaxUint64)
	return all
}

func (w *recorder) Wants(int, uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	return !w.deaf
}

func (w *recorder) Reference(family int, hash uint64, bytes int64, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, seen{"read", family, w.number(hash), bytes})
	w.times = append(w.times, at)
}

func (w *recorder) Forget(family int, hash uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, seen{"forgotten", family, w.number(hash), 0})
}

func (w *recorder) Clear(family int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, seen{"cleared", family, 0, 0})
}

func (w *recorder) Tune(ttls caching.TTLs) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tunings = append(w.tunings, ttls)
}

// told wants what was told since the last time, and that each read was told as it was.
func (w *recorder) told(t *testing.T, what string, want ...seen) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if diff := cmp.Diff(want, w.seen); diff != "" {
		t.Errorf("%s (-want +told)\n%s", what, diff)
	}
	for _, at := range w.times {
		if d := time.Since(at); d < -time.Second || d > time.Second {
			t.Errorf("%s: told that it was at %s, %s ago", what, at, d)
		}
	}
	w.seen, w.times = nil, nil
}

// placeOf is the place of a family among all.
func placeOf(name string) int {
	return slices.IndexFunc(caching.Families(), func(f caching.Family) bool { return f.Name == name })
}

func TestAWatcherIsToldOfEachReadOnceHoweverItIsAnswered(t *testing.T) {
	w, place := &recorder{}, placeOf(caching.Content)
	inMemory(t, caching.Content, cache.Options{Watcher: w}, func(t *testing.T, e *cache.Engine, r reader) {
		small, big := int64(cache.EntryBytes+1+3), int64(cache.EntryBytes+1+8)
		r.shelf.put("a", "one")
		r.reads("first", "a", "one", 1)
		w.told(t, "a miss", seen{"read", place, 1, small})
		r.reads("second", "a", "one", 1)
		w.told(t, "a hit", seen{"read", place, 1, small})
		cache.Settle(e)
		if _, _, ok := r.region.Cached("a"); !ok {
			t.Error("it is not there")
		}
		w.told(t, "a hit by those who only look", seen{"read", place, 1, small})
		if _, _, ok := r.region.Cached("z"); ok {
			t.Error("it is there")
		}
		w.told(t, "a look that counts nothing")

		r.shelf.put("a", "the next")
		time.Sleep(time.Hour + time.Minute)
		r.stale("past its time", "a", "one", 2)
		w.told(t, "what is given out while it is loaded anew, which is nobody's read", seen{"read", place, 1, small})
		r.reads("refreshed", "a", "the next", 2)
		w.told(t, "a hit of what was loaded anew", seen{"read", place, 1, big})

		r.misses("absent", "b", errNoForm, 3)
		w.told(t, "that there is none takes memory", seen{"read", place, 2, int64(cache.EntryBytes + 1)})
		r.misses("still absent", "b", errNoForm, 3)
		w.told(t, "a hit of none", seen{"read", place, 2, int64(cache.EntryBytes + 1)})

		r.shelf.failWith(ports.ErrUnavailable)
		r.misses("failed", "c", ports.ErrUnavailable, 4)
		w.told(t, "a load that failed leaves nothing", seen{"read", place, 3, 0})
	})
}

func TestAWatcherIsToldOfAllWhoShareALoad(t *testing.T) {
	w, place := &recorder{}, placeOf(caching.Users)
	inMemory(t, caching.Users, cache.Options{Watcher: w}, func(t *testing.T, _ *cache.Engine, r reader) {
		r.shelf.put("a", "one")
		r.shelf.gate = make(chan struct{})
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() {
				if got, err := r.region.Get(t.Context(), "a", r.shelf.load("a")); got != "one" || err != nil {
					t.Errorf("%q, %v", got, err)
				}
			})
		}
		synctest.Wait()
		hasty, cancel := context.WithCancel(t.Context())
		readers.Go(func() { _, _ = r.region.Get(hasty, "a", r.shelf.load("a")) })
		synctest.Wait()
		w.told(t, "nobody has read yet")
		close(r.shelf.gate)
		readers.Wait()
		cancel()
		read := seen{"read", place, 1, cache.EntryBytes + 1 + 3}
		w.told(t, "four readers, one load", read, read, read, read)
		if n := r.shelf.loads.Load(); n != 1 {
			t.Errorf("%d loads", n)
		}
	})
}

func TestAWatcherThatWantsNothingIsOnlyAsked(t *testing.T) {
	w := &recorder{deaf: true}
	inMemory(t, caching.Users, cache.Options{Watcher: w}, func(t *testing.T, _ *cache.Engine, r reader) {
		r.shelf.put("a", "one")
		for range 3 {
			r.reads("read", "a", "one", 1)
		}
		w.told(t, "nothing")
		if w.asked != 3 {
			t.Errorf("asked %d times", w.asked)
		}
	})
}

func TestAWatcherIsToldWhatChangedAndWhatWasCleared(t *testing.T) {
	w, place := &recorder{}, placeOf(caching.Content)
	inMemory(t, caching.Content, cache.Options{Watcher: w}, func(t *testing.T, e *cache.Engine, r reader) {
		r.shelf.put("a", "one #x")
		r.shelf.put("b", "two #x #y")
		r.shelf.put("c", "three")
		read := func() {
			t.Helper()
			for _, id := range []string{"a", "b", "c"} {
				if _, err := r.region.Get(t.Context(), id, r.shelf.load(id)); err != nil {
					t.Error(err)
				}
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			w.seen, w.times = nil, nil
		}
		read() // so that a, b and c are 1, 2 and 3
		gone := func(key int) seen { return seen{"forgotten", place, key, 0} }
		r.region.Evict(t.Context(), "b", "c")
		w.told(t, "evicted", gone(2), gone(3))
		r.region.Evict(t.Context(), "b")
		w.told(t, "evicted, though it is not there now", gone(2))

		read()
		e.EvictTags(t.Context(), "#y")
		w.told(t, "evicted by a tag", gone(2))
		e.EvictTags(t.Context(), "#z")
		w.told(t, "evicted by a tag of none")
		mustClear(t, e, ports.CacheScope{Tag: "#x"})
		w.told(t, "cleared by a tag, which b does not carry any more", gone(1))

		read()
		family, err := caching.Named(caching.Content)
		if err != nil {
			t.Fatal(err)
		}
		mustClear(t, e, ports.CacheScope{Families: []caching.Family{family}})
		w.told(t, "a family is cleared", seen{"cleared", place, 0, 0})
		mustClear(t, e, ports.CacheScope{})
		var all []seen
		for i := range caching.Families() {
			all = append(all, seen{"cleared", i, 0, 0})
		}
		w.told(t, "everything is cleared", all...)
	})
}

func TestAWatcherIsToldOfOtherTimesToLive(t *testing.T) {
	w := &recorder{}
	e := newEngine(t, cache.Options{Watcher: w, TTLs: caching.TTLs{caching.Users: time.Minute}})
	if len(w.tunings) != 0 {
		t.Error("told of what is so from the start")
	}
	want := caching.TTLs{caching.Users: time.Second, caching.Content: time.Hour}
	e.SetTTLs(want)
	if diff := cmp.Diff([]caching.TTLs{want}, w.tunings); diff != "" {
		t.Error(diff)
	}
}

// What another process changed is deleted here too, and what it loads is not read here.
func TestAWatcherIsToldOfWhatOthersChange(t *testing.T) {
	server := newRedis(t)
	store, w, place := &shelf{}, &recorder{}, placeOf(caching.Content)
	here := newProcess(t, connect(t, server.URL()), store, cache.Options{Watcher: w})
	other := newProcess(t, connect(t, server.URL()), store, cache.Options{})
	store.put("a", "one")
	for _, p := range []*process{other, here} {
		if got, err := p.region.Get(t.Context(), "a", store.load("a")); got != "one" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	w.told(t, "a value from Redis", seen{"read", place, 1, cache.EntryBytes + 1 + 3})
	other.region.Evict(t.Context(), "a")
	eventually(t, "the eviction is heard of", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.seen) > 0
	})
	w.told(t, "evicted elsewhere", seen{"forgotten", place, 1, 0})
}
