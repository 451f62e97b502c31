package cache

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/dgraph-io/ristretto/v2"
	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

var _ ports.Revisions = (*Revisions)(nil)

const (
	// loadTime bounds a load, which no caller's context does.
	loadTime = 30 * time.Second

	// counters is how many revisions the admission policy remembers the use of: ten for each of a thousand, which
	// is more than fit into any sensible size.
	counters = 10_000

	// bufferItems is how many reads ristretto notes at a time; the number is the one that it recommends.
	bufferItems = 64

	// overhead is how much memory a form takes for each byte of its encoding: one and a half as measured, and
	// some to spare.
	overhead = 2
)

// Revisions is a near cache of published revisions. They never change, so what it holds is never out of date and
// leaves only to make room. Of concurrent callers who miss the same revision one load serves all, and goes on when
// they give up. Errors are not kept.
type Revisions struct {
	inner ports.Revisions
	loads singleflight.Group

	mu   sync.RWMutex // ristretto does not bear being used while it closes
	near *ristretto.Cache[string, *exam.Revision]
}

// NewRevisions returns a cache of about maxBytes of memory before inner. It fails unless maxBytes is positive.
func NewRevisions(inner ports.Revisions, maxBytes int64) (*Revisions, error) {
	near, err := ristretto.NewCache(&ristretto.Config[string, *exam.Revision]{
		NumCounters: counters, MaxCost: maxBytes, BufferItems: bufferItems, IgnoreInternalCost: true,
	})
	if err != nil {
		return nil, fmt.Errorf("make the cache of revisions: %w", err)
	}
	return &Revisions{inner: inner, near: near}, nil
}

// Revision returns the same shared revision to all. Its errors are those of the wrapped port, and that of the
// context when it ends before the revision is there.
func (r *Revisions) Revision(ctx context.Context, id uuid.UUID) (*exam.Revision, error) {
	key := string(id[:])
	if found, ok := r.get(key); ok {
		return found, nil
	}
	loaded := r.loads.DoChan(key, func() (any, error) { return r.load(context.WithoutCancel(ctx), id) })
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for revision %s: %w", id, ctx.Err())
	case l := <-loaded:
		found, _ := l.Val.(*exam.Revision)
		return found, l.Err
	}
}

// load runs in a goroutine of its own. A panic there would end the program, as no caller's recovery reaches it.
func (r *Revisions) load(ctx context.Context, id uuid.UUID) (found *exam.Revision, err error) {
	defer func() {
		if p := recover(); p != nil {
			found, err = nil, fmt.Errorf("load revision %s: panic: %v\n%s", id, p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, loadTime)
	defer cancel()
	if found, err = r.inner.Revision(ctx, id); err != nil {
		return nil, err
	}
	r.put(string(id[:]), found)
	return found, nil
}

func (r *Revisions) get(key string) (*exam.Revision, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.near.Get(key)
}

// put hands a revision to the cache, which takes it a moment later or not at all. What cannot be weighed is not kept.
func (r *Revisions) put(key string, found *exam.Revision) {
	encoded, err := found.Content.Encode()
	if err != nil {
		return
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	r.near.Set(key, found, overhead*int64(len(encoded)))
}

// Close gives the memory back. Later reads are served all the same, by the wrapped port. To close again is harmless.
func (r *Revisions) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.near.Close()
}
