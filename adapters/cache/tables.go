package cache

import (
	"context"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

// tableBytes is the memory that a conversion table takes.
const tableBytes = 2 << 10

// Tables keeps conversion tables near by. A version never changes and is never removed, so what it holds is never out of
// date.
type Tables struct {
	inner  ports.Conversions
	region *Region[score.Table]
}

// NewTables returns a cache before inner.
func NewTables(e *Engine, inner ports.Conversions) (*Tables, error) {
	region, err := NewRegion(e, RegionOptions[score.Table]{
		Family: caching.Content, Name: "conversion", Schema: 1, Local: true, Size: func(score.Table) int64 { return tableBytes },
	})
	return &Tables{inner: inner, region: region}, err
}

// Table implements ports.Conversions.
func (t *Tables) Table(ctx context.Context, version string) (score.Table, error) {
	return t.region.Get(ctx, version, func(ctx context.Context) (score.Table, error) { return t.inner.Table(ctx, version) })
}
