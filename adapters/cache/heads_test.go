package cache_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/ports"
)

// rows is a store of one attempt, which counts its readings. While is run in the middle of each.
type rows struct {
	ports.AttemptReads
	version int
	read    int
	failure error
	while   func()
}

func (r *rows) Snapshot(_ context.Context, id uuid.UUID) (attempt.Snapshot, error) {
	r.read++
	s := attempt.Snapshot{ID: id, Version: r.version}
	if r.while != nil {
		r.while()
	}
	return s, r.failure
}

// Do stores whatever the unit of work saves.
func (r *rows) Do(ctx context.Context, fn func(context.Context, ports.AttemptRepos) error) error {
	return fn(ctx, ports.AttemptRepos{Attempts: saving{r}})
}

type saving struct{ *rows }

func (saving) Add(context.Context, *attempt.Attempt) error { return nil }

func (saving) ForChange(context.Context, uuid.UUID) (*attempt.Attempt, error) { return nil, nil } //nolint:nilnil // nobody asks

func (saving) OpenOf(context.Context, uuid.UUID) ([]*attempt.Attempt, error) { return nil, nil }

func (s saving) Save(_ context.Context, a *attempt.Attempt) error {
	s.version = a.Snapshot().Version
	return nil
}

var sitting = uuid.UUID{15: 1}

// version is that of the attempt as the cache tells it.
func version(t *testing.T, h *cache.Heads) int {
	t.Helper()
	s, err := h.Snapshot(t.Context(), sitting)
	if err != nil {
		t.Fatal(err)
	}
	return s.Version
}

func heads(t *testing.T, r *rows) *cache.Heads {
	t.Helper()
	h, err := cache.NewHeads(newEngine(t, cache.Options{MaxBytes: plenty}), r)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // in the bubble: so that nothing happens at its very beginning
	return h
}

func TestAnAttemptIsRememberedForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rows{version: 1}
		h := heads(t, r)
		version(t, h)
		r.version = 2                      // by another process
		time.Sleep(890 * time.Millisecond) // lives differ by a tenth
		if got := version(t, h); got != 1 || r.read != 1 {
			t.Errorf("version %d after %d readings", got, r.read)
		}
		time.Sleep(110 * time.Millisecond)
		if got := version(t, h); got != 2 || r.read != 2 {
			t.Errorf("version %d after %d readings", got, r.read)
		}
	})
}

// save stores another version of the attempt through the cache.
func save(t *testing.T, h *cache.Heads, r *rows, next int, failure error) {
	t.Helper()
	err := h.Evicting(r).Do(t.Context(), func(ctx context.Context, repos ports.AttemptRepos) error {
		if err := repos.Attempts.Save(ctx, attempt.Restore(attempt.Snapshot{ID: sitting, Version: next})); err != nil {
			return err
		}
		return failure
	})
	if !errors.Is(err, failure) {
		t.Fatal(err)
	}
}

func TestWhatThisProcessChangesItSeesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rows{version: 1}
		h := heads(t, r)
		version(t, h)
		time.Sleep(time.Millisecond)
		save(t, h, r, 2, nil)
		if got := version(t, h); got != 2 {
			t.Errorf("version %d", got)
		}
		time.Sleep(time.Millisecond)
		save(t, h, r, 3, errors.New("the commit's reply was lost"))
		time.Sleep(time.Millisecond)
		if got := version(t, h); got != 3 {
			t.Errorf("version %d after a failure that may have been none", got)
		}
		reads := r.read
		if version(t, h); r.read != reads {
			t.Error("an attempt that was changed once is never remembered again")
		}
	})
}

func TestAChangeDuringAReadingIsNotOverwritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rows{version: 1}
		h := heads(t, r)
		r.while = func() {
			r.while = nil
			time.Sleep(time.Millisecond)
			save(t, h, r, 2, nil)
			time.Sleep(time.Millisecond)
		}
		if got := version(t, h); got != 1 { // it read that before the change
			t.Fatalf("version %d", got)
		}
		if got := version(t, h); got != 2 {
			t.Errorf("version %d is remembered though it changed while it was read", got)
		}
	})
}

func TestAFailureToReadAnAttemptIsNotRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &rows{version: 1, failure: attempt.ErrNotFound}
		h := heads(t, r)
		if _, err := h.Snapshot(t.Context(), sitting); !errors.Is(err, attempt.ErrNotFound) {
			t.Error(err)
		}
		r.failure = nil
		if got := version(t, h); got != 1 {
			t.Errorf("version %d", got)
		}
	})
}
