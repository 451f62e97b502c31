package cache_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/tests/private"
)

// newSentinel starts a Redis with a replica and a sentinel of the test's own.
func newSentinel(tb testing.TB) *private.RedisSentinel {
	tb.Helper()
	s, err := private.StartRedisSentinel(tb.Context(), tb.TempDir())
	private.Need(tb, err)
	tb.Cleanup(func() {
		if err := s.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// changes is somebody who changes things through a process all the time, and looks whether it gives out what he wrote.
type changes struct {
	wg   sync.WaitGroup
	stop func()
}

// startChanges changes some ids until it is stopped.
func startChanges(p *process, ids ...string) *changes {
	done := make(chan struct{})
	c := &changes{}
	c.stop = sync.OnceFunc(func() {
		close(done)
		c.wg.Wait()
	})
	p.t.Cleanup(c.stop)
	for _, id := range ids {
		c.wg.Go(func() {
			for version := 0; ; version++ {
				want := fmt.Sprintf("%s in version %d", id, version)
				p.shelf.put(id, want)
				p.region.Evict(p.t.Context(), id)
				for range 3 {
					if got, err := p.region.Get(p.t.Context(), id, p.shelf.load(id)); got != want || err != nil {
						p.t.Errorf("%q, %v; want %q", got, err, want)
					}
				}
				select {
				case <-done:
					return
				case <-time.After(5 * time.Millisecond):
				}
			}
		})
	}
	return c
}

func TestAfterAFailoverTheNewMasterIsUsedAndNoRequestFailsMeanwhile(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		begin func(t *testing.T, s *private.RedisSentinel)
		dead  bool // the master, for a while
	}{
		"the master is killed": {func(t *testing.T, s *private.RedisSentinel) {
			if err := s.Master.Kill(); err != nil {
				t.Fatal(err)
			}
		}, true},
		"an operator orders it": {func(t *testing.T, s *private.RedisSentinel) {
			sentinel := redis.NewSentinelClient(&redis.Options{Addr: s.Sentinel.Address()})
			defer sentinel.Close()
			if err := sentinel.Failover(t.Context(), s.Name).Err(); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servers := newSentinel(t)
			s := &shelf{}
			textsOf(s)
			where := cache.Where{Addresses: []string{servers.Sentinel.Address()}, Master: servers.Name}
			o := cache.Options{TTLs: caching.TTLs{caching.Content: time.Second}}
			a, b := asShipped(t, connectTo(t, where), s, o), asShipped(t, connectTo(t, where), s, o)
			master, replica := connect(t, servers.Master.URL()), connect(t, servers.Replica.URL())
			s.put("moved", "old")
			for _, p := range []*process{a, b} {
				if got, err := p.region.Get(t.Context(), "moved", s.load("moved")); got != "old" || err != nil {
					t.Fatalf("%q, %v", got, err)
				}
			}
			key := a.region.Key("moved")
			if master.Exists(t.Context(), key).Val() != 1 {
				t.Fatal("the master is not used")
			}
			eventually(t, "the replica follows", func() bool { return replica.Exists(t.Context(), key).Val() == 1 })
			reads, more := startTraffic(a, 2), startTraffic(b, 2)
			writes := startChanges(a, "x", "y")
			tc.begin(t, servers)
			if tc.dead {
				eventually(t, "the breakers open", func() bool {
					return a.diary.count("they do without it") == 1 && b.diary.count("they do without it") == 1
				})
			}
			s.put("moved", "new")
			a.region.Evict(t.Context(), "moved")
			eventually(t, "the replica is the master", func() bool { return role(t, replica) == "master" })
			promoted := time.Now()
			eventually(t, "the processes hear each other again", func() bool {
				return a.diary.count("hear what others change: <nil>") == 2 && b.diary.count("hear what others change: <nil>") == 2
			})
			eventually(t, "Redis hears of what was evicted", func() bool { return cache.Pending(a.engine) == 0 })
			// A former master that lives is a master for some ten seconds more, and keeps the connections of those who listen.
			took := time.Since(promoted).Round(time.Millisecond)
			t.Logf("%s after the replica became the master", took)
			if took > 7*time.Second {
				t.Errorf("they did not hear each other for %s", took)
			}
			for _, p := range []*process{a, b} {
				eventually(t, "all give out what is new", func() bool {
					got, err := p.region.Get(t.Context(), "moved", s.load("moved"))
					return got == "new" && err == nil
				})
			}
			writes.stop()
			s.put("z", "kept")
			a.region.Evict(t.Context(), "z")
			eventually(t, "the new master keeps what is loaded", func() bool {
				got, err := a.region.Get(t.Context(), "z", s.load("z"))
				if got != "kept" || err != nil {
					t.Fatalf("%q, %v", got, err)
				}
				return replica.Exists(t.Context(), a.region.Key("z")).Val() == 1
			})
			reads.stop()
			more.stop()
			for _, tr := range []*traffic{reads, more} {
				t.Logf("%d reads, the slowest took %s", tr.reads.Load(), time.Duration(tr.slowest.Load()))
				if slowest := time.Duration(tr.slowest.Load()); slowest > longestWait {
					t.Errorf("a request took %s", slowest)
				}
			}
			t.Log(cache.Own(a.engine).Faults, a.diary.lines)
		})
	}
}

func TestWhileANodeOfAClusterIsAwayNoRequestFailsAndItIsUsedAgainByItself(t *testing.T) {
	t.Parallel()
	servers := newCluster(t)
	c := with(t, servers)
	textsOf(c.shelf)
	ids := many(c.shelf, "old")
	c.a.readsAll("at first", ids, "old", 60)
	c.b.readsAll("at first, the other", ids, "old", 60)
	reads, writes := startTraffic(c.b, 2), startChanges(c.a, "x", "y")
	away := c.Masters[nodeOf(t, c, "toeic:cache")] // through which they tell each other things
	if err := away.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the breaker opens", func() bool { return c.a.diary.count("they do without it") > 0 })
	many(c.shelf, "new")
	c.a.region.Evict(t.Context(), ids...)
	for _, id := range ids {
		if got, err := c.a.region.Get(t.Context(), id, c.shelf.load(id)); got != "new" || err != nil {
			t.Errorf("%s is %q, %v", id, got, err)
		}
	}
	eventually(t, "the processes notice that they hear nothing, until they find another node", func() bool {
		return c.a.diary.count("do not hear what others change") > 0 && c.b.diary.count("do not hear what others change") > 0
	})
	writes.stop()
	if err := errors.Join(away.Restart(t.Context()), c.Await(t.Context())); err != nil {
		t.Fatal(err)
	}
	eventually(t, "they hear each other", func() bool { return !c.a.apart() && !c.b.apart() })
	eventually(t, "Redis hears of what was evicted", func() bool { return cache.Pending(c.a.engine) == 0 })
	for _, id := range ids {
		eventually(t, "the other process gives out what is new", func() bool {
			got, err := c.b.region.Get(t.Context(), id, c.shelf.load(id))
			return got == "new" && err == nil
		})
	}
	eventually(t, "all nodes are used", func() bool {
		c.a.region.Evict(t.Context(), ids...)
		for _, id := range ids {
			if got, err := c.a.region.Get(t.Context(), id, c.shelf.load(id)); got != "new" || err != nil {
				t.Fatalf("%s is %q, %v", id, got, err)
			}
		}
		return slices.Min(c.keys(t)) > 0
	})
	reads.stop()
	if slowest := time.Duration(reads.slowest.Load()); slowest > longestWait {
		t.Errorf("a request took %s", slowest)
	}
	t.Logf("%d reads, the slowest took %s; %v", reads.reads.Load(), time.Duration(reads.slowest.Load()), cache.Own(c.a.engine).Faults)
}

// nodeOf is the place of the master that has the slot of a name.
func nodeOf(t *testing.T, c cluster, name string) int {
	t.Helper()
	const slots = 16384
	slot := c.node(t, 0).ClusterKeySlot(t.Context(), name).Val()
	return int(slot) * len(c.Masters) / slots
}

// copyOf gives a server all that another has.
func copyOf(t *testing.T, from, to redis.UniversalClient) {
	t.Helper()
	for _, key := range from.Keys(t.Context(), "*").Val() {
		if err := to.Restore(t.Context(), key, max(0, from.PTTL(t.Context(), key).Val()), from.Dump(t.Context(), key).Val()).Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatAProcessEvictedItDoesNotFindInAServerThatHasNotHeardOfIt(t *testing.T) {
	for what, evict := range map[string]func(p *process){
		"by id":  func(p *process) { p.region.Evict(t.Context(), "a") },
		"by tag": func(p *process) { p.engine.EvictTags(t.Context(), "#red") },
	} {
		master, replica := newRedis(t), newRedis(t)
		way := newGateway(t, master.URL())
		s := &shelf{}
		s.put("a", "#red old")
		s.put("b", "#green")
		p := asShipped(t, connect(t, way.url()), s, cache.Options{})
		p.reads(what+": at first", "a", "#red old", 1)
		p.reads(what+": something else", "b", "#green", 2)
		copyOf(t, connect(t, master.URL()), connect(t, replica.URL()))
		s.put("a", "#red new")
		evict(p)
		p.stop() // it shall not say so again
		cache.ForgetNear(p.engine, p.region.Key("b"))
		way.lead(replica.URL())
		way.shutDown(true)
		way.shutDown(false)
		p.reads(what+": what was not evicted", "b", "#green", 2)
		before := p.figures()
		p.reads(what+": what was", "a", "#red new", 3)
		if f := p.figures(); f.Far.Misses != before.Far.Misses+1 || f.Far.Errors != 0 {
			t.Errorf("%s: Redis was not asked: %+v", what, f)
		}
		newProcess(t, connect(t, replica.URL()), s, cache.Options{}).reads(what+": another process", "a", "#red new", 3)
	}
}

func TestAServerThatTakesThePlaceOfAnotherIsToldWhatWasEvictedLately(t *testing.T) {
	master, replica := newRedis(t), newRedis(t)
	way := newGateway(t, master.URL())
	s := &shelf{}
	for _, id := range []string{"a", "b", "c"} {
		s.put(id, "#"+id)
	}
	p := asShipped(t, connect(t, way.url()), s, cache.Options{})
	p.readsAll("at first", []string{"a", "b", "c"}, "", 3)
	copyOf(t, connect(t, master.URL()), connect(t, replica.URL()))
	for _, id := range []string{"a", "b", "c"} {
		s.put(id, "#"+id+" new")
	}
	p.region.Evict(t.Context(), "a")
	p.engine.EvictTags(t.Context(), "#b")
	way.lead(replica.URL())
	way.shutDown(true)
	way.shutDown(false)
	eventually(t, "the process hears the others again", func() bool { return p.diary.count("hear what others change: <nil>") == 2 })
	eventually(t, "Redis is told", func() bool { return cache.Pending(p.engine) == 0 })
	other := newProcess(t, connect(t, replica.URL()), s, cache.Options{})
	other.reads("evicted by id", "a", "#a new", 4)
	other.reads("evicted by tag", "b", "#b new", 5)
	other.reads("not evicted", "c", "#c", 5)
}

// role is what a server is.
func role(t *testing.T, client redis.UniversalClient) string {
	t.Helper()
	said, err := client.Do(t.Context(), "ROLE").Slice()
	if err != nil || len(said) == 0 {
		return ""
	}
	return fmt.Sprint(said[0])
}
