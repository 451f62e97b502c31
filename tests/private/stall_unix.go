//go:build unix

package private

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Stall stops every process of the server where it is: its connections stay open, and nothing answers. Resume lets it
// go on, which a test must see to before it stops the server. It needs /proc.
func (p *Postgres) Stall() error { return p.signalAll(syscall.SIGSTOP) }

// Resume lets a server go on that Stall stopped.
func (p *Postgres) Resume() error { return p.signalAll(syscall.SIGCONT) }

// signalAll signals the postmaster, which starts no more processes then, and its children.
func (p *Postgres) signalAll(s syscall.Signal) error {
	postmaster := p.Pid()
	if err := syscall.Kill(postmaster, s); err != nil {
		return fmt.Errorf("signal PostgreSQL: %w", err)
	}
	children, err := childrenOf(postmaster)
	if err != nil {
		return err
	}
	for _, pid := range children {
		if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("signal a process of PostgreSQL: %w", err)
		}
	}
	return nil
}

// childrenOf lists the child processes of one.
func childrenOf(parent int) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("%w: processes are found in /proc: %w", ErrMissing, err)
	}
	var out []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // it has ended
		}
		// The name of the program, in brackets, may hold anything; the parent is the second field after it.
		rest := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(rest) > 1 && rest[1] == strconv.Itoa(parent) {
			out = append(out, pid)
		}
	}
	return out, nil
}
