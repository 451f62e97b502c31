package cache

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

// overhead is how much memory a form takes for each byte of its encoding: one and a half as measured, and some to spare.
const overhead = 2

// Revisions keeps published revisions near by. They never change, so what it holds is never out of date. They hold the
// keys of exams, and stay out of Redis.
type Revisions struct {
	inner  ports.Revisions
	region *Region[*exam.Revision]
}

var _ ports.Revisions = (*Revisions)(nil)

// NewRevisions returns a cache before inner.
func NewRevisions(e *Engine, inner ports.Revisions) (*Revisions, error) {
	region, err := NewRegion(e, RegionOptions[*exam.Revision]{
		Family: caching.Content, Name: "form", Schema: 1, Local: true,
		Size: func(r *exam.Revision) int64 {
			encoded, err := r.Content.Encode()
			if err != nil {
				return 0
			}
			return overhead * int64(len(encoded))
		},
	})
	return &Revisions{inner: inner, region: region}, err
}

// Revision returns the same shared revision to all.
func (r *Revisions) Revision(ctx context.Context, id uuid.UUID) (*exam.Revision, error) {
	return r.region.GetUUID(ctx, id, r.inner.Revision)
}
