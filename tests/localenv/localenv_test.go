package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/toeic-app/toeic/tests/private"
)

// place is an environment of a test's own: another folder, other ports, and never the containers of this machine.
type place struct {
	environment
	stdout, stderr bytes.Buffer
}

func newPlace(t *testing.T) *place {
	t.Helper()
	dir := private.Dir(t)
	p := &place{}
	p.environment = environment{
		dir: filepath.Join(dir, "servers"), private: true, out: &p.stdout, notes: &p.stderr,
		postgresPort: port(t), redisPort: port(t),
	}
	t.Cleanup(func() {
		if err := p.down(context.Background()); err != nil {
			t.Errorf("servers are left: %v", err)
		}
	})
	return p
}

func port(t *testing.T) int {
	t.Helper()
	port, err := private.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// started brings both servers up.
func started(t *testing.T) *place {
	t.Helper()
	p := newPlace(t)
	private.Need(t, p.up(t.Context()))
	return p
}

// pids returns the process ids on file.
func (p *place) pids(t *testing.T) (postgres, redis int) {
	t.Helper()
	postgres, err := readPid(p.postgres().pidFile)
	if err != nil {
		t.Fatal(err)
	}
	redis, err = readPid(p.redis().pidFile)
	if err != nil {
		t.Fatal(err)
	}
	return postgres, redis
}

// settings calls env.
func (p *place) settings(t *testing.T) map[string]string {
	t.Helper()
	p.stdout.Reset()
	if err := p.env(t.Context()); err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for line := range strings.Lines(p.stdout.String()) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		settings[name] = value
	}
	return settings
}

// value returns the only value of a query on the program's database.
func (p *place) value(t *testing.T, query string) string {
	t.Helper()
	var got string
	err := withPostgres(t.Context(), p.settings(t)["DATABASE_URL"], func(db *sql.DB, ctx context.Context) error {
		return db.QueryRowContext(ctx, query).Scan(&got)
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return got
}

// stranger runs a process that is none of the servers.
func stranger(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { // or it would seem alive after its end
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // unless the test found it killed
		<-ended
	})
	return cmd.Process.Pid
}

// gone waits for the end of a process: down returns when a server has let go of its files and its port, which is a
// moment before.
func gone(t *testing.T, pid int) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); alive(pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("process %d is still there", pid)
		}
	}
}

func write(t *testing.T, file string, pid int) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, fmt.Appendln(nil, pid), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestCommittedDataSurvivesDownAndUp(t *testing.T) {
	t.Parallel()
	p := started(t)
	if got := p.value(t, "CREATE TABLE words (word text); INSERT INTO words VALUES ('harbour') RETURNING word"); got != "harbour" {
		t.Fatalf("stored %s", got)
	}
	if got := p.value(t, "SELECT current_setting('fsync') || current_setting('synchronous_commit')"); got != "onon" {
		t.Errorf("fsync and synchronous_commit are %s", got)
	}
	postgres, redis := p.pids(t)
	if err := p.down(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, s := range p.services() {
		if s.answers(t.Context()) == nil {
			t.Errorf("%s answers after down", s.name)
		}
	}
	gone(t, postgres)
	gone(t, redis)
	if err := p.up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := p.value(t, "SELECT word FROM words"); got != "harbour" {
		t.Errorf("found %s", got)
	}
}

func TestUpAgainChangesNothing(t *testing.T) {
	t.Parallel()
	p := started(t)
	postgres, redis := p.pids(t)
	if err := p.up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a, b := p.pids(t); a != postgres || b != redis || !alive(a) || !alive(b) {
		t.Errorf("processes %d and %d became %d and %d", postgres, redis, a, b)
	}
	if err := p.status(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestUpStartsWhatIsMissing(t *testing.T) {
	t.Parallel()
	p := started(t)
	postgres, redis := p.pids(t)
	if _, err := p.redis().down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a, b := p.pids(t); a != postgres || b == redis {
		t.Errorf("processes %d and %d became %d and %d", postgres, redis, a, b)
	}
}

// An up that is killed at the wrong moment leaves a server that no file knows of, or one without the program's role.
func TestUpFinishesWhatAnInterruptedUpBegan(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	pid, err := p.startPostgres(t.Context())
	private.Need(t, err)
	if err := p.up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if postgres, _ := p.pids(t); postgres != pid {
		t.Errorf("process %d is on file, started was %d", postgres, pid)
	}
	if got := p.value(t, "SELECT current_user || ' ' || current_database()"); got != "toeic toeic" {
		t.Errorf("the program's address leads to %s", got)
	}
}

func TestTheProgramIsNoSuperuser(t *testing.T) {
	t.Parallel()
	p := started(t)
	if got := p.value(t, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"); got != "false" {
		t.Errorf("superuser: %s", got)
	}
}

func TestEnvNamesOnlyWhatRuns(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	if got := p.settings(t); len(got) != 0 {
		t.Errorf("before up: %v", got)
	}
	private.Need(t, p.up(t.Context()))
	if got := p.settings(t); len(got) != 2 || got["DATABASE_URL"] == "" || got["REDIS_URL"] == "" {
		t.Errorf("after up: %v", got)
	}
	options, err := redis.ParseURL(p.settings(t)["REDIS_URL"])
	if err != nil || options.Addr != local(p.redisPort) {
		t.Errorf("Redis is said to be at %v, %v", options, err)
	}
	if _, err := p.redis().down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := p.settings(t); len(got) != 1 || got["DATABASE_URL"] == "" {
		t.Errorf("without Redis: %v", got)
	}
}

func TestDownLeavesAStrangersProcessAlone(t *testing.T) {
	p := newPlace(t)
	pid := stranger(t)
	services := p.services()
	for _, s := range services {
		write(t, s.pidFile, pid)
	}
	if err := p.down(t.Context()); err == nil {
		t.Error("it succeeds")
	}
	if !alive(pid) {
		t.Error("the stranger was stopped")
	}
	for _, s := range services {
		if err := os.Remove(s.pidFile); err != nil {
			t.Errorf("the evidence is gone: %v", err)
		}
	}
}

// The servers answer, but say that they are other processes than those on file.
func TestDownBelievesTheServerRatherThanTheFile(t *testing.T) {
	t.Parallel()
	p := started(t)
	pid := stranger(t)
	postgres, redis := p.pids(t)
	write(t, p.postgres().pidFile, pid)
	write(t, p.redis().pidFile, pid)
	if err := p.down(t.Context()); err == nil {
		t.Error("it succeeds")
	}
	if !alive(pid) || !alive(postgres) || !alive(redis) {
		t.Error("a process was stopped")
	}
	write(t, p.postgres().pidFile, postgres)
	write(t, p.redis().pidFile, redis)
}

func TestDownForgetsProcessesThatAreGone(t *testing.T) {
	p := newPlace(t)
	gone := exec.Command(os.Args[0], "-test.run=^$")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	for _, s := range p.services() {
		write(t, s.pidFile, gone.Process.Pid)
	}
	if err := p.down(t.Context()); err != nil {
		t.Error(err)
	}
	for _, s := range p.services() {
		if _, err := os.Stat(s.pidFile); err == nil {
			t.Errorf("%s is left", s.pidFile)
		}
	}
}

func TestAPidFileThatNamesNoProcessIsAnError(t *testing.T) {
	for _, text := range []string{"", "x", "0", "1", "-1"} {
		file := filepath.Join(t.TempDir(), "pid")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if pid, err := readPid(file); err == nil {
			t.Errorf("%q is process %d", text, pid)
		}
	}
}

// Two copies of the project share a machine, and their servers the ports.
func TestServersOfAnotherFolderAreNeitherTakenNorStopped(t *testing.T) {
	t.Parallel()
	first, second := started(t), newPlace(t)
	second.postgresPort, second.redisPort = first.postgresPort, first.redisPort
	postgres, redis := first.pids(t)
	if err := second.up(t.Context()); err == nil {
		t.Error("up takes them for its own")
	}
	for _, s := range second.services() {
		if pid, err := s.ours(t.Context()); err == nil {
			t.Errorf("%s, process %d, is said to be its own", s.name, pid)
		}
	}
	write(t, second.postgres().pidFile, postgres)
	write(t, second.redis().pidFile, redis)
	if err := second.down(t.Context()); err == nil {
		t.Error("down succeeds")
	}
	for _, s := range second.services() {
		if err := os.Remove(s.pidFile); err != nil {
			t.Error(err)
		}
	}
	if err := first.status(t.Context()); err != nil || !alive(postgres) || !alive(redis) {
		t.Errorf("the others' servers: %v", err)
	}
}

func TestACommandLineThatMakesNoSenseIsRefused(t *testing.T) {
	for _, args := range [][]string{{}, {"dance"}, {"up", "down"}, {"-x", "up"}} {
		var out, notes bytes.Buffer
		if code := run(t.Context(), args, &out, &notes); code != 2 || out.Len() > 0 || notes.Len() == 0 {
			t.Errorf("%v: code %d, %q", args, code, out.String())
		}
	}
}

func TestACommandThatFailsHasAnExitCode(t *testing.T) {
	var out, notes bytes.Buffer
	args := []string{"-private", "-dir", t.TempDir(), "-postgres-port", fmt.Sprint(port(t)), "-redis-port", fmt.Sprint(port(t))}
	if code := run(t.Context(), append(args, "status"), &out, &notes); code != 1 || notes.Len() == 0 {
		t.Errorf("status of nothing: code %d, %q", code, notes.String())
	}
	if code := run(t.Context(), append(args, "down"), &out, &notes); code != 0 {
		t.Errorf("down of nothing: code %d, %q", code, notes.String())
	}
}
