package token

import (
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"
)

// memoSize bounds how many good tokens are remembered; about 600 bytes each.
const memoSize = 32_768

// memo remembers tokens that were found good, because clients send the same one with every request, and to check its
// signature and claims takes ten times as long as to look it up. What it says holds for the keys that it was checked with.
type memo struct{ kept *lru.Cache[string, good] }

// good is what a token says.
type good struct {
	ring    *keyring
	session uuid.UUID
	until   time.Time
}

func newMemo() (memo, error) {
	kept, err := lru.New[string, good](memoSize)
	return memo{kept}, err
}

// session returns the session of a token that was checked with these keys and is not over.
func (m memo) session(token string, ring *keyring, now time.Time) (uuid.UUID, bool) {
	g, ok := m.kept.Get(token)
	if !ok || g.ring != ring || !now.Before(g.until) {
		return uuid.Nil, false
	}
	return g.session, true
}

func (m memo) keep(token string, g good) { m.kept.Add(token, g) }
