package cache

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/ristretto/v2"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/fault"
)

const (
	// counters is how many entries the admission policy remembers the use of, at least.
	counters = 10_000

	// bufferItems is how many reads ristretto notes at a time; the number is the one that it recommends.
	bufferItems = 64

	// entryBytes is the memory that an entry takes beside its value: itself, its name, and its places in the maps of
	// ristretto and of the index. A test measures it.
	entryBytes = 320

	// tagBytes is what each tag of an entry takes.
	tagBytes = 80

	// shards of the index, a power of two.
	shards = 64

	// slack is the part of the limit that is left to entries which ristretto was not offered yet.
	slack = 16

	// batch is how many entries of a shard wait to be offered at most.
	batch = 64

	// most times that an entry is handed to ristretto.
	maxOffers = 3
)

// entry is a value in the near tier. All but the marks is written once. What a hit looks at comes first, in 64 bytes.
type entry struct {
	region   *region
	id       string
	value    any
	loadedAt int64         // when the load began, by the clock
	gotAt    int64         // when this process began to load it or to read it from Redis
	gone     atomic.Uint32 // one plus the place of the reason among the reasons; zero while it may be given out
	spread   uint8         // 0 … 127, how much shorter it lives than others
	negative bool          // whether there is no such thing

	absent  *fault.Error // what says so
	hash    uint64
	bytes   int64
	tags    []string
	retryAt int64         // when it may be loaded anew, after a failure; guarded by the lock of the shard
	offers  atomic.Uint32 // how often ristretto was asked to take it
}

// fault is that there is no such thing, or nil.
func (en *entry) fault() error {
	if en.negative {
		return en.absent
	}
	return nil
}

// shard is a part of the index. fills orders what ristretto is told of its entries and is locked before mu, which nobody
// holds while he calls ristretto, as ristretto calls back.
type shard struct {
	fills sync.Mutex

	mu      sync.Mutex
	index   map[uint64]*entry
	flights map[uint64]*flight
	latest  atomic.Pointer[flight] // the one that began last, or nil
	waiting []*entry               // what ristretto was not offered yet, or is gone by now

	_ [64]byte
}

// near is the near tier. Ristretto decides what comes in and what stays; the index knows exactly what there is, and what is
// read often is in front of it. Ristretto and the index differ for moments: ristretto takes a value in a little later than it
// is told to, and it may take it out a little later as well. So what is in the index is there, whether or not ristretto has
// it by now, and what is marked as gone is not, whether or not ristretto still has it.
//
// Ristretto is told of a part of the reads, and offered many entries at once: to note a read, and to wake the goroutine that
// heeds offers, costs more than all the rest.
type near struct {
	cache   *ristretto.Cache[uint64, *entry]
	limit   int64
	bytes   atomic.Int64
	waiting atomic.Int64 // bytes that ristretto was not offered yet
	shards  [shards]shard
	closed  atomic.Bool
	front   front

	tagging sync.Mutex // locked after the lock of a shard
	tagged  map[string]map[*entry]struct{}
}

func newNear(limit int64) (*near, error) {
	n := &near{limit: limit, tagged: map[string]map[*entry]struct{}{}}
	for i := range n.shards {
		n.shards[i].index, n.shards[i].flights = map[uint64]*entry{}, map[uint64]*flight{}
	}
	var err error
	n.cache, err = ristretto.NewCache(&ristretto.Config[uint64, *entry]{
		NumCounters: max(counters, limit/100), // ten for each entry of a kilobyte
		MaxCost:     limit - limit/slack, BufferItems: bufferItems, IgnoreInternalCost: true,
		KeyToHash: func(hash uint64) (uint64, uint64) { return hash, 0 }, // whoever finds an entry compares its name
		OnEvict:   func(i *ristretto.Item[*entry]) { n.leave(i.Value, capacity) },
		OnReject:  func(i *ristretto.Item[*entry]) { n.leave(i.Value, rejected) },
		OnExit:    n.exit,
	})
	if err != nil {
		return nil, fmt.Errorf("make the near cache: %w", err)
	}
	return n, nil
}

// The reasons why entries leave, as places in a family's counts.
const (
	capacity = iota
	rejected
	expired
	invalidated
	cleared
	reasons
)

// reasonNames are the domain's names of them.
var reasonNames = [reasons]caching.Reason{caching.Capacity, caching.Rejected, caching.Expired, caching.Invalidated, caching.Cleared}

func (n *near) shard(hash uint64) *shard { return &n.shards[hash&(shards-1)] }

// get finds what is under a hash, unless it is gone.
func (n *near) get(hash uint64) *entry {
	if n.closed.Load() {
		return nil
	}
	if en := n.front.place(hash).Load(); en != nil && en.hash == hash && en.gone.Load() == 0 {
		return en
	}
	s := n.shard(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index[hash]
}

// put keeps what a flight brought, unless it was evicted on the way, and ends the flight for those who come now.
func (n *near) put(f *flight, en *entry) {
	s := n.shard(f.hash)
	s.fills.Lock()
	defer s.fills.Unlock()
	s.mu.Lock()
	s.end(f)
	if f.lost.Load() || n.closed.Load() {
		s.mu.Unlock()
		return
	}
	old := s.index[f.hash]
	if old != nil {
		delete(s.index, f.hash)
		n.retire(old, expired)
	}
	if n.bytes.Add(en.bytes) > n.limit {
		n.bytes.Add(-en.bytes)
		s.mu.Unlock()
		en.region.family.evictions[rejected].Add(1)
		n.remove(old)
		n.offerAll(s)
		return
	}
	s.index[f.hash] = en
	n.enter(en)
	s.waiting = append(s.waiting, en)
	full := n.waiting.Add(en.bytes) > n.limit/slack || len(s.waiting) >= batch
	s.mu.Unlock()
	n.remove(old)
	if full {
		n.offerAll(s)
	}
}

// flush offers ristretto all that waits.
func (n *near) flush() {
	for i := range n.shards {
		s := &n.shards[i]
		s.fills.Lock()
		if !n.closed.Load() {
			n.offerAll(s)
		}
		s.fills.Unlock()
	}
}

// offerAll offers what waits in a shard whose fills are locked.
func (n *near) offerAll(s *shard) {
	s.mu.Lock()
	waiting := s.waiting
	s.waiting = nil
	s.mu.Unlock()
	for _, en := range waiting {
		n.waiting.Add(-en.bytes)
		if en.gone.Load() == 0 {
			n.offer(en)
		}
	}
}

// offer asks ristretto to take an entry in.
func (n *near) offer(en *entry) {
	if en.offers.Add(1) > maxOffers || !n.cache.Set(en.hash, en, en.bytes) {
		n.leave(en, rejected)
	}
}

// remove tells ristretto that an entry is gone. An update would not do: ristretto loses updates of what it has not taken
// in yet, and deletes what replaced it.
func (n *near) remove(en *entry) {
	if en != nil && en.offers.Load() > 0 {
		n.cache.Del(en.hash)
	}
}

// exit is told by ristretto of every value that it drops. One that is not gone was lost when a late deletion of its
// predecessor met it.
func (n *near) exit(en *entry) {
	if en != nil && en.gone.Load() == 0 && !n.closed.Load() {
		n.offer(en)
	}
}

// enter counts an entry in, but for its bytes, which were.
func (n *near) enter(en *entry) {
	en.region.family.keys.Add(1)
	en.region.family.bytes.Add(en.bytes)
	if len(en.tags) == 0 {
		return
	}
	n.tagging.Lock()
	defer n.tagging.Unlock()
	for _, tag := range en.tags {
		all := n.tagged[tag]
		if all == nil {
			all = map[*entry]struct{}{}
			n.tagged[tag] = all
		}
		all[en] = struct{}{}
	}
}

// retire counts an entry out, once. Nobody is given it afterwards.
func (n *near) retire(en *entry, reason uint32) bool {
	if !en.gone.CompareAndSwap(0, reason+1) {
		return false
	}
	n.front.place(en.hash).CompareAndSwap(en, nil)
	n.bytes.Add(-en.bytes)
	en.region.family.keys.Add(-1)
	en.region.family.bytes.Add(-en.bytes)
	en.region.family.evictions[reason].Add(1)
	if len(en.tags) == 0 {
		return true
	}
	n.tagging.Lock()
	defer n.tagging.Unlock()
	for _, tag := range en.tags {
		if delete(n.tagged[tag], en); len(n.tagged[tag]) == 0 {
			delete(n.tagged, tag)
		}
	}
	return true
}

// grace is how long a hit may take that began before the near tier was closed.
const grace = 100 * time.Millisecond

// close frees the memory. Reads that begin afterwards find nothing.
func (n *near) close() {
	if n.closed.Swap(true) {
		return
	}
	for i := range n.shards { // whoever hands something to ristretto finishes, and nobody does so any more
		s := &n.shards[i]
		s.fills.Lock()
		s.waiting = nil
		s.fills.Unlock()
	}
	time.Sleep(grace)
	for i := range n.front {
		n.front[i].Store(nil)
	}
	n.cache.Close()
}
