package cache

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

const (
	// page is how many keys are looked at with one question.
	page = 1000

	// headBytes is how much of a value is read to find its tags.
	headBytes = 4096

	// countTime is how long the counting of what Redis holds may take, and countAge how old a count may be.
	countTime = 2 * time.Second
	countAge  = 10 * time.Second
)

// Clear implements [ports.CacheControl]. When Redis cannot be told now, it is as soon as it answers; until then this
// process does not read there what was to be forgotten.
func (e *Engine) Clear(ctx context.Context, scope ports.CacheScope) (ports.CacheCleared, error) {
	c := e.clearing(scope)
	if e.far == nil {
		return ports.CacheCleared{Keys: e.drop(c), Far: caching.FarNone}, nil
	}
	e.far.pending.begin(c)
	out := ports.CacheCleared{Keys: e.drop(c), Far: caching.FarCleared}
	far, err := e.clearFar(ctx, c)
	for name, n := range far {
		out.Keys[name] += n
	}
	if err != nil {
		e.far.pending.failed(c, e.names())
		out.Far = caching.FarPending
		return out, fmt.Errorf("clear the far cache: %w", err)
	}
	e.far.pending.done(c)
	return out, nil
}

// ClearHere forgets in this process alone: for a clearing of another process, which tells Redis, where there is one.
func (e *Engine) ClearHere(scope ports.CacheScope) { e.drop(e.clearing(scope)) }

// clearing is the change that a clearing makes.
func (e *Engine) clearing(scope ports.CacheScope) change {
	c := change{Families: e.names(), Admin: true}
	if len(scope.Families) > 0 {
		c.Families = nil
		for _, f := range scope.Families {
			c.Families = append(c.Families, f.Name)
		}
	}
	if scope.Tag != "" {
		c.Tags = []string{scope.Tag}
	}
	return c
}

// clearFar forgets in Redis, tells the others, and counts.
func (e *Engine) clearFar(ctx context.Context, c change) (map[string]int, error) {
	if len(c.Tags) == 0 {
		n, err := e.far.sweep(ctx, e.farNames(c.Families), nil)
		if err != nil {
			return n, err
		}
		return n, e.tellOthers(ctx, c)
	}
	if err := e.tell(ctx, c); err != nil {
		return nil, err
	}
	// What carries the tag is not found any more. Deleting it frees memory, and tells how much it was.
	return e.far.sweep(ctx, e.farNames(c.Families), func(head []byte) bool {
		f, ok := headOf(head)
		return ok && slices.ContainsFunc(f.tags, func(tag string) bool { return slices.Contains(c.Tags, tag) })
	})
}

// headOf reads the tags of a frame of which only the beginning is there.
func headOf(head []byte) (frame, bool) {
	var f frame
	if len(head) < frameHead || [3]byte(head) != frameMagic || head[3]&frameTagged == 0 {
		return f, false
	}
	_, _ = f.decodeTags(head[frameHead:]) // what is cut off is beyond what is looked at
	return f, true
}

// sweep deletes the values of families with their leases: the leases first, so that nothing is put there afterwards that
// was loaded before. With a choice, which is given the beginning of each value, it deletes only some of the values. It
// returns how many of each family it deleted.
func (f *far) sweep(ctx context.Context, families []string, chosen func(head []byte) bool) (map[string]int, error) {
	out := map[string]int{}
	for _, name := range families {
		if chosen == nil {
			if _, err := f.sweepKeys(ctx, "{"+name+":*}!lease", nil); err != nil {
				return out, err
			}
		}
		n, err := f.sweepKeys(ctx, name+":*", chosen)
		if n > 0 {
			out[name] = n
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// sweepKeys deletes what matches a pattern, and returns how many keys that were.
func (f *far) sweepKeys(ctx context.Context, pattern string, chosen func(head []byte) bool) (int, error) {
	total := 0
	err := f.scan(ctx, pattern, func(ctx context.Context, server redis.Cmdable, keys []string) error {
		if chosen != nil {
			var err error
			if keys, err = f.choose(ctx, server, keys, chosen); err != nil {
				return err
			}
		}
		n, err := f.unlink(ctx, server, keys)
		total += n
		return err
	})
	return total, err
}

// choose returns those of the keys whose values are chosen.
func (f *far) choose(ctx context.Context, server redis.Cmdable, keys []string, chosen func(head []byte) bool) ([]string, error) {
	heads := make([]*redis.StringCmd, len(keys))
	if err := f.gate.ask(ctx, func(ctx context.Context) error {
		pipe := server.Pipeline()
		for i, key := range keys {
			heads[i] = pipe.GetRange(ctx, key, 0, headBytes-1)
		}
		_, err := pipe.Exec(ctx)
		return but(err, "WRONGTYPE")
	}); err != nil {
		return nil, err
	}
	var out []string
	for i, key := range keys {
		if heads[i].Err() == nil && chosen([]byte(heads[i].Val())) {
			out = append(out, key)
		}
	}
	return out, nil
}

// but ignores errors that begin with a word.
func but(err error, word string) error {
	if redis.HasErrorPrefix(err, word) {
		return nil
	}
	return err
}

// unlink deletes keys one by one, as in a cluster they have several slots.
func (f *far) unlink(ctx context.Context, server redis.Cmdable, keys []string) (int, error) {
	if len(keys) == 0 {
		return 0, nil
	}
	gone := make([]*redis.IntCmd, len(keys))
	err := f.gate.ask(ctx, func(ctx context.Context) error {
		pipe := server.Pipeline()
		for i, key := range keys {
			gone[i] = pipe.Unlink(ctx, key)
		}
		_, err := pipe.Exec(ctx)
		return err
	})
	n := 0
	for _, cmd := range gone {
		n += int(cmd.Val())
	}
	return n, err
}

// scan gives all keys that match a pattern, page by page. Those that are there all the while are given at least once.
func (f *far) scan(ctx context.Context, pattern string, visit func(ctx context.Context, server redis.Cmdable, keys []string) error) error {
	if cluster, ok := f.client.(*redis.ClusterClient); ok {
		var one sync.Mutex // the servers are visited at once
		return cluster.ForEachMaster(ctx, func(ctx context.Context, server *redis.Client) error {
			return f.scanOne(ctx, server, pattern, func(ctx context.Context, server redis.Cmdable, keys []string) error {
				one.Lock()
				defer one.Unlock()
				return visit(ctx, server, keys)
			})
		})
	}
	return f.scanOne(ctx, f.client, pattern, visit)
}

func (f *far) scanOne(ctx context.Context, server redis.Cmdable, pattern string, visit func(ctx context.Context, server redis.Cmdable, keys []string) error) error {
	cursor := uint64(0)
	for {
		var keys []string
		if err := f.gate.ask(ctx, func(ctx context.Context) (err error) {
			keys, cursor, err = server.Scan(ctx, cursor, pattern, page).Result()
			return err
		}); err != nil {
			return err
		}
		if len(keys) > 0 {
			if err := visit(ctx, server, keys); err != nil {
				return err
			}
		}
		if cursor == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// holdings adds what Redis holds of each family, as it was counted in the last ten seconds.
func (e *Engine) holdings(ctx context.Context, families map[string]caching.FamilyFigures) {
	for name, held := range e.far.holdings.get(ctx, e) {
		f := families[name]
		f.Far.Keys, f.Far.Bytes = held.keys, held.bytes
		families[name] = f
	}
}

type held struct{ keys, bytes int64 }

// holdings remembers a count for a while.
type holdings struct {
	mu   sync.Mutex
	at   time.Time
	last map[string]held
}

func (h *holdings) get(ctx context.Context, e *Engine) map[string]held {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last != nil && time.Since(h.at) < countAge {
		return h.last
	}
	ctx, cancel := context.WithTimeout(ctx, countTime)
	defer cancel()
	out := map[string]held{}
	for _, name := range e.farNames(e.names()) {
		h, err := e.far.count(ctx, name+":*")
		if err != nil {
			return out
		}
		out[name] = h
	}
	h.at, h.last = time.Now(), out
	return out
}

// count counts keys and the bytes of their values. Some may be counted twice while Redis makes room for more.
func (f *far) count(ctx context.Context, pattern string) (held, error) {
	var out held
	err := f.scan(ctx, pattern, func(ctx context.Context, server redis.Cmdable, keys []string) error {
		sizes := make([]*redis.IntCmd, len(keys))
		err := f.gate.ask(ctx, func(ctx context.Context) error {
			pipe := server.Pipeline()
			for i, key := range keys {
				sizes[i] = pipe.StrLen(ctx, key)
			}
			_, err := pipe.Exec(ctx)
			return but(err, "WRONGTYPE")
		})
		for i, key := range keys {
			out.keys++
			out.bytes += int64(len(key)) + sizes[i].Val()
		}
		return err
	})
	return out, err
}
