package entstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lib/pq"
)

// How soon a silent PostgreSQL is given up. Together they stay below a second, within which callers hear of it.
const (
	lookEvery  = 50 * time.Millisecond
	suspicious = 250 * time.Millisecond // of silence, while somebody waits for an answer
	probeTime  = 500 * time.Millisecond // to open a connection, as the sign of life that decides
	dialTime   = 700 * time.Millisecond
	credit     = 300 * time.Millisecond // that a sign of life is good for
	retryEvery = 100 * time.Millisecond // while it is down
)

// errDown says that PostgreSQL did not answer lately, and that nobody waits for it to.
var errDown = errors.New("the database does not answer")

// lifeline watches all connections to PostgreSQL. The driver waits for an answer for ever, whatever the context of its
// caller: to a process that is stopped, or behind a network that swallows everything, its connection looks well. So when
// somebody waits and no connection has brought anything for a while, a new connection is tried. If that gets no answer
// either, all connections are cut, which fails everybody who waits, and none is opened until one gets an answer again.
// A statement that takes long on a server that lives is left alone. A connection in use costs two looks at the clock for
// each read.
type lifeline struct {
	dialer net.Dialer
	prober *pq.Connector
	lost   func(reason error) // nil when it answers again
	epoch  time.Time
	heard  atomic.Int64 // when anything came, since the epoch
	down   atomic.Bool
	doubt  atomic.Bool // a connection could not be opened in time
	mu     sync.Mutex
	lines  map[*line]struct{}
	cancel context.CancelFunc
	done   chan struct{}
}

// newLifeline returns a connector whose connections are watched until close.
func newLifeline(url string, lost func(error)) (*lifeline, *pq.Connector, error) {
	prober, err := connectorOf(url, probeTime)
	if err != nil {
		return nil, nil, err
	}
	if lost == nil {
		lost = func(error) {}
	}
	life := &lifeline{
		dialer: net.Dialer{Timeout: dialTime}, prober: prober, lost: lost, epoch: time.Now(), lines: map[*line]struct{}{}, done: make(chan struct{}),
	}
	watched, err := life.connector(url)
	return life, watched, err
}

// connector returns one whose connections are watched until close.
func (l *lifeline) connector(url string) (*pq.Connector, error) {
	c, err := connectorOf(url, 0)
	if err != nil {
		return nil, err
	}
	c.Dialer(l)
	return c, nil
}

// connectorOf prepares connections; a timeout of zero leaves that to the URL.
func connectorOf(url string, timeout time.Duration) (*pq.Connector, error) {
	config, err := pq.NewConfig(url)
	if err != nil {
		return nil, errors.New("the database URL has an option that is not understood") // pq's words may hold the password
	}
	if timeout > 0 {
		config.ConnectTimeout = timeout
	}
	c, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, fmt.Errorf("prepare connections: %w", err)
	}
	return c, nil
}

// start begins to watch. Only close ends it.
func (l *lifeline) start(ctx context.Context) {
	ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go l.watch(ctx)
}

func (l *lifeline) close() {
	l.cancel()
	<-l.done
}

func (l *lifeline) now() int64 { return int64(time.Since(l.epoch)) }

// Dial implements pq.Dialer.
func (l *lifeline) Dial(network, address string) (net.Conn, error) {
	return l.DialTimeout(network, address, dialTime)
}

// DialTimeout implements pq.Dialer.
func (l *lifeline) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	d := l.dialer
	d.Timeout = min(d.Timeout, timeout)
	return l.watched(d.Dial(network, address))
}

// DialContext implements pq.DialerContext.
func (l *lifeline) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if l.down.Load() {
		return nil, errDown
	}
	return l.watched(l.dialer.DialContext(ctx, network, address))
}

func (l *lifeline) watched(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		var n net.Error
		if errors.As(err, &n) && n.Timeout() {
			l.doubt.Store(true)
		}
		return nil, err
	}
	c := &line{Conn: conn, life: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down.Load() { // since the caller looked
		return nil, errors.Join(errDown, conn.Close())
	}
	l.lines[c] = struct{}{}
	return c, nil
}

// watch looks again and again whether PostgreSQL is silent.
func (l *lifeline) watch(ctx context.Context) {
	defer close(l.done)
	pause := lookEvery
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = lookEvery
		switch err := l.look(ctx); {
		case ctx.Err() != nil:
			return
		case err != nil:
			l.cut(err)
			pause = retryEvery
		case l.down.CompareAndSwap(true, false):
			l.lost(nil)
		}
	}
}

// look returns why PostgreSQL is to be given up; nil when there is a sign of life, or nobody needs one.
func (l *lifeline) look(ctx context.Context) error {
	doubt := l.doubt.Swap(false)
	if !l.down.Load() && !doubt && !l.silent() {
		return nil
	}
	began := l.now()
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	conn, err := l.prober.Connect(ctx)
	var answer *pq.Error
	switch {
	case err == nil:
		_ = conn.Close()
	case errors.As(err, &answer):
		// It refuses, for whatever reason, but it lives, and says so to everybody who asks.
	case l.heard.Load() >= began:
		return nil // it spoke to somebody else meanwhile
	default:
		return err
	}
	l.heard.Store(l.now() + int64(credit-suspicious))
	return nil
}

// silent reports whether somebody has waited for a while, during which no connection brought anything.
func (l *lifeline) silent() bool {
	before := l.now() - int64(suspicious)
	if l.heard.Load() > before {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.lines {
		if since := c.since.Load(); since != 0 && since <= before {
			return true
		}
	}
	return false
}

// cut fails everybody who waits.
func (l *lifeline) cut(reason error) {
	first := l.down.CompareAndSwap(false, true)
	l.mu.Lock()
	lines := l.lines
	l.lines = map[*line]struct{}{}
	l.mu.Unlock()
	for c := range lines {
		_ = c.Conn.Close() // its reader hears of it
	}
	if first {
		l.lost(reason)
	}
}

// line is a connection that is watched.
type line struct {
	net.Conn
	life  *lifeline
	since atomic.Int64 // when its user began to wait for the other side; zero while nobody does
}

// Read implements net.Conn.
func (c *line) Read(b []byte) (int, error) {
	c.since.Store(c.life.now())
	n, err := c.Conn.Read(b)
	c.since.Store(0)
	if n > 0 {
		c.life.heard.Store(c.life.now())
	}
	return n, err
}

// Write implements net.Conn.
func (c *line) Write(b []byte) (int, error) {
	c.since.Store(c.life.now())
	n, err := c.Conn.Write(b)
	c.since.Store(0)
	return n, err
}

// Close implements net.Conn.
func (c *line) Close() error {
	c.life.mu.Lock()
	delete(c.life.lines, c)
	c.life.mu.Unlock()
	return c.Conn.Close()
}
