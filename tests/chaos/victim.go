package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/toeic-app/toeic/tests/private"
)

// victim is what can be killed, and started again on the same data.
type victim struct {
	name    string
	theatre *theatre
	kill    func() error
	start   func(context.Context) error
}

// theServer of a theatre.
func theServer(t *theatre, on string) victim {
	return victim{
		name: "server on " + on, theatre: t,
		kill:  func() error { t.server.Kill(); return nil },
		start: func(context.Context) error { return t.start() },
	}
}

// thePostgres below a theatre: all its processes at once, so that none has a moment to tidy up.
func thePostgres(t *theatre, p *private.Postgres) victim {
	return victim{name: "PostgreSQL", theatre: t, start: p.Restart, kill: func() error {
		children, err := childrenOf(p.Pid())
		if err != nil {
			return err
		}
		if err := p.Kill(); err != nil {
			return err
		}
		for _, pid := range children {
			if child, err := os.FindProcess(pid); err == nil {
				_ = child.Kill() // it may have seen that its parent is gone, and be so itself
			}
		}
		return nil
	}}
}

func theRedis(t *theatre, r *private.Redis) victim {
	return victim{name: "Redis", theatre: t, kill: r.Kill, start: r.Restart}
}

// childrenOf returns the process ids of a process's children; on Linux.
func childrenOf(pid int) ([]int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil, fmt.Errorf("find the processes of PostgreSQL, which takes Linux: %w", err)
	}
	var all []int
	for _, field := range strings.Fields(string(text)) {
		child, err := strconv.Atoi(field)
		if err != nil {
			return nil, fmt.Errorf("find the processes of PostgreSQL: %w", err)
		}
		all = append(all, child)
	}
	return all, nil
}
