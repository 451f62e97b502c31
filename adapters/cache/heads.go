package cache

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

// attemptBytes is the memory that an attempt takes, about.
const attemptBytes = 700

// Heads remembers attempts for as long as it takes to look at their questions, and no longer than a second, as
// accommodations have to be in effect within two. It is for reads that decide nothing: whoever changes an attempt reads it
// in the unit of work. What this process changes it sees at once.
type Heads struct {
	ports.AttemptReads
	engine *Engine
	region *Region[attempt.Snapshot]
}

// NewHeads returns a cache before inner.
func NewHeads(e *Engine, inner ports.AttemptReads) (*Heads, error) {
	region, err := NewRegion(e, RegionOptions[attempt.Snapshot]{
		Family: caching.Attempts, Name: "head", Schema: 1, Size: func(attempt.Snapshot) int64 { return attemptBytes },
	})
	return &Heads{AttemptReads: inner, engine: e, region: region}, err
}

// Snapshot implements ports.AttemptReads. The outline of what it returns is shared and must not be changed.
func (h *Heads) Snapshot(ctx context.Context, id uuid.UUID) (attempt.Snapshot, error) {
	return h.region.GetUUID(ctx, id, h.AttemptReads.Snapshot)
}

// Evicting runs units of work and then forgets the attempts that they stored, and the leaderboards of the exams of those
// that have a score now.
func (h *Heads) Evicting(inner ports.UnitOfWork[ports.AttemptRepos]) ports.UnitOfWork[ports.AttemptRepos] {
	return evicting{inner, h}
}

type evicting struct {
	inner ports.UnitOfWork[ports.AttemptRepos]
	heads *Heads
}

// Do implements ports.UnitOfWork. What fails after its commit may have been stored, so it evicts in any case. The other
// processes are not told of attempts: they forget them soon enough.
func (e evicting) Do(ctx context.Context, fn func(ctx context.Context, repos ports.AttemptRepos) error) error {
	var saved savedAttempts
	err := e.inner.Do(ctx, func(ctx context.Context, repos ports.AttemptRepos) error {
		saved.Attempts, repos.Attempts = repos.Attempts, &saved
		return fn(ctx, repos)
	})
	e.heads.engine.drop(change{Keys: saved.keys(e.heads.region)})
	e.heads.engine.EvictTags(context.WithoutCancel(ctx), saved.boards...)
	return err
}

// savedAttempts notes which attempts are stored.
type savedAttempts struct {
	ports.Attempts
	ids    []uuid.UUID
	boards []string
}

func (s *savedAttempts) keys(r *Region[attempt.Snapshot]) []string {
	out := make([]string, len(s.ids))
	for i, id := range s.ids {
		out[i] = r.Key(id.String())
	}
	return out
}

// Save implements ports.Attempts.
func (s *savedAttempts) Save(ctx context.Context, a *attempt.Attempt) error {
	s.ids = append(s.ids, a.ID())
	if a.Scored() {
		s.boards = append(s.boards, BoardTag(a.Snapshot().ExamID))
	}
	return s.Attempts.Save(ctx, a)
}
