// Package cachespeed measures what the engine of the caches adds to the libraries it is built on.
//
// The two sides of a comparison take turns in short rounds, so that whatever else the machine does hits both. What counts
// is the median of the quotients of neighbouring rounds.
package cachespeed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
)

// Result is how long one operation takes.
type Result struct {
	Ours, Reference time.Duration // medians over the rounds
	Quotient        float64       // of the two, median over the rounds
	Allocations     float64       // of ours, per operation
}

// String is the result in one line.
func (r Result) String() string {
	return fmt.Sprintf("%s, reference %s, quotient %.2f, %.2f allocations", r.Ours, r.Reference, r.Quotient, r.Allocations)
}

// The quotients that must be reached.
const (
	MostNear    = 1.5
	MostFar     = 1.15
	MostWatched = 1.01
)

// memory is the bound of the near tiers here, in bytes.
const memory = 64 << 20

var errWrong = errors.New("a cache answers with something else")

// newEngine makes an engine with a region of bytes, whose values have a tag each if tagged.
func newEngine(o cache.Options, tagged bool) (*cache.Engine, *cache.Region[[]byte], error) {
	o.MaxBytes = memory
	e, err := cache.NewEngine(o)
	if err != nil {
		return nil, nil, err
	}
	of := cache.RegionOptions[[]byte]{
		Family: caching.Content, Name: "speed", Schema: 1, Codec: cache.Raw{}, Size: func(b []byte) int64 { return int64(len(b)) },
	}
	if tagged {
		of.Tags = func(id string, _ []byte) []string { return []string{"speed:" + id} }
	}
	region, err := cache.NewRegion(e, of)
	return e, region, err
}

// start runs an engine until the returned function is called.
func start(ctx context.Context, e *cache.Engine) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { e.Run(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

// turns are what one operation took each side, in nanoseconds, by round.
type turns struct{ mine, others, quotients []float64 }

// takeTurns lets two sides take turns, doing something n times in a round.
func takeTurns(rounds, n int, ours, reference func(n int)) (t turns) {
	for round := range rounds {
		var m, o float64
		if round%2 == 0 {
			m, o = timed(n, ours), timed(n, reference)
		} else {
			o, m = timed(n, reference), timed(n, ours)
		}
		t.mine, t.others, t.quotients = append(t.mine, m), append(t.others, o), append(t.quotients, m/o)
	}
	return t
}

// compare lets two sides take turns. In one more round of ours its allocations are counted: that stops the world, which
// would slow down what comes next.
func compare(rounds, n int, ours, reference func(n int)) Result {
	t := takeTurns(rounds, n, ours, reference)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	ours(n)
	runtime.ReadMemStats(&after)
	return Result{
		Ours: time.Duration(median(t.mine)), Reference: time.Duration(median(t.others)), Quotient: median(t.quotients),
		Allocations: float64(after.Mallocs-before.Mallocs) / float64(n),
	}
}

// timed returns how many nanoseconds one of n takes.
func timed(n int, side func(n int)) float64 {
	began := time.Now()
	side(n)
	return float64(time.Since(began).Nanoseconds()) / float64(n)
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// Random returns bytes that cannot be compressed.
func Random(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(rand.Uint32())
	}
	return out
}

// Text returns bytes that can, as replies can.
func Text(n int) []byte {
	var out []byte
	for len(out) < n {
		out = fmt.Appendf(out, `{"id":%q,"number":%d,"text":"Where is the meeting?"},`, uuid.NewString(), rand.IntN(200))
	}
	return out[:n]
}
