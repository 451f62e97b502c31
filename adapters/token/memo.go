package token

import (
	"sync"
	"time"

	"github.com/google/uuid"
)

// memoSize bounds how many good tokens each of two generations remembers; about 600 bytes each.
const memoSize = 16_384

// memo remembers tokens that were found good, because clients send the same one with every request, and to check its
// signature and claims takes ten times as long as to look it up. What it says holds for the keys that it was checked with.
// When the young generation is full it becomes the old one, so that memory is bounded and what is used stays.
type memo struct {
	mu         sync.RWMutex
	young, old map[string]good
}

// good is what a token says.
type good struct {
	ring    *keyring
	session uuid.UUID
	until   time.Time
}

// session returns the session of a token that was checked with these keys and is not over.
func (m *memo) session(token string, ring *keyring, now time.Time) (uuid.UUID, bool) {
	m.mu.RLock()
	g, young := m.young[token]
	if !young {
		g = m.old[token]
	}
	m.mu.RUnlock()
	if g.ring == nil || g.ring != ring || !now.Before(g.until) {
		return uuid.Nil, false
	}
	if !young {
		m.keep(token, g)
	}
	return g.session, true
}

func (m *memo) keep(token string, g good) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.young == nil || len(m.young) >= memoSize {
		m.old, m.young = m.young, make(map[string]good, 64)
	}
	m.young[token] = g
}
