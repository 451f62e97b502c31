package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/toeic-app/toeic/domain/identity"
)

func TestASessionLivesUntilItIsIdleTooLongOrRevoked(t *testing.T) {
	device := identity.Device{IP: "192.0.2.1", UserAgent: "Tests"}
	s := identity.OpenSession(id, user, identity.Proof{}, device, noon)
	want := identity.Session{
		ID: id, UserID: user, Device: device, CreatedAt: noon, LastSeenAt: noon, ExpiresAt: noon.Add(identity.SessionLifetime),
		ProvedAt: &noon,
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Error(diff)
	}
	for after, want := range map[time.Duration]bool{0: true, identity.SessionLifetime - tick: true, identity.SessionLifetime: false} {
		if got := s.Live(noon.Add(after)); got != want {
			t.Errorf("after %s live = %t", after, got)
		}
	}
	s.RevokedAt = new(noon.Add(time.Hour))
	if s.Live(noon) {
		t.Error("a revoked session lives")
	}
}

func TestARefreshProlongsASessionAndRemembersWhereItCameFrom(t *testing.T) {
	before := identity.OpenSession(id, user, identity.Proof{}, identity.Device{IP: "192.0.2.1"}, noon)
	later := noon.Add(identity.SessionLifetime - tick)
	device := identity.Device{IP: "192.0.2.2", UserAgent: "Another"}
	want := before
	want.Device, want.LastSeenAt, want.ExpiresAt = device, later, later.Add(identity.SessionLifetime)
	kept := before
	if diff := cmp.Diff(want, before.Renewed(device, later)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(kept, before); diff != "" {
		t.Errorf("the session itself was changed:\n%s", diff)
	}
}

func TestARefreshDoesNotReviveARevokedSession(t *testing.T) {
	s := identity.OpenSession(id, user, identity.Proof{}, identity.Device{}, noon)
	s.RevokedAt = &noon
	if s.Renewed(identity.Device{}, noon).Live(noon) {
		t.Error("it lives again")
	}
}

func TestAnAPITokenIsToldByItsPrefix(t *testing.T) {
	for bearer, want := range map[string]bool{
		"toeic_abc": true, "toeic_": true, "": false, "toeic": false, "Toeic_abc": false, " toeic_abc": false, "eyJhbGciOiJIUzI1NiJ9.e30.x": false,
	} {
		if got := identity.IsAPIToken(bearer); got != want {
			t.Errorf("%q = %t", bearer, got)
		}
	}
}

func TestAnAPITokenLivesForItsTimeUnlessRevoked(t *testing.T) {
	scopes := []identity.Scope{"admin:*"}
	got, err := identity.IssueToken(id, user, "deploy", "hash", scopes, time.Hour, noon)
	if err != nil {
		t.Fatal(err)
	}
	want := identity.APIToken{
		ID: id, UserID: user, Name: "deploy", Hash: "hash", Scopes: scopes, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for after, want := range map[time.Duration]bool{0: true, time.Hour - tick: true, time.Hour: false} {
		if live := got.Live(noon.Add(after)); live != want {
			t.Errorf("after %s live = %t", after, live)
		}
	}
	got.RevokedAt = new(noon.Add(time.Minute))
	if got.Live(noon) {
		t.Error("a revoked token lives")
	}
}

func TestAnAPITokenHasANameAndALifeTimeWithinLimits(t *testing.T) {
	for name, tc := range map[string]struct {
		name string
		ttl  time.Duration
		want []string // nil when it is good
	}{
		"the shortest name and life": {"a", time.Minute, nil},
		"the longest name and life":  {strings.Repeat("語", identity.MaxTokenName), identity.MaxTokenTTL, nil},
		"no name":                    {"", time.Hour, []string{"name length"}},
		"a name of 81 characters":    {strings.Repeat("a", identity.MaxTokenName+1), time.Hour, []string{"name length"}},
		"a life too short":           {"deploy", time.Minute - tick, []string{"ttl range"}},
		"a life too long":            {"deploy", identity.MaxTokenTTL + tick, []string{"ttl range"}},
		"an end before the start":    {"deploy", -time.Hour, []string{"ttl range"}},
		"everything wrong":           {"", 0, []string{"name length", "ttl range"}},
	} {
		got, err := identity.IssueToken(id, user, tc.name, "hash", []identity.Scope{"*"}, tc.ttl, noon)
		if tc.want == nil {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		refused(t, name, err, identity.ErrInvalidToken, tc.want...)
		if diff := cmp.Diff(identity.APIToken{}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAProofIsKeptWithItsTimeAndTheFactorApart(t *testing.T) {
	s := identity.OpenSession(id, user, identity.Proof{Factor: true}, identity.Device{}, noon)
	later := noon.Add(time.Hour)
	again := s.Proved(identity.Proof{}, later)
	if *again.ProvedAt != later || *again.FactorAt != noon || *s.ProvedAt != noon {
		t.Errorf("proved %v, with a factor %v; before %v", again.ProvedAt, again.FactorAt, s.ProvedAt)
	}
	if identity.OpenSession(id, user, identity.Proof{}, identity.Device{}, noon).FactorAt != nil {
		t.Error("a password is taken for a second factor")
	}
}

func TestASpentTokenMayComeBackWithinTheGrace(t *testing.T) {
	token := identity.RefreshToken{SpentAt: &noon}
	for after, want := range map[time.Duration]bool{0: false, identity.ReuseGrace: false, identity.ReuseGrace + tick: true, -time.Minute: false} {
		if got := token.Reused(noon.Add(after)); got != want {
			t.Errorf("after %s reused = %t", after, got)
		}
	}
	if (identity.RefreshToken{}).Reused(noon) {
		t.Error("an unspent token is reused")
	}
}
