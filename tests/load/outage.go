package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
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

const (
	// lists is how many keys the load of an outage reads again and again. With a time to live of a second, some have to be
	// fetched again all the time.
	lists = 96

	// freshOne in so many requests is for what nobody asked for before, so that it has to wait for Redis, and then for the
	// database.
	freshOne = 4

	// wardTime is the shortest stretch without Redis, and tailTime for how long load goes on when it is back.
	wardTime = 4 * time.Second
	tailTime = 3 * time.Second
)

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

// suffer measures stretches with Redis and without it in turn.
func (b *bench) suffer(ctx context.Context, w ward, o outage) ([]row, error) {
	p := plan{Kind: get, Warm: b.warm, Length: max(b.length, wardTime), Tail: tailTime, Paths: wardPaths()}
	var without, with, opened, back []float64
	var all asking
	failed := 0
	for range b.rounds {
		before, asked, err := w.keep(ctx, p)
		if err != nil {
			return nil, err
		}
		got, times, err := w.lose(ctx, p, o)
		if err != nil {
			return nil, err
		}
		b.progress("Redis there: p99 %v; %s", before.P99, asked)
		b.progress("Redis %s: p99 %v, of %d requests; %d failed; left alone after %v, used again after %v", o.name, got.P99, got.Requests,
			got.failed(), times.opened.Round(time.Millisecond), times.back.Round(time.Millisecond))
		if first := cmp.Or(before.First, got.First); first != "" {
			b.progress("the first failure: %s", first)
		}
		failed += before.failed() + got.failed()
		all = all.plus(asked)
		without, with = append(without, milliseconds(before.P99)), append(with, milliseconds(got.P99))
		opened, back = append(opened, milliseconds(times.opened)), append(back, milliseconds(times.back))
	}
	name := "Redis " + o.name + " in mid-load: "
	slowest := row{Scenario: name + "slowest of 100", Unit: "p99 ms", Value: median(with)}.against("with Redis", median(without)).judge(ratioAtMost, 2)
	slowest.Note = "from its loss until it is given back, against as long a stretch with it, in which " + all.String()
	return []row{
		row{Scenario: name + "failures", Unit: "requests", Value: float64(failed)}.judge(valueAtMost, 0),
		slowest,
		row{Scenario: name + "left alone after", Unit: "ms", Value: slices.Max(opened), Note: "the longest of all rounds"}.judge(valueAtMost, 1000),
		{Scenario: name + "used again after", Unit: "ms", Value: median(back)},
	}, nil
}

// wardPaths are read in turn.
func wardPaths() (all []string) {
	for n := range lists {
		all = append(all, fmt.Sprintf("/api/v1/exams?limit=%d", n+1))
		if n%(freshOne-1) == 0 {
			all = append(all, "/api/v1/exams?cursor="+freshCursor)
		}
	}
	return all
}

// failed is how many requests were not answered as they should have been.
func (o outcome) failed() int { return o.Wrong + o.Refused }

// asking is how much of a stretch depended on Redis.
type asking struct {
	requests, fresh int
	gets            int64 // that Redis answered
}

func (a asking) plus(b asking) asking {
	return asking{a.requests + b.requests, a.fresh + b.fresh, a.gets + b.gets}
}

func (a asking) String() string {
	return fmt.Sprintf("%d of %d requests were for what nobody had read before and Redis was asked for %d values", a.fresh, a.requests, a.gets)
}

// drive sends load, and calls begun and ended when what is measured does.
func (w ward) drive(ctx context.Context, p plan, begun, ended func() error) (outcome, error) {
	if err := w.Renew(ctx, w.sitting); err != nil {
		return outcome{}, err
	}
	p.Address, p.Seats = w.address(), seats(w.sitting)
	return generate(ctx, p, func(int) error { return begun() }, func(int) error { return ended() })
}

// keep sends load while Redis is there. It is an error if those who read what nobody had read did not ask it.
func (w ward) keep(ctx context.Context, p plan) (out outcome, asked asking, err error) {
	client, err := cache.Connect(cache.Where{URL: w.redis.URL()})
	if err != nil {
		return out, asked, err
	}
	defer client.Close()
	var before, after int64
	mark := func(into *int64) func() error {
		return func() (err error) {
			*into, err = commands(ctx, client)
			return err
		}
	}
	out, err = w.drive(ctx, p, mark(&before), mark(&after))
	asked = asking{out.Requests, out.Fresh, after - before}
	if err == nil && (out.Fresh == 0 || asked.gets < int64(out.Fresh)*9/10) { // some were under way at the marks
		err = errors.New("Redis is not asked: " + asked.String())
	}
	return out, asked, err
}

// times of an outage: from its begin until Redis is left alone, and from its end until it is used again.
type times struct{ opened, back time.Duration }

// lose sends load and loses Redis for all of what is measured.
func (w ward) lose(ctx context.Context, p plan, o outage) (outcome, times, error) {
	var t times
	var lost time.Time
	out, err := w.drive(ctx, p, func() error {
		w.log.forget()
		lost = time.Now()
		return o.begin(ctx, w.redis)
	}, func() error {
		if err := o.over(ctx, w.redis); err != nil {
			return err
		}
		over := time.Now()
		at, ok := w.log.first()
		if !ok {
			return errors.New("the server did not say that it leaves Redis alone")
		}
		var err error
		t.opened = at.Sub(lost)
		t.back, err = w.usedAgain(ctx, over)
		return err
	})
	return out, t, err
}

// usedAgain waits until the server asks Redis for something.
func (w ward) usedAgain(ctx context.Context, since time.Time) (time.Duration, error) {
	client, err := cache.Connect(cache.Where{URL: w.redis.URL()})
	if err != nil {
		return 0, err
	}
	defer client.Close()
	if _, err := commands(ctx, client); err != nil { // by then it has also answered what it was asked before it froze
		return 0, err
	}
	before, err := commands(ctx, client)
	for err == nil {
		var now int64
		if now, err = commands(ctx, client); now > before {
			return time.Since(since), nil
		}
		if time.Since(since) > tailTime {
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
