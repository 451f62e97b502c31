package cache_test

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
)

// permit changes what everybody may do at a server.
func permit(t *testing.T, server redis.UniversalClient, rule string) {
	t.Helper()
	if err := server.Do(t.Context(), "ACL", "SETUSER", "default", rule).Err(); err != nil {
		t.Fatal(err)
	}
}

// A node that refuses to delete answers, so that nobody leaves it alone, and nothing says to the other processes that they
// should not believe what they have: they must be told, at once, although the deletion is tried again and again.
func TestTheOtherProcessForgetsThoughANodeOfAClusterRefusesToDelete(t *testing.T) {
	c := with(t, newCluster(t))
	ids := many(c.shelf, "one")
	c.a.readsAll("first", ids, "one", 60)
	c.b.readsAll("the other", ids, "one", 60)
	cache.Settle(c.b.engine)
	if n := c.b.figures().Near.Keys; n != 60 {
		t.Fatalf("the other process has %d values near by", n)
	}
	node := c.node(t, 0)
	permit(t, node, "-del")
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() { node.Do(ctx, "ACL", "SETUSER", "default", "+del") })

	many(c.shelf, "two")
	c.a.region.Evict(t.Context(), ids...)
	if n, refused := cache.Pending(c.a.engine), c.a.faults(caching.OtherFault); n != 60 || refused == 0 {
		t.Fatalf("Redis has not heard of %d of 60, and refused %d times", n, refused)
	}
	if left := c.keys(t); left[0] == 0 || left[1]+left[2] > 0 {
		t.Errorf("the masters still have %v: only the first refuses", left)
	}
	eventually(t, "the other process forgets", func() bool { return c.b.figures().Near.Keys == 0 })
	if c.a.apart() || c.b.apart() {
		t.Error("a process does not hear the other, which would be a reason to forget")
	}
	c.a.readsAll("where it was changed", ids, "two", 120)

	permit(t, node, "+del")
	eventually(t, "the node hears of it", func() bool { return cache.Pending(c.a.engine) == 0 })
	for _, id := range ids {
		if got, err := c.b.region.Get(t.Context(), id, c.shelf.load(id)); err != nil || got != "two" {
			t.Errorf("the other process, afterwards: %s is %q, %v", id, got, err)
		}
	}
}
