package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of processor time in /proc/<pid>/stat, on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// stat is what /proc/<pid>/stat tells of a process.
type stat struct {
	parent  int
	own     time.Duration // processor time
	waited  time.Duration // that of children that have ended and were waited for
	program string
}

// parseStat reads a line of /proc/<pid>/stat. The name of the program may hold spaces and brackets, so the fields are
// counted from the last bracket.
func parseStat(line string) (stat, error) {
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || end < open {
		return stat{}, errors.New("there is no name in this process's stat")
	}
	f := strings.Fields(line[end+1:])
	if len(f) < 15 {
		return stat{}, errors.New("a process's stat is too short")
	}
	var n [5]int64
	for i, field := range []int{1, 11, 12, 13, 14} { // ppid, utime, stime, cutime, cstime
		v, err := strconv.ParseInt(f[field], 10, 64)
		if err != nil {
			return stat{}, fmt.Errorf("read a process's stat: %w", err)
		}
		n[i] = v
	}
	return stat{
		parent: int(n[0]), program: line[open+1 : end],
		own: time.Duration(n[1]+n[2]) * tick, waited: time.Duration(n[3]+n[4]) * tick,
	}, nil
}

func readStat(pid int) (stat, error) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, fmt.Errorf("processor time is measured on Linux only: %w", err)
	}
	return parseStat(string(line))
}

// familyTime is the processor time of a process and of all its children, those included that have ended: PostgreSQL
// has a process for each connection.
func familyTime(pid int) (time.Duration, error) {
	head, err := readStat(pid)
	if err != nil {
		return 0, err
	}
	total := head.own + head.waited
	err = eachChild(pid, func(_ int, s stat) { total += s.own + s.waited })
	return total, err
}

// exactFamilyTime is the same to the nanosecond, but for children that have ended.
func exactFamilyTime(pid int) (time.Duration, error) {
	total, err := exactTime(pid)
	if err != nil {
		return 0, err
	}
	err = eachChild(pid, func(child int, _ stat) {
		if t, err := exactTime(child); err == nil { // else it has ended meanwhile
			total += t
		}
	})
	return total, err
}

func eachChild(pid int, do func(int, stat)) error {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		child, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if s, err := readStat(child); err == nil && s.parent == pid { // else it has ended meanwhile
			do(child, s)
		}
	}
	return nil
}

// exactTime is the processor time of a process to the nanosecond, by its threads. It misses threads that have ended,
// of which a Go program has next to none.
func exactTime(pid int) (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	total := time.Duration(0)
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			continue
		}
		ns, _, _ := strings.Cut(string(text), " ")
		n, err := strconv.ParseInt(ns, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read a thread's schedstat: %w", err)
		}
		total += time.Duration(n)
	}
	if total > 0 {
		return total, nil
	}
	s, err := readStat(pid) // a kernel without schedstat
	return s.own, err
}

// machineTime is the processor time of everything on the machine, and what its host took from it.
func machineTime() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, fmt.Errorf("processor time is measured on Linux only: %w", err)
	}
	return parseMachine(string(text))
}

// parseMachine adds up the first line of /proc/stat but for idling and waiting for disks.
func parseMachine(text string) (time.Duration, error) {
	line, _, _ := strings.Cut(text, "\n")
	f := strings.Fields(line)
	if len(f) < 9 || f[0] != "cpu" {
		return 0, errors.New("/proc/stat does not begin with all processors")
	}
	total := time.Duration(0)
	for _, field := range []int{1, 2, 3, 6, 7, 8} { // user, nice, system, irq, softirq, steal
		n, err := strconv.ParseInt(f[field], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read /proc/stat: %w", err)
		}
		total += time.Duration(n) * tick
	}
	return total, nil
}

// usage is the processor time of the three that are measured, and of the whole machine, in one moment.
type usage struct{ server, database, load, machine time.Duration }

func (u usage) since(before usage) usage {
	return usage{u.server - before.server, u.database - before.database, u.load - before.load, u.machine - before.machine}
}

func (u usage) plus(v usage) usage {
	return usage{u.server + v.server, u.database + v.database, u.load + v.load, u.machine + v.machine}
}

// others is the processor time that went to programs that have no part in the measurement.
func (u usage) others() time.Duration { return max(0, u.machine-u.server-u.database-u.load) }

// perRequest is the microseconds that each took for one of n requests.
func perRequest(d time.Duration, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(d.Nanoseconds()) / 1000 / float64(n)
}
