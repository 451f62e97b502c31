package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
)

var errDown = errors.New("not everything runs; start it with: go run ./tests/localenv up")

// environment is the two servers, wherever they run.
type environment struct {
	dir                     string // of the private servers
	postgresPort, redisPort int
	private                 bool // never use containers
	out, notes              io.Writer
}

// service is one of the two servers.
type service struct {
	name     string
	variable string // the setting of the program that takes url
	url      string
	pidFile  string
	// answers returns nil when the program could use the server.
	answers func(ctx context.Context) error
	// ours returns the process id of the private server, which the server itself has to tell: whatever else listens on
	// the port, or got the process id of a server that is gone, is an error.
	ours func(ctx context.Context) (int, error)
	// ended tells whether a server that was asked to stop has done so. Its process may still be there as a zombie, in a
	// container whose first process waits for no others.
	ended func() bool
	// start starts the private server and returns its process id.
	start func(ctx context.Context) (int, error)
	// prepare makes what the program needs in the private server unless it is there.
	prepare func(ctx context.Context) error
}

func (e *environment) services() []service { return []service{e.postgres(), e.redis()} }

// up starts what does not run. Private servers that run keep their place even if a container engine has come up since.
func (e *environment) up(ctx context.Context) error {
	if !e.private && !e.anyPrivate(ctx) && engineAnswers(ctx) {
		if err := e.composeUp(ctx); err != nil {
			return err
		}
		return e.status(ctx)
	}
	for _, s := range e.services() {
		if err := s.up(ctx); err != nil {
			return fmt.Errorf("start %s: %w", s.name, err)
		}
	}
	return e.status(ctx)
}

// down stops what up started. The data stays, in .local or in the volume of the containers.
func (e *environment) down(ctx context.Context) error {
	found, failures := false, error(nil)
	for _, s := range e.services() {
		stopped, err := s.down(ctx)
		found = found || stopped
		if err != nil {
			failures = errors.Join(failures, fmt.Errorf("stop %s: %w", s.name, err))
		} else if stopped {
			fmt.Fprintln(e.out, s.name, "is stopped")
		}
	}
	if found || failures != nil {
		return failures
	}
	if !e.private && engineAnswers(ctx) {
		return e.composeDown(ctx)
	}
	fmt.Fprintln(e.out, "nothing runs")
	return nil
}

// status prints a line for each server, and fails unless both run.
func (e *environment) status(ctx context.Context) error {
	var down error
	for _, s := range e.services() {
		if err := s.answers(ctx); err != nil {
			fmt.Fprintf(e.out, "%-10s does not run: %v\n", s.name, err)
			down = errDown
			continue
		}
		how := "in a container or of somebody else"
		if pid, err := s.ours(ctx); err == nil {
			how = fmt.Sprintf("process %d", pid)
		}
		fmt.Fprintf(e.out, "%-10s runs, %s: %s\n", s.name, how, s.url)
	}
	return down
}

// env prints the settings with which the program finds the servers that run. What does not run is left to the
// program's defaults, so env is of use whether or not up was called.
func (e *environment) env(ctx context.Context) error {
	for _, s := range e.services() {
		if err := s.answers(ctx); err != nil {
			fmt.Fprintf(e.notes, "%s is left out, for it does not run\n", s.variable)
			continue
		}
		fmt.Fprintf(e.out, "%s=%s\n", s.variable, s.url)
	}
	return nil
}

func (e *environment) anyPrivate(ctx context.Context) bool {
	for _, s := range e.services() {
		if _, err := s.ours(ctx); err == nil {
			return true
		}
	}
	return false
}

// locate makes the folder's path absolute, as the servers have folders of their own.
func (e *environment) locate() error {
	dir, err := filepath.Abs(e.dir)
	if err != nil {
		return fmt.Errorf("find the folder of the servers: %w", err)
	}
	e.dir = dir
	return nil
}
