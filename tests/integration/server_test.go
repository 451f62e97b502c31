// Package integration drives the built program from outside, as its users do: over HTTP, on the command line,
// with signals, on SQLite and on PostgreSQL.
package integration

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/toeic-app/toeic/tests/private"
)

// patience is how long anything may take before a test gives up on it. Nothing here is a timing test.
const patience = 60 * time.Second

// workDir holds what the tests of this process share.
var workDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "toeic-integration-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	workDir = dir
	if err := private.AtOnce(4); err != nil { // they wait for servers to start and to stop
		panic(err)
	}
	private.Main(cleaning{m, dir})
}

// cleaning runs the tests and then removes their folder.
type cleaning struct {
	tests *testing.M
	dir   string
}

func (c cleaning) Run() int {
	defer os.RemoveAll(c.dir)
	return c.tests.Run()
}

// program builds the program once.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(workDir, "toeic")
	out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", path, "../..").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})

// place is where a server keeps its things: a folder of its own and, perhaps, a PostgreSQL database.
type place struct {
	dir         string
	databaseURL string // "" for SQLite in dir
	env         []string
}

// eachDatabase runs fn on an empty place of each kind.
func eachDatabase(t *testing.T, fn func(t *testing.T, p place)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { fn(t, place{dir: t.TempDir()}) })
	t.Run("PostgreSQL", func(t *testing.T) { fn(t, place{dir: t.TempDir(), databaseURL: emptyPostgres(t)}) })
}

// emptyPostgres returns the address of a database without tables.
func emptyPostgres(t *testing.T) string {
	t.Helper()
	return private.Database(t, private.Migration{Key: "empty", Apply: func(context.Context, string) error { return nil }})
}

// command prepares a run of the program in a place. Its environment holds nothing of the tester's settings.
func (p place) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = p.dir
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "LOG_FORMAT=json", "DATABASE_URL=" + p.databaseURL,
		// All people of a test come from one address; the limits have tests of their own.
		"RATE_LIMIT_SIGN_IN=0", "RATE_LIMIT_FAILURES=0", "RATE_LIMIT_READ=0", "RATE_LIMIT_WRITE=0", "RATE_LIMIT_ADMIN=0",
	}, p.env...)
	return cmd
}

// outcome is what a finished command left.
type outcome struct {
	code           int
	stdout, stderr string
}

// run runs a command to its end.
func (p place) run(t *testing.T, stdin string, args ...string) outcome {
	t.Helper()
	cmd := p.command(t, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", args, err)
	}
	return outcome{code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
}

// must runs a command that has to succeed and returns what it printed.
func (p place) must(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	got := p.run(t, stdin, args...)
	if got.code != 0 {
		t.Fatalf("toeic %s: exit code %d\n%s%s", strings.Join(args, " "), got.code, got.stdout, got.stderr)
	}
	return got.stdout
}

// server is a running program.
type server struct {
	url    string
	cmd    *exec.Cmd
	banner *sink // what it printed
	logs   *sink
	ended  chan struct{} // closed when the process is gone
}

// serve starts a server and waits until it is ready. It is killed when the test ends, if it still runs.
func (p place) serve(t *testing.T, args ...string) *server {
	t.Helper()
	return start(t, p.command(t, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...))
}

// start runs the command of a server.
func start(t *testing.T, cmd *exec.Cmd) *server {
	t.Helper()
	s := &server{cmd: cmd, banner: &sink{}, logs: &sink{}, ended: make(chan struct{})}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = s.logs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.kill() })
	ready := make(chan string, 1)
	go func() {
		defer close(s.ended)
		s.readBanner(stdout, ready)
		_ = cmd.Wait() // how it ended is for the tests to judge, by ProcessState
	}()
	select {
	case s.url = <-ready:
	case <-s.ended:
		t.Fatalf("the server ended at once:\n%s", s.logs)
	case <-time.After(patience):
		t.Fatalf("the server did not start:\n%s", s.logs)
	}
	s.await(t, "/health/ready", 200)
	return s
}

// readBanner reads the address from what the server prints, and the rest to its end.
func (s *server) readBanner(from io.Reader, ready chan<- string) {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		fmt.Fprintln(s.banner, lines.Text())
		if words := strings.Fields(lines.Text()); len(words) == 2 && words[0] == "address" {
			ready <- words[1]
		}
	}
}

// await polls a route until it answers with that status.
func (s *server) await(t *testing.T, path string, status int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%s answers %d", path, status), func() bool {
		res, err := client.Get(s.url + path)
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == status
	})
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("gave up waiting until %s", what)
}

// kill ends the process as a power failure would, and waits until it is gone.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// terminate asks the process to stop and returns its exit code.
func (s *server) terminate(t *testing.T) int {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.ended:
	case <-time.After(patience):
		t.Fatal("the server did not stop")
	}
	return s.cmd.ProcessState.ExitCode()
}

// sink collects output that several goroutines write and read.
type sink struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
