package cache

import (
	"context"
	"sync"
	"time"
)

// patience is a context that ends at a time and has the values of another. Unlike those of the standard library it sets
// no timer unless somebody waits for its end, which nobody does while a connection is at hand: connections go by the
// deadline. A timer for each question would be a large part of what the question costs.
type patience struct {
	context.Context
	until time.Time

	once sync.Once
	done chan struct{}
	end  *time.Timer
}

// patient returns a context for one question. Whoever asks it ends it by forgo.
func patient(ctx context.Context, longest time.Duration) *patience {
	return &patience{Context: context.WithoutCancel(ctx), until: time.Now().Add(longest)}
}

// Deadline implements context.Context.
func (p *patience) Deadline() (time.Time, bool) { return p.until, true }

// Done implements context.Context.
func (p *patience) Done() <-chan struct{} {
	p.once.Do(func() {
		p.done = make(chan struct{})
		p.end = time.AfterFunc(time.Until(p.until), func() { close(p.done) })
	})
	return p.done
}

// Err implements context.Context.
func (p *patience) Err() error {
	if time.Now().Before(p.until) {
		return nil
	}
	return context.DeadlineExceeded
}

// forgo frees the timer, if there is one.
func (p *patience) forgo() {
	p.once.Do(func() {})
	if p.end != nil {
		p.end.Stop()
	}
}
