package private

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// errInUse marks a start that failed because another process still holds the port or the memory: worth another try.
var errInUse = errors.New("in use")

var errStopped = errors.New("the server was stopped for good; Kill is what leaves one down for a while")

// server is what private PostgreSQL and Redis have in common: a process that is started, asked, stopped and started
// again. Its methods may be called from several goroutines.
type server struct {
	name    string
	logFile string
	command func() *exec.Cmd                         // a fresh command for each start
	ready   func(ctx context.Context, pid int) error // nil once the server with this process id answers

	mu      sync.Mutex
	process *process
	stopped bool
}

// Pid is the process id of the server (of PostgreSQL's postmaster), or of the last one if it is down.
func (s *server) Pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process.cmd.Process.Pid
}

// LogFile is where the server writes what it has to say, over all its starts.
func (s *server) LogFile() string { return s.logFile }

// Kill ends the server at once, as a crash would, and returns when its process is gone.
func (s *server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process.kill()
}

// Restart starts the server again on the same files and port, after stopping it if it runs. It fails after Stop.
func (s *server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return errStopped
	}
	if err := s.process.stop(os.Interrupt, stopGrace); err != nil {
		return err
	}
	// The children of a killed postmaster hold its memory until they notice that it is gone.
	for limit := time.Now().Add(stopGrace); ; {
		err := s.launch(ctx)
		if !errors.Is(err, errInUse) || time.Now().After(limit) {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// stop ends the server for good. Calling it again does nothing.
func (s *server) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	return s.process.stop(os.Interrupt, stopGrace)
}

// launch starts the process and returns when it answers; otherwise none is left running and the error ends with the
// last lines of the log.
func (s *server) launch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	log, err := os.OpenFile(s.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("start %s: %w", s.name, err)
	}
	defer log.Close() // the child has its own copy
	info, err := log.Stat()
	if err != nil {
		return fmt.Errorf("start %s: %w", s.name, err)
	}
	cmd := s.command()
	cmd.Stdout, cmd.Stderr = log, log
	p, err := begin(cmd)
	if err != nil {
		return fmt.Errorf("start %s: %w", s.name, err)
	}
	if err := s.await(ctx, p); err != nil {
		return s.failed(p, err, info.Size())
	}
	s.process = p
	return nil
}

// await asks the server until it answers, ends, or ctx does.
func (s *server) await(ctx context.Context, p *process) error {
	for {
		err := s.ready(ctx, p.cmd.Process.Pid)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("it ended: %w", p.err)
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *server) failed(p *process, cause error, from int64) error {
	inUse := p.ended()
	if err := p.stop(os.Interrupt, stopGrace); err != nil {
		cause = errors.Join(cause, err)
	}
	log := logSince(s.logFile, from)
	err := fmt.Errorf("start %s: %w; the end of %s:\n%s", s.name, cause, s.logFile, lastLines(log, 15))
	if inUse && strings.Contains(log, "in use") {
		return errors.Join(errInUse, err)
	}
	return err
}

// logSince returns what was logged from this offset on: older lines belong to earlier starts.
func logSince(file string, from int64) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return string(text[min(from, int64(len(text))):])
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// onFreePort calls start with one port after another until one was still free when its server took it.
func onFreePort(fixed int, start func(port int) error) error { return onPort(fixed, FreePort, start) }

// onPort is onFreePort with another way to choose.
func onPort(fixed int, choose func() (int, error), start func(port int) error) error {
	if fixed != 0 {
		return start(fixed)
	}
	var err error
	for range 5 {
		port, portErr := choose()
		if portErr != nil {
			return portErr
		}
		if err = start(port); !errors.Is(err, errInUse) {
			return err
		}
	}
	return err
}
