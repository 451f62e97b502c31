package cache

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
)

// chunk is how many keys are evicted with one message.
const chunk = 500

// EvictTags forgets whatever carries one of the tags, in all families and processes. See [Region.Evict] for what that
// means.
func (e *Engine) EvictTags(ctx context.Context, tags ...string) {
	if len(tags) > 0 {
		e.forget(ctx, change{Tags: tags})
	}
}

// ForgetHere forgets whatever carries one of the tags, in this process alone: for what the others hear of in another way.
func (e *Engine) ForgetHere(tags ...string) { e.drop(change{Tags: tags}) }

// ForgetTold forgets whatever carries one of the tags, here and in Redis: for what the others hear of in another way, from
// somebody who may not have reached Redis.
func (e *Engine) ForgetTold(ctx context.Context, tags ...string) {
	e.forgetBy(change{Tags: tags}, func() error { return e.far.removeTags(ctx, tags) })
}

// Evict forgets keys such as "content:form.1:<id>", whatever their regions. Those of regions that this process does not
// have are deleted from Redis and told to the others all the same.
func (e *Engine) Evict(ctx context.Context, keys ...string) {
	for part := range slices.Chunk(keys, chunk) {
		e.forget(ctx, change{Keys: part})
	}
}

// forget forgets here, in Redis and in the other processes.
func (e *Engine) forget(ctx context.Context, c change) map[string]int {
	return e.forgetBy(c, func() error { return e.tell(ctx, c) })
}

// forgetBy forgets here and then by tell, if there is a Redis to tell. The order makes sure that nobody here is given what
// was read before: first Redis is not read any more, then what is here or on its way is dropped, then Redis forgets, and
// only then it is read again.
func (e *Engine) forgetBy(c change, tell func() error) map[string]int {
	if e.far == nil {
		return e.drop(c)
	}
	e.far.pending.begin(c)
	e.far.recent.note(c, e.wallNow())
	out := e.drop(c)
	if err := tell(); err != nil {
		e.far.pending.failed(c, e.names())
		return out
	}
	e.far.pending.done(c)
	return out
}

// drop forgets in this process, and returns how many entries of each family there were.
func (e *Engine) drop(c change) map[string]int {
	among := func(r *region) bool { return len(c.Families) == 0 || slices.Contains(c.Families, r.family.Name) }
	switch {
	case len(c.Tags) > 0:
		return e.dropTags(c, among)
	case len(c.Families) > 0:
		for _, f := range e.families {
			if e.watcher != nil && slices.Contains(c.Families, f.Name) {
				e.watcher.Clear(f.place)
			}
		}
		return e.near.evictAll(among, c.reason())
	}
	out := map[string]int{}
	for _, key := range c.Keys {
		r, id, ok := e.regionOf(key)
		if !ok {
			continue
		}
		hash := r.hash(id)
		if e.watcher != nil {
			e.watcher.Forget(r.family.place, hash)
		}
		if e.near.evict(hash, c.reason()) {
			out[r.family.Name]++
		}
	}
	return out
}

func (e *Engine) dropTags(c change, among func(*region) bool) map[string]int {
	out := map[string]int{}
	for _, en := range e.near.evictTags(c.Tags, among, c.reason()) {
		out[en.region.family.Name]++
		if e.watcher != nil {
			e.watcher.Forget(en.region.family.place, en.hash)
		}
	}
	return out
}

// tell makes Redis forget and then tells the other processes.
func (e *Engine) tell(ctx context.Context, c change) error {
	if len(c.Tags) > 0 {
		if err := e.far.removeTags(ctx, c.Tags); err != nil {
			return err
		}
	}
	if len(c.Tags) == 0 && len(c.Families) > 0 {
		if _, err := e.far.sweep(ctx, e.farNames(c.Families), nil); err != nil {
			return err
		}
	}
	return e.tellOthers(ctx, c)
}

// tellOthers deletes the keys from Redis and tells the other processes.
func (e *Engine) tellOthers(ctx context.Context, c change) error {
	message, err := json.Marshal(note{From: e.name, Change: &c})
	if err != nil {
		return err
	}
	keys := slices.DeleteFunc(slices.Clone(c.Keys), func(key string) bool { return !e.isFar(key) })
	return e.far.remove(ctx, keys, channel, string(message))
}

// isFar reports whether the family of a key is kept in Redis.
func (e *Engine) isFar(key string) bool {
	name, _, _ := strings.Cut(key, ":")
	f, ok := e.byName[name]
	return ok && f.Far
}

// regionOf finds the region of a key, of whatever schema: a process of another version of the program has another.
func (e *Engine) regionOf(key string) (r *region, id string, ok bool) {
	family, rest, ok := strings.Cut(key, ":")
	if !ok {
		return nil, "", false
	}
	name, id, ok := strings.Cut(rest, ":")
	if !ok {
		return nil, "", false
	}
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		name = name[:dot]
	}
	e.registering.RLock()
	defer e.registering.RUnlock()
	r = e.regions[family+":"+name]
	return r, id, r != nil
}

// heed forgets what another process says that it changed. What it deleted from Redis is that of its own version of the
// program, so what another version keeps there is deleted by whoever is of that.
func (e *Engine) heed(ctx context.Context, c change) {
	var ours []string
	for _, key := range c.Keys {
		r, id, ok := e.regionOf(key)
		if ok && r.far && r.key(id) != key {
			ours = append(ours, r.key(id))
		}
	}
	if len(ours) == 0 {
		e.drop(c)
		return
	}
	other := change{Keys: ours}
	e.far.pending.begin(other)
	e.drop(c)
	if err := e.far.removeKeys(ctx, ours); err != nil {
		e.far.pending.failed(other, e.names())
		return
	}
	e.far.pending.done(other)
}

// repeat has Redis told again what was evicted lately, as it may be another server than the one that heard of it.
func (e *Engine) repeat() {
	c := e.far.recent.all(e.wallNow())
	if c.empty() {
		return
	}
	e.far.pending.begin(c)
	e.far.pending.failed(c, e.names())
}

func (e *Engine) wallNow() int64 { return e.clock.wall(e.clock.exact()) }

// catchUp does again what Redis did not hear of.
func (e *Engine) catchUp(ctx context.Context) {
	if e.far == nil || e.far.pending.n.Load() == 0 || e.far.gate.open() {
		return
	}
	parts, whole := e.far.pending.retry()
	for _, c := range append(parts.chunks(), whole) {
		if c.empty() {
			continue
		}
		if err := e.tell(ctx, c); err != nil {
			e.far.pending.failed(c, e.names())
			continue
		}
		e.far.pending.done(c)
	}
}

// chunks cuts a change into messages of bearable size.
func (c change) chunks() []change {
	var out []change
	for keys := range slices.Chunk(c.Keys, chunk) {
		out = append(out, change{Keys: keys, Admin: c.Admin})
	}
	for tags := range slices.Chunk(c.Tags, chunk) {
		out = append(out, change{Tags: tags, Families: c.Families, Admin: c.Admin})
	}
	return out
}
