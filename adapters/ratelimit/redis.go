package ratelimit

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/toeic-app/toeic/ports"
)

const (
	libraryPrefix = "rate:"
	ourPrefix     = "limit:"

	// ioTimeout ends what no context bounds: connections that are made in the background, for later events.
	ioTimeout = time.Second

	// grain is the step of Redis's clock. The script counts seconds since 2017 as a floating-point number and is wrong by
	// up to 30 ns for each event, which is less than the time it takes to run.
	grain = time.Microsecond
)

// Redis counts in a Redis that several processes share, by its clock, under the keys limit:….
type Redis struct {
	client  redis.UniversalClient
	limiter *redis_rate.Limiter
}

// NewRedis prepares connections to redis://… or rediss://…, which are made on first use. They are not for others: an
// event waits for no longer than its context allows, and is never sent twice, as it could count twice.
func NewRedis(address string) (*Redis, error) {
	options, err := redis.ParseURL(address)
	if err != nil {
		return nil, fmt.Errorf("read the Redis address: %w", err)
	}
	options.ContextTimeoutEnabled = true
	options.MaxRetries = -1
	options.DialerRetries = 1
	options.DialTimeout, options.ReadTimeout, options.WriteTimeout = ioTimeout, ioTimeout, ioTimeout
	// Plain Redis does not know maintenance notifications and would log an error on each connection.
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	client := redis.NewClient(options)
	return &Redis{client: client, limiter: redis_rate.NewLimiter(renaming{client})}, nil
}

// Take counts an event of key unless the limit refuses it. After an error it may have been counted or not.
func (r *Redis) Take(ctx context.Context, key string, l ports.Limit) (ports.Verdict, error) {
	p, limited := paceOf(l)
	if !limited {
		return unlimited(), nil
	}
	said, err := r.ask(ctx, key, l, 1)
	if err != nil {
		return ports.Verdict{}, fmt.Errorf("count an event in redis: %w", err)
	}
	return describe(p, said.Allowed == 1, said.ResetAfter), nil
}

// Look says what Take would, and counts nothing.
func (r *Redis) Look(ctx context.Context, key string, l ports.Limit) (ports.Verdict, error) {
	p, limited := paceOf(l)
	if !limited {
		return unlimited(), nil
	}
	// To take nothing is always allowed, and what remains is rounded down from a number that may be 0.999…, so the debt
	// is all that is heeded.
	said, err := r.ask(ctx, key, l, 0)
	if err != nil {
		return ports.Verdict{}, fmt.Errorf("look up a limit in redis: %w", err)
	}
	return describe(p, p.admits(said.ResetAfter), said.ResetAfter), nil
}

// Close closes all connections.
func (r *Redis) Close() error { return r.client.Close() }

func (r *Redis) ask(ctx context.Context, key string, l ports.Limit, events int) (*redis_rate.Result, error) {
	limit := redis_rate.Limit{Rate: l.Burst, Burst: l.Burst, Period: l.Window}
	return r.limiter.AllowN(ctx, key, limit, events)
}

// describe makes a verdict of what the script says, erring such that nothing that is promised comes too late: not the
// next event, and not the count of the process, which must never be the stricter one of the two by an error.
func describe(p pace, allowed bool, debt time.Duration) ports.Verdict {
	v := p.verdict(allowed, max(0, debt-grain))
	if !allowed {
		v.RetryAfter = max(0, v.RetryAfter) + 2*grain
	}
	return v
}

// renaming puts the library's keys, whose prefix is fixed, under ours.
type renaming struct{ redis.UniversalClient }

// Eval runs the text of a script.
func (r renaming) Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	return r.UniversalClient.Eval(ctx, script, renamed(keys), args...)
}

// EvalSha runs a script that the server knows by its hash.
func (r renaming) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	return r.UniversalClient.EvalSha(ctx, sha1, renamed(keys), args...)
}

func renamed(keys []string) []string {
	ours := make([]string, len(keys))
	for i, key := range keys {
		ours[i] = ourPrefix + strings.TrimPrefix(key, libraryPrefix)
	}
	return ours
}
