package token_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/toeic-app/toeic/adapters/token"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

func TestWithoutKeysNothingIsSignedOrRead(t *testing.T) {
	a := newAccess(t)
	if _, err := a.Sign(session, user, noon, lifetime); err == nil {
		t.Error("a token is signed without a key")
	}
	signed := sign(t, newAccess(t, key("a")))
	if _, err := a.Session(signed, noon); !errors.Is(err, identity.ErrUnauthenticated) {
		t.Error(err)
	}
}

func TestANewKeySignsFromItsTimeOnAndTheOldOneIsRead(t *testing.T) {
	a := newAccess(t)
	use := func(keys ...ports.SigningKey) {
		t.Helper()
		if err := a.Use(keys); err != nil {
			t.Fatal(err)
		}
	}
	old := ports.SigningKey{Secret: key("a"), ActiveAt: noon.Add(-time.Hour)}
	next := ports.SigningKey{Secret: key("b"), ActiveAt: noon.Add(5 * time.Second)}
	use(old)
	before := sign(t, a)
	for _, order := range [][]ports.SigningKey{{old, next}, {next, old}} {
		use(order...)
		for after, want := range map[time.Duration]token.Key{0: key("a"), 5*time.Second - 1: key("a"), 5 * time.Second: key("b"), time.Hour: key("b")} {
			signed, err := a.Sign(session, user, noon.Add(after), lifetime)
			if err != nil || !strings.HasPrefix(signed, headOf(t, want)) {
				t.Errorf("after %s signed with another key: %v", after, err)
			}
		}
		if got, err := a.Session(before, noon); err != nil || got != session {
			t.Errorf("a token of the old key: %v, %v", got, err)
		}
	}
	use(next)
	if _, err := a.Session(before, noon); !errors.Is(err, identity.ErrUnauthenticated) {
		t.Errorf("the key is gone: %v", err)
	}
}

// headOf is how tokens that a key signed begin.
func headOf(t *testing.T, k token.Key) string {
	t.Helper()
	head, _, _ := strings.Cut(sign(t, newAccess(t, k)), ".")
	return head + "."
}

func TestKeysThatAreNotGoodDoNotReplaceThoseThatAre(t *testing.T) {
	a := newAccess(t, key("a"))
	signed := sign(t, a)
	for name, keys := range map[string][]ports.SigningKey{
		"none": nil, "a short one": {{Secret: []byte("short")}}, "one twice": {{Secret: key("b")}, {Secret: key("b")}},
	} {
		if a.Use(keys) == nil {
			t.Errorf("%s is used", name)
		}
		if _, err := a.Session(signed, noon); err != nil {
			t.Errorf("after %s: %v", name, err)
		}
	}
}

func TestAClockThatIsAMinuteBehindReadsFreshTokens(t *testing.T) {
	a := newAccess(t, key("a"))
	signed := sign(t, a)
	if _, err := a.Session(signed, noon.Add(-time.Minute)); err != nil {
		t.Error(err)
	}
}

func TestCodesAreSixDigitsOrFourGroups(t *testing.T) {
	c := &token.Codes{}
	seen := map[string]bool{}
	for range 200 {
		digits, err := c.Digits()
		if err != nil || !regexp.MustCompile(`^\d{6}$`).MatchString(digits) {
			t.Fatalf("%q, %v", digits, err)
		}
		recovery, err := c.Recovery()
		if err != nil || !regexp.MustCompile(`^([2-9A-HJKMNP-TV-Z]{4}-){3}[2-9A-HJKMNP-TV-Z]{4}$`).MatchString(recovery) || seen[recovery] {
			t.Fatalf("%q, %v", recovery, err)
		}
		seen[recovery], seen[digits] = true, true
	}
	if len(seen) < 390 {
		t.Errorf("only %d different codes", len(seen))
	}
}

func TestACodesHashNeedsItsKeyAndItsSubject(t *testing.T) {
	one, other := &token.Codes{}, &token.Codes{}
	one.Set(key("a"))
	other.Set(key("b"))
	hash := one.Hash("flow 1", "7GQK-2MXA-HP4T-9RWD")
	for _, same := range []string{"7gqk2mxahp4t9rwd", " 7GQK 2MXA HP4T 9RWD "} {
		if one.Hash("flow 1", same) != hash {
			t.Errorf("%q is another code", same)
		}
	}
	for name, differs := range map[string]string{
		"another key": other.Hash("flow 1", "7GQK-2MXA-HP4T-9RWD"), "another subject": one.Hash("flow 2", "7GQK-2MXA-HP4T-9RWD"),
		"another code": one.Hash("flow 1", "7GQK-2MXA-HP4T-9RWE"), "a shifted border": one.Hash("flow 1:7", "GQK-2MXA-HP4T-9RWD"),
	} {
		if differs == hash {
			t.Errorf("%s has the same hash", name)
		}
	}
}

func TestTheAuditLogsKeyIsMissedLoudly(t *testing.T) {
	var k token.AuditKey
	defer func() {
		if recover() == nil {
			t.Error("a hash was made without a key")
		}
	}()
	_ = k.Digest([]byte("x"))
}
