// Command footprint measures what the program costs before anybody uses it: the size of the binary, the time
// from its start to its first good answer, and its memory when idle. It prints medians.
//
//	go run ./tests/footprint [-rounds 5]
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settle is how long a server is left alone before its memory is read.
const settle = 3 * time.Second

func main() {
	rounds := flag.Int("rounds", 5, "how often to start the program")
	flag.Parse()
	if err := run(*rounds); err != nil {
		fmt.Fprintln(os.Stderr, "footprint:", err)
		os.Exit(1)
	}
}

func run(rounds int) error {
	dir, err := os.MkdirTemp("", "footprint")
	if err != nil {
		return fmt.Errorf("make a scratch folder: %w", err)
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "toeic")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the program: %w", err)
	}
	info, err := os.Stat(binary)
	if err != nil {
		return fmt.Errorf("look at the program: %w", err)
	}
	var first, again, memory []float64
	for i := range rounds {
		home := filepath.Join(dir, strconv.Itoa(i))
		if err := os.Mkdir(home, 0o700); err != nil {
			return fmt.Errorf("make a home: %w", err)
		}
		cold, _, err := start(binary, home, 0)
		if err != nil {
			return err
		}
		warm, resident, err := start(binary, home, settle)
		if err != nil {
			return err
		}
		first, again, memory = append(first, cold), append(again, warm), append(memory, resident)
	}
	fmt.Printf("| | median of %d |\n|---|---|\n", rounds)
	fmt.Printf("| binary, stripped | %.1f MB |\n", float64(info.Size())/1e6)
	fmt.Printf("| first start, making and filling its database | %.0f ms |\n", median(first))
	fmt.Printf("| any later start, to the first good answer | %.0f ms |\n", median(again))
	fmt.Printf("| idle memory (resident) | %.1f MB |\n", median(memory))
	return nil
}

// start runs the server until it is ready, and rest longer. It returns the milliseconds from start to readiness
// and the resident megabytes at the end.
func start(binary, home string, rest time.Duration) (ms, megabytes float64, err error) {
	cmd := exec.Command(binary, "serve", "--addr", "127.0.0.1:0")
	cmd.Dir = home
	cmd.Env = []string{"LOG_LEVEL=ERROR"}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, 0, fmt.Errorf("read what the server prints: %w", err)
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, fmt.Errorf("start the server: %w", err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	url, err := address(out)
	if err != nil {
		return 0, 0, err
	}
	for {
		res, err := http.Get(url + "/health/ready")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Since(began) > time.Minute {
			return 0, 0, errors.New("the server does not become ready")
		}
		time.Sleep(time.Millisecond)
	}
	ms = float64(time.Since(began).Microseconds()) / 1000
	time.Sleep(rest)
	megabytes, err = resident(cmd.Process.Pid)
	return ms, megabytes, err
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

// resident reads how much memory a process has in use, from Linux.
func resident(pid int) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("memory is measured on Linux only: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1000, err
		}
	}
	return 0, errors.New("the system does not tell how much memory is in use")
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
