// Package gather lets concurrent calls share one piece of work, such as a transaction whose commit costs the same for
// one as for many. A call that comes alone is worked on at once; those that come while the workers are busy are worked on
// together by the first that is free.
package gather

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/toeic-app/toeic/ports"
)

// Config bounds a Gatherer.
type Config struct {
	Workers int           // pieces of work at once, each of which began when the one before let it
	Queue   int           // calls that may wait; more are refused
	Weight  int           // calls are gathered up to this sum of their weights; a heavier one is worked on alone
	Timeout time.Duration // of one piece of work
}

// Work does what several calls ask for and returns what to tell each, in their order. With an error nothing was done.
// It may call next when what is left to do is not its own, such as a database's: the next piece of work begins then. Until
// that, calls gather.
type Work[Call, Reply any] func(ctx context.Context, calls []Call, next func()) ([]Reply, error)

// Gatherer gathers calls. It is safe for concurrent use.
type Gatherer[Call, Reply any] struct {
	config  Config
	weigh   func(Call) int
	work    Work[Call, Reply]
	waiting chan *pending[Call, Reply]
	done    chan struct{}
	workers sync.WaitGroup
	baton   chan struct{}         // whoever has it may begin
	left    *pending[Call, Reply] // what did not fit into the last piece of work; whoever has the baton may touch it
}

// pending is a call that waits for its reply.
type pending[Call, Reply any] struct {
	ctx     context.Context //nolint:containedctx // the caller's, who waits
	call    Call
	reply   Reply
	err     error
	replied chan struct{}
}

// New starts the workers. weigh tells how heavy a call is, at least 1.
func New[Call, Reply any](c Config, weigh func(Call) int, work Work[Call, Reply]) *Gatherer[Call, Reply] {
	g := &Gatherer[Call, Reply]{
		config: c, weigh: weigh, work: work,
		waiting: make(chan *pending[Call, Reply], c.Queue), done: make(chan struct{}), baton: make(chan struct{}, 1),
	}
	g.baton <- struct{}{}
	for range c.Workers {
		g.workers.Go(g.run)
	}
	return g
}

// Close lets the workers finish what waits, and ends them. No call may come after it.
func (g *Gatherer[Call, Reply]) Close() {
	close(g.done)
	g.workers.Wait()
}

// Do has a call worked on and returns its reply. It returns ports.ErrBusy when too many wait already, and the error of
// the context when that ends first; whether the call was worked on is not known then.
func (g *Gatherer[Call, Reply]) Do(ctx context.Context, call Call) (Reply, error) {
	p := &pending[Call, Reply]{ctx: ctx, call: call, replied: make(chan struct{})}
	select {
	case g.waiting <- p:
	default:
		return p.reply, ports.ErrBusy
	}
	select {
	case <-p.replied:
		return p.reply, p.err
	case <-ctx.Done():
		var none Reply
		return none, ctx.Err()
	}
}

// run is the life of a worker.
func (g *Gatherer[Call, Reply]) run() {
	for {
		<-g.baton
		pass := sync.OnceFunc(func() { g.baton <- struct{}{} })
		batch := g.gather()
		if len(batch) == 0 {
			pass() // so that the others can end as well
			return
		}
		g.serve(batch, pass)
		pass()
	}
}

// first waits for a call; nil when there will be none.
func (g *Gatherer[Call, Reply]) first() *pending[Call, Reply] {
	if p := g.left; p != nil {
		g.left = nil
		return p
	}
	select {
	case p := <-g.waiting:
		return p
	case <-g.done:
	}
	select {
	case p := <-g.waiting:
		return p
	default:
		return nil
	}
}

// gather waits for a call and collects what else waits. It is for whoever has the baton.
func (g *Gatherer[Call, Reply]) gather() []*pending[Call, Reply] {
	first := g.first()
	if first == nil {
		return nil
	}
	batch, weight := []*pending[Call, Reply]{first}, g.weigh(first.call)
	for weight < g.config.Weight {
		select {
		case p := <-g.waiting:
			if weight += g.weigh(p.call); weight > g.config.Weight {
				g.left = p
				return batch
			}
			batch = append(batch, p)
		default: // to wait for more would only delay: they gather by themselves while this batch is worked on
			return batch
		}
	}
	return batch
}

// serve works on a batch and replies to each of it.
func (g *Gatherer[Call, Reply]) serve(batch []*pending[Call, Reply], next func()) {
	live := batch[:0]
	for _, p := range batch {
		if p.ctx.Err() != nil { // nobody waits for it any more
			p.err = p.ctx.Err()
			close(p.replied)
			continue
		}
		live = append(live, p)
	}
	if len(live) == 0 {
		return
	}
	err := g.together(live, next)
	switch {
	case err == nil:
	case len(live) == 1, errors.Is(err, ports.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		fail(live, err)
	default: // one of them may be to blame: the others shall not suffer
		for i := range live {
			if err := g.together(live[i:i+1], next); err != nil {
				fail(live[i:i+1], err)
			}
		}
	}
}

func fail[Call, Reply any](batch []*pending[Call, Reply], err error) {
	for _, p := range batch {
		p.err = err
		close(p.replied)
	}
}

// together does one piece of work; without an error all of the batch have their replies then.
func (g *Gatherer[Call, Reply]) together(batch []*pending[Call, Reply], next func()) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(batch[0].ctx), g.config.Timeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the work panicked: %v", v)
		}
	}()
	calls := make([]Call, len(batch))
	for i, p := range batch {
		calls[i] = p.call
	}
	replies, err := g.work(ctx, calls, next)
	if err != nil {
		return err
	}
	if len(replies) != len(batch) {
		return fmt.Errorf("%d replies to %d calls", len(replies), len(batch))
	}
	for i, p := range batch {
		p.reply = replies[i]
		close(p.replied)
	}
	return nil
}
