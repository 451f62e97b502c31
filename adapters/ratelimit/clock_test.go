package ratelimit_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/adapters/ratelimit"
	"github.com/toeic-app/toeic/ports"
	"github.com/toeic-app/toeic/tests/private"
)

func TestMain(m *testing.M) { private.Main(m) }

// clock stands still unless it is told otherwise.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2027, 3, 14, 12, 0, 0, 123456000, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// inPlaceOfTime makes the script in Redis read this clock. Everything else about it stays as it is in production, where
// no two scripts run in the same microsecond: the clock goes on by one for each. (On one that stood still, the error of
// up to 30 ns that the script makes with every event could cost the last one of a burst.)
type inPlaceOfTime struct{ clock *clock }

func (h inPlaceOfTime) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h inPlaceOfTime) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h inPlaceOfTime) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		switch cmd.Name() {
		case "evalsha": // makes the library send the text
			cmd.SetErr(noScript{})
			return cmd.Err()
		case "eval":
			own := redis.NewCmd(ctx, h.rewrite(cmd.Args())...)
			err := next(ctx, own)
			cmd.(*redis.Cmd).SetVal(own.Val())
			cmd.SetErr(err)
			return err
		}
		return next(ctx, cmd)
	}
}

// rewrite hands the time over as two more arguments, in the form of Redis's own answer: seconds and microseconds.
func (h inPlaceOfTime) rewrite(args []any) []any {
	const reading = `redis.call("TIME")`
	script := args[1].(string)
	if strings.Count(script, reading) != 1 {
		panic("the script does not read the time as it used to")
	}
	given := len(args) - 4 // besides the name, the text, the number of keys, and the key
	text := strings.Replace(script, reading, fmt.Sprintf("{ARGV[%d], ARGV[%d]}", given+1, given+2), 1)
	h.clock.advance(time.Microsecond)
	now := h.clock.Now()
	all := append([]any{args[0], text}, args[2:]...)
	return append(all, strconv.FormatInt(now.Unix(), 10), strconv.Itoa(now.Nanosecond()/1000))
}

type noScript struct{}

func (noScript) Error() string { return "NOSCRIPT this test wants the text" }
func (noScript) RedisError()   {}

func openRedis(t *testing.T, address string) *ratelimit.Redis {
	t.Helper()
	r, err := ratelimit.NewRedis(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// ownKeys keeps the keys of tests apart that share a server.
type ownKeys struct {
	prefix string
	inner  ratelimit.Counter
}

func (o ownKeys) Take(ctx context.Context, key string, l ports.Limit) (ports.Verdict, error) {
	return o.inner.Take(ctx, o.prefix+key, l)
}

func (o ownKeys) Look(ctx context.Context, key string, l ports.Limit) (ports.Verdict, error) {
	return o.inner.Look(ctx, o.prefix+key, l)
}

// onSharedRedis counts on the server that the tests share, by this clock.
func onSharedRedis(t *testing.T, c *clock) ratelimit.Counter {
	t.Helper()
	r := openRedis(t, private.RedisURL(t))
	r.Client().AddHook(inPlaceOfTime{c})
	return ownKeys{prefix: t.Name() + strconv.FormatInt(time.Now().UnixNano(), 36) + ":", inner: r}
}

// certain is a counter that has to answer.
type certain struct {
	t     *testing.T
	inner ratelimit.Counter
}

func (c certain) Take(ctx context.Context, key string, l ports.Limit) ports.Verdict {
	v, err := c.inner.Take(ctx, key, l)
	if err != nil {
		c.t.Error(err)
	}
	return v
}

func (c certain) Look(ctx context.Context, key string, l ports.Limit) ports.Verdict {
	v, err := c.inner.Look(ctx, key, l)
	if err != nil {
		c.t.Error(err)
	}
	return v
}
