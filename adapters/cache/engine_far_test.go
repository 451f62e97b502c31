package cache_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

func TestWhatOneProcessLoadedAnotherTakesFromRedis(t *testing.T) {
	server := newRedis(t)
	s := &shelf{}
	a, b := newProcess(t, connect(t, server.URL()), s, cache.Options{}), newProcess(t, connect(t, server.URL()), s, cache.Options{})
	long := strings.Repeat("long and repeated ", 500)
	s.put("a", long)
	a.reads("first", "a", long, 1)
	b.reads("the other", "a", long, 1)
	a.misses("none", "b", errNoForm, 2)
	b.misses("none, for the other", "b", errNoForm, 2)
	if f := figuresOf(t, b.engine, caching.Content); f.Far.Hits != 2 || f.Far.Misses != 0 || f.Negative != 1 || f.Far.Keys != 2 || f.Far.Bytes > 2000 {
		t.Errorf("%+v", f)
	}
	client := connect(t, server.URL())
	for key, most := range map[string]time.Duration{"content:text.1:a": 2 * time.Hour, "content:text.1:b": 5 * time.Second} {
		if life := client.PTTL(t.Context(), key).Val(); life <= 0 || life > most {
			t.Errorf("%s is kept for %s", key, life)
		}
	}
}

func TestAnEvictionReachesRedisAndTheOtherProcesses(t *testing.T) {
	server := newRedis(t)
	s := &shelf{}
	a, b := newProcess(t, connect(t, server.URL()), s, cache.Options{}), newProcess(t, connect(t, server.URL()), s, cache.Options{})
	for what, evict := range map[string]func(){
		"by id":     func() { a.region.Evict(t.Context(), "a") },
		"by tag":    func() { a.engine.EvictTags(t.Context(), "#exam", "#other") },
		"by family": func() { mustClear(t, a.engine, ports.CacheScope{}) },
	} {
		s.put("a", "#exam one")
		evict()
		eventually(t, "the other process has nothing", func() bool { return b.figures().Near.Keys == 0 })
		s.loads.Store(0)
		a.reads(what+": first", "a", "#exam one", 1)
		b.reads(what+": the other", "a", "#exam one", 1)
		before := b.figures()
		s.put("a", "#exam two")
		evict()
		a.reads(what+": afterwards", "a", "#exam two", 2)
		eventually(t, "the other process forgets", func() bool { return b.figures().Near.Keys < before.Near.Keys })
		b.reads(what+": the other, afterwards", "a", "#exam two", 2)
	}
}

func mustClear(tb testing.TB, e *cache.Engine, scope ports.CacheScope) map[string]int {
	tb.Helper()
	out, err := e.Clear(tb.Context(), scope)
	if err != nil {
		tb.Fatal(err)
	}
	return out.Keys
}

func TestATagConcernsOnlyWhatCarriesIt(t *testing.T) {
	server := newRedis(t)
	s := &shelf{}
	a, b := newProcess(t, connect(t, server.URL()), s, cache.Options{}), newProcess(t, connect(t, server.URL()), s, cache.Options{})
	s.put("a", "#red #green")
	s.put("b", "#green")
	s.put("c", "plain")
	for i, id := range []string{"a", "b", "c"} {
		a.reads("first", id, s.texts[id], int64(i+1))
	}
	a.engine.EvictTags(t.Context(), "#red")
	b.reads("without the tag", "b", "#green", 3)
	b.reads("without any", "c", "plain", 3)
	b.reads("with the tag", "a", "#red #green", 4)
	a.reads("with the tag, from Redis", "a", "#red #green", 4)
	n := mustClear(t, a.engine, ports.CacheScope{Tag: "#green"})
	if n[caching.Content] != 4 { // two near by and two in Redis
		t.Errorf("%v were cleared", n)
	}
	a.reads("after another tag", "c", "plain", 4)
	a.reads("with the other tag", "b", "#green", 5)
}

func TestWhenTheTableOfTagsIsLostWhatHasTagsIsNotBelieved(t *testing.T) {
	server := newRedis(t)
	s := &shelf{}
	a, b := newProcess(t, connect(t, server.URL()), s, cache.Options{}), newProcess(t, connect(t, server.URL()), s, cache.Options{})
	s.put("a", "#red")
	a.reads("first", "a", "#red", 1)
	if err := connect(t, server.URL()).Del(t.Context(), "toeic:cache:tags").Err(); err != nil {
		t.Fatal(err)
	}
	b.reads("without the table", "a", "#red", 2)
}

func TestTenThousandMissesOfOneKeyInThreeProcessesAreOneLoad(t *testing.T) {
	server := newRedis(t)
	s := &shelf{gate: make(chan struct{})}
	s.put("a", "one")
	processes := make([]*process, 3)
	for i := range processes {
		processes[i] = newProcess(t, connect(t, server.URL()), s, cache.Options{})
	}
	var wg sync.WaitGroup
	for i := range 10_000 {
		wg.Go(func() {
			p := processes[i%3]
			if got, err := p.region.Get(t.Context(), "a", s.load("a")); got != "one" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	eventually(t, "all have missed", func() bool {
		n := uint64(0)
		for _, p := range processes {
			n += p.figures().Near.Misses
		}
		return n == 10_000
	})
	close(s.gate)
	wg.Wait()
	for _, p := range processes {
		f := p.figures()
		if f.Near.Misses != f.Far.Hits+f.Shared+f.Loads {
			t.Errorf("%+v", f)
		}
	}
	if n := s.loads.Load(); n != 1 {
		t.Errorf("%d loads", n)
	}
}

func TestALoadThatIsEvictedElsewhereIsKeptNowhere(t *testing.T) {
	server := newRedis(t)
	s := &shelf{gate: make(chan struct{})}
	a, b := newProcess(t, connect(t, server.URL()), s, cache.Options{}), newProcess(t, connect(t, server.URL()), s, cache.Options{})
	s.put("a", "old")
	early := make(chan string)
	go func() {
		got, _ := a.region.Get(t.Context(), "a", s.load("a"))
		early <- got
	}()
	eventually(t, "the load begins", func() bool { return s.loads.Load() == 1 })
	s.put("a", "new")
	b.region.Evict(t.Context(), "a")
	gate := s.gate
	s.mu.Lock()
	s.gate = nil
	s.mu.Unlock()
	b.reads("in the process that changed it", "a", "new", 2)
	close(gate)
	if got := <-early; got != "old" {
		t.Errorf("the early load brought %q", got)
	}
	c := newProcess(t, connect(t, server.URL()), s, cache.Options{})
	c.reads("in a third process", "a", "new", 2)
	eventually(t, "the slow process gives out what is new", func() bool {
		got, err := a.region.Get(t.Context(), "a", s.load("a"))
		return got == "new" && err == nil
	})
}

func TestWhenTheProcessThatLoadsDiesAnotherOneDoesAfterAMoment(t *testing.T) {
	t.Parallel()
	server := newRedis(t)
	s := &shelf{}
	s.put("a", "one")
	client := connect(t, server.URL())
	p := newProcess(t, client, s, cache.Options{})
	if err := client.Set(t.Context(), "{content:text.1:a}!lease", "of a dead process", cache.LeaseTime).Err(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	p.reads("with a dead owner", "a", "one", 1)
	if took := time.Since(began); took < cache.LeaseTime-50*time.Millisecond || took > cache.LeaseTime+time.Second {
		t.Errorf("it took %s", took)
	}
	if client.Exists(t.Context(), "content:text.1:a").Val() != 1 {
		t.Error("who loaded in its place does not keep it in Redis")
	}
}

func TestALeaseLastsAsLongAsTheLoad(t *testing.T) {
	t.Parallel()
	server := newRedis(t)
	s := &shelf{gate: make(chan struct{})}
	s.put("a", "one")
	a, b := newProcess(t, connect(t, server.URL()), s, cache.Options{}), newProcess(t, connect(t, server.URL()), s, cache.Options{})
	var wg sync.WaitGroup
	for _, p := range []*process{a, b} {
		wg.Go(func() { p.reads("slow", "a", "one", 1) })
	}
	time.Sleep(cache.LeaseTime * 3 / 2)
	close(s.gate)
	wg.Wait()
}

func TestALoadThatFailsLeavesTheNextProcessItsTurn(t *testing.T) {
	server := newRedis(t)
	s := &shelf{}
	a, b := newProcess(t, connect(t, server.URL()), s, cache.Options{}), newProcess(t, connect(t, server.URL()), s, cache.Options{})
	s.failWith(errDown)
	a.misses("down", "a", errDown, 1)
	s.failWith(nil)
	s.put("a", "one")
	began := time.Now()
	b.reads("up again", "a", "one", 2)
	if took := time.Since(began); took > cache.LeaseTime/2 {
		t.Errorf("it took %s", took)
	}
}

func TestFiguresAreThoseOfAllProcesses(t *testing.T) {
	server := newRedis(t)
	s := &shelf{}
	s.put("a", "one")
	var processes []*process
	for _, name := range []string{"c", "a", "b"} {
		processes = append(processes, newProcess(t, connect(t, server.URL()), s, cache.Options{Replica: name}))
	}
	for _, p := range processes {
		p.reads("first", "a", "one", 1)
		p.reads("again", "a", "one", 1)
	}
	all, err := processes[0].engine.Figures(t.Context())
	if err != nil || len(all) != 3 {
		t.Fatalf("%d figures, %v", len(all), err)
	}
	names := []string{}
	for i, f := range all {
		names = append(names, f.Replica)
		content := f.Families[caching.Content]
		if content.Near.Hits != 1 || content.Near.Misses != 1 || content.Near.Keys != 1 || f.Limit != 64<<20 || content.TTLSum < 3200 || content.TTLSum > 3600 {
			t.Errorf("%+v", f)
		}
		if (i == 0) != (f.Server["redis_version"] != "") || (i == 0) != (content.Far.Keys == 1) {
			t.Errorf("what Redis says is in the figures of %s: %v", f.Replica, f.Server)
		}
	}
	if !slices.Equal(names, []string{"c", "a", "b"}) {
		t.Errorf("%v", names)
	}
	began := time.Now()
	processes[1].stop()
	eventually(t, "a process that ended is left out", func() bool {
		all, err := processes[0].engine.Figures(t.Context())
		return err == nil && len(all) == 2
	})
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestATimeToLiveHoldsInRedisToo(t *testing.T) {
	server := newRedis(t)
	s := &shelf{}
	a, b := newProcess(t, connect(t, server.URL()), s, cache.Options{}), newProcess(t, connect(t, server.URL()), s, cache.Options{})
	s.put("a", "one")
	a.reads("first", "a", "one", 1)
	time.Sleep(1100 * time.Millisecond)
	short := caching.TTLs{caching.Content: time.Second}
	b.engine.SetTTLs(short)
	s.put("a", "two")
	b.reads("past its new time", "a", "two", 2) // content may be stale, but not because its time was cut
}

func TestAnotherVersionOfTheProgramForgetsItsOwn(t *testing.T) {
	server := newRedis(t)
	s := &shelf{}
	a := newProcess(t, connect(t, server.URL()), s, cache.Options{})
	newer := newEngine(t, cache.Options{Redis: connect(t, server.URL())}.Patient())
	r, err := cache.NewRegion(newer, cache.RegionOptions[string]{Family: caching.Content, Name: "text", Schema: 2, Codec: cache.JSON[string]{}})
	if err != nil {
		t.Fatal(err)
	}
	s.put("a", "one")
	a.reads("first", "a", "one", 1)
	if got, err := r.Get(t.Context(), "a", s.load("a")); got != "one" || err != nil || s.loads.Load() != 2 {
		t.Errorf("%q, %v after %d loads", got, err, s.loads.Load())
	}
	r.Evict(t.Context(), "a")
	client := connect(t, server.URL())
	eventually(t, "the older version deletes its own", func() bool { return client.DBSize(t.Context()).Val() <= 1 }) // but for the tags
	if !errors.Is(client.Get(t.Context(), "content:text.1:a").Err(), redis.Nil) {
		t.Error("it is there")
	}
}
