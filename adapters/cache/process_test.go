package cache_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/tests/private"
)

// newRedis starts a Redis of the test's own.
func newRedis(tb testing.TB) *private.Redis {
	tb.Helper()
	r, err := private.StartRedis(tb.Context(), tb.TempDir())
	private.Need(tb, err)
	tb.Cleanup(func() {
		if err := r.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return r
}

func connect(tb testing.TB, url string) redis.UniversalClient {
	tb.Helper()
	client, err := cache.Connect(cache.Where{URL: url})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = client.Close() })
	return client
}

// diary is what an engine logged.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) log(message string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf("%s: %v", message, err))
}

// count counts the lines with a text.
func (d *diary) count(text string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, line := range d.lines {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}

// process is an engine as a process would have it.
type process struct {
	reader
	engine *cache.Engine
	diary  *diary
	stop   func() // ends what runs beside the reads
}

// newProcess runs an engine on a Redis that may take its time: on a busy machine it does.
func newProcess(tb testing.TB, client redis.UniversalClient, store *shelf, o cache.Options) *process {
	tb.Helper()
	return asShipped(tb, client, store, o.Patient())
}

// asShipped runs an engine on Redis and returns when it hears the others.
func asShipped(tb testing.TB, client redis.UniversalClient, store *shelf, o cache.Options) *process {
	tb.Helper()
	p := &process{diary: &diary{}}
	o.Redis, o.Log = client, p.diary.log
	p.engine = newEngine(tb, o)
	p.reader = reader{tb, store, newTexts(tb, p.engine, caching.Content)}
	ctx, cancel := context.WithCancel(tb.Context())
	var running sync.WaitGroup
	running.Go(func() { p.engine.Run(ctx) })
	p.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	tb.Cleanup(p.stop)
	eventually(tb, "the process hears the others", func() bool { return !p.apart() })
	return p
}

func (p *process) apart() bool { return cache.Own(p.engine).Apart }

func (p *process) figures() caching.FamilyFigures {
	return cache.Own(p.engine).Families[caching.Content]
}

func (p *process) faults(f caching.Fault) uint64 { return cache.Own(p.engine).Faults[f] }

// eventually waits for something that happens by itself.
func eventually(tb testing.TB, what string, true func() bool) {
	tb.Helper()
	for limit := time.Now().Add(15 * time.Second); !true(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			tb.Fatalf("it did not happen that %s", what)
		}
	}
}
