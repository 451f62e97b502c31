package cachespeed

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/adapters/cache"
)

// Storm is what became of many reads of one missing key.
type Storm struct {
	Loads   int64         // that this process made
	Wrong   int64         // reads that failed or were given something else
	Slowest time.Duration // read
}

// Read has readers read a key at once through a new engine, as soon as begin is closed. A load takes the time given, so
// that all of them miss, and loads value.
func Read(ctx context.Context, client redis.UniversalClient, key string, readers int, takes time.Duration, value []byte, begin <-chan struct{}) (Storm, error) {
	var out Storm
	e, err := cache.NewEngine(cache.Options{MaxBytes: memory, Redis: client})
	if err != nil {
		return out, err
	}
	defer e.Close()
	defer start(ctx, e)()
	region, err := bytesOf(e)
	if err != nil {
		return out, err
	}
	var loads, wrong, slowest atomic.Int64
	load := func(context.Context) ([]byte, error) {
		loads.Add(1)
		time.Sleep(takes)
		return value, nil
	}
	var reading sync.WaitGroup
	for range readers {
		reading.Go(func() {
			<-begin
			began := time.Now()
			got, err := region.Get(ctx, key, load)
			if err != nil || !bytes.Equal(got, value) {
				wrong.Add(1)
			}
			for took := int64(time.Since(began)); ; {
				before := slowest.Load()
				if took <= before || slowest.CompareAndSwap(before, took) {
					return
				}
			}
		})
	}
	reading.Wait()
	return Storm{Loads: loads.Load(), Wrong: wrong.Load(), Slowest: time.Duration(slowest.Load())}, nil
}
