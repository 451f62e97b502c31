// Command load measures how fast the program is, next to what the machine could do at best in the same minutes. It
// builds the program, starts it on a private PostgreSQL that is as safe as in production and on a private Redis, sends
// load from a second process on loopback, and prints the medians of some rounds, in which the references take turns
// with what they are references for.
//
//	go run ./tests/load [-quick] [-rounds 3] [-only answers-32,sheet] [-json FILE|-]
//
// A figure that misses its target is no failure of the command; a wrong reply or a lost answer is.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	if err := start(); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// start is one of its processes: the command is also its own load generator, its own bare handler, and a reader of caches.
func start() error {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case worker:
			return generateLoad(os.Stdin, os.Stdout)
		case bareServer:
			return serveBytes(os.Stdin, os.Stdout)
		case misser:
			return readMissing(os.Stdin, os.Stdout)
		}
	}
	var o options
	flag.BoolVar(&o.quick, "quick", false, "short stretches and small tables, a few minutes in all")
	flag.IntVar(&o.rounds, "rounds", 3, "how often to repeat each measurement")
	flag.StringVar(&o.only, "only", "", "names of the scenarios to run, separated by commas: "+strings.Join(names(), ", "))
	flag.StringVar(&o.json, "json", "", "file to write the figures to as JSON; - is the standard output")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return o.run(ctx)
}

type options struct {
	quick  bool
	rounds int
	only   string
	json   string
}

// scenario is one or a few rows of the table.
type scenario struct {
	name string
	run  func(*bench, context.Context) ([]row, error)
}

func scenarios() []scenario {
	return []scenario{
		{"answers-32", func(b *bench, ctx context.Context) ([]row, error) { return b.answers(class, class, 0.65)(ctx) }},
		{"answers-256", func(b *bench, ctx context.Context) ([]row, error) { return b.answers(crowd, pgbenchCrowd, 1.2)(ctx) }},
		{"batch", (*bench).whole},
		{"submit", (*bench).submit},
		{"sheet", (*bench).sheet},
		{"hot", (*bench).hot},
		{"hits", (*bench).hits},
		{"misses", (*bench).misses},
		{"outage", (*bench).outages},
		{"sqlite", (*bench).embedded},
		{"growth", (*bench).growth},
	}
}

func names() []string {
	var all []string
	for _, s := range scenarios() {
		all = append(all, s.name)
	}
	return all
}

// chosen returns the scenarios of -only.
func (o options) chosen() ([]scenario, error) {
	if o.rounds < 1 {
		return nil, errors.New("-rounds has to be 1 or more")
	}
	if o.only == "" {
		return scenarios(), nil
	}
	wanted := strings.Split(o.only, ",")
	for _, name := range wanted {
		if !slices.Contains(names(), name) {
			return nil, fmt.Errorf("there is no scenario %q, but %s", name, strings.Join(names(), ", "))
		}
	}
	return slices.DeleteFunc(scenarios(), func(s scenario) bool { return !slices.Contains(wanted, s.name) }), nil
}

func (o options) run(ctx context.Context) (err error) {
	chosen, err := o.chosen()
	if err != nil {
		return err
	}
	began := time.Now()
	progress := func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
	}
	progress("building the program, starting PostgreSQL and Redis")
	s, err := setUp(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.tearDown()) }()
	b := &bench{stage: s, rounds: o.rounds, quick: o.quick, progress: progress}
	b.warm, b.length = lengths(o.quick)
	var rows []row
	for _, sc := range chosen {
		got, err := sc.run(b, ctx)
		if err != nil {
			printTable(os.Stderr, rows, "\nNot all was measured.")
			return fmt.Errorf("%s: %w", sc.name, err)
		}
		rows = append(rows, got...)
	}
	return o.report(rows, b.footer(time.Since(began)))
}

func (b *bench) footer(took time.Duration) string {
	return fmt.Sprintf(`
Medians of %d rounds of %v, made in %v by go run ./tests/load on %d processors, which server, database and load
generator share. PostgreSQL with fsync=on, synchronous_commit=on and full_page_writes=on, otherwise its defaults; the
server as shipped, but without rate limits (RATE_LIMIT_…=0) and with LOG_LEVEL=ERROR. µs are of a processor for one
request; the peak is of the server's memory since its start. Every acknowledged answer was found in the database. The
bare handler collects its garbage as seldom as the server does (GC percent %d), and takes turns with it, %d in a round:
their ratio is the median of those of neighbouring turns.`,
		b.rounds, b.length, took.Round(time.Second), runtime.NumCPU(), seldom, turns)
}

// report prints the table, and the JSON where it is wanted; on the standard output it is alone.
func (o options) report(rows []row, footer string) error {
	table := io.Writer(os.Stdout)
	switch o.json {
	case "":
	case "-":
		table = os.Stderr
		if err := printJSON(os.Stdout, rows); err != nil {
			return err
		}
	default:
		file, err := os.Create(o.json)
		if err != nil {
			return fmt.Errorf("write the figures: %w", err)
		}
		if err := errors.Join(printJSON(file, rows), file.Close()); err != nil {
			return fmt.Errorf("write the figures: %w", err)
		}
	}
	printTable(table, rows, footer)
	return nil
}
