package private

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Redis is a running private Redis server. It keeps nothing on disk, so it comes back empty from a Restart.
type Redis struct {
	server
	port int
}

// StartRedis starts a Redis server with its log in dir, and returns when it answers. ctx bounds the start only: the
// server runs until Stop.
func StartRedis(ctx context.Context, dir string, opts ...Option) (*Redis, error) {
	o := apply(opts)
	return startRedis(ctx, dir, o, FreePort, func(dir string, port int) ([]string, error) { return redisArgs(dir, port, o), nil })
}

// startRedis starts a server with arguments that depend on its directory and the port that choose came upon.
func startRedis(ctx context.Context, dir string, o options, choose func() (int, error), args func(dir string, port int) ([]string, error)) (*Redis, error) {
	if err := available(redisVariable); err != nil {
		return nil, err
	}
	program, err := findRedis()
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("prepare Redis's directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("prepare Redis's directory: %w", err)
	}
	r := &Redis{}
	err = onPort(o.port, choose, func(port int) error {
		with, err := args(dir, port)
		if err != nil {
			return fmt.Errorf("prepare Redis's directory: %w", err)
		}
		r.port = port
		r.name, r.logFile = "Redis", filepath.Join(dir, "redis.log")
		r.command = func() *exec.Cmd { return command(nil, o, dir, program, with...) }
		r.ready = func(ctx context.Context, pid int) error { return redisAnswers(ctx, port, pid) }
		return r.launch(ctx)
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// URL is the address of the server's first database.
func (r *Redis) URL() string { return "redis://" + address(r.port) + "/0" }

// Address is the host and port of the server.
func (r *Redis) Address() string { return address(r.port) }

// Stop shuts the server down. One that does not end within ten seconds is killed, which is an error. Calling Stop
// again does nothing.
func (r *Redis) Stop() error { return r.stop() }

func redisArgs(dir string, port int, o options) []string {
	return append([]string{
		"--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--dir", dir,
		"--save", "", "--appendonly", "no", "--daemonize", "no",
	}, o.settings...)
}

// redisAnswers tells whether the server on this port is the process with this id: on a fixed port another server may
// be the one that answers. Redis takes commands as plain lines, which spares a client here.
func redisAnswers(ctx context.Context, port, pid int) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address(port))
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprint(conn, "INFO server\r\nQUIT\r\n"); err != nil {
		return err
	}
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if id, ok := strings.CutPrefix(lines.Text(), "process_id:"); ok {
			if id != fmt.Sprint(pid) {
				return fmt.Errorf("the server on this port is process %s", id)
			}
			return nil
		}
	}
	return joined(lines.Err(), fmt.Errorf("no Redis answers on port %d", port))
}
