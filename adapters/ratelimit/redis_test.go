package ratelimit_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/adapters/ratelimit"
	"github.com/toeic-app/toeic/ports"
	"github.com/toeic-app/toeic/tests/private"
)

// startRedis starts a server that the test may break.
func startRedis(t *testing.T) *private.Redis {
	t.Helper()
	server, err := private.StartRedis(t.Context(), t.TempDir())
	private.Need(t, err)
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func TestAnAddressThatIsNoneIsRefused(t *testing.T) {
	for _, address := range []string{"", "localhost:6379", "http://localhost", "redis://localhost/x"} {
		if r, err := ratelimit.NewRedis(address); err == nil {
			t.Errorf("%q makes %v", address, r)
		}
	}
}

func TestTheKeysInRedisAreOursAndGoAwayByThemselves(t *testing.T) {
	r := openRedis(t, startRedis(t).URL())
	counted := certain{t, r}
	counted.Take(t.Context(), "login:1", hourly)
	counted.Take(t.Context(), "rate:login:2", hourly)
	counted.Look(t.Context(), "looked at only", hourly)
	counted.Take(t.Context(), "without a limit", ports.Limit{})
	counted.Take(t.Context(), "faster than time", ports.Limit{Burst: 11, Window: 10})

	keys, err := r.Client().Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 2 {
		t.Fatalf("%v, %v", keys, err)
	}
	for _, key := range []string{"limit:login:1", "limit:rate:login:2"} {
		// The debt is paid off in 15 minutes, by when the key has no use.
		if left, err := r.Client().PTTL(t.Context(), key).Result(); err != nil || left <= 0 || left > 15*time.Minute+time.Second {
			t.Errorf("%s goes away in %v, %v", key, left, err)
		}
	}
}

// The other tests replace the clock of the script. This one takes it as it is in production.
func TestABurstPassesByTheClockOfRedis(t *testing.T) {
	r := openRedis(t, private.RedisURL(t))
	counted := certain{t, ownKeys{t.Name() + time.Now().String(), r}}
	l := ports.Limit{Burst: 700, Window: 1000 * time.Hour} // an interval that is no whole number
	for i := range l.Burst {
		looked, v := counted.Look(t.Context(), "k", l), counted.Take(t.Context(), "k", l)
		if !looked.Allowed || looked.Remaining != l.Burst-i || !v.Allowed || v.Remaining != l.Burst-i-1 {
			t.Fatalf("event %d: looked %+v, taken %+v", i+1, looked, v)
		}
	}
	v := counted.Take(t.Context(), "k", l)
	if v.Allowed || v.RetryAfter <= time.Hour || v.RetryAfter > l.Window/700+time.Millisecond || v.ResetAfter > l.Window {
		t.Errorf("one more: %+v", v)
	}
}

// The library rounds what remains down, from a number that may be 0.999….
func TestLookAllowsTheOnlyEventOfALimitThatTakeAllows(t *testing.T) {
	c := newClock()
	counted := certain{t, onSharedRedis(t, c)}
	for ms := 100; ms < 200; ms++ {
		l := ports.Limit{Burst: 1, Window: time.Duration(ms)*time.Hour + time.Duration(ms)*time.Millisecond}
		key := l.Window.String()
		if v := counted.Look(t.Context(), key, l); !v.Allowed || v.Remaining != 1 {
			t.Errorf("%v: looked %+v", l.Window, v)
		}
		if v := counted.Take(t.Context(), key, l); !v.Allowed || v.Remaining != 0 {
			t.Errorf("%v: taken %+v", l.Window, v)
		}
	}
}

func TestRedisIsExactToItsClock(t *testing.T) {
	c := newClock()
	counted := certain{t, onSharedRedis(t, c)}
	for _, l := range []ports.Limit{hourly, {Burst: 7, Window: time.Hour}, {Burst: 1, Window: 1000*time.Second + 1}} {
		key := l.Window.String()
		fill(t, counted, key, l)
		refused := counted.Take(t.Context(), key, l)
		c.advance((refused.RetryAfter - 4*time.Microsecond).Truncate(time.Microsecond))
		if v := counted.Take(t.Context(), key, l); v.Allowed { // one microsecond later
			t.Errorf("%v, too early: %+v", l, v)
		}
		c.advance(2 * time.Microsecond)
		if v := counted.Take(t.Context(), key, l); !v.Allowed {
			t.Errorf("%v, in time: %+v", l, v)
		}
	}
}

func TestAServerThatIsNotThereIsAnError(t *testing.T) {
	server := startRedis(t)
	r := openRedis(t, server.URL())
	certain{t, r}.Take(t.Context(), "k", hourly)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	v, err := r.Take(t.Context(), "k", hourly)
	if err == nil || v != (ports.Verdict{}) {
		t.Errorf("an event: %+v, %v", v, err)
	}
	if v, err := r.Look(t.Context(), "k", hourly); err == nil || v != (ports.Verdict{}) {
		t.Errorf("a look: %+v, %v", v, err)
	}
	// The server has lost the script as well as the count.
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v := (certain{t, r}).Take(t.Context(), "k", hourly); !v.Allowed || v.Remaining != 3 {
		t.Errorf("after the restart: %+v", v)
	}
}

// wire sees what is sent to a server, and loses the answer to each event.
type wire struct {
	mu            sync.Mutex
	dialled, sent int
}

func (w *wire) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (w *wire) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (w *wire) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.dialled++
		conn, err := next(ctx, network, address)
		return &wiredConn{Conn: conn, wire: w}, err
	}
}

type wiredConn struct {
	net.Conn
	wire *wire
}

func (c *wiredConn) Write(sent []byte) (int, error) {
	n, err := c.Conn.Write(sent)
	if bytes.Contains(sent, []byte("evalsha")) {
		c.wire.mu.Lock()
		defer c.wire.mu.Unlock()
		c.wire.sent++
		return n, errors.Join(err, c.Close())
	}
	return n, err
}

func TestAnEventWhoseAnswerIsLostIsNotSentAgain(t *testing.T) {
	r, w := openRedis(t, private.RedisURL(t)), &wire{}
	r.Client().AddHook(w)
	if v, err := r.Take(t.Context(), "lost", hourly); err == nil {
		t.Errorf("%+v", v)
	}
	if w.sent != 1 {
		t.Errorf("sent %d times", w.sent)
	}
}

func TestAServerThatRefusesConnectionsIsNotTriedAgainForTheSameEvent(t *testing.T) {
	server := startRedis(t)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	r, w := openRedis(t, server.URL()), &wire{}
	r.Client().AddHook(w)
	if v, err := r.Take(t.Context(), "k", hourly); err == nil {
		t.Errorf("%+v", v)
	}
	if w.dialled != 1 {
		t.Errorf("dialled %d times", w.dialled)
	}
}

// whileStopped runs fn while the server is stopped as by a debugger: it takes connections and commands, and says
// nothing. It fails if fn does not end before the server goes on.
func whileStopped(t *testing.T, server *private.Redis, fn func()) {
	t.Helper()
	resume := stop(t, server.Pid())
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	select {
	case <-done:
		resume()
	case <-time.After(30 * time.Second): // never is too long to wait for
		resume()
		<-done
		t.Fatal("there was no verdict while Redis was stopped")
	}
}

func TestAnEventDoesNotWaitForAStalledServerLongerThanItsContext(t *testing.T) {
	server := startRedis(t)
	connected, fresh := openRedis(t, server.URL()), openRedis(t, server.URL())
	for _, r := range []*ratelimit.Redis{connected, fresh} {
		r.OnlyContextsEndIt()
	}
	certain{t, connected}.Take(t.Context(), "k", hourly)
	for name, r := range map[string]*ratelimit.Redis{"connected": connected, "not yet connected": fresh} {
		whileStopped(t, server, func() {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			if v, err := r.Take(ctx, "k", hourly); err == nil {
				t.Errorf("%s: %+v, %v", name, v, err)
			}
		})
	}
}
