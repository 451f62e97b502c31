package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stopLimit is how long a server may take to stop: PostgreSQL writes what it holds in memory first.
const stopLimit = 30 * time.Second

// up starts the private server unless it runs. The process id is on file before anything else can fail, so that down
// finds the server.
func (s service) up(ctx context.Context) error {
	pid, err := s.ours(ctx)
	if err != nil {
		if pid, err = s.start(ctx); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(s.pidFile), 0o755); err != nil {
		return fmt.Errorf("keep its process id: %w", err)
	}
	if err := os.WriteFile(s.pidFile, []byte(strconv.Itoa(pid)+"\n"), 0o644); err != nil {
		return fmt.Errorf("keep the process id %d: %w", pid, err)
	}
	return s.prepare(ctx)
}

// down stops the private server, and tells whether there was one. Without a process id on file, or with that of a
// process that is gone, there is none.
func (s service) down(ctx context.Context) (bool, error) {
	pid, err := readPid(s.pidFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !alive(pid):
		return false, os.Remove(s.pidFile)
	}
	if err := s.verify(ctx, pid); err != nil {
		return false, fmt.Errorf("process %d is left alone: %w; remove %s if it is not the server", pid, err, s.pidFile)
	}
	if err := s.end(ctx, pid); err != nil {
		return false, err
	}
	return true, os.Remove(s.pidFile)
}

// verify fails unless the server itself says that it is this process.
func (s service) verify(ctx context.Context, pid int) error {
	got, err := s.ours(ctx)
	if err != nil {
		return err
	}
	if got != pid {
		return fmt.Errorf("the server is process %d", got)
	}
	return nil
}

func (s service) end(ctx context.Context, pid int) error {
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	if err := process.Signal(os.Interrupt); err != nil {
		return fmt.Errorf("interrupt process %d: %w", pid, err)
	}
	ctx, cancel := context.WithTimeout(ctx, stopLimit)
	defer cancel()
	for alive(pid) && !s.ended() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("process %d still runs: %w", pid, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

func readPid(file string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 { // what is not above 1 would be a group of processes, or the system's first one
		return 0, fmt.Errorf("%s holds no process id: %q", file, text)
	}
	return pid, nil
}

func alive(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = process.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, fs.ErrPermission)
}
