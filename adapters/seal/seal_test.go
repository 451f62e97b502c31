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
	return seal.Replies(box(t, secret), inner)
}

// box makes a Box with a secret of each letter.
func box(t *testing.T, letters ...string) *seal.Box {
	t.Helper()
	var secrets [][]byte
	for _, l := range letters {
		secrets = append(secrets, []byte(strings.Repeat(l, seal.KeySize)))
	}
	b, err := seal.NewBox(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return b
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

func TestWhatIsSealedIsBoundToWhatItIsAbout(t *testing.T) {
	b := box(t, "a")
	sealed, err := b.Seal([]byte("secret"), "letter 1")
	if err != nil || bytes.Contains(sealed, []byte("secret")) {
		t.Fatalf("%q, %v", sealed, err)
	}
	if plain, err := b.Open(sealed, "letter 1"); err != nil || string(plain) != "secret" {
		t.Errorf("%q, %v", plain, err)
	}
	if plain, err := b.Open(sealed, "letter 2"); err == nil {
		t.Errorf("about something else: %q", plain)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if plain, err := b.Open(changed, "letter 1"); err == nil {
			t.Errorf("byte %d changed: %q", i, plain)
		}
	}
	for _, short := range [][]byte{nil, sealed[:3], sealed[:4], sealed[:len(sealed)-1]} {
		if _, err := b.Open(short, "letter 1"); err == nil {
			t.Errorf("%d bytes are opened", len(short))
		}
	}
}

func TestASecretIsReplacedByPuttingTheNewOneFirst(t *testing.T) {
	old, err := box(t, "a").Seal([]byte("x"), "about")
	if err != nil {
		t.Fatal(err)
	}
	both := box(t, "b", "a")
	if plain, err := both.Open(old, "about"); err != nil || string(plain) != "x" {
		t.Errorf("sealed under the old one: %q, %v", plain, err)
	}
	renewed, err := both.Seal([]byte("x"), "about")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := box(t, "b").Open(renewed, "about"); err != nil {
		t.Errorf("the new one alone: %v", err)
	}
	if _, err := box(t, "a").Open(renewed, "about"); err == nil {
		t.Error("the old one opens what the new one sealed")
	}
}

func TestKeysAreDerivedByPurposeAndTheSameInEveryProcess(t *testing.T) {
	derive := func(b *seal.Box, purpose string) string {
		key, err := b.Derive(purpose)
		if err != nil || len(key) != 32 {
			t.Fatalf("%d bytes, %v", len(key), err)
		}
		return hex.EncodeToString(key)
	}
	one := derive(box(t, "a"), "audit")
	if one != derive(box(t, "a"), "audit") || one != derive(box(t, "a", "b"), "audit") {
		t.Error("two processes derive two keys")
	}
	if one == derive(box(t, "a"), "codes") || one == derive(box(t, "b"), "audit") {
		t.Error("another purpose or secret derives the same key")
	}
}

// The derivations must never change, or nothing that was sealed before an upgrade could be opened after it. The text
// was sealed by the first version of this package.
func TestWhatTheFirstVersionSealedIsStillOpened(t *testing.T) {
	sealed, err := hex.DecodeString(firstSealed)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := box(t, "a").Open(sealed, "golden"); err != nil || string(plain) != "kept since the first version" {
		t.Errorf("%q, %v", plain, err)
	}
	key, err := box(t, "a").Derive("golden")
	if err != nil || hex.EncodeToString(key) != firstDerived {
		t.Errorf("%x, %v", key, err)
	}
}

const (
	firstSealed  = "fa04a289f51aad53468e578bf6dde2e5056c0be241e3e8046b1419db56f59e706d533d79528ba5a13d596eacb5fb2a77d336bc08adff8179bf8560f4"
	firstDerived = "a181250ba81dfc4730324fafc41139e136996e3a770d29abfb40fa779acf6f7f"
)

func TestAShortSecretGivesNoBox(t *testing.T) {
	for _, secrets := range [][][]byte{nil, {nil}, {bytes.Repeat([]byte("a"), seal.KeySize-1)}, {bytes.Repeat([]byte("a"), seal.KeySize), []byte("short")}} {
		if _, err := seal.NewBox(secrets...); err == nil {
			t.Errorf("%d secrets give a box", len(secrets))
		}
	}
}
