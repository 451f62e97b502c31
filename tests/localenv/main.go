// Command localenv runs the PostgreSQL and Redis of a development machine:
//
//	go run ./tests/localenv up        # start both; what runs already stays
//	go run ./tests/localenv status    # exits 1 unless both run
//	go run ./tests/localenv env       # DATABASE_URL=… and REDIS_URL=… of what runs
//	go run ./tests/localenv down      # stop both; the data stays
//
// Where a container engine answers they are the containers of docker/compose.dev.yml, otherwise processes of their own
// with their files in .local. Only this machine reaches them, so their password is no secret. Run it in the root of the
// project. To use the servers in one command or in a whole shell:
//
//	env $(go run ./tests/localenv env) go run . serve
//	export $(go run ./tests/localenv env)
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run returns the exit code: 1 for a failure, 2 for a command line that makes no sense.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	e := environment{out: stdout, notes: stderr}
	flags := flag.NewFlagSet("localenv", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: go run ./tests/localenv [flags] up|down|status|env")
		flags.PrintDefaults()
	}
	flags.StringVar(&e.dir, "dir", ".local", "folder of the private servers' files")
	flags.BoolVar(&e.private, "private", false, "start processes even where a container engine answers")
	flags.IntVar(&e.postgresPort, "postgres-port", 55432, "port of PostgreSQL on 127.0.0.1")
	flags.IntVar(&e.redisPort, "redis-port", 56379, "port of Redis on 127.0.0.1")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	commands := map[string]func(context.Context) error{"up": e.up, "down": e.down, "status": e.status, "env": e.env}
	command, ok := commands[flags.Arg(0)]
	if !ok || flags.NArg() != 1 {
		flags.Usage()
		return 2
	}
	if err := e.locate(); err != nil {
		fmt.Fprintln(stderr, "localenv:", err)
		return 1
	}
	if err := command(ctx); err != nil {
		fmt.Fprintln(stderr, "localenv:", err)
		return 1
	}
	return 0
}
