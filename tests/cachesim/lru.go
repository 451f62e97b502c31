// Package cachesim is what predictions about caches are checked against: an exact simulation of an LRU cache with times
// to live, and traffic to run through it.
package cachesim

import (
	"container/heap"
	"container/list"
	"time"
)

// Read is a read of a key. When it misses, the value is loaded and kept.
type Read struct {
	Family int
	Key    uint64 // uniform over all 64 bits; see Hash
	Bytes  int64  // of the value, with everything that it costs to keep it
	At     time.Duration
	Delete bool // the key is not read, but deleted, as its value changed
}

// Hash makes numbers uniform (the finalizer of SplitMix64; Steele, Lea, Flood, "Fast splittable pseudorandom number
// generators", 2014). Different numbers have different hashes.
func Hash(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Rule is how long a family is kept.
type Rule struct {
	TTL   time.Duration // from the load; a read after it is a miss
	Stale time.Duration // for how much longer the value takes up memory
}

// Score counts reads and hits of a family.
type Score struct{ Reads, Hits uint64 }

// LRU is a cache that forgets what was used least recently when it has no room, and what is past its time at once.
type LRU struct {
	limit int64
	rules []Rule
	used  int64
	order *list.List // the last used first
	items map[uint64]*list.Element
	due   deadlines
	Score []Score
}

type item struct {
	key    uint64
	bytes  int64
	loaded time.Duration
	rule   Rule
}

// NewLRU returns an empty cache of a limit in bytes, with a rule for each family.
func NewLRU(limit int64, rules []Rule) *LRU {
	return &LRU{limit: limit, rules: rules, order: list.New(), items: map[uint64]*list.Element{}, Score: make([]Score, len(rules))}
}

// Do takes a read and reports whether it hit.
func (c *LRU) Do(r Read) bool {
	c.expire(r.At)
	e, found := c.items[r.Key]
	if r.Delete {
		if found {
			c.remove(e)
		}
		return false
	}
	c.Score[r.Family].Reads++
	hit := found && r.At-e.Value.(*item).loaded < c.rules[r.Family].TTL
	it := &item{key: r.Key, bytes: r.Bytes, loaded: r.At, rule: c.rules[r.Family]}
	if hit {
		c.Score[r.Family].Hits++
		it.loaded = e.Value.(*item).loaded
	}
	if found {
		c.remove(e)
	}
	c.add(it)
	if until := it.until(); !hit && until > 0 { // or it never expires
		heap.Push(&c.due, deadline{until, it.key})
	}
	return hit
}

// until is when it no longer takes up memory.
func (it *item) until() time.Duration { return it.loaded + it.rule.TTL + it.rule.Stale }

// add puts a value in front and makes room. What is bigger than the cache is not kept.
func (c *LRU) add(it *item) {
	if it.bytes > c.limit {
		return
	}
	c.items[it.key] = c.order.PushFront(it)
	c.used += it.bytes
	for c.used > c.limit {
		c.remove(c.order.Back())
	}
}

func (c *LRU) remove(e *list.Element) {
	it := e.Value.(*item)
	c.order.Remove(e)
	delete(c.items, it.key)
	c.used -= it.bytes
}

func (c *LRU) expire(now time.Duration) {
	for len(c.due) > 0 && c.due[0].at <= now {
		d := heap.Pop(&c.due).(deadline)
		if e, ok := c.items[d.key]; ok && e.Value.(*item).until() <= now {
			c.remove(e)
		}
	}
}

// HitRate is that of all families together, 0 to 100.
func (c *LRU) HitRate() float64 {
	var all Score
	for _, s := range c.Score {
		all.Reads += s.Reads
		all.Hits += s.Hits
	}
	return all.Rate()
}

// Rate is the hit rate, 0 to 100.
func (s Score) Rate() float64 {
	if s.Reads == 0 {
		return 0
	}
	return 100 * float64(s.Hits) / float64(s.Reads)
}

type deadline struct {
	at  time.Duration
	key uint64
}

type deadlines []deadline

func (d deadlines) Len() int           { return len(d) }
func (d deadlines) Less(i, j int) bool { return d[i].at < d[j].at }
func (d deadlines) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }
func (d *deadlines) Push(x any)        { *d = append(*d, x.(deadline)) }
func (d *deadlines) Pop() any {
	last := (*d)[len(*d)-1]
	*d = (*d)[:len(*d)-1]
	return last
}
