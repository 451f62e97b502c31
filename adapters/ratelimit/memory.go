package ratelimit

import (
	"context"
	"hash/maphash"

	"github.com/toeic-app/toeic/ports"
)

// shards is how many locks share the keys.
const shards = 64

// Memory counts in this process alone. It needs no goroutine, may be used by many at once, and allocates for new keys
// only. When the clock is set back, debts last longer by as much, but never longer than their limit's window.
type Memory struct {
	clock  ports.Clock
	seed   maphash.Seed
	shards [shards]shard
}

// NewMemory returns a count of at most about so many keys, at roughly 150 bytes each and the key itself. Beyond them
// the key that is the first to be free of debt is forgotten. Whoever floods the count with new keys therefore frees
// none that is held back for longer than those.
func NewMemory(clock ports.Clock, keys int) *Memory {
	m := &Memory{clock: clock, seed: maphash.MakeSeed()}
	for i := range m.shards {
		m.shards[i].init(max(1, keys/shards))
	}
	return m
}

// Take implements [ports.Limits].
func (m *Memory) Take(_ context.Context, key string, l ports.Limit) ports.Verdict {
	p, limited := paceOf(l)
	if !limited {
		return unlimited()
	}
	return m.take(key, p, m.now())
}

// Look implements [ports.Limits].
func (m *Memory) Look(_ context.Context, key string, l ports.Limit) ports.Verdict {
	p, limited := paceOf(l)
	if !limited {
		return unlimited()
	}
	s := m.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	debt := s.debt(key, p, m.now())
	return p.verdict(p.admits(debt), debt)
}

// take counts an event that happened at this moment, in nanoseconds since 1970, unless the limit refuses it.
func (m *Memory) take(key string, p pace, at int64) ports.Verdict {
	s := m.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	debt := s.debt(key, p, at)
	if !p.admits(debt) {
		return p.verdict(false, debt)
	}
	debt += p.interval
	s.owe(key, debt, at)
	return p.verdict(true, debt)
}

// learn brings the count up to what another one said to the event that take has just counted at this moment: an event
// that it refused did not happen, and the debt is no lower than the other one says.
func (m *Memory) learn(key string, p pace, at int64, said ports.Verdict) {
	s := m.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	debt := s.debt(key, p, at)
	if !said.Allowed {
		debt -= p.interval
	}
	s.owe(key, max(debt, said.ResetAfter), at)
}

func (m *Memory) now() int64 { return m.clock.Now().UnixNano() }

func (m *Memory) shard(key string) *shard {
	return &m.shards[maphash.String(m.seed, key)%shards]
}

var _ ports.Limits = (*Memory)(nil)
