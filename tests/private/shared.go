package private

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
)

// The variables that name servers to use in place of private ones.
const (
	databaseVariable = "TEST_DATABASE_URL"
	redisVariable    = "TEST_REDIS_URL"
)

// sharedPostgres and sharedRedis are variables of the package, which this project otherwise avoids: the tests of a
// process know nothing of each other, so there is no other place where they could find the server they share.
var (
	sharedPostgres lazy[*Postgres]
	sharedRedis    lazy[*Redis]
)

// PostgresURL returns the address of a database on the PostgreSQL server that the tests of this process share, or
// TEST_DATABASE_URL if that is set. The database itself is for administration; tests work in one from [Database].
func PostgresURL(tb testing.TB) string {
	tb.Helper()
	if given := os.Getenv(databaseVariable); given != "" {
		return given
	}
	p, err := sharedPostgres.get(func(ctx context.Context, dir string) (*Postgres, error) { return StartPostgres(ctx, dir) })
	Need(tb, err)
	return p.URL(maintenance)
}

// RedisURL returns the address of the Redis server that the tests of this process share, or TEST_REDIS_URL if that
// is set. Nothing is flushed between tests, so each one writes under keys of its own.
func RedisURL(tb testing.TB) string {
	tb.Helper()
	if given := os.Getenv(redisVariable); given != "" {
		return given
	}
	r, err := sharedRedis.get(func(ctx context.Context, dir string) (*Redis, error) { return StartRedis(ctx, dir) })
	Need(tb, err)
	return r.URL()
}

// Dir makes a directory for servers of this test, and removes it after the test. The account that runs PostgreSQL may
// enter it, unlike those of [testing.T.TempDir]. Like the files of servers without durability it is in memory if there is
// room.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp(scratch(options{}), "toeic-test-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// Main is the whole body of a TestMain: it runs the tests, stops the shared servers, removes their files, and exits.
// A test package without it is still left without servers on Linux, but with their files in the temporary directory.
func Main(m interface{ Run() int }) {
	code := m.Run()
	if err := joined(sharedPostgres.stop(), sharedRedis.stop()); err != nil {
		fmt.Fprintln(os.Stderr, "stop the shared servers:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// AtOnce lets at least n parallel tests run at once, for packages whose tests wait more than they work. Unless told
// -parallel, Go runs as many as there are processors. Call it in TestMain, before [Main].
func AtOnce(n int) error {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == parallelFlag })
	if asked || n <= runtime.GOMAXPROCS(0) {
		return nil
	}
	return flag.Set(parallelFlag, strconv.Itoa(n))
}

const parallelFlag = "test.parallel"

// lazy is a server that is started by whoever needs it first. A failure is kept too: every test reports it, and none
// spends time on another try.
type lazy[S interface{ Stop() error }] struct {
	mu     sync.Mutex
	tried  bool
	dir    string
	server S
	err    error
}

func (l *lazy[S]) get(start func(ctx context.Context, dir string) (S, error)) (S, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tried {
		return l.server, l.err
	}
	l.tried = true
	if l.dir, l.err = os.MkdirTemp(scratch(options{}), "toeic-test-"); l.err != nil {
		return l.server, l.err
	}
	// The account that runs PostgreSQL for root has to pass.
	if l.err = os.Chmod(l.dir, 0o755); l.err == nil {
		l.server, l.err = start(context.Background(), l.dir) // not the first test's context: the server outlives it
	}
	if l.err != nil {
		l.err = joined(l.err, os.RemoveAll(l.dir))
	}
	return l.server, l.err
}

func (l *lazy[S]) stop() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.tried || l.err != nil {
		return nil
	}
	return joined(l.server.Stop(), os.RemoveAll(l.dir))
}

// joined is errors.Join without its wrapping where only one of the two happened, which keeps messages on one line.
func joined(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return errors.Join(a, b)
}
