package cache_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

const plenty = 1 << 20

func id(n byte) uuid.UUID { return uuid.UUID{15: n} }

// source is a store that counts its loads. Each waits until the gate, if there is one, lets it through.
type source struct {
	gate chan struct{}
	size int // of each revision, in bytes
	fail error

	mu    sync.Mutex
	loads map[uuid.UUID]int
}

func (s *source) Revision(ctx context.Context, id uuid.UUID) (*exam.Revision, error) {
	s.mu.Lock()
	if s.loads == nil {
		s.loads = map[uuid.UUID]int{}
	}
	s.loads[id]++
	s.mu.Unlock()
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if s.fail != nil {
		return nil, s.fail
	}
	r := &exam.Revision{Summary: exam.Summary{RevisionID: id}}
	r.Content.Form.Title = strings.Repeat("x", s.size)
	return r, nil
}

func (s *source) loaded(id uuid.UUID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads[id]
}

func newRevisions(t *testing.T, inner ports.Revisions) *cache.Revisions {
	t.Helper()
	r, err := cache.NewRevisions(newEngine(t, cache.Options{MaxBytes: plenty}), inner)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestARevisionIsLoadedOnceAndThenShared(t *testing.T) {
	inner := &source{size: 100}
	r := newRevisions(t, inner)
	first, err := r.Revision(t.Context(), id(1))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if next, err := r.Revision(t.Context(), id(1)); err != nil || next != first {
			t.Errorf("%p and %p, %v", first, next, err)
		}
	}
	other, err := r.Revision(t.Context(), id(2))
	if err != nil || other.RevisionID != id(2) || inner.loaded(id(1)) != 1 || inner.loaded(id(2)) != 1 {
		t.Errorf("%v, %v after %d and %d loads", other, err, inner.loaded(id(1)), inner.loaded(id(2)))
	}
}

func TestAFailureToReadARevisionIsNotKept(t *testing.T) {
	inner := &source{fail: exam.ErrNotFound}
	r := newRevisions(t, inner)
	if _, err := r.Revision(t.Context(), id(1)); !errors.Is(err, exam.ErrNotFound) {
		t.Error(err)
	}
	inner.fail = nil
	if _, err := r.Revision(t.Context(), id(1)); err != nil || inner.loaded(id(1)) != 2 {
		t.Errorf("%v after %d loads", err, inner.loaded(id(1)))
	}
}

func TestRevisionsTakeNoMoreMemoryThanAllowed(t *testing.T) {
	const size, limit = 100_000, 1 << 20
	e := newEngine(t, cache.Options{MaxBytes: limit})
	r, err := cache.NewRevisions(e, &source{size: size})
	if err != nil {
		t.Fatal(err)
	}
	for n := range byte(50) {
		if got, err := r.Revision(t.Context(), id(n)); err != nil || got.RevisionID != id(n) {
			t.Fatalf("%v, %v", got, err)
		}
	}
	cache.Settle(e)
	held := cache.Own(e).Families[caching.Content].Near
	if held.Bytes > limit || held.Keys < 2 || held.Bytes < held.Keys*2*size {
		t.Errorf("%d revisions take %d bytes", held.Keys, held.Bytes)
	}
}
