package private

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// groupOf starts servers that belong together, and stops them in the end.
func groupOf[G interface{ Stop() error }](t *testing.T, start func(ctx context.Context, dir string) (G, error)) G {
	t.Helper()
	g, err := start(t.Context(), t.TempDir())
	Need(t, err)
	t.Cleanup(func() {
		if err := g.Stop(); err != nil {
			t.Error(err)
		}
	})
	return g
}

func TestAClusterServesAllSlotsAlsoAfterANodeWasAway(t *testing.T) {
	t.Parallel()
	c := groupOf(t, StartRedisCluster)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.Addresses()[:1]})
	defer client.Close()
	setAll := func() error {
		for key := 'a'; key <= 'z'; key++ {
			if err := client.Set(t.Context(), string(key), "1", 0).Err(); err != nil {
				return err
			}
		}
		return nil
	}
	if err := setAll(); err != nil {
		t.Fatal(err)
	}
	for _, node := range c.Masters {
		one := redis.NewClient(&redis.Options{Addr: node.Address()})
		if n := one.DBSize(t.Context()).Val(); n == 0 || n == 26 {
			t.Errorf("a node has %d of 26 keys", n)
		}
		_ = one.Close()
	}
	if err := c.Masters[0].Kill(); err != nil {
		t.Fatal(err)
	}
	if err := c.Masters[0].Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Await(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := setAll(); err != nil {
		t.Error(err)
	}
}

func TestASentinelMakesTheReplicaTheMaster(t *testing.T) {
	t.Parallel()
	s := groupOf(t, StartRedisSentinel)
	sentinel := redis.NewSentinelClient(&redis.Options{Addr: s.Sentinel.Address()})
	defer sentinel.Close()
	master := func() string {
		at := sentinel.GetMasterAddrByName(t.Context(), s.Name).Val()
		if len(at) != 2 {
			return ""
		}
		return at[0] + ":" + at[1]
	}
	if got := master(); got != s.Master.Address() {
		t.Fatalf("the master is %q, want %q", got, s.Master.Address())
	}
	begun := time.Now()
	if err := s.Master.Kill(); err != nil {
		t.Fatal(err)
	}
	await(t, "the replica to be the master", func() bool { return master() == s.Replica.Address() })
	t.Logf("it took %s", time.Since(begun).Round(time.Millisecond))
}

func TestRedisHeedsItsSettings(t *testing.T) {
	t.Parallel()
	r := groupOf(t, func(ctx context.Context, dir string) (*Redis, error) {
		return StartRedis(ctx, dir, WithRedis("maxmemory", "8mb"))
	})
	client := redis.NewClient(&redis.Options{Addr: r.Address()})
	defer client.Close()
	if got := client.ConfigGet(t.Context(), "maxmemory").Val()["maxmemory"]; got != "8388608" {
		t.Errorf("maxmemory is %q", got)
	}
}
