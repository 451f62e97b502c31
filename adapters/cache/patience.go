package cache

import (
	"context"
	"sync"
	"time"
)

// patience is a context that ends at a time, whatever becomes of another, of which it has the values. Connections go by
// its deadline. Its end, which the pool of connections waits for, is shared with others and comes up to termSlack after the
// deadline: to set a timer for each question, and to wake whoever looks after timers, would take a good part of the time
// of an answer.
type patience struct {
	context.Context
	until time.Time
	done  <-chan struct{}
}

// Deadline implements context.Context.
func (p *patience) Deadline() (time.Time, bool) { return p.until, true }

// Done implements context.Context.
func (p *patience) Done() <-chan struct{} { return p.done }

// Err implements context.Context.
func (p *patience) Err() error {
	select {
	case <-p.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// termSlack is how much later a channel may be closed than it was asked for.
const termSlack = 20 * time.Millisecond

// terms are channels that are closed at times.
type terms struct {
	mu   sync.Mutex
	ends time.Time     // when the last of them is closed
	last chan struct{} // nil before the first
}

// patient returns a context for one question.
func (t *terms) patient(ctx context.Context, longest time.Duration) *patience {
	until := time.Now().Add(longest)
	return &patience{Context: ctx, until: until, done: t.after(until)}
}

// after returns a channel that is closed between a time and termSlack after it.
func (t *terms) after(until time.Time) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if late := t.ends.Sub(until); t.last != nil && late >= 0 && late <= termSlack {
		return t.last
	}
	done := make(chan struct{})
	ends := until.Add(termSlack)
	time.AfterFunc(time.Until(ends), func() { close(done) })
	t.ends, t.last = ends, done
	return done
}
