package cache_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
)

// gateway is a way to Redis that can stall, and can be shut.
type gateway struct {
	listener net.Listener
	stalled  atomic.Bool
	delay    atomic.Int64 // of whatever Redis says, nanoseconds

	mu     sync.Mutex
	target string
	shut   bool
	conns  []net.Conn
}

// newGateway opens a way to the server at a URL.
func newGateway(tb testing.TB, url string) *gateway {
	tb.Helper()
	var config net.ListenConfig
	l, err := config.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	g := &gateway{listener: l}
	g.lead(url)
	go g.serve()
	tb.Cleanup(func() {
		g.shutDown(true)
		_ = l.Close()
	})
	return g
}

func (g *gateway) url() string { return "redis://" + g.listener.Addr().String() + "/0" }

// lead makes the way end at the server at a URL, for those who come from now on.
func (g *gateway) lead(url string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.target = strings.TrimSuffix(strings.TrimPrefix(url, "redis://"), "/0")
}

func (g *gateway) serve() {
	for {
		here, err := g.listener.Accept()
		if err != nil {
			return
		}
		g.mu.Lock()
		there, err := net.Dial("tcp", g.target)
		if g.shut || err != nil {
			_ = here.Close()
			if err == nil {
				_ = there.Close()
			}
		} else {
			g.conns = append(g.conns, here, there)
			go g.pass(here, there, nil)
			go g.pass(there, here, &g.delay)
		}
		g.mu.Unlock()
	}
}

// pass hands on what arrives, after a delay if there is one, but nothing while the way is stalled.
func (g *gateway) pass(from, to net.Conn, delay *atomic.Int64) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if delay != nil {
			time.Sleep(time.Duration(delay.Load()))
		}
		for g.stalled.Load() {
			time.Sleep(time.Millisecond)
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err == io.EOF || err != nil {
			return
		}
	}
}

// shutDown shuts the way, and ends who is on it, or opens it again.
func (g *gateway) shutDown(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	if shut {
		for _, c := range g.conns {
			_ = c.Close()
		}
		g.conns = nil
	}
}

// longestWait is how long a read may take while Redis is of no use: some answers that do not come, where a single one would
// take Redis a minute. Machines that run many tests at once add their part.
const longestWait = 4 * time.Second

// traffic reads many keys all the time, and notes failures and wrong answers.
type traffic struct {
	wg      sync.WaitGroup
	cancel  context.CancelFunc
	reads   atomic.Int64
	wrong   atomic.Int64
	slowest atomic.Int64
}

func startTraffic(p *process, readers int) *traffic {
	ctx, cancel := context.WithCancel(p.t.Context())
	tr := &traffic{cancel: cancel}
	for n := range readers {
		tr.wg.Go(func() {
			for i := n; ctx.Err() == nil; i++ {
				id := string(rune('a' + i%20))
				began := time.Now()
				got, err := p.region.Get(p.t.Context(), id, p.shelf.load(id))
				if err != nil || got != "text of "+id {
					p.t.Errorf("%q, %v", got, err)
					tr.wrong.Add(1)
				}
				tr.slowest.Store(max(tr.slowest.Load(), int64(time.Since(began))))
				tr.reads.Add(1)
				time.Sleep(time.Millisecond)
			}
		})
	}
	return tr
}

func (tr *traffic) stop() {
	tr.cancel()
	tr.wg.Wait()
}

func textsOf(s *shelf) {
	for c := 'a'; c <= 't'; c++ {
		s.put(string(c), "text of "+string(c))
	}
}

func TestWhateverHappensToRedisNoRequestFailsAndItIsUsedAgainByItself(t *testing.T) {
	t.Parallel()
	faults := []struct {
		name       string
		begin, end func(*testing.T, *gateway, *redisServer)
		fault      caching.Fault
		tells      bool // it passes on what processes tell each other all the while
	}{
		{"it is stopped", func(t *testing.T, _ *gateway, r *redisServer) { r.signal(t, syscall.SIGSTOP) }, func(t *testing.T, _ *gateway, r *redisServer) { r.signal(t, syscall.SIGCONT) }, caching.Slow, false},
		{"the network stalls", func(_ *testing.T, g *gateway, _ *redisServer) { g.stalled.Store(true) }, func(_ *testing.T, g *gateway, _ *redisServer) { g.stalled.Store(false) }, caching.Slow, false},
		{"connections are refused", func(_ *testing.T, g *gateway, _ *redisServer) { g.shutDown(true) }, func(_ *testing.T, g *gateway, _ *redisServer) { g.shutDown(false) }, caching.Unreachable, false},
		{"it is killed and comes back empty", func(t *testing.T, _ *gateway, r *redisServer) { r.kill(t) }, func(t *testing.T, _ *gateway, r *redisServer) { r.restart(t) }, caching.Unreachable, false},
		{"it has lost its master", func(t *testing.T, _ *gateway, r *redisServer) {
			r.do(t, "CONFIG", "SET", "replica-serve-stale-data", "no")
			r.do(t, "REPLICAOF", "127.0.0.1", "1")
		}, func(t *testing.T, _ *gateway, r *redisServer) { r.do(t, "REPLICAOF", "NO", "ONE") }, caching.Failing, true},
	}
	for _, c := range faults {
		t.Run(c.name, func(t *testing.T) {
			server := &redisServer{newRedis(t)}
			way := newGateway(t, server.URL())
			s := &shelf{}
			textsOf(s)
			p := asShipped(t, connect(t, way.url()), s, cache.Options{TTLs: caching.TTLs{caching.Content: time.Second}})
			tr := startTraffic(p, 4)
			eventually(t, "Redis is used", func() bool { return p.figures().Far.Hits+p.figures().Loads > 20 })
			began := time.Now()
			c.begin(t, way, server)
			eventually(t, "the breaker opens", func() bool { return p.diary.count("they do without it") == 1 })
			if took := time.Since(began); took > 2*time.Second { // a second is the promise, which the load scenario measures
				t.Errorf("the breaker opened after %s", took)
			}
			if !c.tells {
				eventually(t, "the process notices that it hears nothing", p.apart)
			}
			p.region.Evict(t.Context(), "a") // which Redis does not hear of now
			c.end(t, way, server)
			eventually(t, "the breaker closes", func() bool { return p.diary.count("Redis answers the caches again") == 1 })
			eventually(t, "the process hears the others", func() bool { return !p.apart() })
			eventually(t, "Redis hears of what was evicted", func() bool { return cache.Pending(p.engine) == 0 })
			before := p.figures()
			eventually(t, "Redis is used again", func() bool { return p.figures().Far.Misses > before.Far.Misses })
			tr.stop()
			if p.faults(c.fault) == 0 || p.figures().Far.Errors == 0 {
				t.Errorf("no fault %s is counted: %+v", c.fault, cache.Own(p.engine).Faults)
			}
			if n := p.diary.count("fault of Redis: " + string(c.fault)); n != 1 {
				t.Errorf("it is logged %d times: %v", n, p.diary.lines)
			}
			if slowest := time.Duration(tr.slowest.Load()); slowest > longestWait {
				t.Errorf("a request took %s", slowest)
			}
			t.Logf("%d reads, the slowest took %s; %d loads", tr.reads.Load(), time.Duration(tr.slowest.Load()), s.loads.Load())
		})
	}
}

func TestARedisThatIsSlowOrForgetfulOrRefusesWritesIsUsedForWhatItCan(t *testing.T) {
	t.Parallel()
	nothing := func(*testing.T, *gateway, *redisServer) {}
	for _, c := range []struct {
		name               string
		begin, during, end func(*testing.T, *gateway, *redisServer)
		fault              caching.Fault // that is counted; "" for none
		delay              time.Duration // of its answers
	}{
		{"it is slow", nothing, nothing, nothing, "", 30 * time.Millisecond},
		{"it is flushed again and again", nothing, func(t *testing.T, _ *gateway, r *redisServer) {
			r.do(t, "FLUSHALL")
			r.do(t, "SCRIPT", "FLUSH")
		}, nothing, "", 0},
		{"it is made a replica", func(t *testing.T, _ *gateway, r *redisServer) { r.do(t, "REPLICAOF", "127.0.0.1", "1") }, nothing, func(t *testing.T, _ *gateway, r *redisServer) { r.do(t, "REPLICAOF", "NO", "ONE") }, caching.Failing, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := &redisServer{newRedis(t)}
			way := newGateway(t, server.URL())
			s := &shelf{}
			textsOf(s)
			o := cache.Options{TTLs: caching.TTLs{caching.Content: time.Second}}
			p, other := asShipped(t, connect(t, way.url()), s, o), asShipped(t, connect(t, way.url()), s, o)
			tr := startTraffic(p, 4)
			eventually(t, "Redis is used", func() bool { return p.figures().Far.Hits+p.figures().Loads >= 20 })
			way.delay.Store(int64(c.delay))
			c.begin(t, way, server)
			changing := startChanges(p, "x")
			before := p.figures()
			for range 6 {
				c.during(t, way, server)
				cache.ForgetNear(p.engine, p.region.Key("a")) // so that a reader has to wait for Redis
				time.Sleep(100 * time.Millisecond)            // of traffic
			}
			eventually(t, "Redis is asked", func() bool { return p.figures().Far.Hits+p.figures().Far.Misses > before.Far.Hits+before.Far.Misses+10 })
			changing.stop()
			c.end(t, way, server)
			way.delay.Store(0)
			eventually(t, "Redis has heard of all that was evicted", func() bool { return cache.Pending(p.engine) == 0 })
			eventually(t, "the other process gives out what is new", func() bool {
				got, err := other.region.Get(t.Context(), "x", s.load("x"))
				return err == nil && got == s.texts["x"]
			})
			tr.stop()
			own := cache.Own(p.engine)
			for _, f := range caching.Faults() {
				if (own.Faults[f] > 0) != (f == c.fault) && f != caching.Slow { // which the machine may be
					t.Errorf("%d faults %s are counted", own.Faults[f], f)
				}
			}
			if slowest := tr.slowest.Load(); slowest < int64(c.delay) {
				t.Errorf("no request waited for Redis: the slowest took %s", time.Duration(slowest))
			}
			if own.Apart || p.diary.count("they do without it") > 0 || p.diary.count("fault of Redis: failing") > 1 {
				t.Errorf("%v", p.diary.lines)
			}
			t.Logf("%d reads, the slowest took %s; %d loads; %v", tr.reads.Load(), time.Duration(tr.slowest.Load()), s.loads.Load(), own.Faults)
		})
	}
}
