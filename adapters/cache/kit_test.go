package cache_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/fault"
)

var errNoForm = fault.New(fault.NotFound, "test.no_form", "There is no such form.")

// shelf is a store of texts that counts its loads.
type shelf struct {
	mu    sync.Mutex
	texts map[string]string
	fail  error
	gate  chan struct{} // what loads wait for, if not nil
	loads atomic.Int64
}

func (s *shelf) put(id, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.texts == nil {
		s.texts = map[string]string{}
	}
	s.texts[id] = text
}

func (s *shelf) failWith(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// load returns the loader of an id. What it returns is what was there when it began.
func (s *shelf) load(id string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		s.loads.Add(1)
		s.mu.Lock()
		text, ok, fail, gate := s.texts[id], s.texts[id] != "", s.fail, s.gate
		s.mu.Unlock()
		if gate != nil {
			select {
			case <-gate:
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}
		switch {
		case fail != nil:
			return "", fail
		case !ok:
			return "", errNoForm.WithFields(fault.Field{Name: "id"})
		}
		return text, nil
	}
}

// newEngine returns an engine that is closed when the test ends.
func newEngine(tb testing.TB, o cache.Options) *cache.Engine {
	tb.Helper()
	if o.MaxBytes == 0 {
		o.MaxBytes = 64 << 20
	}
	e, err := cache.NewEngine(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(e.Close)
	return e
}

// newTexts adds a region of texts. Texts have a tag for each word that begins with "#".
func newTexts(tb testing.TB, e *cache.Engine, family string) *cache.Region[string] {
	tb.Helper()
	r, err := cache.NewRegion(e, cache.RegionOptions[string]{
		Family: family, Name: "text", Schema: 1, Codec: cache.JSON[string]{}, Absent: []*fault.Error{errNoForm},
		Size: func(s string) int64 { return int64(len(s)) },
		Tags: func(_, text string) []string {
			var tags []string
			for word := range strings.FieldsSeq(text) {
				if strings.HasPrefix(word, "#") {
					tags = append(tags, word)
				}
			}
			return tags
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// reader reads one region and says what is wrong.
type reader struct {
	t      testing.TB
	shelf  *shelf
	region *cache.Region[string]
}

// reads wants a text after so many loads since the start.
func (r reader) reads(what, id, text string, loads int64) {
	r.t.Helper()
	got, err := r.region.Get(r.t.Context(), id, r.shelf.load(id))
	if err != nil || got != text || r.shelf.loads.Load() != loads {
		r.t.Errorf("%s: %q, %v after %d loads; want %q after %d", what, got, err, r.shelf.loads.Load(), text, loads)
	}
}

// stale wants a value that is past its time, which is then loaded anew, within a bubble of synctest.
func (r reader) stale(what, id, text string, loads int64) {
	r.t.Helper()
	got, err := r.region.Get(r.t.Context(), id, r.shelf.load(id))
	synctest.Wait()
	if err != nil || got != text || r.shelf.loads.Load() != loads {
		r.t.Errorf("%s: %q, %v after %d loads; want %q after %d", what, got, err, r.shelf.loads.Load(), text, loads)
	}
}

// misses wants an error after so many loads.
func (r reader) misses(what, id string, want error, loads int64) {
	r.t.Helper()
	got, err := r.region.Get(r.t.Context(), id, r.shelf.load(id))
	if !errors.Is(err, want) || got != "" || r.shelf.loads.Load() != loads {
		r.t.Errorf("%s: %q, %v after %d loads; want %v after %d", what, got, err, r.shelf.loads.Load(), want, loads)
	}
}

// inMemory runs a test on an engine without Redis, in a bubble where time passes at once.
func inMemory(t *testing.T, family string, o cache.Options, test func(t *testing.T, e *cache.Engine, r reader)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := newEngine(t, o)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { e.Run(ctx) })
		defer running.Wait()
		defer cancel()
		test(t, e, reader{t, &shelf{}, newTexts(t, e, family)})
		synctest.Wait()
		cache.Settle(e)
		if err := cache.Audit(e); err != nil {
			t.Error(err)
		}
	})
}

func figuresOf(tb testing.TB, e *cache.Engine, family string) caching.FamilyFigures {
	tb.Helper()
	all, err := e.Figures(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return all[0].Families[family]
}
