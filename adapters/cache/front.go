package cache

import "sync/atomic"

const (
	// frontPlaces is how many entries may be in front, a power of two: enough for what hundreds of clients ask for at once,
	// and small enough to stay in a processor's own memory.
	frontPlaces = 2048

	// notedHits is how many hits one stands for that ristretto is told of, and that puts an entry in front; notedMisses how
	// many misses. Powers of two. For what ristretto knows less, a part of a hit in a hundred is lost, as a test shows.
	notedHits   = 8
	notedMisses = 4
)

// front is a table of entries that are read often, each in the one place that its hash has. To find an entry there takes a
// few comparisons and no lock. It owns nothing: what is gone leaves it at once.
type front [frontPlaces]atomic.Pointer[entry]

// place is where an entry is, if it is there. The lower bits of the hash are those that others divide by.
func (f *front) place(hash uint64) *atomic.Pointer[entry] { return &f[(hash>>16)&(frontPlaces-1)] }

// bring puts an entry in front.
func (n *near) bring(en *entry) {
	place := n.front.place(en.hash)
	if place.Load() == en {
		return
	}
	place.Store(en)
	if en.gone.Load() != 0 { // whoever took it out may have looked here before
		place.CompareAndSwap(en, nil)
	}
}

// note tells ristretto that somebody read what is under a hash, whether or not it is there.
func (n *near) note(hash uint64) { n.cache.Get(hash) }
