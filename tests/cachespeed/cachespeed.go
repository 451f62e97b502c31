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

	"github.com/dgraph-io/ristretto/v2"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

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
	MostNear = 1.5
	MostFar  = 1.15
)

const (
	nearReads = 20_000 // in a round
	farReads  = 100    // in a round
	memory    = 64 << 20
)

var errWrong = errors.New("a cache answers with something else")

// Near compares a hit in the near tier with a bare ristretto Get of the same bytes under the same keys.
func Near(ctx context.Context, keys, size, rounds int) (Result, error) {
	e, err := cache.NewEngine(cache.Options{MaxBytes: memory})
	if err != nil {
		return Result{}, err
	}
	defer e.Close()
	defer start(ctx, e)()
	region, err := bytesOf(e)
	if err != nil {
		return Result{}, err
	}
	bare, err := ristretto.NewCache(&ristretto.Config[string, []byte]{NumCounters: 1e6, MaxCost: memory, BufferItems: 64, IgnoreInternalCost: true})
	if err != nil {
		return Result{}, err
	}
	defer bare.Close()
	value := Random(size)
	load := func(context.Context) ([]byte, error) { return value, nil }
	ids, full := make([]string, keys), make([]string, keys)
	for i := range ids {
		ids[i] = uuid.NewString()
		full[i] = region.Key(ids[i])
		bare.Set(full[i], value, int64(size))
		for range 2 { // the second makes ristretto take it in
			if _, err := region.Get(ctx, ids[i], load); err != nil {
				return Result{}, err
			}
		}
	}
	bare.Wait()
	read := 0
	out := compare(rounds, nearReads, func(n int) {
		for i := range n {
			v, _ := region.Get(ctx, ids[i%keys], load)
			read += len(v)
		}
	}, func(n int) {
		for i := range n {
			v, _ := bare.Get(full[i%keys])
			read += len(v)
		}
	})
	if read != (2*rounds+1)*nearReads*size {
		return out, errWrong
	}
	return out, nil
}

// Far compares a hit in the far tier, with what it takes to keep the value near by afterwards, with a bare GET of the same
// bytes by the same client. Each key is read once by a side. client is one from [cache.Connect]; what is put there is
// deleted again.
func Far(ctx context.Context, client redis.UniversalClient, value []byte, rounds int) (Result, error) {
	writer, filled, err := farEngine(client)
	if err != nil {
		return Result{}, err
	}
	defer writer.Close()
	reader, region, err := farEngine(client)
	if err != nil {
		return Result{}, err
	}
	defer reader.Close()
	defer start(ctx, reader)()
	ids, full := make([]string, (rounds+1)*farReads), make([]string, (rounds+1)*farReads)
	for i := range ids {
		ids[i] = uuid.NewString()
		full[i] = "bare:" + ids[i]
		if _, err := filled.Get(ctx, ids[i], func(context.Context) ([]byte, error) { return value, nil }); err != nil {
			return Result{}, err
		}
		if err := client.Set(ctx, full[i], value, time.Hour).Err(); err != nil {
			return Result{}, err
		}
	}
	defer client.Del(context.WithoutCancel(ctx), full...)
	defer filled.Evict(context.WithoutCancel(ctx), ids...)
	none := func(context.Context) ([]byte, error) { return nil, errWrong }
	var failed error
	ours, bare := 0, 0
	out := compare(rounds, farReads, func(n int) {
		for range n {
			if v, err := region.Get(ctx, ids[ours], none); err != nil || len(v) != len(value) {
				failed = errors.Join(errWrong, err)
			}
			ours++
		}
	}, func(n int) {
		for range n {
			if v, err := client.Get(ctx, full[bare]).Bytes(); err != nil || len(v) != len(value) {
				failed = errors.Join(errWrong, err)
			}
			bare++
		}
	})
	return out, failed
}

func farEngine(client redis.UniversalClient) (*cache.Engine, *cache.Region[[]byte], error) {
	e, err := cache.NewEngine(cache.Options{MaxBytes: memory, Redis: client})
	if err != nil {
		return nil, nil, err
	}
	region, err := bytesOf(e)
	return e, region, err
}

// bytesOf adds a region of bytes.
func bytesOf(e *cache.Engine) (*cache.Region[[]byte], error) {
	return cache.NewRegion(e, cache.RegionOptions[[]byte]{
		Family: caching.Content, Name: "speed", Schema: 1, Codec: cache.Raw{}, Size: func(b []byte) int64 { return int64(len(b)) },
	})
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

// compare lets two sides take turns, doing something n times in a round. In one more round of ours its allocations are
// counted: that stops the world, which would slow down what comes next.
func compare(rounds, n int, ours, reference func(n int)) Result {
	mine, others, quotients := make([]float64, 0, rounds), make([]float64, 0, rounds), make([]float64, 0, rounds)
	for round := range rounds {
		var m, o float64
		if round%2 == 0 {
			m, o = timed(n, ours), timed(n, reference)
		} else {
			o, m = timed(n, reference), timed(n, ours)
		}
		mine, others, quotients = append(mine, m), append(others, o), append(quotients, m/o)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	ours(n)
	runtime.ReadMemStats(&after)
	return Result{
		Ours: time.Duration(median(mine)), Reference: time.Duration(median(others)), Quotient: median(quotients),
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
