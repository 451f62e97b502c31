// Package private gives tests PostgreSQL and Redis servers of their own, started from the binaries on the machine, so
// that a test never depends on (or disturbs) a server that somebody else runs.
//
// Most tests want [Database] or [RedisURL]: one server for each test process, started on first use and stopped by
// [Main]. Tests that break a server on purpose start their own with [StartPostgres] or [StartRedis], or several that
// belong together with [StartRedisCluster] or [StartRedisSentinel].
//
// TEST_DATABASE_URL and TEST_REDIS_URL name servers to use instead; TEST_NO_SERVERS=1 pretends that the machine can run
// none. Tests of pages find a browser with [Chromium], which TEST_CHROMIUM names where it is in an unusual place.
//
// Every server listens on loopback only, keeps its files in one directory, and is stopped by its process id. On Linux
// the kernel stops the servers of a test process that is killed; elsewhere such a process leaves them running.
package private

import (
	"errors"
	"os"
	"testing"
	"time"
)

// ErrMissing means that this machine cannot run a server or a browser: its programs are not installed, or the operating
// system is one that this package does not support. What wraps it says what to install.
var ErrMissing = errors.New("not on this machine")

const (
	startLimit = 30 * time.Second // a server under a loaded CI machine, crash recovery included
	stopGrace  = 10 * time.Second // after it, a server that was asked to stop is killed
)

// options is what an [Option] may change.
type options struct {
	port     int // 0 chooses a free one
	durable  bool
	detached bool
	settings []string // of Redis
}

// Option changes how a server is started.
type Option func(*options)

// WithDurability makes PostgreSQL write as safely as in production, for tests that crash it and for data that must
// outlive the machine's power. Without it a server is faster and promises nothing after a crash of the machine.
// Redis ignores it: private Redis servers never persist.
func WithDurability() Option { return func(o *options) { o.durable = true } }

// WithPort makes the server listen on this port of 127.0.0.1 rather than on a free one.
func WithPort(port int) Option { return func(o *options) { o.port = port } }

// WithRedis gives Redis more settings, such as WithRedis("maxmemory", "8mb"). PostgreSQL ignores it.
func WithRedis(name, value string) Option {
	return func(o *options) { o.settings = append(o.settings, "--"+name, value) }
}

// Detached makes the server outlive the process that starts it, in a session of its own. The caller becomes
// responsible for ending it, by [Postgres.Pid] or [Redis.Pid]. Its files stay in the given directory or the start fails.
func Detached() Option { return func(o *options) { o.detached = true } }

func apply(opts []Option) options {
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// Need ends the test if err is not nil. A machine without the programs ([ErrMissing]) skips the test with one line,
// unless CI=true: there a skipped test would be a hole that nobody sees.
func Need(tb testing.TB, err error) {
	tb.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrMissing) && os.Getenv("CI") != "true":
		tb.Skip(err)
	default:
		tb.Fatal(err)
	}
}
