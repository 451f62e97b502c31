package private

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// started is what both kinds of server can do.
type started interface {
	Pid() int
	Stop() error
	Kill() error
	Restart(ctx context.Context) error
}

// kind is one of the two servers, for tests that hold for both.
type kind struct {
	name  string
	start func(ctx context.Context, dir string, opts ...Option) (started, error)
	ask   func(ctx context.Context, s started) error // nil when the server answers
}

func kinds() []kind {
	return []kind{
		{
			"PostgreSQL",
			func(ctx context.Context, dir string, opts ...Option) (started, error) {
				return StartPostgres(ctx, dir, opts...)
			},
			func(ctx context.Context, s started) error { return askPostgres(ctx, s.(*Postgres).URL(maintenance)) },
		},
		{
			"Redis",
			func(ctx context.Context, dir string, opts ...Option) (started, error) {
				return StartRedis(ctx, dir, opts...)
			},
			func(ctx context.Context, s started) error { return askRedis(ctx, s.(*Redis).URL()) },
		},
	}
}

func askPostgres(ctx context.Context, url string) error {
	db, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.PingContext(ctx)
}

func askRedis(ctx context.Context, url string) error {
	o, err := redis.ParseURL(url)
	if err != nil {
		return err
	}
	conn, err := net.Dial("tcp", o.Addr) // the client would log that it is refused
	if err != nil {
		return err
	}
	o.MaxRetries, o.PoolSize = -1, 1
	o.Dialer = func(context.Context, string, string) (net.Conn, error) { return conn, nil }
	client := redis.NewClient(o)
	defer client.Close()
	return client.Ping(ctx).Err()
}

func eachKind(t *testing.T, test func(t *testing.T, k kind)) {
	t.Helper()
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) { test(t, k) })
	}
}

// begun starts a server for this test.
func (k kind) begun(t *testing.T, opts ...Option) started {
	t.Helper()
	s, err := k.start(t.Context(), t.TempDir(), opts...)
	Need(t, err)
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// alive tells whether a process exists.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && p.Signal(syscall.Signal(0)) == nil
}

// await fails the test unless the condition comes true.
func await(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waited %v for %s", patience, what)
		}
	}
}

func TestAServerAnswersUntilItIsStopped(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		s := k.begun(t)
		if err := k.ask(t.Context(), s); err != nil {
			t.Fatalf("while it runs: %v", err)
		}
		if !alive(s.Pid()) {
			t.Fatalf("process %d does not exist", s.Pid())
		}
		for range 2 { // the second does nothing
			if err := s.Stop(); err != nil {
				t.Fatalf("stop: %v", err)
			}
			if alive(s.Pid()) || k.ask(t.Context(), s) == nil {
				t.Fatal("it runs after Stop")
			}
		}
		if err := s.Restart(t.Context()); !errors.Is(err, errStopped) {
			t.Errorf("restart after Stop: %v", err)
		}
	})
}

func TestAKilledServerComesBackOnTheSamePort(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		s := k.begun(t)
		first := s.Pid()
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		if alive(first) || k.ask(t.Context(), s) == nil {
			t.Fatal("it runs after Kill")
		}
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := k.ask(t.Context(), s); err != nil || s.Pid() == first {
			t.Errorf("after the restart process %d (was %d) answers: %v", s.Pid(), first, err)
		}
	})
}

func TestARunningServerCanBeRestarted(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		s := k.begun(t)
		first := s.Pid()
		if err := s.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := k.ask(t.Context(), s); err != nil || alive(first) {
			t.Errorf("the old process is alive: %v; the new one answers: %v", alive(first), err)
		}
	})
}

func TestAKilledServerCanBeStopped(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		s := k.begun(t)
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestATakenPortIsAnError(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, err = k.start(t.Context(), t.TempDir(), WithPort(l.Addr().(*net.TCPAddr).Port))
		if !errors.Is(err, errInUse) {
			Need(t, err)
			t.Fatal("it started")
		}
	})
}

// The first server answers on the port, and must not be taken for the second.
func TestAServerOnTheSamePortIsNotMistakenForAnother(t *testing.T) {
	eachKind(t, func(t *testing.T, k kind) {
		port, err := FreePort()
		if err != nil {
			t.Fatal(err)
		}
		first := k.begun(t, WithPort(port))
		if second, err := k.start(t.Context(), t.TempDir(), WithPort(port)); err == nil {
			t.Fatal(errors.Join(errors.New("two servers started on one port"), second.Stop()))
		}
		if err := k.ask(t.Context(), first); err != nil {
			t.Errorf("the first one: %v", err)
		}
	})
}

func TestAStartThatIsGivenUpLeavesNoProcess(t *testing.T) {
	ctx, giveUp := context.WithCancel(t.Context())
	cmd := exec.Command("sleep", "600")
	s := &server{
		name: "sleep", logFile: filepath.Join(t.TempDir(), "log"),
		command: func() *exec.Cmd { return cmd },
		ready:   func(context.Context, int) error { giveUp(); return errors.New("not yet") },
	}
	if err := s.launch(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if cmd.ProcessState == nil {
		t.Errorf("process %d still runs", cmd.Process.Pid)
		_ = cmd.Process.Kill()
	}
}

// child runs this test program as one of its helpers, and returns what the helper printed on its first line.
func child(t *testing.T, helper, dir string) (*exec.Cmd, []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVariable+"="+helper, "HELPER_DIR="+dir, databaseVariable+"=", redisVariable+"=", "TMPDIR="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has ended in most tests
		_ = cmd.Wait()
	})
	line := make([]byte, 1000)
	n, err := out.Read(line)
	if err != nil {
		t.Fatalf("the helper said nothing: %v", err)
	}
	return cmd, strings.Fields(string(line[:n]))
}
