package seal_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/toeic-app/toeic/adapters/seal"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/ports"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

const reply = `{"access_token":"secret"}`

// memory is the least that keeps replies. It notes the calls that it does not act on.
type memory struct {
	kept  map[string][]byte
	calls []string
	fails error
}

func newMemory() *memory { return &memory{kept: map[string][]byte{}} }

func (m *memory) Claim(_ context.Context, key, fingerprint string, now time.Time, stale, keep time.Duration) ([]byte, error) {
	m.calls = append(m.calls, strings.Join([]string{"claim", key, fingerprint, now.String(), stale.String(), keep.String()}, " "))
	return m.kept[key], m.fails
}

func (m *memory) Keep(_ context.Context, key string, reply []byte) error {
	m.kept[key] = reply
	return m.fails
}

func (m *memory) Release(_ context.Context, key string) error {
	m.calls = append(m.calls, "release "+key)
	return m.fails
}

func (m *memory) Forget(_ context.Context, now time.Time) error {
	m.calls = append(m.calls, "forget "+now.String())
	return m.fails
}

func sealed(t *testing.T, secret string, inner ports.Replies) ports.Replies {
	t.Helper()
	key, err := seal.DeriveKey([]byte(strings.Repeat(secret, seal.KeySize)))
	if err != nil {
		t.Fatal(err)
	}
	return seal.New(key, inner)
}

func claim(t *testing.T, r ports.Replies, key string) ([]byte, error) {
	t.Helper()
	return r.Claim(t.Context(), key, "print", noon, time.Minute, time.Hour)
}

func keep(t *testing.T, r ports.Replies, key, reply string) {
	t.Helper()
	if err := r.Keep(t.Context(), key, []byte(reply)); err != nil {
		t.Fatal(err)
	}
}

func TestAReplyComesBackAsItWasAndIsNotReadableBetween(t *testing.T) {
	for _, reply := range []string{reply, "", strings.Repeat("secret", 100_000)} {
		inner := newMemory()
		r := sealed(t, "a", inner)
		keep(t, r, "k", reply)
		if bytes.Contains(inner.kept["k"], []byte("secret")) {
			t.Error("the store holds the reply itself")
		}
		got, err := claim(t, r, "k")
		if err != nil || got == nil || string(got) != reply {
			t.Errorf("reply of %d bytes comes back with %d, nil = %t, %v", len(reply), len(got), got == nil, err)
		}
	}
}

func TestEqualRepliesAreSealedDifferently(t *testing.T) {
	inner := newMemory()
	r := sealed(t, "a", inner)
	keep(t, r, "k", reply)
	first := inner.kept["k"]
	keep(t, r, "k", reply)
	if bytes.Equal(first, inner.kept["k"]) {
		t.Error("the store tells that they are equal")
	}
}

func TestAClaimWithoutAReplyHasNone(t *testing.T) {
	if got, err := claim(t, sealed(t, "a", newMemory()), "k"); got != nil || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAReplyThatCannotBeOpenedIsAnInternalError(t *testing.T) {
	for name, spoil := range map[string]func(*memory) string{
		"a changed byte":         func(m *memory) string { m.kept["k"][len(m.kept["k"])-1] ^= 1; return "k" },
		"a changed nonce":        func(m *memory) string { m.kept["k"][0] ^= 1; return "k" },
		"a missing byte":         func(m *memory) string { m.kept["k"] = m.kept["k"][:len(m.kept["k"])-1]; return "k" },
		"nothing left":           func(m *memory) string { m.kept["k"] = []byte{}; return "k" },
		"never sealed":           func(m *memory) string { m.kept["k"] = []byte(reply); return "k" },
		"moved to another's key": func(m *memory) string { m.kept["other"] = m.kept["k"]; return "other" },
	} {
		inner := newMemory()
		r := sealed(t, "a", inner)
		keep(t, r, "k", reply)
		got, err := claim(t, r, spoil(inner))
		if got != nil || err == nil || fault.KindOf(err) != "" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	inner := newMemory()
	keep(t, sealed(t, "a", inner), "k", reply)
	if got, err := claim(t, sealed(t, "b", inner), "k"); got != nil || err == nil || fault.KindOf(err) != "" {
		t.Errorf("another key: %q, %v", got, err)
	}
}

func TestWhatTheStoreRefusesIsPassedOn(t *testing.T) {
	inner := newMemory()
	r := sealed(t, "a", inner)
	keep(t, r, "k", reply)
	inner.fails = ports.ErrKeyReused
	got, err := claim(t, r, "k")
	if got != nil {
		t.Errorf("a refusal comes with a reply: %q", got)
	}
	for call, err := range map[string]error{
		"claim": err, "keep": r.Keep(t.Context(), "k", nil), "release": r.Release(t.Context(), "k"), "forget": r.Forget(t.Context(), noon),
	} {
		if !errors.Is(err, ports.ErrKeyReused) {
			t.Errorf("%s: %v", call, err)
		}
	}
}

func TestEveryArgumentReachesTheStore(t *testing.T) {
	inner := newMemory()
	r := sealed(t, "a", inner)
	if _, err := claim(t, r, "k"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Release(t.Context(), "k"), r.Forget(t.Context(), noon)); err != nil {
		t.Fatal(err)
	}
	want := "claim k print 2026-05-04 12:00:00 +0000 UTC 1m0s 1h0m0s, release k, forget 2026-05-04 12:00:00 +0000 UTC"
	if got := strings.Join(inner.calls, ", "); got != want {
		t.Errorf("calls: %s", got)
	}
}

// The derivation must never change, or no reply that was kept before an upgrade could be opened after it. The
// figure was computed apart from this package, by HMAC-SHA256 step by step as RFC 5869 has it.
func TestTheKeyIsDerivedByHKDF(t *testing.T) {
	key, err := seal.DeriveKey([]byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "9a5607ec531de4a59abd0a5bc5216790d6b6e5c05c37b9a22f9ff0bd00254f6a"
	if got := hex.EncodeToString(key[:]); got != want {
		t.Errorf("key %s", got)
	}
}

func TestAShortSecretGivesNoKey(t *testing.T) {
	for _, secret := range []string{"", strings.Repeat("a", seal.KeySize-1)} {
		if _, err := seal.DeriveKey([]byte(secret)); err == nil {
			t.Errorf("a secret of %d bytes gives a key", len(secret))
		}
	}
}
