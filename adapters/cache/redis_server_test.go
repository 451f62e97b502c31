package cache_test

import (
	"syscall"
	"testing"

	"github.com/toeic-app/toeic/tests/private"
)

// redisServer is a Redis to which things happen.
type redisServer struct{ *private.Redis }

func (r *redisServer) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(r.Pid(), s); err != nil {
		t.Fatal(err)
	}
	if s == syscall.SIGSTOP {
		t.Cleanup(func() { _ = syscall.Kill(r.Pid(), syscall.SIGCONT) }) // or it could not be stopped for good
	}
}

// do has the server do something.
func (r *redisServer) do(t *testing.T, words ...any) {
	t.Helper()
	if err := connect(t, r.URL()).Do(t.Context(), words...).Err(); err != nil {
		t.Fatal(err)
	}
}

func (r *redisServer) kill(t *testing.T) {
	t.Helper()
	if err := r.Kill(); err != nil {
		t.Fatal(err)
	}
}

func (r *redisServer) restart(t *testing.T) {
	t.Helper()
	if err := r.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}
