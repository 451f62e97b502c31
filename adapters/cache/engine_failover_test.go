package cache_test

import (
	"fmt"
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
			a, b := newProcess(t, connectTo(t, where), s, o), newProcess(t, connectTo(t, where), s, o)
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
			t.Logf("%s after the replica became the master", time.Since(promoted).Round(time.Millisecond))
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
				if slowest := time.Duration(tr.slowest.Load()); slowest > 1500*time.Millisecond {
					t.Errorf("a request took %s", slowest)
				}
			}
			t.Log(cache.Own(a.engine).Faults, a.diary.lines)
		})
	}
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
