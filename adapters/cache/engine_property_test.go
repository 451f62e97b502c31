package cache_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

// world is two processes on one Redis before one store of numbered versions, and what each of them changed last.
type world struct {
	rt        *rapid.T
	store     *shelf
	ways      []*gateway
	processes []*process
	wrote     []map[string]int // by process: the version that it wrote last
	versions  map[string]int
	slow      map[string]chan struct{} // loads that were begun and not ended
	running   sync.WaitGroup
}

var worldIDs = []string{"a", "b", "c"}

func (w *world) process() int      { return rapid.IntRange(0, 1).Draw(w.rt, "process") }
func (w *world) drawID() string    { return rapid.SampledFrom(worldIDs).Draw(w.rt, "id") }
func tagOf(id string) string       { return "#" + id }
func text(id string, v int) string { return tagOf(id) + " " + strconv.Itoa(v) }

// read reads and says if what it gets is older than what the process knows to be there.
func (w *world) read() {
	n, id := w.process(), w.drawID()
	got, err := w.processes[n].region.Get(context.Background(), id, w.store.load(id))
	if err != nil {
		w.rt.Fatal(err)
	}
	_, number, _ := strings.Cut(got, " ")
	if v, err := strconv.Atoi(number); err != nil || v < w.wrote[n][id] || v > w.versions[id] {
		w.rt.Fatalf("process %d reads version %q of %s after it wrote %d; the store has %d", n, number, id, w.wrote[n][id], w.versions[id])
	}
}

// change changes the store without a word to the caches.
func (w *world) change(id string) int {
	w.versions[id]++
	w.store.put(id, text(id, w.versions[id]))
	return w.versions[id]
}

func (w *world) write(evict func(p *process, id string)) func(*rapid.T) {
	return func(*rapid.T) {
		n, id := w.process(), w.drawID()
		v := w.change(id)
		evict(w.processes[n], id)
		w.wrote[n][id] = v
	}
}

// begin begins a load that takes its time, of what is there now.
func (w *world) begin() {
	n, id := w.process(), w.drawID()
	name := fmt.Sprintf("%d %s", n, id)
	if w.slow[name] != nil {
		return
	}
	gate, begun := make(chan struct{}), make(chan struct{}, 1)
	w.slow[name] = gate
	done := make(chan struct{})
	w.running.Go(func() {
		defer close(done)
		_, _ = w.processes[n].region.Get(context.Background(), id, func(ctx context.Context) (string, error) {
			got, err := w.store.load(id)(ctx)
			begun <- struct{}{}
			<-gate
			return got, err
		})
	})
	select {
	case <-begun:
	case <-done: // it was there
	case <-time.After(20 * time.Millisecond): // another load of it is on its way
	}
}

// end ends all that take their time: a read that shares one would never return otherwise.
func (w *world) end() {
	for name, gate := range w.slow {
		close(gate)
		delete(w.slow, name)
	}
}

func (w *world) close() {
	w.end()
	w.running.Wait()
	var closing sync.WaitGroup
	for i, p := range w.processes {
		w.ways[i].shutDown(true)
		p.stop()
		cache.Settle(p.engine)
		if err := cache.Audit(p.engine); err != nil {
			w.rt.Error(err)
		}
		closing.Go(p.engine.Close)
	}
	closing.Wait()
}

func TestAProcessNeverReadsWhatIsOlderThanItsOwnLastWrite(t *testing.T) {
	t.Parallel()
	server := newRedis(t)
	admin := connect(t, server.URL())
	rapid.Check(t, func(rt *rapid.T) {
		if err := admin.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		w := &world{rt: rt, store: &shelf{}, versions: map[string]int{}, slow: map[string]chan struct{}{}}
		for range 2 {
			way := newGateway(t, server.URL())
			w.ways = append(w.ways, way)
			p := asShipped(t, connect(t, way.url()), w.store, cache.Options{MaxBytes: 1 << 20})
			w.processes, w.wrote = append(w.processes, p), append(w.wrote, map[string]int{})
		}
		defer w.close()
		for _, id := range worldIDs {
			w.change(id)
		}
		read := func(*rapid.T) {
			w.end()
			w.read()
		}
		rt.Repeat(map[string]func(*rapid.T){
			"read": read, "read once more": read, "read and read": read,
			"write":                 w.write(func(p *process, id string) { p.region.Evict(context.Background(), id) }),
			"write what has a tag":  w.write(func(p *process, id string) { p.engine.EvictTags(context.Background(), tagOf(id)) }),
			"write and clear":       w.write(func(p *process, _ string) { _, _ = p.engine.Clear(context.Background(), ports.CacheScope{}) }),
			"begin a slow load":     func(*rapid.T) { w.begin() },
			"end slow loads":        func(*rapid.T) { w.end() },
			"change times to live":  func(rt *rapid.T) { w.retime(rt) },
			"flush Redis":           func(*rapid.T) { _ = admin.FlushAll(context.Background()).Err() },
			"lose the way to Redis": func(*rapid.T) { w.ways[w.process()].shutDown(true) },
			"find it again":         func(*rapid.T) { w.ways[w.process()].shutDown(false) },
		})
	})
}

func (w *world) retime(rt *rapid.T) {
	ttl := rapid.SampledFrom([]time.Duration{time.Second, time.Minute, time.Hour}).Draw(rt, "time to live")
	w.processes[w.process()].engine.SetTTLs(caching.TTLs{caching.Content: ttl})
}
