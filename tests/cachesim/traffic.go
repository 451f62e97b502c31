package cachesim

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Traffic makes up reads, the same for the same seed. Other seeds have other keys, so that a sample of them has others of
// the hot ones.
type Traffic struct {
	random *rand.Rand
	salt   uint64
	sizes  func(key uint64) int64
}

// NewTraffic returns traffic whose values have the given sizes.
func NewTraffic(seed uint64, sizes func(key uint64) int64) *Traffic {
	return &Traffic{random: rand.New(rand.NewPCG(seed, seed)), salt: Hash(seed), sizes: sizes}
}

// Same are values of one size.
func Same(bytes int64) func(uint64) int64 { return func(uint64) int64 { return bytes } }

// Varied are values of very different sizes, as replies have: from least on, log-uniform over a number of powers of two.
func Varied(least int64, powers float64) func(uint64) int64 {
	return func(key uint64) int64 {
		return int64(float64(least) * math.Exp2(powers*float64(Hash(key^0x5bd1e995)>>11)/(1<<53)))
	}
}

func (t *Traffic) read(number uint64) Read {
	key := Hash(number + t.salt)
	return Read{Key: key, Bytes: t.sizes(key)}
}

// Zipf reads n times among keys, the k-th most read of them 1/k^exponent as often as the first.
func (t *Traffic) Zipf(n, keys int, exponent float64) []Read {
	cumulative := make([]float64, keys)
	sum := 0.0
	for i := range cumulative {
		sum += math.Pow(float64(i+1), -exponent)
		cumulative[i] = sum
	}
	out := make([]Read, n)
	for i := range out {
		k, _ := slices.BinarySearch(cumulative, t.random.Float64()*sum)
		out[i] = t.read(uint64(min(k, keys-1)))
	}
	return out
}

// Loop reads keys one after the other, again and again.
func (t *Traffic) Loop(n, keys int) []Read {
	out := make([]Read, n)
	for i := range out {
		out[i] = t.read(uint64(i % keys))
	}
	return out
}

// Scan reads n keys once.
func (t *Traffic) Scan(n int) []Read { return t.Loop(n, n) }

// Mixture interleaves streams at random, each as a family of its own, in proportion to their lengths.
func (t *Traffic) Mixture(streams ...[]Read) []Read {
	var out []Read
	left, next := 0, make([]int, len(streams))
	for _, s := range streams {
		left += len(s)
	}
	for ; left > 0; left-- {
		pick := t.random.IntN(left)
		for family, s := range streams {
			if rest := len(s) - next[family]; pick >= rest {
				pick -= rest
				continue
			}
			r := s[next[family]]
			next[family]++
			r.Family, r.Key = family, Hash(r.Key+uint64(family))
			out = append(out, r)
			break
		}
	}
	return out
}

// Spread lets reads come at random (a Poisson process), on average so often a second.
func (t *Traffic) Spread(reads []Read, perSecond float64) []Read {
	at := time.Duration(0)
	for i := range reads {
		at += time.Duration(t.random.ExpFloat64() / perSecond * float64(time.Second))
		reads[i].At = at
	}
	return reads
}

// Footprint is the bytes of all values together.
func Footprint(reads []Read) int64 {
	sizes := map[uint64]int64{}
	for _, r := range reads {
		sizes[r.Key] = r.Bytes
	}
	sum := int64(0)
	for _, b := range sizes {
		sum += b
	}
	return sum
}
