package cache

import (
	"context"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

// maxTables is how many conversion tables are remembered; about two kilobytes each.
const maxTables = 256

// Tables remembers conversion tables. A version never changes and is never removed, so what it holds is never out of date.
type Tables struct {
	inner ports.Conversions
	near  *lru.Cache[string, score.Table]
}

// NewTables returns a cache before inner.
func NewTables(inner ports.Conversions) (*Tables, error) {
	near, err := lru.New[string, score.Table](maxTables)
	return &Tables{inner: inner, near: near}, err
}

// Table implements ports.Conversions.
func (t *Tables) Table(ctx context.Context, version string) (score.Table, error) {
	if known, ok := t.near.Get(version); ok {
		return known, nil
	}
	table, err := t.inner.Table(ctx, version)
	if err == nil {
		t.near.Add(version, table)
	}
	return table, err
}
