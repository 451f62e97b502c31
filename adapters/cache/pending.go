package cache

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// mostUndone is how many evictions that Redis has not heard of are remembered one by one. With more, all is evicted.
const mostUndone = 10_000

// change is what is to be forgotten: keys, tags, and families as a whole; with tags, only what carries them in the
// families.
type change struct {
	Keys     []string `json:"k,omitempty"`
	Tags     []string `json:"t,omitempty"`
	Families []string `json:"f,omitempty"`
	Admin    bool     `json:"a,omitempty"` // whether somebody wants it so, rather than that something changed
}

func (c change) empty() bool { return len(c.Keys)+len(c.Tags)+len(c.Families) == 0 }

// reason is why entries leave because of it.
func (c change) reason() uint32 {
	if c.Admin {
		return cleared
	}
	return invalidated
}

// pending is what is being evicted from Redis. Until that is done, which may take as long as Redis is out of reach, this
// process does not read there what it evicts.
type pending struct {
	n atomic.Int64 // of all below; zero but for moments

	mu       sync.Mutex
	keys     map[string]int // how many evictions of it go on
	families map[string]int
	tags     map[string]int

	undone struct { // what failed and is to be done again
		keys, tags, families map[string]int
		admin                bool
	}
}

func newPending() *pending {
	p := &pending{keys: map[string]int{}, families: map[string]int{}, tags: map[string]int{}}
	p.undone.keys, p.undone.tags, p.undone.families = map[string]int{}, map[string]int{}, map[string]int{}
	return p
}

// begin blocks the reading of what is to be evicted.
func (p *pending) begin(c change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.add(c, 1)
}

// done unblocks it.
func (p *pending) done(c change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.add(c, -1)
}

func (p *pending) add(c change, n int) {
	count(p.keys, c.Keys, n)
	count(p.tags, c.Tags, n)
	if len(c.Tags) == 0 {
		count(p.families, c.Families, n)
	}
	p.n.Store(int64(len(p.keys) + len(p.tags) + len(p.families)))
}

func count(in map[string]int, names []string, n int) {
	for _, name := range names {
		if in[name] += n; in[name] == 0 {
			delete(in, name)
		}
	}
}

// blocks reports whether a value must not be read from Redis.
func (p *pending) blocks(r *region, key string) bool {
	if p.n.Load() == 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys[key] > 0 || p.families[r.family.Name] > 0 || r.tags != nil && len(p.tags) > 0
}

// failed keeps what could not be evicted, for another try. It stays blocked.
func (p *pending) failed(c change, families []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := &p.undone
	u.admin = u.admin || c.Admin
	count(u.keys, c.Keys, 1)
	count(u.tags, c.Tags, 1)
	if len(c.Tags) == 0 {
		count(u.families, c.Families, 1)
	}
	if len(u.keys)+len(u.tags) <= mostUndone {
		return
	}
	count(u.families, families, 1)
	count(p.families, families, 1)
	drain(u.keys, p.keys)
	drain(u.tags, p.tags)
	p.n.Store(int64(len(p.keys) + len(p.tags) + len(p.families)))
}

// drain takes counts out of others.
func drain(from, of map[string]int) {
	for name, n := range from {
		count(of, []string{name}, -n)
	}
	clear(from)
}

// retry takes what is to be tried again: keys and tags, and families as a whole.
func (p *pending) retry() (parts, whole change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := &p.undone
	parts = change{Keys: slices.Collect(maps.Keys(u.keys)), Tags: slices.Collect(maps.Keys(u.tags)), Admin: u.admin}
	whole = change{Families: slices.Collect(maps.Keys(u.families)), Admin: u.admin}
	p.merge(u.keys, p.keys)
	p.merge(u.tags, p.tags)
	p.merge(u.families, p.families)
	u.admin = false
	return parts, whole
}

// merge makes one eviction of several of the same, and takes them out of what is to be done.
func (p *pending) merge(from, of map[string]int) {
	for name, n := range from {
		count(of, []string{name}, 1-n)
	}
	clear(from)
}
