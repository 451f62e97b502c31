// Package built builds the program and runs it as a process of its own, for the commands that measure or break it.
package built

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Program builds the program into dir as it is released, and returns its path. The working directory must be in the module.
func Program(dir string) (string, error) {
	path := filepath.Join(dir, "toeic")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "github.com/toeic-app/toeic")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("build the program: %w", err)
	}
	return path, nil
}

// Server is a running program.
type Server struct {
	URL   string
	Start time.Duration // from the start of the process to its first good answer
	cmd   *exec.Cmd
}

// Run runs another command of the program in home, with these settings and no other, to its end.
func Run(program, home string, settings []string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = home, append([]string{"LOG_LEVEL=ERROR"}, settings...)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("toeic %s: %w\n%s", strings.Join(args, " "), err, said)
	}
	return nil
}

// Serve starts a server in home, with these settings and no other, and waits until it is ready.
func Serve(program, home string, settings ...string) (*Server, error) {
	return ServeTo(os.Stderr, program, home, settings...)
}

// ServeTo is Serve with another place for what the server logs.
func ServeTo(log io.Writer, program, home string, settings ...string) (*Server, error) {
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, fmt.Errorf("make a home: %w", err)
	}
	cmd := exec.Command(program, "serve", "--addr", "127.0.0.1:0")
	cmd.Dir, cmd.Env, cmd.Stderr = home, append([]string{"LOG_LEVEL=ERROR"}, settings...), log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("read what the server prints: %w", err)
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the server: %w", err)
	}
	s := &Server{cmd: cmd}
	if s.URL, err = address(out); err == nil {
		err = s.ready(began)
	}
	if err != nil {
		s.Kill()
		return nil, err
	}
	s.Start = time.Since(began)
	return s, nil
}

func (s *Server) ready(began time.Time) error {
	for time.Since(began) < time.Minute {
		res, err := http.Get(s.URL + "/health/ready")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(time.Millisecond)
	}
	return errors.New("the server does not become ready")
}

// Pid is the process id of the server.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Kill ends the process at once and waits until it is gone.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // how it ended was our doing
}

// address reads the line of the banner that says where the server listens.
func address(out io.Reader) (string, error) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if words := strings.Fields(lines.Text()); len(words) == 2 && words[0] == "address" {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return words[1], nil
		}
	}
	return "", errors.New("the server ended without saying where it listens")
}

// Resident returns how many megabytes of memory the process has in use, and Peak the most that it ever had; on Linux.
func (s *Server) Resident() (float64, error) { return s.memory("VmRSS:") }

// Peak is the most memory that the process ever had in use, in megabytes.
func (s *Server) Peak() (float64, error) { return s.memory("VmHWM:") }

func (s *Server) memory(which string) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("memory is measured on Linux only: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, which); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1000, err
		}
	}
	return 0, errors.New("the system does not tell how much memory is in use")
}
