package cache_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
)

// A tag that cannot concern what is on its way must not throw it away: under load, something changes all the time.
func TestALoadIsKeptWhenATagIsEvictedThatCannotConcernIt(t *testing.T) {
	for tag, loads := range map[string]int{"of:a": 2, "of:b": 1, "everything": 2} {
		e := newEngine(t, cache.Options{})
		r, err := cache.NewRegion(e, cache.RegionOptions[string]{
			Family: caching.Users, Name: "text", Schema: 1, Tags: func(id, _ string) []string { return []string{"of:" + id, "everything"} },
			Concerns: func(id, tag string) bool { return !strings.HasPrefix(tag, "of:") || tag == "of:"+id },
		})
		if err != nil {
			t.Fatal(err)
		}
		begun, end, done, n := make(chan struct{}), make(chan struct{}), make(chan struct{}), 0
		go func() {
			defer close(done)
			_, _ = r.Get(t.Context(), "a", func(context.Context) (string, error) {
				n++
				close(begun)
				<-end
				return "text", nil
			})
		}()
		<-begun
		e.EvictTags(t.Context(), tag)
		close(end)
		<-done
		if _, err := r.Get(t.Context(), "a", func(context.Context) (string, error) {
			n++
			return "text", nil
		}); err != nil || n != loads {
			t.Errorf("after %s: %d loads, want %d; %v", tag, n, loads, err)
		}
	}
}

// A process that is stuck prolongs its lease for as long as it waits, so the others must not wait for it without end.
func TestAProcessThatIsStuckDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	server := newRedis(t)
	s := &shelf{}
	s.put("a", "one")
	stuck, other := newProcess(t, connect(t, server.URL()), s, cache.Options{}), newProcess(t, connect(t, server.URL()), s, cache.Options{})
	begun, end, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		_, _ = stuck.region.Get(t.Context(), "a", func(context.Context) (string, error) {
			close(begun)
			<-end
			return "one", nil
		})
	}()
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), cache.FollowTime+10*time.Second)
	defer cancel()
	if got, err := other.region.Get(ctx, "a", s.load("a")); got != "one" || err != nil || s.loads.Load() != 1 {
		t.Errorf("%q, %v after %d loads", got, err, s.loads.Load())
	}
	close(end)
	<-done
}

// Whoever publishes may not know of the Redis that others keep things in. They hear of it in another way.
func TestWhatIsToldInAnotherWayIsForgottenInRedisToo(t *testing.T) {
	server := newRedis(t)
	s := &shelf{}
	s.put("a", "#exam one")
	a, b := newProcess(t, connect(t, server.URL()), s, cache.Options{}), newProcess(t, connect(t, server.URL()), s, cache.Options{})
	a.reads("first", "a", "#exam one", 1)
	b.reads("from Redis", "a", "#exam one", 1)
	s.put("a", "#exam two")
	b.engine.ForgetTold(t.Context(), "#exam")
	b.reads("told", "a", "#exam two", 2)
	a.reads("not told yet", "a", "#exam one", 2)
	a.engine.ForgetTold(t.Context(), "#exam")
	eventually(t, "the one reads what is new", func() bool {
		got, err := a.region.Get(t.Context(), "a", s.load("a"))
		return got == "#exam two" && err == nil
	})
}
