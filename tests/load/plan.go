package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// kind is what a load generator sends.
type kind string

const (
	putAnswers kind = "answers" // PUT answers, a batch a request
	get        kind = "get"     // GET of the paths
	getKnown   kind = "known"   // the same with If-None-Match
)

// questionsPath is that of the questions of a seat's attempt.
const questionsPath = "/api/v1/attempts/" + ofAttempt + "/questions"

// ofAttempt stands in a path for the attempt of the seat.
const ofAttempt = "{attempt}"

// freshCursor stands in a path for the cursor of a stretch of a list that nobody asked for before. It is as long as one.
const freshCursor = "{never-asked-for-page}"

// plan is what the first process asks of the load generator.
type plan struct {
	Address string // host:port
	Kind    kind
	Seats   []seat // one for each connection
	Warm    time.Duration
	Length  time.Duration // of what is measured
	Tail    time.Duration // for how long load goes on afterwards
	Batch   int           // answers a request
	Items   int           // items of the attempt that are walked over
	Base    int64         // seq that all of this plan are above
	Tag     string        // for getKnown
	Paths   []string      // that are asked for in turn, with ofAttempt and freshCursor in them
	Bytes   int           // of a right reply to get; zero for whatever length
}

// seat is a learner as the load generator knows them.
type seat struct{ Token, Attempt string }

// outcome is what the load generator saw in the measured time.
type outcome struct {
	Requests int
	Fresh    int // of these, for what nobody asked for before
	Elapsed  time.Duration
	P50, P99 time.Duration
	Refused  int               // 503, which is no failure: the request was sent again
	Wrong    int               // replies that may not be
	First    string            // the first of them
	Last     []map[int]written // by seat: what was acknowledged last of each item, the warm-up included
	Written  int               // answers that were acknowledged, the warm-up included
}

// written is an answer that was acknowledged.
type written struct {
	Seq    int64
	Choice string
}

func (o outcome) perSecond() float64 { return float64(o.Requests) / o.Elapsed.Seconds() }

// worker is the first argument of a load generator.
const worker = "generate-load"

// generate runs a load generator in a process of its own. begun is called when its warm-up is over, ended when the
// measured time is, both with its process id.
func generate(ctx context.Context, p plan, begun, ended func(pid int) error) (outcome, error) {
	var out outcome
	self, err := os.Executable()
	if err != nil {
		return out, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, worker)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return out, fmt.Errorf("talk to the load generator: %w", err)
	}
	said, err := cmd.StdoutPipe()
	if err != nil {
		return out, fmt.Errorf("talk to the load generator: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return out, fmt.Errorf("start the load generator: %w", err)
	}
	pid := cmd.Process.Pid
	err = converse(in, said, p, &out, func() error { return begun(pid) }, func() error { return ended(pid) })
	if err := errors.Join(err, in.Close(), cmd.Wait()); err != nil {
		return out, fmt.Errorf("generate load: %w", err)
	}
	return out, nil
}

// converse hands the plan over, hears twice that a moment has come, and then how it went.
func converse(in io.Writer, said io.Reader, p plan, out *outcome, moments ...func() error) error {
	if err := json.NewEncoder(in).Encode(p); err != nil {
		return err
	}
	lines := json.NewDecoder(said)
	for _, moment := range moments {
		var now string
		if err := lines.Decode(&now); err != nil {
			return err
		}
		if err := moment(); err != nil {
			return err
		}
	}
	return lines.Decode(out)
}
