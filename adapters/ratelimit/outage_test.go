package ratelimit_test

import (
	"testing"
	"time"

	"github.com/toeic-app/toeic/adapters/ratelimit"
	"github.com/toeic-app/toeic/ports"
	"github.com/toeic-app/toeic/tests/private"
)

// machine is the machine's clock.
type machine struct{}

func (machine) Now() time.Time { return time.Now() }

// daily is slow enough that nothing refills while a test runs on the machine's own clock.
var daily = ports.Limit{Burst: 6, Window: 144 * time.Hour}

// impatient gives the shared count up at the first failure and tries it again soon.
func impatient(answer time.Duration) ratelimit.Patience {
	return ratelimit.Patience{Answer: answer, Failures: 1, Pause: time.Millisecond}
}

// asInProduction returns limits on a real server by real clocks.
func asInProduction(t *testing.T, server *private.Redis, p ratelimit.Patience) (*ratelimit.Shared, chan error) {
	t.Helper()
	reported := make(chan error, 100)
	memory := ratelimit.NewMemory(machine{}, plenty)
	return ratelimit.NewShared(openRedis(t, server.URL()), memory, p, func(reason error) { reported <- reason }), reported
}

// isBack takes events of another key until the shared count has answered one.
func isBack(t *testing.T, s *ratelimit.Shared, reported <-chan error) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	never := time.After(30 * time.Second)
	for {
		s.Take(t.Context(), "any", often)
		select {
		case reason := <-reported:
			if reason == nil {
				return
			}
		case <-never:
			t.Fatal("the shared count did not come back")
		case <-tick.C:
		}
	}
}

func TestLimitsHoldWhileRedisIsKilledAndAfterItCameBackEmpty(t *testing.T) {
	server := startRedis(t)
	s, reported := asInProduction(t, server, impatient(20*time.Second))
	if n := passes(t, s, "k", daily, 4); n != 4 {
		t.Fatalf("%d events passed, want 4", n)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	if n := passes(t, s, "k", daily, 10); n != 2 {
		t.Errorf("%d more events passed without Redis, want 2", n)
	}
	if reason := <-reported; reason == nil {
		t.Error("the outage was reported as its end")
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	isBack(t, s, reported)
	if n := passes(t, s, "k", daily, 10); n != 0 {
		t.Errorf("%d more events passed when Redis was back", n)
	}
	if n := passes(t, s, "new", daily, 10); n != 6 {
		t.Errorf("%d events of a new key passed, want 6", n)
	}
}

func TestLimitsHoldWhileRedisIsStalled(t *testing.T) {
	server := startRedis(t)
	s, reported := asInProduction(t, server, impatient(50*time.Millisecond))
	if n := passes(t, s, "k", daily, 4); n != 4 {
		t.Fatalf("%d events passed, want 4", n)
	}
	whileStopped(t, server, func() {
		if n := passes(t, s, "k", daily, 10); n != 2 {
			t.Errorf("%d more events passed while Redis was stopped, want 2", n)
		}
		if v := s.Look(t.Context(), "k", daily); v.Allowed {
			t.Errorf("looked %+v", v)
		}
	})
	isBack(t, s, reported)
	// Redis has counted late what it was sent while it was stopped.
	if n := passes(t, s, "k", daily, 10); n != 0 {
		t.Errorf("%d more events passed afterwards", n)
	}
}
