package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"go.uber.org/zap"

	"github.com/toeic-app/toeic/adapters/httpapi/devapi"
)

type serveCommand struct {
	Addr string `help:"Where to listen, host:port (SERVER_ADDRESS)." placeholder:"HOST:PORT"`
}

// Run serves until the process is told to stop.
func (cmd *serveCommand) Run(ctx context.Context, r *run) error {
	own := map[string]string{"SERVER_ADDRESS": cmd.Addr}
	c, err := r.config(own)
	if err != nil {
		return err
	}
	collectSeldom()
	log := newLogger(c, r.surroundings.Stderr)
	app, err := Start(ctx, c, log)
	if err != nil {
		return err
	}
	app.follow(r.source(own))
	log.Info("configuration", zap.Strings("settings", c.Effective()))
	letters := ""
	if app.core.outbox != nil {
		letters = fmt.Sprintf("  letters      %s%s\n", app.URL(), devapi.Path)
	}
	r.printf("TOEIC backend %s\n\n  address      %s\n  API page     %s/docs\n  health       %s/health\n  database     %s\n%s\n"+
		"Make the first administrator with\n  %s admin create --email you@example.com\nStop with Ctrl-C.\n",
		version(), app.URL(), app.URL(), app.URL(), Address(c.database()), letters, r.program())
	err = app.Run(ctx)
	return errors.Join(err, app.Close())
}

// seldom is how much the heap may grow between collections, in percent of what lives. Little lives here, and a tenth of
// the time of a busy server would go into looking at it again and again otherwise.
const seldom = 400

// collectSeldom sets the pace of the garbage collector, unless the operator did.
func collectSeldom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(seldom)
	}
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
