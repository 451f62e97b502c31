package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"
)

type serveCommand struct {
	Addr string `help:"Where to listen, host:port (SERVER_ADDRESS)." placeholder:"HOST:PORT"`
}

// Run serves until the process is told to stop.
func (cmd *serveCommand) Run(ctx context.Context, r *run) error {
	c, err := r.config(map[string]string{"SERVER_ADDRESS": cmd.Addr})
	if err != nil {
		return err
	}
	log := newLogger(c, r.surroundings.Stderr)
	app, err := Start(ctx, c, log)
	if err != nil {
		return err
	}
	log.Info("configuration", zap.Strings("settings", c.Effective()))
	r.printf("TOEIC backend %s\n\n  address      %s\n  API page     %s/docs\n  health       %s/health\n  database     %s\n\n"+
		"Make the first administrator with\n  %s admin create --email you@example.com\nStop with Ctrl-C.\n",
		version(), app.URL(), app.URL(), app.URL(), Address(c.database()), r.program())
	err = app.Run(ctx)
	return errors.Join(err, app.Close())
}

// program is how to call the program again with the same settings.
func (r *run) program() string {
	line := "toeic"
	if r.flags.DataDir != "" {
		line += " --data-dir " + r.flags.DataDir
	}
	if r.flags.DatabaseURL != "" {
		line += " --database-url …"
	}
	return line
}

type configCheck struct{}

// Run prints the effective configuration, then fails on its problems.
func (*configCheck) Run(r *run) error {
	c, err := r.config(nil)
	r.printf("%s\n", strings.Join(c.Effective(), "\n"))
	if err == nil {
		r.printf("\nThe configuration has no problem.\n")
	}
	return err
}

type versionCommand struct{}

// Run prints the version.
func (*versionCommand) Run(r *run) error {
	r.printf("toeic %s\n", version())
	return nil
}

type migrateUp struct{}

// Run applies what is pending.
func (*migrateUp) Run(ctx context.Context, r *run) error {
	return r.withStore(ctx, func(s *core) error {
		done, err := s.store.Migrate(ctx)
		for _, m := range done {
			r.printf("applied %s\n", m.Name)
		}
		if err == nil && len(done) == 0 {
			r.printf("nothing to apply\n")
		}
		return err
	})
}

type migrateDown struct{}

// Run takes one migration back.
func (*migrateDown) Run(ctx context.Context, r *run) error {
	return r.withStore(ctx, func(s *core) error {
		done, err := s.store.MigrateDown(ctx)
		for _, m := range done {
			r.printf("took back %s\n", m.Name)
		}
		if err == nil && len(done) == 0 {
			r.printf("nothing to take back\n")
		}
		return err
	})
}

type migrateStatus struct{}

// Run lists migrations.
func (*migrateStatus) Run(ctx context.Context, r *run) error {
	return r.withStore(ctx, func(s *core) error {
		all, err := s.store.Migrations(ctx)
		for _, m := range all {
			state := "pending"
			if m.AppliedAt != nil {
				state = "applied " + m.AppliedAt.Format(time.RFC3339)
			}
			r.printf("%-40s %s\n", m.Name, state)
		}
		return err
	})
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
	opened, err := r.core(ctx)
	if err != nil {
		return err
	}
	return errors.Join(fn(opened), opened.close())
}

// complain prints one line for each thing that is wrong.
func (r *run) complain(format string, args ...any) {
	fmt.Fprintf(r.surroundings.Stderr, format, args...)
}
