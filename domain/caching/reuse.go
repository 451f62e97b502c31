package caching

import (
	"math/bits"
	"time"
)

// reuseBuckets is how many buckets a histogram of reuse times has: below a millisecond, below two, below four, and so on
// to about 24 days, and above.
const reuseBuckets = 33

// reuseBucket is the bucket of the time between two reads of the same key.
func reuseBucket(d time.Duration) int {
	return min(bits.Len64(uint64(max(0, d.Milliseconds()))), reuseBuckets-1)
}

// ReuseBelow is the upper end of a bucket of reuse times; zero for the last, which has none.
func ReuseBelow(bucket int) time.Duration {
	if bucket >= reuseBuckets-1 {
		return 0
	}
	return time.Millisecond << bucket
}

// Reuse distances are counted in buckets that are a sixteenth of a power of two wide, and interpolated within them, so
// that counting in buckets moves a predicted hit rate by far less than a point.
const (
	distanceParts   = 16
	distanceShift   = 4 // 1<<distanceShift is distanceParts
	distanceBuckets = 48 * distanceParts
)

// distanceBucket is the bucket of a reuse distance in bytes.
func distanceBucket(d int64) int {
	if d < distanceParts {
		return int(max(0, d))
	}
	shift := bits.Len64(uint64(d)) - 1 - distanceShift
	return min((shift+1)*distanceParts+int(d>>shift)&(distanceParts-1), distanceBuckets-1)
}

// distanceFloor is the least distance of a bucket.
func distanceFloor(bucket int) int64 {
	if bucket < distanceParts {
		return int64(bucket)
	}
	shift := bucket/distanceParts - 1
	return int64(distanceParts+bucket%distanceParts) << shift
}

// beyond is how many of the counted distances are greater than bytes.
func beyond(counts []float64, bytes int64) float64 {
	at, sum := distanceBucket(bytes), 0.0
	for _, n := range counts[min(at+1, len(counts)):] {
		sum += n
	}
	if at >= len(counts)-1 {
		return sum
	}
	floor, next := distanceFloor(at), distanceFloor(at+1)
	return sum + counts[at]*float64(next-1-bytes)/float64(next-floor)
}
