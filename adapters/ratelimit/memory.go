package ratelimit

import (
	"context"
	"hash/maphash"

	"github.com/toeic-app/toeic/ports"
)

// shards is how many locks share the keys.
const shards = 64

// Memory counts in this process alone. It needs no goroutine, may be used by many at once, and allocates for new keys
// only. A clock that is set back holds no key back for longer than its limit's window.
type Memory struct {
	clock  ports.Clock
	seed   maphash.Seed
	shards [shards]shard
}

// NewMemory returns a count of at most about so many keys, at about 80 bytes each besides the key itself. Beyond them
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
	v, _ := m.take(key, p)
	return v
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
	debt := s.settle(key, p, m.now())
	return p.verdict(p.admits(debt), debt)
}

// take counts an event unless the limit refuses it, and returns when that was, in nanoseconds since 1970. The clock is
// read under the lock, or else a late goroutine's time would look like a clock that was set back.
func (m *Memory) take(key string, p pace) (ports.Verdict, int64) {
	s := m.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	at := m.now()
	debt := s.settle(key, p, at)
	if !p.admits(debt) {
		return p.verdict(false, debt), at
	}
	debt += p.interval
	s.owe(key, debt, at)
	return p.verdict(true, debt), at
}

// learn brings the count up to what another one said to the event that take counted at this moment: an event that it
// refused did not happen, and the debt is no lower than the other one says.
func (m *Memory) learn(key string, p pace, at int64, said ports.Verdict) {
	s := m.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	debt := s.debt(key, at)
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
