package cache

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/ports"
)

const (
	// maxHeads is how many attempts are remembered; about 600 bytes each.
	maxHeads = 16_384

	// headLifetime is how long what another process changed may stay unseen. Accommodations have to be in effect within
	// two seconds.
	headLifetime = time.Second
)

// Heads remembers attempts for as long as it takes to look at their questions. It is for reads that decide nothing:
// whoever changes an attempt reads it in the unit of work. What this process changes it sees at once.
type Heads struct {
	ports.AttemptReads
	start time.Time // for a clock that nobody sets

	mu   sync.Mutex // keeps an eviction from coming between a look and a keeping
	near *lru.Cache[uuid.UUID, head]
}

// head is a remembered attempt, or only when it was evicted; times are since the start.
type head struct {
	snapshot attempt.Snapshot
	loadedAt time.Duration
	evicted  time.Duration
}

// NewHeads returns a cache before inner.
func NewHeads(inner ports.AttemptReads) (*Heads, error) {
	near, err := lru.New[uuid.UUID, head](maxHeads)
	return &Heads{AttemptReads: inner, start: time.Now(), near: near}, err
}

// Snapshot implements ports.AttemptReads. The outline of what it returns is shared and must not be changed.
func (h *Heads) Snapshot(ctx context.Context, id uuid.UUID) (attempt.Snapshot, error) {
	began := time.Since(h.start)
	if known, ok := h.near.Get(id); ok && known.loadedAt > known.evicted && began-known.loadedAt < headLifetime {
		return known.snapshot, nil
	}
	s, err := h.AttemptReads.Snapshot(ctx, id)
	if err != nil {
		return s, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	known, _ := h.near.Peek(id)
	if known.evicted >= began && known.evicted > 0 { // it changed while it was read
		return s, nil
	}
	h.near.Add(id, head{snapshot: s, loadedAt: began, evicted: known.evicted})
	return s, nil
}

// evict forgets attempts.
func (h *Heads) evict(ids []uuid.UUID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range ids {
		h.near.Add(id, head{evicted: time.Since(h.start)})
	}
}

// Evicting runs units of work and then forgets the attempts that they stored.
func (h *Heads) Evicting(inner ports.UnitOfWork[ports.AttemptRepos]) ports.UnitOfWork[ports.AttemptRepos] {
	return evicting{inner, h}
}

type evicting struct {
	inner ports.UnitOfWork[ports.AttemptRepos]
	heads *Heads
}

// Do implements ports.UnitOfWork. What fails after its commit may have been stored, so it evicts in any case.
func (e evicting) Do(ctx context.Context, fn func(ctx context.Context, repos ports.AttemptRepos) error) error {
	var saved savedAttempts
	err := e.inner.Do(ctx, func(ctx context.Context, repos ports.AttemptRepos) error {
		saved.Attempts, repos.Attempts = repos.Attempts, &saved
		return fn(ctx, repos)
	})
	e.heads.evict(saved.ids)
	return err
}

// savedAttempts notes which attempts are stored.
type savedAttempts struct {
	ports.Attempts
	ids []uuid.UUID
}

// Save implements ports.Attempts.
func (s *savedAttempts) Save(ctx context.Context, a *attempt.Attempt) error {
	s.ids = append(s.ids, a.ID())
	return s.Attempts.Save(ctx, a)
}
