package cachespeed

import (
	"context"
	"errors"
	"time"

	"github.com/dgraph-io/ristretto/v2"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
)

const (
	nearReads    = 20_000 // in a round
	watchedReads = 4000   // in a round of Sampling: short, as it looks for one part in a hundred
	settleStep   = 200 * time.Millisecond
	settleTime   = 20 * time.Second
)

var errUnsettled = errors.New("the sampler does not settle")

// shelf is an engine whose near tier holds keys that are read in turn.
type shelf struct {
	engine *cache.Engine
	region *cache.Region[[]byte]
	stop   func()
	ids    []string
	value  []byte
	next   int
	read   int // bytes, of all reads
}

// fill makes a shelf of so many keys of a value. watcher may be nil.
func fill(ctx context.Context, keys int, value []byte, watcher cache.Watcher) (*shelf, error) {
	s := &shelf{value: value, ids: make([]string, keys)}
	var err error
	if s.engine, s.region, err = newEngine(cache.Options{Watcher: watcher}, false); err != nil {
		return nil, err
	}
	s.stop = start(ctx, s.engine)
	for i := range s.ids {
		s.ids[i] = uuid.NewString()
		for range 2 { // the second makes ristretto take it in
			if _, err := s.region.Get(ctx, s.ids[i], s.load); err != nil {
				s.close()
				return nil, err
			}
		}
	}
	return s, nil
}

func (s *shelf) load(context.Context) ([]byte, error) { return s.value, nil }

func (s *shelf) close() {
	s.stop()
	s.engine.Close()
}

// hits reads n times.
func (s *shelf) hits(ctx context.Context, load func(context.Context) ([]byte, error), n int) {
	for range n {
		v, _ := s.region.Get(ctx, s.ids[s.next], load)
		s.read += len(v)
		if s.next++; s.next == len(s.ids) {
			s.next = 0
		}
	}
}

// requests makes a function that makes n requests.
func (s *shelf) requests(ctx context.Context, what Request) func(n int) {
	load := s.load
	if what.Do == nil {
		return func(n int) { s.hits(ctx, load, n*what.Reads) }
	}
	return func(n int) {
		for range n {
			s.hits(ctx, load, what.Reads)
			what.Do(s.value)
		}
	}
}

// missed makes sure that nothing was read but hits since the keys were put there.
func (s *shelf) missed() error {
	reads, hits := s.engine.Counted(placeOf(caching.Content))
	if missed := int(reads - hits); missed > 2*len(s.ids) { // each may have been loaded twice
		return errors.Join(errWrong, errors.New("near hits are none"))
	}
	return nil
}

// watching makes a sampler as a server has one.
func watching(counted func() *cache.Engine) *caching.Sampler {
	return caching.NewSampler(caching.SamplerOptions{Limit: memory, Families: caching.Families(), Counted: func(family int) (reads, hits uint64) {
		if e := counted(); e != nil {
			return e.Counted(family)
		}
		return 0, 0
	}})
}

// settle reads until the sampler takes in no more than it may in the long run, as in a server that has run for a while:
// it begins with all reads, and how long it goes on so depends on how many there are.
func (s *shelf) settle(ctx context.Context, sampler *caching.Sampler) error {
	load := s.load
	for begun := time.Now(); time.Since(begun) < settleTime; {
		before := sampler.Profile(time.Now()).Sampled
		for step := time.Now(); time.Since(step) < settleStep; {
			s.hits(ctx, load, nearReads)
		}
		if taken := sampler.Profile(time.Now()).Sampled - before; float64(taken) <= caching.SampledPerSecond*settleStep.Seconds() {
			return nil
		}
	}
	return errUnsettled
}

// Near compares a hit in the near tier, watched by a sampler as in a server, with a bare ristretto Get of the same bytes
// under the same keys.
func Near(ctx context.Context, keys, size, rounds int) (out Result, err error) {
	var ours *shelf
	sampler := watching(func() *cache.Engine {
		if ours == nil { // it is made below
			return nil
		}
		return ours.engine
	})
	if ours, err = fill(ctx, keys, Random(size), sampler); err != nil {
		return out, err
	}
	defer ours.close()
	bare, err := ristretto.NewCache(&ristretto.Config[string, []byte]{NumCounters: 1e6, MaxCost: memory, BufferItems: 64, IgnoreInternalCost: true})
	if err != nil {
		return out, err
	}
	defer bare.Close()
	full := make([]string, keys)
	for i, id := range ours.ids {
		full[i] = ours.region.Key(id)
		bare.Set(full[i], ours.value, int64(size))
	}
	bare.Wait()
	if err := ours.settle(ctx, sampler); err != nil {
		return out, err
	}
	load, before, read := ours.load, ours.read, 0
	out = compare(rounds, nearReads, func(n int) { ours.hits(ctx, load, n) }, func(n int) {
		for i := range n {
			v, _ := bare.Get(full[i%keys])
			read += len(v)
		}
	})
	if ours.read-before != (rounds+1)*nearReads*size || read != rounds*nearReads*size {
		return out, errWrong
	}
	return out, ours.missed()
}

// Request is what is done with what so many hits gave: a hit alone is a request of one read that does nothing more.
type Request struct {
	Reads int
	Do    func(value []byte) // with the last; may be nil
	Times int                // in a round
}

// Hit is a request that is nothing but a hit.
func Hit() Request { return Request{Reads: 1, Times: watchedReads} }

// ManyPairs is of how many pairs of engines Sampling needs the figures: where values lie in the memory makes a difference
// as well.
const ManyPairs = 10

// Sampling compares requests whose hits in the near tier a sampler watches, as in a server, with those whose hits nobody
// does, in so many pairs of engines. The sampler has settled on a rate for as many reads as one processor can do.
func Sampling(ctx context.Context, keys, size, rounds, pairs int, what Request) (Result, error) {
	var engine *cache.Engine
	sampler := watching(func() *cache.Engine { return engine })
	value := Random(size)
	var mine, others, quotients []float64
	for pair := range pairs {
		got, err := samplingPair(ctx, keys, value, sampler, pair%2 == 0, &engine, max(1, rounds/pairs), what)
		if err != nil {
			return Result{}, err
		}
		mine, others, quotients = append(mine, got.mine...), append(others, got.others...), append(quotients, got.quotients...)
	}
	return Result{Ours: time.Duration(median(mine)), Reference: time.Duration(median(others)), Quotient: median(quotients)}, nil
}

// samplingPair compares two engines that are alike but for the sampler.
func samplingPair(ctx context.Context, keys int, value []byte, sampler *caching.Sampler, watchedFirst bool, engine **cache.Engine, rounds int, what Request) (t turns, err error) {
	watchers := []cache.Watcher{nil, sampler}
	if watchedFirst {
		watchers = []cache.Watcher{sampler, nil}
	}
	var watched, alone *shelf
	for _, w := range watchers {
		s, err := fill(ctx, keys, value, w)
		if err != nil {
			return t, err
		}
		defer s.close()
		if w == nil {
			alone = s
		} else {
			watched, *engine = s, s.engine
		}
	}
	if err := watched.settle(ctx, sampler); err != nil {
		return t, err
	}
	t = takeTurns(rounds, what.Times, watched.requests(ctx, what), alone.requests(ctx, what))
	return t, errors.Join(watched.missed(), alone.missed())
}
