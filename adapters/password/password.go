// Package password hashes passwords with Argon2id, a few at a time.
//
// Each hash takes tens of milliseconds of one core and tens of megabytes by design. Without a bound on how many
// run, a burst of log-ins would take all memory; without a bound on how many wait, all patience.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"runtime"

	"golang.org/x/crypto/argon2"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

var _ ports.Passwords = (*Hasher)(nil)

// DefaultParams are what new hashes are made with: about 70 ms and 19 MiB each.
func DefaultParams() Params { return Params{Time: 2, Memory: 19 * 1024, Threads: 1} }

// defaultWaiting is how many may wait: some seconds' worth of hashes on a small machine, more than which nobody
// should wait for.
const defaultWaiting = 64

// Hasher hashes and verifies passwords. It is safe for concurrent use.
type Hasher struct {
	params Params
	turns  chan struct{} // holds one for each hash that is being made
	room   chan struct{} // holds one for each caller, waiting or working
	derive func(password, salt []byte, p Params, size uint32) []byte
}

// Option changes a Hasher from its defaults.
type Option func(*settings)

type settings struct {
	params           Params
	running, waiting int
}

// WithParams makes new hashes with p; those made with other parameters still verify.
func WithParams(p Params) Option { return func(s *settings) { s.params = p } }

// WithLimits allows that many hashes at a time, at least one, and that many callers waiting for their turn.
func WithLimits(running, waiting int) Option {
	return func(s *settings) { s.running, s.waiting = max(running, 1), max(waiting, 0) }
}

// New returns a Hasher that works on as many hashes at a time as there are processors to do so.
func New(options ...Option) *Hasher {
	s := settings{params: DefaultParams(), running: runtime.GOMAXPROCS(0), waiting: defaultWaiting}
	for _, set := range options {
		set(&s)
	}
	return &Hasher{
		params: s.params,
		turns:  make(chan struct{}, s.running),
		room:   make(chan struct{}, s.running+s.waiting),
		derive: argon2id,
	}
}

func argon2id(password, salt []byte, p Params, size uint32) []byte {
	return argon2.IDKey(password, salt, p.Time, p.Memory, p.Threads, size)
}

// Hash returns a PHC string of password with a new salt. It returns identity.ErrBusy when too many wait already.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	e := encoded{params: h.params, salt: make([]byte, saltSize), key: make([]byte, keySize)}
	if _, err := rand.Read(e.salt); err != nil {
		return "", fmt.Errorf("make a salt: %w", err)
	}
	key, err := h.work(ctx, password, e)
	if err != nil {
		return "", err
	}
	e.key = key
	return e.String(), nil
}

// Verify reports whether password belongs to hash, with the parameters that hash was made with. A hash that is
// none is an error, but the empty one, of an account that does not exist, takes as long as any and fits nothing.
func (h *Hasher) Verify(ctx context.Context, password, hash string) (bool, error) {
	known := encoded{params: h.params, salt: make([]byte, saltSize), key: make([]byte, keySize)}
	if hash != "" {
		var err error
		if known, err = parse(hash); err != nil {
			return false, fmt.Errorf("read a stored password hash: %w", err)
		}
	}
	key, err := h.work(ctx, password, known)
	if err != nil {
		return false, err
	}
	same := subtle.ConstantTimeCompare(key, known.key) == 1
	return same && hash != "", nil
}

// work derives a key of the size, and with the salt and parameters, of e when its turn has come.
func (h *Hasher) work(ctx context.Context, password string, e encoded) ([]byte, error) {
	select {
	case h.room <- struct{}{}:
		defer func() { <-h.room }()
	default:
		return nil, identity.ErrBusy
	}
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
	if err := ctx.Err(); err != nil { // the turn and the end came together
		return nil, fmt.Errorf("wait to hash a password: %w", err)
	}
	return h.derive([]byte(password), e.salt, e.params, uint32(len(e.key))), nil //nolint:gosec // at most maxKey bytes
}
