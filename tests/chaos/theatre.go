package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/toeic-app/toeic/tests/built"
	"github.com/toeic-app/toeic/tests/learners"
)

const (
	takers  = 8
	patient = 5 * time.Second // that a client waits for a reply
)

// theatre is a server with its database, and the people who keep it busy.
type theatre struct {
	name     string
	url      string // of the database
	program  string
	home     string
	settings []string
	log      *os.File
	server   *built.Server
	at       atomic.Pointer[learners.Server]
	exam     string
	takers   []*taker
	curious  []*learners.Learner // who order a copy of their data, one a round
	exports  []string            // that were acknowledged

	acknowledged, scored atomic.Int64

	mu       sync.Mutex
	restart  time.Time     // of what was killed; zero when nothing was
	recovery time.Duration // until the first success of a request that was sent after it; 0 until then
	healed   chan struct{} // closed by that success
	slowest  time.Duration // 503
	hasty    int           // 503 without Retry-After
	oddities int           // other failures of the server
	firstOdd string
}

// open starts the server and prepares its people. rounds is how often somebody will order an export.
func (t *theatre) open(ctx context.Context, form string, rounds int, random *rand.Rand) error {
	if err := os.MkdirAll(t.home, 0o700); err != nil {
		return err
	}
	var err error
	if t.log, err = os.OpenFile(filepath.Join(t.home, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return err
	}
	if err := t.start(); err != nil {
		return err
	}
	if err := built.Run(t.program, t.home, t.settings, "content", "import", form); err != nil {
		return err
	}
	people, err := learners.Seed(ctx, t.url, takers+rounds)
	if err != nil {
		return err
	}
	t.curious = people[takers:]
	for _, l := range people[:takers] {
		t.takers = append(t.takers, &taker{Learner: l, theatre: t, random: rand.New(rand.NewPCG(random.Uint64(), 0))})
	}
	if err := t.renew(ctx); err != nil {
		return err
	}
	t.exam, err = t.at.Load().FullForm(ctx, people[0])
	return err
}

// start starts the server, also after it was killed.
func (t *theatre) start() error {
	s, err := built.ServeTo(t.log, t.program, t.home, t.settings...)
	if err != nil {
		return fmt.Errorf("%w; its log is %s", err, t.log.Name())
	}
	t.server = s
	t.at.Store(&learners.Server{URL: s.URL, HTTP: http.Client{Timeout: patient, Transport: &http.Transport{MaxIdleConnsPerHost: takers}}})
	return nil
}

func (t *theatre) renew(ctx context.Context) error {
	all := make([]*learners.Learner, 0, takers)
	for _, one := range t.takers {
		all = append(all, one.Learner)
	}
	return t.at.Load().Renew(ctx, all)
}

func (t *theatre) close() error {
	if t.server != nil {
		t.server.Kill()
	}
	if t.log != nil {
		return t.log.Close()
	}
	return nil
}

// under runs act while all takers are at work, and returns when they have come to rest.
func (t *theatre) under(ctx context.Context, act func() error) error {
	stop := make(chan struct{})
	failed := make(chan error, takers)
	for _, one := range t.takers {
		go func() { failed <- one.work(ctx, stop) }()
	}
	err := act()
	close(stop)
	for range t.takers {
		err = errors.Join(err, <-failed)
	}
	return err
}

// again repeats what the first success after a recovery does not promise yet, for a few seconds.
func again(ctx context.Context, do func(context.Context) error) error {
	for end := time.Now().Add(patient); ; time.Sleep(retry) {
		err := do(ctx)
		if err == nil || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
	}
}

// order asks for the export of one of the curious who has none yet.
func (t *theatre) order(ctx context.Context) error {
	l := t.curious[len(t.exports)]
	if err := t.at.Load().Renew(ctx, []*learners.Learner{l}); err != nil {
		return err
	}
	var got struct{ ID string }
	err := t.at.Load().Want(ctx, l, http.StatusAccepted, &got, http.MethodPost, "/api/v1/users/me/exports", nil)
	if err == nil {
		t.exports = append(t.exports, got.ID)
	}
	return err
}

// restarting notes the moment in which what was killed is started again.
func (t *theatre) restarting() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.restart, t.recovery, t.healed = time.Now(), 0, make(chan struct{})
	return t.healed
}

// succeeded notes a success of a request that was sent at began.
func (t *theatre) succeeded(began time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.restart.IsZero() || began.Before(t.restart) {
		return
	}
	t.recovery, t.restart = time.Since(t.restart), time.Time{}
	close(t.healed)
}

func (t *theatre) refused(after time.Duration, told bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.slowest = max(t.slowest, after)
	if !told {
		t.hasty++
	}
}

func (t *theatre) odd(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.oddities++
	if t.firstOdd == "" {
		t.firstOdd = what
	}
}
