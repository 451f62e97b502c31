package caching

import (
	"math"
	"time"
)

// What the sampler tries out for each sampled key: every memory of memoryFactors times every time to live of ttlFactors.
// The memory beyond the last factor is unlimited, the time to live beyond the last factor is the longest the family allows.
var (
	memoryFactors = [columns - 1]float64{0.5, 1, 1.25, 1.5, 2, 3, 4, 8}
	ttlFactors    = [levels - 1]float64{0.5, 1, 2, 4, 8, 16}
)

const (
	columns = 9
	levels  = 7
	cells   = columns * levels

	presentColumn = 1
	presentLevel  = 1
)

// Unlimited is the memory of a cache that never has to make room.
const Unlimited = math.MaxInt64

// cell is where a memory and a time to live are in what is laid out level by level.
func cell(column, level int) int { return level*columns + column }

// memories are the sizes that are tried out for a limit in bytes.
func memories(limit int64) [columns]int64 {
	var out [columns]int64
	for i, factor := range memoryFactors {
		out[i] = scaled(limit, factor)
	}
	out[columns-1] = Unlimited
	return out
}

// ttls are the times to live that are tried out for a family that keeps values for ttl, within its bounds.
func ttls(f Family, ttl time.Duration) [levels]time.Duration {
	var out [levels]time.Duration
	for i, factor := range ttlFactors {
		out[i] = min(max(time.Duration(scaled(int64(ttl), factor)), f.Min), max(f.Max, ttl))
	}
	out[presentLevel] = ttl
	out[levels-1] = max(f.Max, ttl)
	return out
}

// scaled multiplies without running over.
func scaled(v int64, factor float64) int64 {
	if x := float64(v) * factor; x < math.MaxInt64 {
		return int64(x)
	}
	return math.MaxInt64
}
