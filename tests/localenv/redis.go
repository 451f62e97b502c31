package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/tests/private"
)

func (e *environment) redis() service {
	at := local(e.redisPort)
	return service{
		name: "Redis", variable: "REDIS_URL", url: "redis://" + at + "/0",
		pidFile: filepath.Join(e.dir, "redis.pid"),
		answers: func(ctx context.Context) error {
			return withRedis(at, func(c *redis.Client) error { return c.Ping(ctx).Err() })
		},
		ours: func(ctx context.Context) (int, error) { return ourRedis(ctx, at, e.dir) },
		ended: func() bool {
			conn, err := net.DialTimeout("tcp", at, time.Second)
			return err != nil || conn.Close() != nil
		},
		start:   e.startRedis,
		prepare: func(context.Context) error { return nil },
	}
}

// startRedis starts a Redis that forgets everything when it stops, as the program expects of a cache.
func (e *environment) startRedis(ctx context.Context) (int, error) {
	r, err := private.StartRedis(ctx, e.dir, private.Detached(), private.WithPort(e.redisPort))
	if err != nil {
		return 0, err
	}
	return r.Pid(), nil
}

var processID = regexp.MustCompile(`(?m)^process_id:(\d+)`)

// ourRedis asks the server for its folder and its process id.
func ourRedis(ctx context.Context, at, dir string) (pid int, err error) {
	err = withRedis(at, func(c *redis.Client) error {
		setting, err := c.ConfigGet(ctx, "dir").Result()
		if err != nil {
			return err
		}
		if err := same(setting["dir"], dir); err != nil {
			return err
		}
		info, err := c.Info(ctx, "server").Result()
		if err != nil {
			return err
		}
		found := processID.FindStringSubmatch(info)
		if found == nil {
			return errors.New("it does not tell its process id")
		}
		pid, err = strconv.Atoi(found[1])
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("ask Redis on %s: %w", at, err)
	}
	return pid, nil
}

// withRedis opens a client for one use. It connects by itself, because the client logs every connection that is refused.
func withRedis(at string, use func(*redis.Client) error) error {
	conn, err := net.DialTimeout("tcp", at, 2*time.Second)
	if err != nil {
		return err
	}
	client := redis.NewClient(&redis.Options{
		Dialer:     func(context.Context, string, string) (net.Conn, error) { return conn, nil },
		PoolSize:   1,
		MaxRetries: -1,
	})
	return errors.Join(use(client), client.Close())
}
