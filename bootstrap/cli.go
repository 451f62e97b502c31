package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes of the program.
const (
	exitDone   = 0
	exitFailed = 1 // it was understood but did not work out
	exitMisuse = 2 // it was not understood: a wrong command, flag, or setting
)

// Surroundings are what a process has from its surroundings; tests make their own.
type Surroundings struct {
	Stdin   io.Reader
	Stdout  io.Writer // results
	Stderr  io.Writer // logs and complaints
	Environ []string  // NAME=value
	Dir     string    // relative paths start here
}

// Process returns the surroundings of this process.
func Process() Surroundings {
	return Surroundings{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Environ: os.Environ(), Dir: "."}
}

// commandLine is every command, flag and help text.
type commandLine struct {
	ConfigFlags

	Serve   serveCommand `cmd:"" help:"Run the server. Needs no configuration on a development machine."`
	Migrate struct {
		Up     migrateUp     `cmd:"" help:"Apply all pending migrations."`
		Down   migrateDown   `cmd:"" help:"Take the newest migration back. What only the newer schema holds is lost."`
		Status migrateStatus `cmd:"" help:"List migrations and when they were applied."`
	} `cmd:"" help:"Change the database schema by hand; serve does it by itself."`
	Config struct {
		Check configCheck `cmd:"" help:"Show the effective configuration and every problem of it."`
	} `cmd:"" help:"Look at the configuration."`
	Admin struct {
		Create adminCreate `cmd:"" help:"Create an administrator's account."`
	} `cmd:"" help:"Manage administrators."`
	Token struct {
		Create tokenCreate `cmd:"" help:"Create an API token and print it, alone, on standard output."`
		List   tokenList   `cmd:"" help:"List the API tokens that can be used."`
		Revoke tokenRevoke `cmd:"" help:"Revoke an API token."`
	} `cmd:"" help:"Manage API tokens of operators and scripts."`
	Audit struct {
		Verify auditVerify `cmd:"" help:"Prove that no entry of the log of administrative changes was changed or removed."`
	} `cmd:"" help:"Look at the log of administrative changes."`
	Keys struct {
		Rotate keysRotate `cmd:"" help:"Sign access tokens with a new key, without logging anyone out."`
	} `cmd:"" help:"Manage the keys of the program."`
	Content struct {
		Validate contentValidate `cmd:"" help:"Check a content pack and report all its faults. Stores nothing."`
		Import   contentImport   `cmd:"" help:"Publish a content pack as an exam, or as a new revision of one."`
		List     contentList     `cmd:"" help:"List published exams."`
		Schema   contentSchema   `cmd:"" help:"Print the JSON Schema of exam.json."`
	} `cmd:"" help:"Manage exams and the content packs they come from."`
	Conversion struct {
		Import   conversionImport   `cmd:"" help:"Store a conversion table. A version never changes."`
		List     conversionList     `cmd:"" help:"List conversion tables and the exams that each scores."`
		Activate conversionActivate `cmd:"" help:"Make a conversion table score an exam from now on."`
	} `cmd:"" help:"Manage the tables that turn raw into scaled scores."`
	Question struct {
		List    questionList    `cmd:"" help:"List the questions of an exam with their keys."`
		Regrade questionRegrade `cmd:"" help:"Correct a wrong key, and score again who was scored by it."`
	} `cmd:"" help:"Correct wrong keys."`
	Attempt struct {
		Rescore attemptRescore `cmd:"" help:"Score attempts again from their stored answers and compare. Changes nothing."`
	} `cmd:"" help:"Look after attempts."`
	Jobs struct {
		List      jobsList      `cmd:"" help:"List jobs: letters, exports and other work that is done in the background."`
		Retry     jobsRetry     `cmd:"" help:"Try a job again that was given up."`
		Schedules jobsSchedules `cmd:"" help:"List recurring work."`
	} `cmd:"" help:"Look after background work."`
	Statistics struct {
		Show    statisticsShow    `cmd:"" help:"Show how the items of an exam work."`
		Refresh statisticsRefresh `cmd:"" help:"Compute the statistics of an exam now."`
	} `cmd:"" help:"Look at how exams and their items work."`
	Cache struct {
		Stats    cacheStats    `cmd:"" help:"Show how the caches do. Needs a token with cache:read."`
		Advanced cacheAdvanced `cmd:"" help:"Show how each family of keys does. Needs cache:read."`
		Health   cacheHealth   `cmd:"" help:"Show whether the tiers of the caches work; exits with 1 when one does not. Needs cache:read."`
		Warm     cacheWarm     `cmd:"" help:"Fill the caches with what will be asked for. Needs cache:manage, and cache:read to follow it."`
		Clear    cacheClear    `cmd:"" help:"Clear caches. Needs cache:manage."`
		TTL      struct {
			List  cacheTTLList  `cmd:"" default:"withargs" help:"List how long families of keys are kept. Needs cache:read."`
			Set   cacheTTLSet   `cmd:"" help:"Set how long a family of keys is kept, on every server, from now on. Needs cache:manage."`
			Reset cacheTTLReset `cmd:"" help:"Take a setting back. Needs cache:manage."`
		} `cmd:"" name:"ttl" help:"Change how long families of keys are kept."`
		Advice cacheAdvice `cmd:"" help:"Show what other settings would bring. Needs cache:read."`
	} `cmd:"" help:"Administer the caches of a server that runs, over its API."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

const description = `The TOEIC backend: practice tests, scores, and what to learn next, over a REST API.

Start with "toeic serve". Settings come from flags, the environment and a .env file, in that order.`

// misuse is an error of whoever gave the command.
type misuse struct{ error }

// Main runs one command and returns the exit code.
func Main(ctx context.Context, args []string, s Surroundings) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once

	exit := -1
	var line commandLine
	parser, err := kong.New(&line, kong.Name("toeic"), kong.Description(description),
		kong.Writers(s.Stdout, s.Stderr), kong.Exit(func(code int) { exit = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}), kong.UsageOnError())
	if err != nil {
		fmt.Fprintln(s.Stderr, "toeic:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	switch {
	case exit >= 0: // help was asked for and given
		return exit
	case err != nil:
		fmt.Fprintf(s.Stderr, "toeic: %v\nTry \"toeic --help\".\n", err)
		return exitMisuse
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	return report(parsed.Run(&run{surroundings: s, flags: line.ConfigFlags}), s.Stderr)
}

// report turns the outcome of a command into its exit code.
func report(err error, to io.Writer) int {
	if err == nil {
		return exitDone
	}
	fmt.Fprintln(to, "toeic:", err)
	var m misuse
	if errors.As(err, &m) {
		return exitMisuse
	}
	return exitFailed
}

// run is what every command has: its surroundings and the configuration.
type run struct {
	surroundings Surroundings
	flags        ConfigFlags
}

// source is where the settings of this run come from, with those of the command's own.
func (r *run) source(extra map[string]string) source {
	settings := r.flags.settings()
	for name, value := range extra {
		if value != "" {
			settings[name] = value
		}
	}
	return source{dir: r.surroundings.Dir, environ: r.surroundings.Environ, file: r.flags.EnvFile, flags: settings}
}

// config loads the configuration, with settings of the command's own, and lists all its problems at once.
func (r *run) config(extra map[string]string) (Config, error) {
	c, problems := r.source(extra).load()
	if len(problems) == 0 {
		return c, nil
	}
	list := ""
	for _, p := range problems {
		list += "\n  " + p.String()
	}
	return c, misuse{fmt.Errorf("the configuration has problems:%s", list)}
}

// printf writes a result.
func (r *run) printf(format string, args ...any) {
	fmt.Fprintf(r.surroundings.Stdout, format, args...)
}

// withStore runs fn on stores whose schema is left as it is.
func (r *run) withStore(ctx context.Context, fn func(*core) error) error {
	c, err := r.config(nil)
	if err != nil {
		return err
	}
	opened, err := openCore(ctx, c, newLogger(c, r.surroundings.Stderr))
	if err != nil {
		return err
	}
	return errors.Join(fn(opened), opened.close())
}

// withCore runs fn on stores that are up to date.
func (r *run) withCore(ctx context.Context, fn func(*core) error) error {
	return r.withStore(ctx, func(c *core) error {
		if err := c.migrate(ctx); err != nil {
			return err
		}
		return fn(c)
	})
}

// complain prints one line for each thing that is wrong.
func (r *run) complain(format string, args ...any) {
	fmt.Fprintf(r.surroundings.Stderr, format, args...)
}
