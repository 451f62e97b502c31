package private

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// slots is how many a cluster has.
	slots = 16384

	// lowNode and highNode are the range of ports of nodes of a cluster. Each talks to the others on a second one, which is
	// higher by 10000.
	lowNode, highNode = 10000, 20000

	// awayTime is how long a node or a master does not answer until the others do without it.
	awayTime = time.Second
)

// RedisCluster is a running private cluster of Redis servers, each of which has a part of the slots and no replica. It is
// a cluster again when a node comes back from a Restart.
type RedisCluster struct {
	Masters []*Redis // three
}

// StartRedisCluster starts one with its files below dir, and returns when all slots are served. That takes about two
// seconds, as nodes wait for each other before they take the first key.
func StartRedisCluster(ctx context.Context, dir string) (*RedisCluster, error) {
	c := &RedisCluster{}
	o := apply([]Option{WithRedis("cluster-enabled", "yes"), WithRedis("cluster-node-timeout", fmt.Sprint(awayTime.Milliseconds()))})
	choose := func() (int, error) { return freePort(lowNode, highNode) }
	for i := range 3 {
		node, err := startRedis(ctx, filepath.Join(dir, fmt.Sprint("node-", i)), o, choose, func(dir string, port int) ([]string, error) {
			return redisArgs(dir, port, o), nil
		})
		if err != nil {
			return nil, joined(err, c.Stop())
		}
		c.Masters = append(c.Masters, node)
	}
	if err := c.join(ctx); err != nil {
		return nil, joined(fmt.Errorf("make a cluster: %w", err), c.Stop())
	}
	return c, nil
}

// join divides the slots among the nodes and makes them know each other.
func (c *RedisCluster) join(ctx context.Context) error {
	for i, node := range c.Masters {
		err := node.do(ctx, func(client *redis.Client) error {
			from, to := i*slots/len(c.Masters), (i+1)*slots/len(c.Masters)-1
			if err := client.ClusterAddSlotsRange(ctx, from, to).Err(); err != nil || i == 0 {
				return err
			}
			return client.ClusterMeet(ctx, "127.0.0.1", fmt.Sprint(c.Masters[0].port)).Err()
		})
		if err != nil {
			return err
		}
	}
	return c.Await(ctx)
}

// Await returns when every node knows that all slots are served.
func (c *RedisCluster) Await(ctx context.Context) error {
	for _, node := range c.Masters {
		if err := node.says(ctx, func(client *redis.Client) (string, error) { return client.ClusterInfo(ctx).Result() },
			"cluster_state:ok", fmt.Sprint("cluster_slots_ok:", slots), fmt.Sprint("cluster_known_nodes:", len(c.Masters))); err != nil {
			return err
		}
	}
	return nil
}

// Addresses are those of the nodes.
func (c *RedisCluster) Addresses() []string {
	out := make([]string, len(c.Masters))
	for i, node := range c.Masters {
		out[i] = node.Address()
	}
	return out
}

// Stop stops the nodes. Calling it again does nothing.
func (c *RedisCluster) Stop() error {
	var err error
	for _, node := range c.Masters {
		err = joined(err, node.Stop())
	}
	return err
}

// RedisSentinel is a running private Redis with a replica, and a sentinel that makes the replica the master when the
// master has not answered for a second, and the former master a replica when it is back.
type RedisSentinel struct {
	Name                      string // of the master
	Master, Replica, Sentinel *Redis // as they were at the start
}

// StartRedisSentinel starts one with its files below dir, and returns when the sentinel could do its work.
func StartRedisSentinel(ctx context.Context, dir string) (*RedisSentinel, error) {
	s := &RedisSentinel{Name: "private"}
	if err := s.start(ctx, dir); err != nil {
		return nil, joined(err, s.Stop())
	}
	return s, nil
}

func (s *RedisSentinel) start(ctx context.Context, dir string) (err error) {
	at := WithRedis("repl-diskless-sync-delay", "0") // no more replicas will come
	if s.Master, err = StartRedis(ctx, filepath.Join(dir, "master"), at); err != nil {
		return err
	}
	s.Replica, err = StartRedis(ctx, filepath.Join(dir, "replica"), at, WithRedis("replicaof", fmt.Sprint("127.0.0.1 ", s.Master.port)))
	if err != nil {
		return err
	}
	info := func(client *redis.Client) (string, error) { return client.Info(ctx, "replication").Result() }
	if err := s.Replica.says(ctx, info, "master_link_status:up"); err != nil {
		return fmt.Errorf("make a replica: %w", err)
	}
	s.Sentinel, err = startRedis(ctx, filepath.Join(dir, "sentinel"), options{}, FreePort, s.sentinelArgs)
	if err != nil {
		return err
	}
	return s.Sentinel.says(ctx, func(client *redis.Client) (string, error) {
		replicas, err := client.Do(ctx, "sentinel", "replicas", s.Name).Result()
		return fmt.Sprint(replicas), err
	}, s.Replica.Address(), "master-link-status:ok")
}

// sentinelArgs writes the file in which the sentinel keeps what it knows.
func (s *RedisSentinel) sentinelArgs(dir string, port int) ([]string, error) {
	file := filepath.Join(dir, "sentinel.conf")
	lines := []string{
		fmt.Sprint("port ", port), "bind 127.0.0.1", fmt.Sprintf("dir %q", dir),
		fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d 1", s.Name, s.Master.port),
		fmt.Sprintf("sentinel down-after-milliseconds %s %d", s.Name, awayTime.Milliseconds()),
		fmt.Sprintf("sentinel failover-timeout %s 5000", s.Name),
	}
	return []string{file, "--sentinel"}, os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600)
}

// Stop stops the servers. Calling it again does nothing.
func (s *RedisSentinel) Stop() error {
	var err error
	for _, r := range []*Redis{s.Sentinel, s.Replica, s.Master} { // a master would wait for its replica
		if r != nil {
			err = joined(err, r.Stop())
		}
	}
	return err
}

// do lets a client talk to the server.
func (r *Redis) do(ctx context.Context, talk func(*redis.Client) error) error {
	client := redis.NewClient(&redis.Options{
		Addr: r.Address(), MaxRetries: -1, PoolSize: 1, DisableIdentity: true, // which sentinels do not know
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	return joined(talk(client), client.Close())
}

// says asks the server until all the words are in its answer.
func (r *Redis) says(ctx context.Context, ask func(*redis.Client) (string, error), words ...string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return r.do(ctx, func(client *redis.Client) error {
		for {
			answer, err := ask(client)
			missing := missingOf(answer, words)
			if err == nil && missing == "" {
				return nil
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("Redis at %s does not say %s: %w", r.Address(), missing, joined(ctx.Err(), err)) //nolint:staticcheck // a name
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
}

// missingOf returns the first of the words that is not in a text, or "".
func missingOf(text string, words []string) string {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return word
		}
	}
	return ""
}
