package cache

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"

	"github.com/toeic-app/toeic/domain/caching"
)

const (
	// answerTime is how long Redis may take for one answer.
	answerTime = 100 * time.Millisecond

	// borne is how many failures in a row are borne before Redis is left alone, and borneTime how long they must have lasted:
	// a process that is out of breath itself finds many questions late at once. With the heartbeat Redis is left alone
	// within a second, even when nobody asks for anything.
	borne     = 3
	borneTime = 300 * time.Millisecond

	// pauseTime is for how long it is left alone before one question tries it again.
	pauseTime = 500 * time.Millisecond

	// questions is how many may be with Redis at once, and queueTime for how long one waits for its turn. Having to wait
	// for each other says nothing about Redis and opens no breaker.
	questions = 64
	queueTime = 250 * time.Millisecond

	// quietTime is how long the same fault is not logged again.
	quietTime = time.Minute
)

var (
	errBusy  = errors.New("cache: too many questions to Redis at once")
	errApart = errors.New("cache: Redis is left alone for a moment")
)

// gate lets questions through to Redis while it answers, and counts and reports what is wrong with it.
type gate struct {
	breaker  *gobreaker.TwoStepCircuitBreaker[struct{}]
	patience time.Duration // with one question
	turns    chan struct{}
	terms    terms
	log      func(message string, err error)

	faults map[caching.Fault]*faultCount // never changes
}

type faultCount struct {
	n      atomic.Uint64
	mu     sync.Mutex
	logged time.Time
}

func newGate(patience time.Duration, log func(message string, err error)) *gate {
	g := &gate{patience: patience, turns: make(chan struct{}, questions), log: log, faults: map[caching.Fault]*faultCount{}}
	for _, f := range caching.Faults() {
		g.faults[f] = &faultCount{}
	}
	var reason error // guarded by the breaker's lock, which it holds while it calls any of these
	good := time.Now()
	g.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout:     pauseTime,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= borne && time.Since(good) >= borneTime },
		IsSuccessful: func(err error) bool {
			if reason = err; silent(err) {
				return false
			}
			good = time.Now()
			return true
		},
		OnStateChange: func(_ string, from, to gobreaker.State) {
			switch {
			case from == gobreaker.StateClosed:
				log("Redis does not answer the caches; they do without it", reason)
			case to == gobreaker.StateClosed:
				log("Redis answers the caches again", nil)
			}
		},
	})
	return g
}

// ask puts a question to Redis, unless that is being left alone. The question ends soon, whatever the caller's context
// allows, and does not end when the caller goes.
func (g *gate) ask(ctx context.Context, question func(ctx context.Context) error) error {
	if err := g.turn(); err != nil {
		return err
	}
	defer func() { <-g.turns }()
	done, err := g.breaker.Allow()
	if err != nil {
		return errApart
	}
	err = question(g.terms.patient(ctx, g.patience))
	if errors.Is(err, redis.Nil) {
		err = nil
	}
	done(err)
	if err != nil {
		g.note(faultOf(err), err)
	}
	return err
}

// insist asks again when Redis is slow, for as long as the breaker allows: where to go on without the answer could mean
// that every process loads what one should.
func (g *gate) insist(ctx context.Context, question func(ctx context.Context) error) error {
	for {
		if err := g.ask(ctx, question); !slow(err) || ctx.Err() != nil {
			return err
		}
	}
}

// turn waits for a turn.
func (g *gate) turn() error {
	select {
	case g.turns <- struct{}{}:
		return nil
	default:
	}
	late := time.NewTimer(queueTime)
	defer late.Stop()
	select {
	case g.turns <- struct{}{}:
		return nil
	case <-late.C:
		g.note(caching.Slow, errBusy)
		return errBusy
	}
}

// note counts a fault, and reports it unless that was done a moment ago.
func (g *gate) note(f caching.Fault, err error) {
	count := g.faults[f]
	count.n.Add(1)
	count.mu.Lock()
	now := time.Now()
	due := count.logged.IsZero() || now.Sub(count.logged) >= quietTime
	if due {
		count.logged = now
	}
	count.mu.Unlock()
	if due {
		g.log("a fault of Redis: "+string(f), err)
	}
}

func (g *gate) open() bool { return g.breaker.State() == gobreaker.StateOpen }

// faultOf tells faults apart.
func faultOf(err error) caching.Fault {
	var timeout net.Error
	var network *net.OpError
	switch {
	case errors.Is(err, errFrame), redis.HasErrorPrefix(err, "WRONGTYPE"):
		return caching.Corrupt
	case redis.IsOOMError(err), redis.HasErrorPrefix(err, "OOM"):
		return caching.OutOfMemory
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, redis.ErrPoolTimeout):
		return caching.Slow
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, redis.ErrClosed), errors.Is(err, syscall.ECONNRESET):
		return caching.Unreachable
	case cannotServe(err):
		return caching.Failing
	}
	return caching.OtherFault
}

// slow reports whether a question may be asked again: not if the breaker is open.
func slow(err error) bool {
	return err != nil && !errors.Is(err, errApart) && faultOf(err) == caching.Slow
}

func cannotServe(err error) bool {
	return redis.IsLoadingError(err) || redis.IsReadOnlyError(err) || redis.IsClusterDownError(err) || redis.IsMasterDownError(err) ||
		redis.IsTryAgainError(err) || redis.IsMaxClientsError(err) || redis.IsNoReplicasError(err) || redis.HasErrorPrefix(err, "NOREPLICAS")
}

// silent reports whether an error means that Redis is of no use now, rather than that it refuses one thing.
func silent(err error) bool {
	if err == nil {
		return false
	}
	switch faultOf(err) {
	case caching.Slow, caching.Unreachable, caching.Failing:
		return true
	case caching.OutOfMemory, caching.Corrupt, caching.OtherFault:
	}
	return false
}
