package cache_test

import (
	"testing"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

func TestAClearingOfAnotherProcessForgetsWhatItNamesAndCountsAsOne(t *testing.T) {
	inMemory(t, caching.Content, cache.Options{}, func(t *testing.T, e *cache.Engine, r reader) {
		r.shelf.put("a", "#exam one")
		r.shelf.put("b", "plain")
		r.reads("first", "a", "#exam one", 1)
		r.reads("first", "b", "plain", 2)
		users, err := caching.Named(caching.Users)
		if err != nil {
			t.Fatal(err)
		}
		e.ClearHere(ports.CacheScope{Families: []caching.Family{users}})
		e.ClearHere(ports.CacheScope{Families: []caching.Family{users}, Tag: "#exam"})
		r.reads("another family", "a", "#exam one", 2)
		e.ClearHere(ports.CacheScope{Tag: "#exam"})
		e.ClearHere(ports.CacheScope{Tag: "#exam"}) // twice is as good as once
		r.reads("without the tag", "b", "plain", 2)
		r.reads("with the tag", "a", "#exam one", 3)
		e.ClearHere(ports.CacheScope{})
		if f := figuresOf(t, e, caching.Content); f.Near.Keys != 0 || f.Near.Evictions[caching.Cleared] != 3 {
			t.Errorf("%+v", f.Near)
		}
	})
}
