package passkey_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/passkey"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

const origin = "https://app.example.com"

// scene is a site, somebody with an authenticator, and the passkeys that the site knows of them.
type scene struct {
	t     *testing.T
	site  *passkey.Site
	rp    virtualwebauthn.RelyingParty
	auth  virtualwebauthn.Authenticator
	key   virtualwebauthn.Credential
	user  identity.User
	known []identity.Passkey
}

func newScene(t *testing.T) *scene {
	t.Helper()
	site, err := passkey.New(passkey.Config{Domain: "example.com", Name: "Test", Origins: []string{origin}})
	if err != nil {
		t.Fatal(err)
	}
	user := identity.User{ID: uuid.UUID{15: 1}, Email: "ann@example.com", Profile: identity.Profile{DisplayName: "Ann"}}
	return &scene{
		t: t, site: site, rp: virtualwebauthn.RelyingParty{ID: "example.com", Name: "Test", Origin: origin},
		auth: virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: user.ID[:]}),
		key:  newKey(), user: user,
	}
}

// newKey makes a credential whose public key is encoded in full: the authenticator of these tests drops leading zeros,
// which no real one does.
func newKey() virtualwebauthn.Credential {
	const whole = 77 // bytes of an encoded key on P-256
	for {
		if k := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2); len(k.Key.AttestationData()) == whole {
			return k
		}
	}
}

// attest begins a registration and lets the authenticator answer it.
func (s *scene) attest() (state []byte, answer json.RawMessage) {
	s.t.Helper()
	options, state, err := s.site.BeginRegistration(s.user, s.known)
	if err != nil {
		s.t.Fatal(err)
	}
	parsed, err := virtualwebauthn.ParseAttestationOptions(string(options))
	if err != nil {
		s.t.Fatal(err)
	}
	return state, json.RawMessage(virtualwebauthn.CreateAttestationResponse(s.rp, s.auth, s.key, *parsed))
}

func (s *scene) register() {
	s.t.Helper()
	state, answer := s.attest()
	k, err := s.site.FinishRegistration(s.user, state, answer)
	if err != nil {
		s.t.Fatal(err)
	}
	k.ID, k.Name = uuid.UUID{15: 9}, "laptop"
	s.known = append(s.known, k)
}

// assert begins a log-in and lets the authenticator answer it.
func (s *scene) assert() (state []byte, answer json.RawMessage) {
	s.t.Helper()
	options, state, err := s.site.BeginLogin()
	if err != nil {
		s.t.Fatal(err)
	}
	parsed, err := virtualwebauthn.ParseAssertionOptions(string(options))
	if err != nil {
		s.t.Fatal(err)
	}
	return state, json.RawMessage(virtualwebauthn.CreateAssertionResponse(s.rp, s.auth, s.key, *parsed))
}

func (s *scene) find(_ context.Context, id uuid.UUID) (identity.User, []identity.Passkey, error) {
	if id != s.user.ID {
		return identity.User{}, nil, identity.ErrUserNotFound
	}
	return s.user, s.known, nil
}

func (s *scene) login(state []byte, answer json.RawMessage) (identity.Passkey, error) {
	return s.site.FinishLogin(s.t.Context(), state, answer, s.find)
}

func (s *scene) refused(name string, err error) {
	s.t.Helper()
	if !errors.Is(err, identity.ErrPasskeyRefused) {
		s.t.Errorf("%s: %v", name, err)
	}
}

func TestAPasskeyIsRegisteredAndSignsItsOwnerIn(t *testing.T) {
	s := newScene(t)
	s.register()
	s.key.Counter = 7
	used, err := s.login(s.assert())
	if err != nil {
		t.Fatal(err)
	}
	if used.ID != s.known[0].ID || used.UserID != s.user.ID || used.Name != "laptop" || string(used.Credential) != string(s.key.ID) {
		t.Errorf("used %+v", used)
	}
	if string(used.Record) == string(s.known[0].Record) || !strings.Contains(string(used.Record), `"signCount":7`) {
		t.Errorf("the record was not brought up to date: %s", used.Record)
	}
}

func TestTheBrowserIsAskedForADiscoverableCredentialWithUserVerification(t *testing.T) {
	s := newScene(t)
	s.register()
	options, _, err := s.site.BeginRegistration(s.user, s.known)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		RP                     struct{ ID string }
		Challenge, Attestation string
		ExcludeCredentials     []struct{ ID, Type string }
		AuthenticatorSelection struct {
			ResidentKey, UserVerification string
			RequireResidentKey            bool
		}
		Timeout int
	}
	if err := json.Unmarshal(options, &got); err != nil {
		t.Fatal(err)
	}
	if a := got.AuthenticatorSelection; a.ResidentKey != "required" || !a.RequireResidentKey || a.UserVerification != "required" {
		t.Errorf("selection %+v", a)
	}
	if got.RP.ID != "example.com" || got.Attestation != "none" || len(got.ExcludeCredentials) != 1 || got.Timeout != 300_000 || len(got.Challenge) < 22 {
		t.Errorf("options %s", options)
	}
	options, _, err = s.site.BeginLogin()
	if err != nil || !strings.Contains(string(options), `"userVerification":"required"`) || strings.Contains(string(options), "allowCredentials") {
		t.Errorf("options %s, %v", options, err)
	}
}

func TestARegistrationThatIsNotGoodIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*scene) (user identity.User, state []byte, answer json.RawMessage){
		"another origin": func(s *scene) (identity.User, []byte, json.RawMessage) {
			s.rp.Origin = "https://evil.example"
			state, answer := s.attest()
			return s.user, state, answer
		},
		"another site": func(s *scene) (identity.User, []byte, json.RawMessage) {
			s.rp.ID = "evil.example"
			state, answer := s.attest()
			return s.user, state, answer
		},
		"no user verification": func(s *scene) (identity.User, []byte, json.RawMessage) {
			s.auth.Options.UserNotVerified = true
			state, answer := s.attest()
			return s.user, state, answer
		},
		"the state of another ceremony": func(s *scene) (identity.User, []byte, json.RawMessage) {
			state, _ := s.attest()
			_, answer := s.attest()
			return s.user, state, answer
		},
		"somebody else's ceremony": func(s *scene) (identity.User, []byte, json.RawMessage) {
			state, answer := s.attest()
			other := s.user
			other.ID = uuid.UUID{15: 2}
			return other, state, answer
		},
		"an answer to a log-in": func(s *scene) (identity.User, []byte, json.RawMessage) {
			state, _ := s.attest()
			_, answer := s.assert()
			return s.user, state, answer
		},
		"nothing": func(s *scene) (identity.User, []byte, json.RawMessage) {
			state, _ := s.attest()
			return s.user, state, nil
		},
		"too much": func(s *scene) (identity.User, []byte, json.RawMessage) {
			state, answer := s.attest()
			return s.user, state, json.RawMessage(strings.Replace(string(answer), "{", `{"padding":"`+strings.Repeat("a", 64<<10)+`",`, 1))
		},
	} {
		s := newScene(t)
		user, state, answer := spoil(s)
		_, err := s.site.FinishRegistration(user, state, answer)
		s.refused(name, err)
	}
}

func TestALogInThatIsNotGoodIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*scene) (state []byte, answer json.RawMessage){
		"another origin":       func(s *scene) ([]byte, json.RawMessage) { s.rp.Origin = "https://evil.example"; return s.assert() },
		"another site":         func(s *scene) ([]byte, json.RawMessage) { s.rp.ID = "evil.example"; return s.assert() },
		"no user verification": func(s *scene) ([]byte, json.RawMessage) { s.auth.Options.UserNotVerified = true; return s.assert() },
		"nobody present":       func(s *scene) ([]byte, json.RawMessage) { s.auth.Options.UserNotPresent = true; return s.assert() },
		"an unknown account": func(s *scene) ([]byte, json.RawMessage) {
			other := uuid.UUID{15: 2}
			s.auth.Options.UserHandle = other[:]
			return s.assert()
		},
		"a handle that is none": func(s *scene) ([]byte, json.RawMessage) { s.auth.Options.UserHandle = []byte("x"); return s.assert() },
		"an unknown passkey": func(s *scene) ([]byte, json.RawMessage) {
			s.key = newKey()
			return s.assert()
		},
		"another key under a known name": func(s *scene) ([]byte, json.RawMessage) {
			id := s.key.ID
			s.key = newKey()
			s.key.ID = id
			return s.assert()
		},
		"the state of another ceremony": func(s *scene) ([]byte, json.RawMessage) {
			state, _ := s.assert()
			_, answer := s.assert()
			return state, answer
		},
		"a changed signature": func(s *scene) ([]byte, json.RawMessage) {
			state, answer := s.assert()
			var fields map[string]any
			if err := json.Unmarshal(answer, &fields); err != nil {
				s.t.Fatal(err)
			}
			response, _ := fields["response"].(map[string]any)
			response["signature"] = "MEUCIQ" + response["signature"].(string)[6:]
			response["authenticatorData"] = strings.Repeat("A", len(response["authenticatorData"].(string)))
			changed, err := json.Marshal(fields)
			if err != nil {
				s.t.Fatal(err)
			}
			return state, changed
		},
		"garbage": func(s *scene) ([]byte, json.RawMessage) {
			state, _ := s.assert()
			return state, json.RawMessage(`{"id":"AAAA","type":"public-key"}`)
		},
	} {
		s := newScene(t)
		s.register()
		_, err := s.login(spoil(s))
		s.refused(name, err)
	}
}

func TestACounterThatDoesNotGrowTellsACopy(t *testing.T) {
	s := newScene(t)
	s.register()
	s.key.Counter = 7
	used, err := s.login(s.assert())
	if err != nil {
		t.Fatal(err)
	}
	s.known[0] = used
	s.key.Counter = 7
	_, err = s.login(s.assert())
	s.refused("the same counter", err)
	s.key.Counter = 8
	if _, err := s.login(s.assert()); err != nil {
		t.Errorf("the next counter: %v", err)
	}
}

func TestADatabaseThatIsDownIsNotAWrongPasskey(t *testing.T) {
	s := newScene(t)
	s.register()
	state, answer := s.assert()
	_, err := s.site.FinishLogin(t.Context(), state, answer, func(context.Context, uuid.UUID) (identity.User, []identity.Passkey, error) {
		return identity.User{}, nil, ports.ErrUnavailable
	})
	if !errors.Is(err, ports.ErrUnavailable) || errors.Is(err, identity.ErrPasskeyRefused) {
		t.Error(err)
	}
}

func TestASiteNeedsADomainAndOrigins(t *testing.T) {
	for _, c := range []passkey.Config{{Name: "Test", Origins: []string{origin}}, {Domain: "example.com", Name: "Test"}} {
		if _, err := passkey.New(c); err == nil {
			t.Errorf("%+v is a site", c)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	s := newScene(&testing.T{})
	_, attested := s.attest()
	_, asserted := s.assert()
	f.Add([]byte(attested))
	f.Add([]byte(asserted))
	f.Add([]byte(`{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		s := newScene(t)
		state, _ := s.attest()
		if _, err := s.site.FinishRegistration(s.user, state, answer); !errors.Is(err, identity.ErrPasskeyRefused) {
			t.Errorf("registration: %v", err)
		}
		state, _ = s.assert()
		if _, err := s.login(state, answer); !errors.Is(err, identity.ErrPasskeyRefused) {
			t.Errorf("log-in: %v", err)
		}
	})
}
