package bootstrap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/toeic-app/toeic/adapters/httpapi/cacheapi"
	"github.com/toeic-app/toeic/domain/caching"
)

// followPeriod is how often the progress of a run is asked for.
const followPeriod = 500 * time.Millisecond

// cancelTime bounds telling the server that its run is not wanted any more.
const cancelTime = 5 * time.Second

type cacheWarm struct {
	remoteFlags

	Patterns []string `arg:"" optional:"" name:"pattern" help:"Families such as content:*, quoted. Without any, everything is cleared first and all is loaded that can be."`
	NoWait   bool     `help:"Begin, and do not wait for the end."`
}

// Run fills the caches, follows the progress, and fails unless all of it worked. An interrupt ends the run on the server.
func (cmd *cacheWarm) Run(ctx context.Context, r *run) error {
	s, err := r.remote(cmd.remoteFlags)
	if err != nil {
		return err
	}
	var body any
	if len(cmd.Patterns) > 0 {
		body = map[string]any{"patterns": cmd.Patterns}
	}
	reply, run, err := s.run(ctx, "POST", cacheRoot+"/warm", body)
	if err != nil {
		return err
	}
	if !cmd.NoWait {
		if reply, run, err = r.follow(ctx, s, reply, run); err != nil {
			return err
		}
	}
	if err := shown(r, cmd.remoteFlags, reply, r.warmed); err != nil {
		return err
	}
	return outcome(run)
}

// run sends a request about a run.
func (s remote) run(ctx context.Context, method, path string, in any) ([]byte, cacheapi.RunReply, error) {
	var run cacheapi.RunReply
	reply, err := s.call(ctx, method, path, in)
	if err != nil {
		return nil, run, err
	}
	if err := json.Unmarshal(reply, &run); err != nil {
		return nil, run, fmt.Errorf("the reply cannot be read: %w", err)
	}
	return reply, run, nil
}

// follow asks for a run until it has ended. Progress goes to standard error: it is no result.
func (r *run) follow(ctx context.Context, s remote, reply []byte, run cacheapi.RunReply) ([]byte, cacheapi.RunReply, error) {
	path, told := cacheRoot+"/warm/"+run.ID.String(), ""
	for run.State == caching.Running {
		if line := progress(run); line != told {
			r.complain("%s\n", line)
			told = line
		}
		select {
		case <-ctx.Done():
			late, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
			defer stop()
			r.complain("ending the run %s\n", run.ID)
			return s.run(late, "DELETE", path, nil)
		case <-time.After(followPeriod):
		}
		var err error
		next, seen, err := s.run(ctx, "GET", path, nil)
		switch {
		case ctx.Err() != nil: // the next round ends it
		case err != nil:
			return nil, run, err
		default:
			reply, run = next, seen
		}
	}
	return reply, run, nil
}

// progress is one line about a run that is under way.
func progress(run cacheapi.RunReply) string {
	planned := 0
	for _, p := range run.Patterns {
		planned += p.Planned
	}
	return fmt.Sprintf("loaded %d of %d, %d failed", run.Loaded, planned, run.Failed)
}

func (r *run) warmed(run cacheapi.RunReply) {
	r.table(func(w io.Writer) {
		fmt.Fprintln(w, "pattern\tloaded\tof\tfailed\t")
		for _, pattern := range slices.Sorted(maps.Keys(run.Patterns)) {
			p := run.Patterns[pattern]
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\n", pattern, p.Loaded, p.Planned, p.Failed, p.Note)
		}
	})
	r.printf("%s: %s on %s, %d keys loaded\n", run.ID, run.State, run.Replica, run.Loaded)
}

// outcome is the failure of a run, or nil.
func outcome(run cacheapi.RunReply) error {
	switch {
	case run.State == caching.Running, run.State == caching.Done && run.Failed == 0:
		return nil
	case run.State == caching.Done:
		return fmt.Errorf("%d keys could not be loaded; the server's log says why", run.Failed)
	case run.State == caching.Cancelled:
		return errors.New("the run was cancelled")
	default:
		return fmt.Errorf("the run did not come to its end: %s", run.State)
	}
}
