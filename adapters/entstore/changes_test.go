package entstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

func TestTheSubjectOfAClearingTellsWhatAndWho(t *testing.T) {
	families := caching.Families()
	for name, want := range map[string]ports.CacheScope{
		"everything": {},
		"families":   {Families: families[:2]},
		"a tag":      {Tag: `exam:|,"1"é`},
		"both":       {Families: families, Tag: "exam:" + strings.Repeat("x", 195)},
	} {
		store := storetest.SQLite(t)
		err := store.CacheRunWork().Do(t.Context(), func(ctx context.Context, r ports.CacheRunRepos) error {
			return r.Runs.NoteClearing(ctx, want, `a|"host"-1`)
		})
		if err != nil {
			t.Fatal(err)
		}
		all, err := store.ActorChanges().Since(t.Context(), time.Time{})
		if err != nil || len(all) != 1 {
			t.Fatalf("%s: %v, %v", name, all, err)
		}
		got, by, ok := entstore.ClearingOf(all[0].Subject)
		if diff := cmp.Diff(want, got); diff != "" || by != `a|"host"-1` || !ok {
			t.Errorf("%s: by %q, %v (-want +got)\n%s", name, by, ok, diff)
		}
		if len(all[0].Subject) > 400 {
			t.Errorf("%s: a subject of %d bytes", name, len(all[0].Subject))
		}
	}
}

func TestASubjectThatIsNoClearingClearsNothing(t *testing.T) {
	for subject, want := range map[string]bool{
		"catalogue": false, "exam:1": false, "cache-settings": false, "cache-clear:": false, "cache-clear:{": false,
		`cache-clear:{"by":"a","families":["of a later version"]}`: false, `cache-clear:{"by":"a","families":["content","of a later version"]}`: true,
	} {
		if scope, _, ok := entstore.ClearingOf(subject); ok != want || ok && len(scope.Families) != 1 {
			t.Errorf("%s: %+v, %v", subject, scope, ok)
		}
	}
}
