package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/tests/private"
)

// outage is a way to lose Redis, and to get it back.
type outage struct {
	name        string
	begin, over func(ctx context.Context, r *private.Redis) error
}

var outages = []outage{
	{
		"killed", func(_ context.Context, r *private.Redis) error { return r.Kill() },
		func(ctx context.Context, r *private.Redis) error { return r.Restart(ctx) },
	},
	{
		"frozen", func(_ context.Context, r *private.Redis) error { return syscall.Kill(r.Pid(), syscall.SIGSTOP) },
		func(_ context.Context, r *private.Redis) error { return syscall.Kill(r.Pid(), syscall.SIGCONT) },
	},
}

// lists is how many keys the load of an outage reads. With a time to live of a second, some have to be fetched again all
// the time.
const lists = 100

// wardTime is the shortest stretch with an outage.
const wardTime = 4 * time.Second

// ward is a server with a Redis of its own, and when it said that Redis does not answer.
type ward struct {
	*house
	redis *private.Redis
	log   *stamped
}

// outages loses Redis in mid-load, in each way.
func (b *bench) outages(ctx context.Context) (rows []row, err error) {
	b.progress("preparing a server with a Redis of its own")
	redis, err := private.StartRedis(ctx, filepath.Join(b.dir, "redis-lost"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, redis.Stop()) }()
	w := ward{redis: redis, log: &stamped{text: []byte("Redis does not answer the caches")}}
	if err := b.admin(ctx, "CREATE DATABASE ward"); err != nil {
		return nil, err
	}
	w.house = &house{postgres: b.postgres, url: b.postgres.URL("ward"), log: w.log}
	if err := b.open(ctx, w.house, "ward", class, 0, "DATABASE_URL="+w.url, "REDIS_URL="+redis.URL(), "CACHE_TTL_CONTENT=1s", "LOG_LEVEL=WARN"); err != nil {
		return nil, err
	}
	for _, o := range outages {
		got, err := b.suffer(ctx, w, o)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.name, err)
		}
		rows = append(rows, got...)
	}
	return rows, nil
}

// suffer measures stretches without and with an outage in turn.
func (b *bench) suffer(ctx context.Context, w ward, o outage) ([]row, error) {
	p := plan{Kind: get, Warm: b.warm, Length: max(b.length, wardTime)}
	for n := range lists {
		p.Paths = append(p.Paths, fmt.Sprintf("/api/v1/exams?limit=%d", n+1))
	}
	var without, with, opened, back []float64
	failed := 0
	for range b.rounds {
		before, err := w.load(ctx, p, w.sitting)
		if err != nil {
			return nil, err
		}
		got, times, err := w.lose(ctx, p, o)
		if err != nil {
			return nil, err
		}
		b.progress("Redis %s: p99 %v, without %v; %d failed; left alone after %v, used again after %v", o.name, got.P99, before.P99,
			got.Wrong+got.Refused, times.opened.Round(time.Millisecond), times.back.Round(time.Millisecond))
		if got.First != "" {
			b.progress("the first failure: %s", got.First)
		}
		failed += got.Wrong + got.Refused
		without, with = append(without, milliseconds(before.P99)), append(with, milliseconds(got.P99))
		opened, back = append(opened, milliseconds(times.opened)), append(back, milliseconds(times.back))
	}
	name := "Redis " + o.name + " in mid-load: "
	return []row{
		row{Scenario: name + "failures", Unit: "requests", Value: float64(failed)}.judge(valueAtMost, 0),
		row{Scenario: name + "slowest of 100", Unit: "p99 ms", Value: median(with)}.against("with Redis", median(without)).judge(ratioAtMost, 2),
		row{Scenario: name + "left alone after", Unit: "ms", Value: median(opened)}.judge(valueAtMost, 1000),
		{Scenario: name + "used again after", Unit: "ms", Value: median(back)},
	}, nil
}

// times of an outage: from its begin until Redis is left alone, and from its end until it is used again.
type times struct{ opened, back time.Duration }

// lose sends load, and loses Redis a quarter into it, until two thirds.
func (w ward) lose(ctx context.Context, p plan, o outage) (outcome, times, error) {
	var t times
	var failed error
	var acting sync.WaitGroup
	act := func() {
		time.Sleep(p.Length / 4)
		w.log.forget()
		lost := time.Now()
		if failed = o.begin(ctx, w.redis); failed != nil {
			return
		}
		time.Sleep(p.Length * 5 / 12)
		if failed = o.over(ctx, w.redis); failed != nil {
			return
		}
		over := time.Now()
		at, ok := w.log.first()
		if !ok {
			failed = errors.New("the server did not say that it leaves Redis alone")
			return
		}
		t.opened = at.Sub(lost)
		t.back, failed = w.usedAgain(ctx, over)
	}
	if err := w.Renew(ctx, w.sitting); err != nil {
		return outcome{}, t, err
	}
	p.Address, p.Seats = w.address(), seats(w.sitting)
	out, err := generate(ctx, p, func(int) error {
		acting.Go(act)
		return nil
	}, func(int) error { return nil })
	acting.Wait()
	return out, t, errors.Join(err, failed)
}

// usedAgain waits until the server puts something into Redis.
func (w ward) usedAgain(ctx context.Context, since time.Time) (time.Duration, error) {
	client, err := cache.Connect(cache.Where{URL: w.redis.URL()})
	if err != nil {
		return 0, err
	}
	defer client.Close()
	before, err := commands(ctx, client)
	for err == nil {
		var now int64
		if now, err = commands(ctx, client); now > before {
			return time.Since(since), nil
		}
		if time.Since(since) > 10*time.Second {
			err = errors.New("the server does not use Redis again")
		}
		time.Sleep(time.Millisecond)
	}
	return 0, err
}

// stamped notes when a text is first written to it.
type stamped struct {
	text []byte

	mu sync.Mutex
	at time.Time
}

// Write implements io.Writer. The server writes whole lines.
func (s *stamped) Write(p []byte) (int, error) {
	if bytes.Contains(p, s.text) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.at.IsZero() {
			s.at = time.Now()
		}
	}
	return len(p), nil
}

func (s *stamped) first() (at time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at, !s.at.IsZero()
}

func (s *stamped) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = time.Time{}
}

// commands is how many GETs Redis has answered since its start.
func commands(ctx context.Context, client redis.UniversalClient) (int64, error) {
	info, err := client.Info(ctx, "commandstats").Result()
	if err != nil {
		return 0, fmt.Errorf("ask Redis what it did: %w", err)
	}
	_, rest, asked := strings.Cut(info, "cmdstat_get:calls=")
	if !asked {
		return 0, nil
	}
	count, _, _ := strings.Cut(rest, ",")
	return strconv.ParseInt(count, 10, 64)
}
