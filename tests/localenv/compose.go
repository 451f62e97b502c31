package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"
)

const (
	composeFile = "docker/compose.dev.yml" // from the root of the project
	engineLimit = 10 * time.Second
)

// engineAnswers tells whether containers can be run: the client may be there without an engine, or without compose.
func engineAnswers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, engineLimit)
	defer cancel()
	return exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}").Run() == nil &&
		exec.CommandContext(ctx, "docker", "compose", "version").Run() == nil
}

func (e *environment) composeUp(ctx context.Context) error {
	return e.compose(ctx, "up", "--detach", "--wait")
}

func (e *environment) composeDown(ctx context.Context) error { return e.compose(ctx, "down") }

func (e *environment) compose(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "docker", append([]string{"compose", "--file", composeFile}, args...)...)
	cmd.Stdout, cmd.Stderr = e.notes, e.notes
	cmd.Env = append(os.Environ(),
		fmt.Sprintf("TOEIC_POSTGRES_PORT=%d", e.postgresPort), fmt.Sprintf("TOEIC_REDIS_PORT=%d", e.redisPort))
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("docker compose --file %s: %w", composeFile, err)
	}
	return nil
}
