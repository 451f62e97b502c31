package cache_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

func TestAValueIsLoadedOnceAndLivesForTheTimeOfItsFamily(t *testing.T) {
	inMemory(t, caching.Users, cache.Options{}, func(t *testing.T, _ *cache.Engine, r reader) {
		r.shelf.put("a", "one")
		r.reads("first", "a", "one", 1)
		r.shelf.put("a", "two")
		time.Sleep(5*time.Minute*9/10 - time.Second)
		r.reads("before its end, which may be a tenth earlier", "a", "one", 1)
		time.Sleep(time.Minute)
		r.reads("after its end", "a", "two", 2)
	})
}

func TestLivesAreOfDifferentLengthAndNoneIsLongerThanSaid(t *testing.T) {
	inMemory(t, caching.Users, cache.Options{}, func(t *testing.T, e *cache.Engine, r reader) {
		ids := make([]string, 200)
		for i := range ids {
			ids[i] = uuid.NewString()
			r.shelf.put(ids[i], "x")
			_, _ = r.region.Get(t.Context(), ids[i], r.shelf.load(ids[i]))
		}
		cache.Settle(e)
		alive := func() (n int) {
			for _, id := range ids {
				if _, _, ok := r.region.Cached(id); ok {
					n++
				}
			}
			return n
		}
		if n := alive(); n != 200 {
			t.Errorf("at first %d are alive", n)
		}
		time.Sleep(5 * time.Minute * 95 / 100)
		if n := alive(); n < 50 || n > 150 {
			t.Errorf("after 95 %% of the time %d are alive", n)
		}
		time.Sleep(5 * time.Minute * 5 / 100)
		if n := alive(); n != 0 {
			t.Errorf("afterwards %d are alive", n)
		}
	})
}

func TestALifeThatIsShortenedEndsAtOnceForWhatIsThereAndOneThatIsProlongedGoesOn(t *testing.T) {
	inMemory(t, caching.Users, cache.Options{TTLs: caching.TTLs{caching.Users: time.Hour}}, func(t *testing.T, e *cache.Engine, r reader) {
		r.shelf.put("a", "one")
		r.reads("first", "a", "one", 1)
		time.Sleep(time.Minute)
		r.reads("later", "a", "one", 1)
		e.SetTTLs(caching.TTLs{caching.Users: 30 * time.Second})
		r.shelf.put("a", "two")
		r.reads("shortened", "a", "two", 2)
		time.Sleep(20 * time.Second)
		e.SetTTLs(caching.TTLs{caching.Users: time.Hour})
		time.Sleep(20 * time.Minute)
		r.reads("prolonged", "a", "two", 2)
	})
}

func TestWhatIsPastItsTimeLeavesTheMemoryByItself(t *testing.T) {
	inMemory(t, caching.Users, cache.Options{}, func(t *testing.T, e *cache.Engine, r reader) {
		r.shelf.put("a", "one")
		r.reads("first", "a", "one", 1)
		time.Sleep(6 * time.Minute)
		f := figuresOf(t, e, caching.Users)
		if f.Near.Keys != 0 || f.Near.Bytes != 0 || f.Near.Evictions[caching.Expired] != 1 {
			t.Errorf("%+v", f.Near)
		}
	})
}

func TestAnEvictedValueIsNotGivenOutAgainNotEvenByALoadThatBeganBefore(t *testing.T) {
	inMemory(t, caching.Content, cache.Options{}, func(t *testing.T, e *cache.Engine, r reader) {
		for what, evict := range map[string]func(){
			"by id":     func() { r.region.Evict(t.Context(), "a") },
			"by key":    func() { e.Evict(t.Context(), "content:text.1:a") },
			"by tag":    func() { e.EvictTags(t.Context(), "#exam") },
			"by family": func() { _, _ = e.Clear(t.Context(), ports.CacheScope{}) },
			"as told":   func() { e.ClearHere(ports.CacheScope{}) },
			"its tag":   func() { e.ClearHere(ports.CacheScope{Tag: "#exam"}) },
		} {
			r.shelf.put("a", "#exam one")
			evict()
			r.shelf.loads.Store(0)
			r.reads(what+": first", "a", "#exam one", 1)
			r.shelf.put("a", "#exam two")
			evict()
			r.shelf.gate = make(chan struct{})
			early := make(chan string)
			go func() {
				got, _ := r.region.Get(t.Context(), "a", r.shelf.load("a"))
				early <- got
			}()
			synctest.Wait()
			r.shelf.put("a", "#exam three")
			evict()
			gate := r.shelf.gate
			r.shelf.gate = nil
			r.reads(what+": while an older load goes on", "a", "#exam three", 3)
			close(gate)
			if got := <-early; got != "#exam two" {
				t.Errorf("%s: the older load brought %q", what, got)
			}
			r.reads(what+": after the older load", "a", "#exam three", 3)
		}
	})
}

func TestThatThereIsNoneIsRememberedForALittleAndOtherErrorsAreNot(t *testing.T) {
	inMemory(t, caching.Content, cache.Options{}, func(t *testing.T, e *cache.Engine, r reader) {
		r.misses("first", "a", errNoForm, 1)
		r.misses("again", "a", errNoForm, 1)
		r.shelf.put("a", "one")
		time.Sleep(5 * time.Second)
		r.reads("later", "a", "one", 2)
		r.shelf.failWith(errDown)
		r.misses("broken", "b", errDown, 3)
		r.misses("still broken", "b", errDown, 4)
		r.shelf.failWith(nil)
		r.misses("before it is made", "c", errNoForm, 5)
		r.shelf.put("c", "made")
		r.region.Evict(t.Context(), "c")
		r.reads("made", "c", "made", 6)
		if f := figuresOf(t, e, caching.Content); f.Negative != 1 || f.Loads != 6 || f.Failures != 2 {
			t.Errorf("%+v", f)
		}
	})
	inMemory(t, caching.Users, cache.Options{}, func(t *testing.T, _ *cache.Engine, r reader) {
		r.misses("a family that does not remember it", "a", errNoForm, 1)
		r.misses("a family that does not remember it", "a", errNoForm, 2)
	})
}

func TestWhatIsPastItsTimeIsGivenOutOnceMoreWhileOneLoadsItAnew(t *testing.T) {
	inMemory(t, caching.Content, cache.Options{}, func(t *testing.T, e *cache.Engine, r reader) {
		r.shelf.put("a", "one")
		r.reads("first", "a", "one", 1)
		r.shelf.put("a", "two")
		time.Sleep(time.Hour)
		r.shelf.gate = make(chan struct{})
		for range 5 {
			if got, err := r.region.Get(t.Context(), "a", r.shelf.load("a")); got != "one" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		}
		synctest.Wait()
		close(r.shelf.gate)
		r.shelf.gate = nil
		synctest.Wait()
		r.reads("anew", "a", "two", 2)
		time.Sleep(2*time.Hour + time.Second)
		r.shelf.put("a", "three")
		r.reads("long after", "a", "three", 3)
		f := figuresOf(t, e, caching.Content)
		if f.Stale != 5 || f.Refreshes != 1 || f.Near.Hits != 6 || f.Near.Misses != 2 {
			t.Errorf("%+v", f)
		}
	})
}

func TestWhileTheStoreIsDownWhatIsPastItsTimeIsGivenOutUnlessItWasEvicted(t *testing.T) {
	inMemory(t, caching.Content, cache.Options{}, func(t *testing.T, _ *cache.Engine, r reader) {
		r.shelf.put("a", "one")
		r.reads("first", "a", "one", 1)
		r.shelf.failWith(ports.ErrUnavailable)
		time.Sleep(90 * time.Minute)
		r.stale("down", "a", "one", 2)
		r.reads("tried a moment ago", "a", "one", 2)
		time.Sleep(2 * time.Second)
		r.stale("to be tried again", "a", "one", 3)
		r.region.Evict(t.Context(), "a")
		r.misses("evicted", "a", ports.ErrUnavailable, 4)
	})
}

func TestAHundredReadersShareOneLoadAndWhoGivesUpFailsNobodyElse(t *testing.T) {
	inMemory(t, caching.Users, cache.Options{}, func(t *testing.T, e *cache.Engine, r reader) {
		r.shelf.put("a", "one")
		r.shelf.gate = make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := r.region.Get(ctx, "a", r.shelf.load("a")); !errors.Is(err, context.Canceled) {
				t.Errorf("who gave up got %v", err)
			}
		})
		synctest.Wait()
		for range 99 {
			wg.Go(func() { r.reads("one of many", "a", "one", 1) })
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(r.shelf.gate)
		wg.Wait()
		if f := figuresOf(t, e, caching.Users); f.Shared != 99 || f.Near.Misses != 100 || f.Loads != 1 {
			t.Errorf("%+v", f)
		}
	})
}

func TestAPanicOrAnEndlessLoadIsAnErrorOfThoseWhoWait(t *testing.T) {
	inMemory(t, caching.Users, cache.Options{}, func(t *testing.T, _ *cache.Engine, r reader) {
		_, err := r.region.Get(t.Context(), "a", func(context.Context) (string, error) { panic("a defect") })
		if err == nil || !strings.Contains(err.Error(), "a defect") {
			t.Error(err)
		}
		began := time.Now()
		_, err = r.region.Get(t.Context(), "a", func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() })
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != cache.LoadTime {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		r.shelf.put("a", "one")
		r.reads("afterwards", "a", "one", 1)
	})
}

func TestAfterItIsClosedReadsGoThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t, cache.Options{})
		r := reader{t, &shelf{}, newTexts(t, e, caching.Users)}
		r.shelf.put("a", "one")
		r.reads("first", "a", "one", 1)
		e.Close()
		r.reads("closed", "a", "one", 2)
		r.region.Evict(t.Context(), "a")
		r.reads("closed", "a", "one", 3)
	})
}

func TestAUUIDIsFoundAsItsText(t *testing.T) {
	inMemory(t, caching.Users, cache.Options{}, func(t *testing.T, e *cache.Engine, r reader) {
		id := uuid.New()
		r.shelf.put(id.String(), "one")
		load := func(ctx context.Context, id uuid.UUID) (string, error) { return r.shelf.load(id.String())(ctx) }
		for range 2 {
			if got, err := r.region.GetUUID(t.Context(), id, load); got != "one" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		}
		r.reads("as text", id.String(), "one", 1)
	})
}

func TestWhatIsReadOftenComesToTheFrontAndLeavesItAtOnceWhenItIsGone(t *testing.T) {
	const keys, readers = 200, 4
	inMemory(t, caching.Users, cache.Options{}, func(t *testing.T, e *cache.Engine, r reader) {
		id := func(i int) string { return strconv.Itoa(i % keys) }
		for i := range keys {
			r.shelf.put(id(i), "one")
		}
		readAll := func(times int) {
			for i := range times * keys {
				if got, err := r.region.Get(t.Context(), id(i), r.shelf.load(id(i))); got != "one" || err != nil {
					t.Errorf("%q, %v", got, err)
				}
			}
		}
		readAll(2)
		cache.Settle(e)
		readAll(20)
		if n := cache.InFront(e); n < keys/2 {
			t.Errorf("%d of %d are in front", n, keys)
		}
		var reading sync.WaitGroup
		for range readers { // what is gone must not come back by somebody who has just found it
			reading.Go(func() { readAll(50) })
		}
		for range 50 {
			mustClear(t, e, ports.CacheScope{})
		}
		reading.Wait()
		cache.Settle(e)
		if err := cache.Audit(e); err != nil {
			t.Error(err)
		}
		mustClear(t, e, ports.CacheScope{})
		if n := cache.InFront(e); n > 0 {
			t.Errorf("%d are in front after all were cleared", n)
		}
	})
}

func TestARegionThatIsThereAlreadyOrOfNoFamilyIsRefused(t *testing.T) {
	e := newEngine(t, cache.Options{})
	newTexts(t, e, caching.Users)
	for _, o := range []cache.RegionOptions[string]{{Family: caching.Users, Name: "text", Schema: 2}, {Family: "misc", Name: "text"}} {
		if _, err := cache.NewRegion(e, o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
	if _, err := cache.NewEngine(cache.Options{}); err == nil {
		t.Error("an engine without memory is made")
	}
}
