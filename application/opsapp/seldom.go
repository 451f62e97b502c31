package opsapp

import (
	"context"
	"sync"
	"time"

	"github.com/toeic-app/toeic/ports"
)

// Seldom asks a probe at most once in a while, whoever asks, and repeats its last answer meanwhile; for dependencies to
// which every question costs something, such as a mail server.
type Seldom struct {
	Probe ports.Probe
	Clock ports.Clock
	Every time.Duration

	mu    sync.Mutex
	asked time.Time
	last  error
}

// Name implements ports.Probe.
func (s *Seldom) Name() string { return s.Probe.Name() }

// Check implements ports.Probe. Until the first answer is there everybody hears that all is well.
func (s *Seldom) Check(ctx context.Context) error {
	if err, fresh := s.claim(); fresh {
		return err
	}
	err := s.Probe.Check(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = err
	return err
}

// claim returns the last answer, or makes the caller the one who asks.
func (s *Seldom) claim() (error, bool) { //nolint:revive // an outcome and whether it counts, not a failure
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Clock.Now()
	if !s.asked.IsZero() && now.Sub(s.asked) < s.Every {
		return s.last, true
	}
	s.asked = now
	return nil, false
}
