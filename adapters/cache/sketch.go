package cache

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/toeic-app/toeic/domain/caching"
)

const (
	// topKeys is how many keys the sketch of the most read ones follows.
	topKeys = 512

	// sampling is how many reads one that is looked at stands for, a power of two.
	sampling = 64
)

// sampled reports whether the nth read of a part of all reads is looked at. It is one of sampling, without a rhythm that
// reads could be in step with.
func sampled(n uint64) bool { return mix(n)&(sampling-1) == 0 }

// sketch finds the most read keys among a sample of the reads, with a bounded number of counters. It is Space-Saving
// (Metwally, Agrawal, El Abbadi: Efficient Computation of Frequent and Top-k Elements in Data Streams, ICDT 2005): a key
// that is not followed takes the place of the one with the lowest count, and inherits it as its possible error.
type sketch struct {
	mu    sync.Mutex
	heavy map[uint64]*heavy
	order []*heavy // a heap with the lowest count first
	size  int
}

// heavy is a key that is followed.
type heavy struct {
	region       *region
	id           string
	hash         uint64
	count, error uint64 // of sampled reads
	at           int    // in the heap
}

func newSketch(size int) *sketch { return &sketch{heavy: make(map[uint64]*heavy, size), size: size} }

// add counts one sampled read.
func (s *sketch) add(r *region, id string, hash uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.heavy[hash]
	switch {
	case h != nil:
	case len(s.order) < s.size:
		h = &heavy{region: r, id: id, hash: hash, at: len(s.order)}
		s.heavy[hash] = h
		s.order = append(s.order, h)
		s.up(h)
	default:
		h = s.order[0]
		delete(s.heavy, h.hash)
		h.region, h.id, h.hash, h.error = r, id, hash, h.count
		s.heavy[hash] = h
	}
	h.count++
	s.down(h)
}

func (s *sketch) up(h *heavy) {
	for h.at > 0 {
		parent := s.order[(h.at-1)/2]
		if parent.count <= h.count {
			return
		}
		s.swap(h, parent)
	}
}

func (s *sketch) down(h *heavy) {
	for {
		child := 2*h.at + 1
		if child >= len(s.order) {
			return
		}
		if child+1 < len(s.order) && s.order[child+1].count < s.order[child].count {
			child++
		}
		if s.order[child].count >= h.count {
			return
		}
		s.swap(h, s.order[child])
	}
}

func (s *sketch) swap(a, b *heavy) {
	a.at, b.at = b.at, a.at
	s.order[a.at], s.order[b.at] = a, b
}

// most returns the n most read keys. A count is that of the sample times what each stands for; its error is what the
// sketch may have inherited, and three standard deviations of what the sampling does, so that one in some hundred keys
// is beyond it.
//
// unlisted is how often the most read one of the others was read, at most; zero when there are no others.
func (s *sketch) most(n int) (top []caching.KeyCount, unlisted uint64) {
	s.mu.Lock()
	all := make([]heavy, 0, len(s.order))
	for _, h := range s.order {
		all = append(all, *h)
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b heavy) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.id, b.id)) })
	top = make([]caching.KeyCount, 0, min(n, len(all)))
	for i, h := range all[:min(n+1, len(all))] {
		doubt := uint64(math.Ceil(3 * math.Sqrt(float64(h.count)) * sampling))
		count := h.count*sampling + doubt
		if i == n {
			return top, count
		}
		top = append(top, caching.KeyCount{Key: h.region.key(h.id), Count: count, Error: min(count, h.error*sampling+2*doubt)})
	}
	return top, 0
}
