package cache

import "sync/atomic"

const (
	// frontPlaces is how many entries may be in front, a power of two: enough for what hundreds of clients ask for at once,
	// and small enough to stay in a processor's own memory.
	frontPlaces = 2048

	// noted is how many hits one stands for that puts an entry in front, and of which ristretto is told; a power of two.
	noted = 4
)

// front is a table of entries that are read often, each in the one place that its hash has. To find an entry there takes a
// few comparisons; to ask ristretto takes a lock and a note for its policy. It owns nothing: what is gone leaves it at once.
type front [frontPlaces]atomic.Pointer[entry]

// place is where an entry is, if it is there. The lower bits of the hash are those that others divide by.
func (f *front) place(hash uint64) *atomic.Pointer[entry] { return &f[(hash>>16)&(frontPlaces-1)] }

// bring puts an entry in front that was read, and tells ristretto: of what is there already it does not hear otherwise.
func (n *near) bring(en *entry) {
	place := n.front.place(en.hash)
	if place.Load() == en {
		n.cache.Get(en.hash)
		return
	}
	place.Store(en)
	if en.gone.Load() != 0 { // whoever took it out may have looked here before
		place.CompareAndSwap(en, nil)
	}
}
