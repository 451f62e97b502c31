// Command footprint measures what the program costs before anybody uses it: the size of the binary, the time
// from its start to its first good answer, and its memory when idle. It prints medians.
//
//	go run ./tests/footprint [-rounds 5]
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/toeic-app/toeic/tests/built"
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
	program, err := built.Program(dir)
	if err != nil {
		return err
	}
	info, err := os.Stat(program)
	if err != nil {
		return fmt.Errorf("look at the program: %w", err)
	}
	var first, again, memory []float64
	for i := range rounds {
		home := filepath.Join(dir, strconv.Itoa(i))
		cold, _, err := start(program, home, 0)
		if err != nil {
			return err
		}
		warm, resident, err := start(program, home, settle)
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
func start(program, home string, rest time.Duration) (ms, megabytes float64, err error) {
	s, err := built.Serve(program, home)
	if err != nil {
		return 0, 0, err
	}
	defer s.Kill()
	time.Sleep(rest)
	megabytes, err = s.Resident()
	return float64(s.Start.Microseconds()) / 1000, megabytes, err
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
