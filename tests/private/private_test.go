package private

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// helperVariable chooses what a child process of these tests does in place of testing.
const helperVariable = "PRIVATE_TEST_HELPER"

const patience = 60 * time.Second

func TestMain(m *testing.M) {
	if helper := os.Getenv(helperVariable); helper != "" {
		os.Exit(help(helper))
	}
	Main(m)
}

// help is the body of a child process. It prints what its parent wants to know, and reports failures as an exit code.
func help(what string) int {
	ctx, dir := context.Background(), os.Getenv("HELPER_DIR")
	switch what {
	case "leave detached servers":
		return leave(ctx, dir, Detached())
	case "hold servers until killed":
		if code := leave(ctx, dir); code != 0 {
			return code
		}
		select {}
	case "share servers":
		Main(suite(func(tb testing.TB) { fmt.Println(PostgresURL(tb), RedisURL(tb)) }))
	}
	return 2
}

// leave starts both servers and prints a line with their process ids and addresses.
func leave(ctx context.Context, dir string, opts ...Option) int {
	p, err := StartPostgres(ctx, dir, opts...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	r, err := StartRedis(ctx, dir, opts...)
	if err != nil {
		fmt.Fprintln(os.Stderr, errors.Join(err, p.Stop()))
		return 1
	}
	fmt.Println(p.Pid(), p.URL(maintenance), r.Pid(), r.URL())
	return 0
}

// suite is a test run of one function, for [Main].
type suite func(tb testing.TB)

func (s suite) Run() int {
	outcome := observe(context.Background(), s)
	if outcome.fatal || outcome.failed {
		fmt.Fprintln(os.Stderr, outcome.message)
		return 1
	}
	return 0
}

// spy is a test whose end is looked at. What it does not override must not be called.
type spy struct {
	testing.TB
	ctx                    context.Context
	skipped, fatal, failed bool
	message                string
	cleanups               []func()
}

func (s *spy) Helper()                   {}
func (s *spy) Context() context.Context  { return s.ctx }
func (s *spy) Cleanup(f func())          { s.cleanups = append(s.cleanups, f) }
func (s *spy) Skip(args ...any)          { s.skipped = true; s.end(fmt.Sprint(args...)) }
func (s *spy) Fatal(args ...any)         { s.fatal = true; s.end(fmt.Sprint(args...)) }
func (s *spy) Fatalf(f string, a ...any) { s.fatal = true; s.end(fmt.Sprintf(f, a...)) }
func (s *spy) Errorf(f string, a ...any) { s.failed, s.message = true, fmt.Sprintf(f, a...) }

func (s *spy) end(message string) {
	s.message = message
	runtime.Goexit() // as a real test ends
}

// observe runs body as a test, with its cleanups, and returns how it ended.
func observe(ctx context.Context, body func(tb testing.TB)) *spy {
	s := &spy{ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for _, f := range slices.Backward(s.cleanups) {
				f()
			}
		}()
		body(s)
	}()
	<-done
	return s
}

func TestAMissingServerSkipsWithOneLineButNotInCI(t *testing.T) {
	missing := fmt.Errorf("%w: install it", ErrMissing)
	broken := errors.New("it broke")
	cases := []struct {
		name, ci        string
		err             error
		skipped, failed bool
	}{
		{"nothing is wrong", "true", nil, false, false},
		{"missing on a developer's machine", "", missing, true, false},
		{"missing in CI", "true", missing, false, true},
		{"broken on a developer's machine", "", broken, false, true},
		{"broken in CI", "true", broken, false, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("CI", c.ci)
			got := observe(t.Context(), func(tb testing.TB) { Need(tb, c.err) })
			if got.skipped != c.skipped || got.fatal != c.failed {
				t.Errorf("skipped %v, failed %v; want %v, %v", got.skipped, got.fatal, c.skipped, c.failed)
			}
		})
	}
}

func TestAMachineCanPretendToHaveNoServers(t *testing.T) {
	t.Setenv(noServersVariable, "1")
	eachKind(t, func(t *testing.T, k kind) {
		s, err := k.start(t.Context(), t.TempDir())
		if err == nil {
			t.Fatal(errors.Join(errors.New("it started"), s.Stop()))
		}
		if !errors.Is(err, ErrMissing) {
			t.Error(err)
		}
	})
}

// The whole way, in a process of its own: the shared servers of this one may be running already.
func TestWithoutServersEachTestSaysSoInOneLine(t *testing.T) {
	cases := []struct {
		ci      string
		failure bool
	}{{"", false}, {"true", true}}
	for _, c := range cases {
		t.Run("CI="+c.ci, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestEachTestGetsADatabaseOfItsOwn$", "-test.v")
			cmd.Env = append(os.Environ(), noServersVariable+"=1", "CI="+c.ci, databaseVariable+"=")
			out, err := cmd.CombinedOutput()
			if (err != nil) != c.failure {
				t.Fatalf("ended with %v:\n%s", err, out)
			}
			if lines := strings.Count(string(out), ErrMissing.Error()); lines != 1 {
				t.Errorf("%d lines say that the server is missing:\n%s", lines, out)
			}
			if skipped := strings.Contains(string(out), "--- SKIP"); skipped == c.failure {
				t.Errorf("skipped: %v\n%s", skipped, out)
			}
		})
	}
}

func TestTheReasonForSkippingIsOneLine(t *testing.T) {
	_, postgres := findPostgres("", nil)
	t.Setenv("PATH", "")
	_, redis := findRedis()
	t.Setenv(noServersVariable, "1")
	for _, err := range []error{postgres, redis, available(databaseVariable)} {
		if !errors.Is(err, ErrMissing) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q", err)
		}
	}
}
