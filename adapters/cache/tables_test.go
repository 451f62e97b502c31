package cache_test

import (
	"context"
	"errors"
	"testing"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/score"
)

// drawer holds one table and counts how often it is opened.
type drawer struct{ opened int }

func (d *drawer) Table(_ context.Context, version string) (score.Table, error) {
	d.opened++
	if version != "a-1" {
		return score.Table{}, score.ErrTableNotFound
	}
	return score.Table{Version: version}, nil
}

func TestAConversionTableIsReadOnceAndItsAbsenceEveryTime(t *testing.T) {
	d := &drawer{}
	tables, err := cache.NewTables(newEngine(t, cache.Options{}), d)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if got, err := tables.Table(t.Context(), "a-1"); err != nil || got.Version != "a-1" {
			t.Errorf("%q, %v", got.Version, err)
		}
		if _, err := tables.Table(t.Context(), "b-1"); !errors.Is(err, score.ErrTableNotFound) {
			t.Error(err)
		}
	}
	if d.opened != 4 {
		t.Errorf("it was opened %d times", d.opened)
	}
}
