package cachespeed

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
)

// Attack is many reads of one missing key. All fields are required.
type Attack struct {
	Key     string
	Readers int
	Takes   time.Duration   // of a load; long enough for all to come meanwhile
	Value   []byte          // that is loaded
	Ready   func()          // is called when the engine runs and all readers wait for Begin
	Begin   <-chan struct{} // closed, lets all read
}

// Storm is what became of the reads of an Attack.
type Storm struct {
	Loads   int64         // that this process made
	Wrong   int64         // reads that failed or were given something else
	Slowest time.Duration // read
}

// Read has all readers read at once through a new engine. It is an error if one of them came so late that it missed
// nothing: then there was no storm.
func (a Attack) Read(ctx context.Context, client redis.UniversalClient) (Storm, error) {
	var out Storm
	e, region, err := newEngine(cache.Options{Redis: client}, false)
	if err != nil {
		return out, err
	}
	defer e.Close()
	defer start(ctx, e)()
	var loads, wrong, slowest atomic.Int64
	load := func(context.Context) ([]byte, error) {
		loads.Add(1)
		time.Sleep(a.Takes)
		return a.Value, nil
	}
	var waiting, reading sync.WaitGroup
	waiting.Add(a.Readers)
	for range a.Readers {
		reading.Go(func() {
			waiting.Done()
			<-a.Begin
			began := time.Now()
			got, err := region.Get(ctx, a.Key, load)
			if err != nil || !bytes.Equal(got, a.Value) {
				wrong.Add(1)
			}
			raise(&slowest, int64(time.Since(began)))
		})
	}
	waiting.Wait()
	a.Ready()
	reading.Wait()
	out = Storm{Loads: loads.Load(), Wrong: wrong.Load(), Slowest: time.Duration(slowest.Load())}
	return out, a.allMissed(e)
}

// allMissed makes sure that the engine counted a miss for each reader, and nothing else.
func (a Attack) allMissed(e *cache.Engine) error {
	reads, hits := e.Counted(placeOf(caching.Content))
	if missed := reads - hits; missed != uint64(a.Readers) || hits != 0 {
		return fmt.Errorf("of %d readers %d missed the key and %d found it", a.Readers, missed, hits)
	}
	return nil
}

// placeOf is the place of a family among all.
func placeOf(name string) int {
	return slices.IndexFunc(caching.Families(), func(f caching.Family) bool { return f.Name == name })
}

// raise makes n at least as high as to.
func raise(n *atomic.Int64, to int64) {
	for before := n.Load(); to > before && !n.CompareAndSwap(before, to); before = n.Load() {
	}
}
