package cache

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// recallTime is for how long a process remembers what it evicted, and mostRecalled how much of that. A server that takes
	// the place of another has missed what the other was told last: for moments if that died, for seconds if somebody ordered
	// the change and the other took commands meanwhile.
	recallTime   = 30 * time.Second
	mostRecalled = 10_000
)

// recent is what this process evicted lately. Redis was told; but the server that it is next may not have been.
type recent struct {
	n atomic.Int64 // of names below

	mu         sync.RWMutex
	keys, tags map[string]int64 // when last, as milliseconds since 1970
	order      []evicted        // the oldest first
}

type evicted struct {
	name string
	tag  bool
	at   int64
}

func newRecent() *recent { return &recent{keys: map[string]int64{}, tags: map[string]int64{}} }

func (r *recent) names(tags bool) map[string]int64 {
	if tags {
		return r.tags
	}
	return r.keys
}

// note remembers an eviction, before Redis is told.
func (r *recent) note(c change, now int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, key := range c.Keys {
		r.keys[key] = now
		r.order = append(r.order, evicted{key, false, now})
	}
	for _, tag := range c.Tags {
		r.tags[tag] = now
		r.order = append(r.order, evicted{tag, true, now})
	}
	r.forget(now)
}

// forget forgets what is too old or too much.
func (r *recent) forget(now int64) {
	for len(r.order) > 0 && (len(r.order) > mostRecalled || now-r.order[0].at > recallTime.Milliseconds()) {
		oldest := r.order[0]
		r.order = r.order[1:]
		if names := r.names(oldest.tag); names[oldest.name] == oldest.at { // or it was evicted again
			delete(names, oldest.name)
		}
	}
	r.n.Store(int64(len(r.keys) + len(r.tags)))
}

// outdated reports whether a value that Redis has was loaded before this process evicted it, or in the same millisecond.
func (r *recent) outdated(key string, tags []string, loadedAt int64) bool {
	if r.n.Load() == 0 {
		return false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return loadedAt <= r.keys[key] || slices.ContainsFunc(tags, func(tag string) bool { return loadedAt <= r.tags[tag] })
}

// all returns what is remembered.
func (r *recent) all(now int64) change {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(now)
	return change{Keys: slices.Collect(maps.Keys(r.keys)), Tags: slices.Collect(maps.Keys(r.tags))}
}
