package bootstrap

import (
	"context"
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

// Run fills the caches, follows the progress, and fails unless all of it worked. An interrupt ends the run on the server, if this
// command began it.
func (cmd *cacheWarm) Run(ctx context.Context, r *run) error {
	s, err := r.remote(cmd.remoteFlags)
	if err != nil {
		return err
	}
	var body any
	if len(cmd.Patterns) > 0 {
		body = map[string]any{"patterns": cmd.Patterns}
	}
	reply, err := s.call(ctx, "POST", cacheRoot+"/warm", body)
	if err != nil {
		return err
	}
	started, err := read[cacheapi.StartedReply](reply)
	if err != nil {
		return err
	}
	if !started.Begun {
		r.complain("the same is under way already; it goes on if you interrupt this\n")
	}
	if !cmd.NoWait {
		if reply, err = r.follow(ctx, s, reply, started); err != nil {
			return err
		}
	}
	run, err := shown(r, cmd.remoteFlags, reply, r.warmed)
	if err != nil {
		return err
	}
	return outcome(run)
}

// run sends a request about a run.
func (s remote) run(ctx context.Context, method, path string) ([]byte, cacheapi.RunReply, error) {
	reply, err := s.call(ctx, method, path, nil)
	if err != nil {
		return nil, cacheapi.RunReply{}, err
	}
	run, err := read[cacheapi.RunReply](reply)
	return reply, run, err
}

// errGoesOn is an interrupt of following a run that somebody else began.
var errGoesOn = errors.New("interrupted; the run goes on, as somebody else began it")

// follow asks for a run until it has ended, and returns the last reply. Progress goes to standard error: it is no result.
// An interrupt ends a run that was begun here.
func (r *run) follow(ctx context.Context, s remote, reply []byte, started cacheapi.StartedReply) ([]byte, error) {
	run := started.RunReply
	path, told := cacheRoot+"/warm/"+run.ID.String(), ""
	for run.State == caching.Running {
		if line := progress(run); line != told {
			r.complain("%s\n", line)
			told = line
		}
		select {
		case <-ctx.Done():
			if !started.Begun {
				return nil, errGoesOn
			}
			late, stop := context.WithTimeout(context.WithoutCancel(ctx), cancelTime)
			defer stop()
			r.complain("ending the run %s\n", run.ID)
			reply, _, err := s.run(late, "DELETE", path)
			return reply, err
		case <-time.After(followPeriod):
		}
		next, seen, err := s.run(ctx, "GET", path)
		switch {
		case ctx.Err() != nil: // the next round ends it
		case err != nil:
			return nil, err
		default:
			reply, run = next, seen
		}
	}
	return reply, nil
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
	r.printf("%s: %s on %s, %d keys loaded%s\n", run.ID, run.State, run.Replica, run.Loaded, farText(run.Far))
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
