package integration

import (
	"encoding/json"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/google/uuid"
)

// ring is somebody's software authenticator.
type ring struct {
	site virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

func newRing(t *testing.T, user string) *ring {
	t.Helper()
	handle, err := uuid.Parse(user)
	if err != nil {
		t.Fatal(err)
	}
	r := &ring{
		site: virtualwebauthn.RelyingParty{ID: "localhost", Name: "Test", Origin: "http://localhost:3000"},
		auth: virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: handle[:]}),
	}
	for len(r.key.ID) == 0 || len(r.key.Key.AttestationData()) != 77 { // it drops leading zeros, which no real one does
		r.key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	return r
}

type ceremony struct {
	Flow    string `json:"flow_id"`
	Options json.RawMessage
}

func (r *ring) add(p person, name string) reply {
	p.t.Helper()
	var c ceremony
	p.want(201, &c, "POST", "/api/v1/users/me/passkeys/options", nil)
	options, err := virtualwebauthn.ParseAttestationOptions(string(c.Options))
	if err != nil {
		p.t.Fatal(err)
	}
	answer := virtualwebauthn.CreateAttestationResponse(r.site, r.auth, r.key, *options)
	return p.do("POST", "/api/v1/users/me/passkeys", map[string]any{"flow_id": c.Flow, "name": name, "credential": json.RawMessage(answer)})
}

// use answers a log-in ceremony.
func (r *ring) use(p person) map[string]any {
	p.t.Helper()
	var c ceremony
	person{t: p.t, server: p.server}.want(201, &c, "POST", "/api/v1/auth/passkeys/options", nil)
	options, err := virtualwebauthn.ParseAssertionOptions(string(c.Options))
	if err != nil {
		p.t.Fatal(err)
	}
	r.key.Counter++
	answer := virtualwebauthn.CreateAssertionResponse(r.site, r.auth, r.key, *options)
	return map[string]any{"flow_id": c.Flow, "credential": json.RawMessage(answer)}
}

func TestAPasskeySignsInAndIsASecondFactor(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir(), env: []string{"ADMIN_REQUIRE_MFA=true", "PASSKEY_DOMAIN=localhost", "PASSKEY_ORIGINS=http://localhost:3000"}}
	s := p.serve(t)
	p.must(t, password+"\n", "admin", "create", "--email", "chief@example.com", "--password-stdin")
	chief, me := s.login(t, "chief@example.com")
	nobody := person{t: t, server: s}
	r := newRing(t, me.User.ID)
	var added struct {
		Passkey struct{ ID, Name string }
		Codes   []string `json:"recovery_codes"`
	}
	got := r.add(chief, "laptop")
	if err := json.Unmarshal(got.body, &added); err != nil || got.status != 201 || added.Passkey.Name != "laptop" || len(added.Codes) != 10 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	chief.want(200, nil, "GET", "/api/v1/admin/sessions", nil) // the session has a second factor now
	if again := r.add(chief, "again"); again.status != 409 {
		t.Errorf("the same passkey again: %d %s", again.status, again.body)
	}

	var entered session
	answer := r.use(nobody)
	nobody.want(200, &entered, "POST", "/api/v1/auth/passkeys/login", answer)
	byKey := person{t: t, server: s, token: entered.AccessToken}
	byKey.want(200, nil, "GET", "/api/v1/admin/sessions", nil)
	nobody.refused(401, "passkey.refused", "POST", "/api/v1/auth/passkeys/login", answer) // a ceremony is over after one answer
	nobody.refused(401, "auth.mfa_required", "POST", "/api/v1/auth/login", map[string]any{"email": "chief@example.com", "password": password})
	byKey.want(204, nil, "POST", "/api/v1/auth/step-up", r.use(nobody))

	stranger, other := s.register(t)
	theirs := newRing(t, other.User.ID)
	theirs.add(stranger, "theirs")
	byKey.refused(401, "passkey.refused", "POST", "/api/v1/auth/step-up", theirs.use(nobody)) // somebody else's proof
	stranger.refused(404, "factor.not_found", "DELETE", "/api/v1/users/me/passkeys/"+added.Passkey.ID, nil)

	byKey.want(204, nil, "DELETE", "/api/v1/users/me/passkeys/"+added.Passkey.ID, nil)
	nobody.refused(401, "passkey.refused", "POST", "/api/v1/auth/passkeys/login", r.use(nobody))
	s.login(t, "chief@example.com") // with the last factor gone the password is enough
}
