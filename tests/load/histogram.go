package main

import (
	"math/bits"
	"time"
)

// The histogram keeps 64 steps for each doubling, so that what it tells is at most 1.6 % off.
const (
	stepBits = 6
	steps    = 1 << stepBits
	doubles  = 64 - stepBits
)

// histogram counts durations in buckets that grow with them. The zero value is empty and ready.
type histogram struct {
	counts [doubles * steps]uint64
	total  uint64
}

func (h *histogram) add(d time.Duration) {
	h.counts[bucket(d)]++
	h.total++
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
}

// quantile returns the duration that the share q of all is not longer than: the upper end of its bucket.
func (h *histogram) quantile(q float64) time.Duration {
	if h.total == 0 {
		return 0
	}
	rank := max(1, min(h.total, uint64(q*float64(h.total)+0.999999)))
	seen := uint64(0)
	for i, n := range h.counts {
		if seen += n; seen >= rank {
			return upper(i)
		}
	}
	return upper(len(h.counts) - 1)
}

// bucket is where a duration is counted: below 64 ns in one of its own, above by its highest seven bits.
func bucket(d time.Duration) int {
	v := uint64(max(0, d))
	if v < steps {
		return int(v)
	}
	shift := bits.Len64(v) - 1 - stepBits
	return (shift+1)*steps + int(v>>shift) - steps
}

// upper is the longest duration of a bucket.
func upper(i int) time.Duration {
	if i < steps {
		return time.Duration(i)
	}
	shift := i/steps - 1
	return time.Duration((uint64(i%steps+steps+1) << shift) - 1)
}
