package cache_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
	"github.com/toeic-app/toeic/tests/private"
)

// newCluster starts a cluster of the test's own.
func newCluster(tb testing.TB) *private.RedisCluster {
	tb.Helper()
	c, err := private.StartRedisCluster(tb.Context(), tb.TempDir())
	private.Need(tb, err)
	tb.Cleanup(func() {
		if err := c.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return c
}

// connectTo is connect for what addresses say.
func connectTo(tb testing.TB, w cache.Where) redis.UniversalClient {
	tb.Helper()
	client, err := cache.Connect(w)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = client.Close() })
	return client
}

// cluster is a cluster with two processes on it, which is empty.
type cluster struct {
	*private.RedisCluster
	a, b  *process
	shelf *shelf
}

// with makes two processes on an empty cluster.
func with(t *testing.T, servers *private.RedisCluster) cluster {
	t.Helper()
	c := cluster{RedisCluster: servers, shelf: &shelf{}}
	for i := range servers.Masters {
		if err := c.node(t, i).FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	where := cache.Where{Addresses: c.Addresses()}
	c.a = newProcess(t, connectTo(t, where), c.shelf, cache.Options{Replica: "a"})
	c.b = newProcess(t, connectTo(t, where), c.shelf, cache.Options{Replica: "b"})
	return c
}

// node is a connection to one of the masters.
func (c cluster) node(t *testing.T, i int) redis.UniversalClient {
	t.Helper()
	return connect(t, c.Masters[i].URL())
}

// keys returns how many keys of the engine's each master has: values and leases.
func (c cluster) keys(t *testing.T) []int {
	t.Helper()
	out := make([]int, len(c.Masters))
	for i := range c.Masters {
		for _, key := range c.node(t, i).Keys(t.Context(), "*").Val() {
			if strings.Contains(key, "content:") {
				out[i]++
			}
		}
	}
	return out
}

// many are ids of which each master has some.
func many(s *shelf, text string) []string {
	out := make([]string, 60)
	for i := range out {
		out[i] = fmt.Sprint("id-", i)
		s.put(out[i], text)
	}
	return out
}

// readsAll wants a text, unless it is "", for each id, after so many loads.
func (p *process) readsAll(what string, ids []string, text string, loads int64) {
	p.t.Helper()
	for _, id := range ids {
		if got, err := p.region.Get(p.t.Context(), id, p.shelf.load(id)); err != nil || got != text && text != "" {
			p.t.Errorf("%s: %s is %q, %v", what, id, got, err)
		}
	}
	if n := p.shelf.loads.Load(); n != loads {
		p.t.Errorf("%s: %d loads, want %d", what, n, loads)
	}
}

func TestAClusterServesAsOneServerDoes(t *testing.T) {
	servers := newCluster(t)
	for name, test := range map[string]func(*testing.T, cluster){
		"what one process loaded another takes from Redis":           clusterIsShared,
		"an eviction reaches all nodes and the other process":        clusterForgets,
		"what carries a tag is cleared on all nodes, and no more":    clusterForgetsTags,
		"figures are those of all nodes and processes":               clusterFigures,
		"who loads for all holds the lease in the slot of the value": clusterLeases,
		"a load that is evicted elsewhere is kept nowhere":           clusterLosesLoads,
		"another version's values are deleted":                       clusterOfVersions,
	} {
		t.Run(name, func(t *testing.T) {
			c := with(t, servers)
			test(t, c)
			for _, p := range []*process{c.a, c.b} {
				own := cache.Own(p.engine)
				for fault, n := range own.Faults {
					if n > 0 {
						t.Errorf("%d faults %s: %v", n, fault, p.diary.lines)
					}
				}
				if own.Apart {
					t.Error("a process does not hear the other")
				}
			}
		})
	}
}

func clusterIsShared(t *testing.T, c cluster) {
	ids := many(c.shelf, "#red text")
	c.a.readsAll("first", ids, "#red text", 60)
	c.b.readsAll("the other", ids, "#red text", 60)
	if f := c.b.figures(); f.Far.Hits != 60 || f.Far.Misses != 0 || f.Loads != 0 {
		t.Errorf("%+v", f)
	}
	for i, n := range c.keys(t) {
		if n == 0 {
			t.Errorf("master %d has none of the values", i)
		}
	}
}

func clusterForgets(t *testing.T, c cluster) {
	for what, evict := range map[string]func(ids []string){
		"by id":  func(ids []string) { c.a.region.Evict(t.Context(), ids...) },
		"by tag": func([]string) { c.a.engine.EvictTags(t.Context(), "#exam", "#other") },
		"by pattern": func([]string) {
			family, err := caching.OfPattern("content:*")
			if err != nil {
				t.Fatal(err)
			}
			mustClear(t, c.a.engine, ports.CacheScope{Families: []caching.Family{family}})
		},
		"all": func([]string) { mustClear(t, c.a.engine, ports.CacheScope{}) },
	} {
		ids := many(c.shelf, "#exam one")
		evict(ids)
		eventually(t, "the other process has nothing", func() bool { return c.b.figures().Near.Keys == 0 })
		c.shelf.loads.Store(0)
		c.a.readsAll(what+": first", ids, "#exam one", 60)
		c.b.readsAll(what+": the other", ids, "#exam one", 60)
		many(c.shelf, "#exam two")
		evict(ids)
		if n := cache.Pending(c.a.engine); n != 0 {
			t.Errorf("%s: Redis has not heard of %d", what, n)
		}
		if left := c.keys(t); what != "by tag" && left[0]+left[1]+left[2] > 0 {
			t.Errorf("%s: the masters still have %v", what, left)
		}
		c.a.readsAll(what+": afterwards", ids, "#exam two", 120)
		eventually(t, "the other process forgets", func() bool { return c.b.figures().Near.Keys == 0 })
		c.b.readsAll(what+": the other, afterwards", ids, "#exam two", 120)
	}
}

func clusterForgetsTags(t *testing.T, c cluster) {
	red := many(c.shelf, "#red")
	c.shelf.put("plain", "plain")
	c.a.readsAll("red", red, "#red", 60)
	c.a.reads("plain", "plain", "plain", 61)
	n := mustClear(t, c.a.engine, ports.CacheScope{Tag: "#red"})
	if left := c.keys(t); n[caching.Content] != 120 || left[0]+left[1]+left[2] != 1 { // 60 near by and 60 in Redis
		t.Errorf("%v were cleared, %v are left", n, left)
	}
	c.b.reads("without the tag", "plain", "plain", 61)
	c.b.readsAll("with the tag", red, "#red", 121)
}

func clusterFigures(t *testing.T, c cluster) {
	ids := many(c.shelf, "text")
	c.a.readsAll("first", ids, "text", 60)
	c.b.readsAll("the other", ids[:10], "text", 60)
	all, err := c.a.engine.Figures(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatalf("%d figures, %v", len(all), err)
	}
	content, other := all[0].Families[caching.Content], all[1].Families[caching.Content]
	if all[0].Replica != "a" || content.Loads != 60 || content.Far.Keys != 60 || content.Far.Bytes < 60*30 {
		t.Errorf("%+v", all[0])
	}
	if all[1].Replica != "b" || other.Far.Hits != 10 || other.Near.Keys != 10 {
		t.Errorf("%+v", all[1])
	}
	if s := all[0].Server; s["redis_version"] == "" || s["role"] != "master" {
		t.Errorf("%v", s)
	}
}

func clusterLeases(t *testing.T, c cluster) {
	gate := make(chan struct{})
	c.shelf.gate = gate
	ids := many(c.shelf, "slow")[:12]
	done := make(chan error, 2*len(ids))
	for _, p := range []*process{c.a, c.b} {
		for _, id := range ids {
			go func() {
				got, err := p.region.Get(t.Context(), id, c.shelf.load(id))
				if got != "slow" {
					err = errors.Join(err, fmt.Errorf("%s is %q", id, got))
				}
				done <- err
			}()
		}
	}
	eventually(t, "all are being loaded, or waited for", func() bool {
		return c.shelf.loads.Load() == 12 && c.a.figures().Near.Misses+c.b.figures().Near.Misses == 24
	})
	client := connectTo(t, cache.Where{Addresses: c.Addresses()})
	for _, id := range ids {
		key := c.a.region.Key(id)
		lease := "{" + key + "}!lease"
		if client.Exists(t.Context(), lease).Val() != 1 || client.ClusterKeySlot(t.Context(), key).Val() != client.ClusterKeySlot(t.Context(), lease).Val() {
			t.Errorf("the lease of %s is not there, or in another slot", id)
		}
	}
	close(gate)
	for range 2 * len(ids) {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := c.shelf.loads.Load(); n != 12 {
		t.Errorf("%d loads", n)
	}
}

func clusterLosesLoads(t *testing.T, c cluster) {
	c.shelf.gate = make(chan struct{})
	c.shelf.put("a", "old")
	early := make(chan string)
	go func() {
		got, _ := c.a.region.Get(t.Context(), "a", c.shelf.load("a"))
		early <- got
	}()
	eventually(t, "the load begins", func() bool { return c.shelf.loads.Load() == 1 })
	c.shelf.put("a", "new")
	c.b.region.Evict(t.Context(), "a")
	close(c.shelf.gate)
	if got := <-early; got != "old" {
		t.Errorf("the early load brought %q", got)
	}
	if left := c.keys(t); left[0]+left[1]+left[2] > 0 {
		t.Errorf("it is kept: %v", left)
	}
	c.b.reads("in the process that changed it", "a", "new", 2)
}

func clusterOfVersions(t *testing.T, c cluster) {
	newer := newEngine(t, cache.Options{Redis: connectTo(t, cache.Where{Addresses: c.Addresses()})})
	r, err := cache.NewRegion(newer, cache.RegionOptions[string]{Family: caching.Content, Name: "text", Schema: 2, Codec: cache.JSON[string]{}})
	if err != nil {
		t.Fatal(err)
	}
	ids := many(c.shelf, "one")
	c.a.readsAll("first", ids, "one", 60)
	r.Evict(t.Context(), ids...)
	eventually(t, "the older version deletes its own", func() bool {
		left := c.keys(t)
		return left[0]+left[1]+left[2] == 0
	})
}

func TestAddressesOfRedisSayWhatIsBehindThem(t *testing.T) {
	for name, tc := range map[string]struct {
		where cache.Where
		want  string
	}{
		"one":               {cache.Where{Addresses: []string{"a:1"}}, "server"},
		"several":           {cache.Where{Addresses: []string{"a:1", "b:1", "c:1"}}, "cluster"},
		"one of a cluster":  {cache.Where{Addresses: []string{"a:1"}, Cluster: true}, "cluster"},
		"sentinels":         {cache.Where{Addresses: []string{"a:1", "b:1"}, Master: "m"}, "sentinels"},
		"a single sentinel": {cache.Where{Addresses: []string{"a:1"}, Master: "m"}, "sentinels"},
		"a URL":             {cache.Where{URL: "redis://a:1/0"}, "server"},
	} {
		if got := kindOf(connectTo(t, tc.where)); got != tc.want {
			t.Errorf("%s: behind is %s, want %s", name, got, tc.want)
		}
	}
	if _, err := cache.Connect(cache.Where{}); err == nil {
		t.Error("nowhere is somewhere")
	}
}

// kindOf tells what a client talks to.
func kindOf(client redis.UniversalClient) string {
	switch client := client.(type) {
	case *redis.ClusterClient:
		return "cluster"
	case *redis.Client:
		if host, _, err := net.SplitHostPort(client.Options().Addr); err != nil || host == "" {
			return "sentinels" // which say where it is
		}
		return "server"
	}
	return "something else"
}
