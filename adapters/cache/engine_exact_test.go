package cache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
)

// tally is what a reader knows to have happened.
type tally struct{ hits, misses, loads, negative, evicted uint64 }

// replay does n operations on keys of its own and on keys that are there, and counts what must happen.
func replay(ctx context.Context, r *cache.Region[string], me, n int, random *rand.Rand) tally {
	var t tally
	there := map[int]bool{}
	load := func(context.Context) (string, error) { return "0123456789", nil }
	none := func(context.Context) (string, error) { return "", errNoForm }
	for range n {
		switch key := random.IntN(100); {
		case random.IntN(3) == 0: // there from the start
			_, _ = r.Get(ctx, fmt.Sprint("common ", key), none)
			t.hits++
		case random.IntN(10) == 0:
			r.Evict(ctx, fmt.Sprintf("%d %d", me, key))
			if there[key] {
				t.evicted++
			}
			there[key] = false
		default:
			from := load
			if key%5 == 0 {
				from = none
			}
			_, _ = r.Get(ctx, fmt.Sprintf("%d %d", me, key), from)
			switch {
			case !there[key]:
				t.misses++
				t.loads++
			case key%5 == 0:
				t.negative++
				t.hits++
			default:
				t.hits++
			}
			there[key] = true
		}
	}
	return t
}

func TestTheFiguresOfAMillionKnownOperationsAreExact(t *testing.T) {
	const readers, each, common = 16, 62_500, 100
	synctest.Test(t, func(t *testing.T) { // where no time passes
		e := newEngine(t, cache.Options{})
		r := newTexts(t, e, caching.Content)
		for key := range common {
			_, _ = r.Get(t.Context(), fmt.Sprint("common ", key), func(context.Context) (string, error) { return "0123456789", nil })
		}
		var mu sync.Mutex
		want := tally{misses: common, loads: common}
		var wg sync.WaitGroup
		for me := range readers {
			wg.Go(func() {
				got := replay(t.Context(), r, me, each, rand.New(rand.NewPCG(uint64(me), 1)))
				mu.Lock()
				defer mu.Unlock()
				want.hits += got.hits
				want.misses += got.misses
				want.loads += got.loads
				want.negative += got.negative
				want.evicted += got.evicted
			})
		}
		wg.Wait()
		cache.Settle(e)
		f := figuresOf(t, e, caching.Content)
		got := tally{f.Near.Hits, f.Near.Misses, f.Loads, f.Negative, f.Near.Evictions[caching.Invalidated]}
		if got != want || f.Failures != 0 || f.Shared != 0 || f.Stale != 0 || f.LoadTime != 0 {
			t.Errorf("%+v, want %+v; %+v", got, want, f)
		}
		left := 0.0
		for reason, n := range f.Near.Evictions {
			if reason != caching.Invalidated && n != 0 {
				t.Errorf("%d %s", n, reason)
			}
		}
		if n := uint64(f.Near.Keys); n != want.loads-want.evicted || f.Near.Bytes < int64(n)*cache.EntryBytes {
			t.Errorf("%d keys, %d bytes after %d loads and %d evictions", n, f.Near.Bytes, want.loads, want.evicted)
		}
		// Each was given out in the moment it was loaded, so that the whole of its life was left: an hour, less up to a tenth.
		left = f.TTLSum / 3600
		if positive := float64(want.hits - want.negative); left < 0.9*positive || left > positive+float64(want.negative)/600 {
			t.Errorf("%.0f hours were left of %.0f", left, positive)
		}
		if err := cache.Audit(e); err != nil {
			t.Error(err)
		}
	})
}

func TestUnderPressureEveryValueThatWasLoadedIsThereOrLeftForAReason(t *testing.T) {
	const limit = 1 << 20
	e := newEngine(t, cache.Options{MaxBytes: limit})
	running(t, e)
	r := newTexts(t, e, caching.Content)
	value := string(make([]byte, 500))
	var wg sync.WaitGroup
	for me := range 8 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(me), 2))
			zipf := rand.NewZipf(random, 1.1, 1, 5000)
			for i := range 20_000 {
				id := fmt.Sprintf("%d %d", me, zipf.Uint64())
				if i%50 == 0 {
					r.Evict(t.Context(), id)
					continue
				}
				_, _ = r.Get(t.Context(), id, func(context.Context) (string, error) { return value, nil })
				if i%100 == 0 {
					if n := figuresOf(t, e, caching.Content).Near.Bytes; n > limit {
						t.Errorf("%d bytes", n)
					}
				}
			}
		})
	}
	wg.Wait()
	cache.Settle(e)
	f := figuresOf(t, e, caching.Content)
	left := uint64(f.Near.Keys)
	for _, n := range f.Near.Evictions {
		left += n
	}
	if f.Near.Hits+f.Near.Misses != 8*20_000*49/50 || f.Near.Misses != f.Loads || f.Loads != left || f.Near.Evictions[caching.Capacity] == 0 {
		t.Errorf("%d of %d: %+v", left, f.Loads, f)
	}
	if err := cache.Audit(e); err != nil {
		t.Error(err)
	}
	t.Logf("%+v", f.Near)
}

func TestAnEntryCostsWhatItTakes(t *testing.T) {
	const n = 50_000
	measure := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	e := newEngine(t, cache.Options{MaxBytes: 1 << 30})
	r := newTexts(t, e, caching.Content)
	before := measure()
	for i := range n {
		id := fmt.Sprintf("00000000-0000-0000-0000-%012d", i)
		if _, err := r.Get(t.Context(), id, func(context.Context) (string, error) { return "#some tag", nil }); err != nil {
			t.Fatal(err)
		}
	}
	cache.Settle(e)
	took, counted := float64(measure()-before), float64(figuresOf(t, e, caching.Content).Near.Bytes)
	if quotient := took / counted; quotient > 1.05 || quotient < 0.6 {
		t.Errorf("%.0f bytes an entry are taken, %.0f are counted", took/n, counted/n)
	}
	t.Logf("%.0f bytes an entry are taken, %.0f are counted", took/n, counted/n)
	runtime.KeepAlive(e)
}

// Ristretto is told of a part of the reads; it must not choose worse for it.
func TestWhatStaysIsAboutAsGoodAsIfRistrettoKnewOfEveryRead(t *testing.T) {
	const limit, keys, reads, size = 4 << 20, 30_000, 600_000, 1000
	e := newEngine(t, cache.Options{MaxBytes: limit})
	region := newTexts(t, e, caching.Content)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { e.Run(ctx) })
	defer running.Wait()
	defer cancel()
	all, err := ristretto.NewCache(&ristretto.Config[string, string]{NumCounters: limit / 100, MaxCost: limit - limit/16, BufferItems: 64, IgnoreInternalCost: true})
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	value := strings.Repeat("x", size)
	load := func(context.Context) (string, error) { return value, nil }
	zipf := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 1, keys)
	hits := 0
	for range reads {
		id := strconv.FormatUint(zipf.Uint64(), 10)
		if _, err := region.Get(t.Context(), id, load); err != nil {
			t.Fatal(err)
		}
		if _, ok := all.Get(id); ok {
			hits++
		} else {
			all.Set(id, value, size+cache.EntryBytes+int64(len(id)))
		}
	}
	ours, theirs := float64(figuresOf(t, e, caching.Content).Near.Hits)/reads, float64(hits)/reads
	t.Logf("%.3f of the reads are hits; %.3f with ristretto alone", ours, theirs)
	if ours < theirs-0.015 || theirs < 0.5 || theirs > 0.95 {
		t.Errorf("%.3f of the reads are hits; %.3f with ristretto alone", ours, theirs)
	}
}

func TestTheMostReadKeysAreFound(t *testing.T) {
	e := newEngine(t, cache.Options{})
	r := newTexts(t, e, caching.Content)
	random := rand.New(rand.NewPCG(1, 3))
	zipf := rand.NewZipf(random, 1.2, 1, 20_000)
	counts := map[string]uint64{}
	for range 500_000 {
		id := fmt.Sprint(zipf.Uint64())
		counts[r.Key(id)]++
		_, _ = r.Get(t.Context(), id, func(context.Context) (string, error) { return "x", nil })
	}
	top := cache.Own(e).Top
	if len(top) != 20 {
		t.Fatalf("%d keys", len(top))
	}
	for i, k := range top[:10] {
		if n := counts[k.Key]; n > k.Count || n < k.Count-k.Error {
			t.Errorf("%s was read %d times, not %d less up to %d", k.Key, n, k.Count, k.Error)
		}
		if i < 3 && k.Key != r.Key(fmt.Sprint(i)) {
			t.Errorf("place %d: %s", i, k.Key)
		}
	}
}

func TestAHitAllocatesNothing(t *testing.T) {
	e := newEngine(t, cache.Options{})
	running(t, e)
	r := newTexts(t, e, caching.Content)
	ctx, load := t.Context(), func(context.Context) (string, error) { return "x", nil }
	if _, err := r.Get(ctx, "a", load); err != nil {
		t.Fatal(err)
	}
	cache.Settle(e)
	if n := testing.AllocsPerRun(10_000, func() { _, _ = r.Get(ctx, "a", load) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
