package ratelimit_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/toeic-app/toeic/adapters/ratelimit"
	"github.com/toeic-app/toeic/ports"
	"github.com/toeic-app/toeic/ports/porttest"
)

const plenty = 200_000

var errAway = errors.New("away")

// stubborn never gives the shared count up, however slow the machine.
func stubborn() ratelimit.Patience {
	return ratelimit.Patience{Answer: time.Minute, Failures: 1 << 30, Pause: time.Hour}
}

// unreliable answers every n-th question only, if n is not zero.
type unreliable struct {
	inner ratelimit.Counter
	n     int64
	asked atomic.Int64
}

func (u *unreliable) down() bool { return u.n == 0 || u.asked.Add(1)%u.n != 0 }

func (u *unreliable) Take(ctx context.Context, key string, l ports.Limit) (ports.Verdict, error) {
	if u.down() {
		return ports.Verdict{}, errAway
	}
	return u.inner.Take(ctx, key, l)
}

func (u *unreliable) Look(ctx context.Context, key string, l ports.Limit) (ports.Verdict, error) {
	if u.down() {
		return ports.Verdict{}, errAway
	}
	return u.inner.Look(ctx, key, l)
}

func unchanged(t *testing.T) func(error) {
	return func(reason error) { t.Errorf("reported: %v", reason) }
}

func TestMemoryKeepsTheContract(t *testing.T) {
	porttest.Limits(t, func(*testing.T) (ports.Limits, func(time.Duration)) {
		c := newClock()
		return ratelimit.NewMemory(c, plenty), c.advance
	})
}

func TestRedisKeepsTheContract(t *testing.T) {
	porttest.Limits(t, func(t *testing.T) (ports.Limits, func(time.Duration)) {
		c := newClock()
		return certain{t, onSharedRedis(t, c)}, c.advance
	})
}

func TestBothTogetherKeepTheContract(t *testing.T) {
	porttest.Limits(t, func(t *testing.T) (ports.Limits, func(time.Duration)) {
		c := newClock()
		far := certainly{t, onSharedRedis(t, c)}
		return ratelimit.NewShared(far, ratelimit.NewMemory(c, plenty), stubborn(), unchanged(t)), c.advance
	})
}

func TestTheContractHoldsWithoutRedis(t *testing.T) {
	porttest.Limits(t, func(t *testing.T) (ports.Limits, func(time.Duration)) {
		c := newClock()
		return ratelimit.NewShared(&unreliable{}, ratelimit.NewMemory(c, plenty), stubborn(), unchanged(t)), c.advance
	})
}

// Events that the shared count missed must neither come back as a fresh budget nor be lost.
func TestTheContractHoldsWhileRedisComesAndGoes(t *testing.T) {
	porttest.Limits(t, func(t *testing.T) (ports.Limits, func(time.Duration)) {
		c := newClock()
		far := &unreliable{inner: onSharedRedis(t, c), n: 2}
		return ratelimit.NewShared(far, ratelimit.NewMemory(c, plenty), stubborn(), unchanged(t)), c.advance
	})
}

// certainly fails the test where a counter that is there does not answer, as the process would cover it up.
type certainly struct {
	t     *testing.T
	inner ratelimit.Counter
}

func (c certainly) Take(ctx context.Context, key string, l ports.Limit) (ports.Verdict, error) {
	return certain(c).Take(ctx, key, l), nil
}

func (c certainly) Look(ctx context.Context, key string, l ports.Limit) (ports.Verdict, error) {
	return certain(c).Look(ctx, key, l), nil
}
