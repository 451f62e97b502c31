package web

import (
	"context"
	"sync"
	"time"
)

// deadline is a context that ends at a time, as that of [context.WithDeadline] does, but costs nothing until somebody
// waits for its end: most requests are answered from memory before anybody does, and a timer for each would be a good part
// of the work.
type deadline struct {
	context.Context // what it is part of
	at              time.Time

	mu     sync.Mutex
	timed  context.Context // has the timer, from when somebody waits
	cancel context.CancelFunc
	over   bool
}

// Deadline implements [context.Context].
func (d *deadline) Deadline() (time.Time, bool) {
	if outer, ok := d.Context.Deadline(); ok && outer.Before(d.at) {
		return outer, true
	}
	return d.at, true
}

// Done implements [context.Context].
func (d *deadline) Done() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.watch().Done()
}

// Err implements [context.Context].
func (d *deadline) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timed == nil && !d.over && d.Context.Err() == nil && time.Now().Before(d.at) {
		return nil
	}
	return d.watch().Err()
}

// Value implements [context.Context]. The context with the timer tells those who derive contexts what it is.
func (d *deadline) Value(key any) any {
	d.mu.Lock()
	timed := d.timed
	d.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return d.Context.Value(key)
}

// watch makes the context with the timer, once. The caller holds the lock.
func (d *deadline) watch() context.Context {
	if d.timed == nil {
		d.timed, d.cancel = context.WithDeadline(d.Context, d.at)
		if d.over {
			d.cancel()
		}
	}
	return d.timed
}

// end cancels the context, whoever waits.
func (d *deadline) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	if d.cancel != nil {
		d.cancel()
	}
}
