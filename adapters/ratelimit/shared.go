package ratelimit

import (
	"context"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/toeic-app/toeic/ports"
)

// Counter is a count that several processes share, and that can be out of reach. Its methods are those of
// [ports.Limits] and end soon after their context does.
type Counter interface {
	Take(ctx context.Context, key string, l ports.Limit) (ports.Verdict, error)
	Look(ctx context.Context, key string, l ports.Limit) (ports.Verdict, error)
}

// Patience is how much of a silent Counter is borne.
type Patience struct {
	Answer   time.Duration // for one answer
	Failures int           // in a row, after which it is left alone
	Pause    time.Duration // until one event tries it again
}

// DefaultPatience delays a few requests by 50 ms when Redis goes away, and then one each second.
func DefaultPatience() Patience {
	return Patience{Answer: 50 * time.Millisecond, Failures: 3, Pause: time.Second}
}

// Shared counts each event in this process and with all others, and the stricter count decides; while the shared one
// is out of reach, that of the process does alone.
//
// The process learns from each answer what the shared count knows of the key, so whoever used up a limit finds none
// left when Redis goes away. What passed meanwhile stays counted here, so neither when it comes back, even if empty.
// A refusal by the process itself costs Redis nothing.
type Shared struct {
	far      Counter
	own      *Memory
	patience time.Duration
	breaker  *gobreaker.CircuitBreaker[ports.Verdict]
}

// NewShared calls changed with the reason when the shared count is given up for a while, and with nil when it answers
// again; not for each failed try. changed may be called by many goroutines, one at a time, and must not count events.
func NewShared(far Counter, own *Memory, p Patience, changed func(reason error)) *Shared {
	return &Shared{far: far, own: own, patience: p.Answer, breaker: newBreaker(p, changed)}
}

// Take implements [ports.Limits]. An event counts even if ctx ends: hanging up early is no way around a limit.
func (s *Shared) Take(ctx context.Context, key string, l ports.Limit) ports.Verdict {
	p, limited := paceOf(l)
	if !limited {
		return unlimited()
	}
	// What is learnt is dated to before the question. So the debt here is never higher than the one it stems from, and
	// the process is not the stricter one merely because the answer took its time.
	own, at := s.own.take(key, p)
	if !own.Allowed {
		return own
	}
	said, err := s.ask(ctx, func(ctx context.Context) (ports.Verdict, error) { return s.far.Take(ctx, key, l) })
	if err != nil {
		return own
	}
	s.own.learn(key, p, at, said)
	return stricter(own, said)
}

// Look implements [ports.Limits].
func (s *Shared) Look(ctx context.Context, key string, l ports.Limit) ports.Verdict {
	own := s.own.Look(ctx, key, l)
	if _, limited := paceOf(l); !limited || !own.Allowed {
		return own
	}
	said, err := s.ask(ctx, func(ctx context.Context) (ports.Verdict, error) { return s.far.Look(ctx, key, l) })
	if err != nil {
		return own
	}
	return stricter(own, said)
}

// ask puts a question to the shared count unless that is being left alone. Its failures need no log line each: the
// breaker reports when they matter.
func (s *Shared) ask(ctx context.Context, question func(context.Context) (ports.Verdict, error)) (ports.Verdict, error) {
	return s.breaker.Execute(func() (ports.Verdict, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.patience)
		defer cancel()
		return question(ctx)
	})
}

// stricter joins what two counts say, of which the process's own allows the event.
func stricter(own, said ports.Verdict) ports.Verdict {
	if !said.Allowed {
		return said
	}
	said.Remaining = min(said.Remaining, own.Remaining)
	said.ResetAfter = max(said.ResetAfter, own.ResetAfter)
	return said
}

func newBreaker(p Patience, changed func(reason error)) *gobreaker.CircuitBreaker[ports.Verdict] {
	var reason error // guarded by the breaker's lock, which it holds while it calls any of these
	return gobreaker.NewCircuitBreaker[ports.Verdict](gobreaker.Settings{
		Timeout:     p.Pause,
		ReadyToTrip: func(c gobreaker.Counts) bool { return int(c.ConsecutiveFailures) >= p.Failures },
		IsSuccessful: func(err error) bool {
			reason = err
			return err == nil
		},
		OnStateChange: func(_ string, from, to gobreaker.State) {
			switch {
			case from == gobreaker.StateClosed:
				changed(reason)
			case to == gobreaker.StateClosed:
				changed(nil)
			}
		},
	})
}

var (
	_ ports.Limits = (*Shared)(nil)
	_ Counter      = (*Redis)(nil)
)
