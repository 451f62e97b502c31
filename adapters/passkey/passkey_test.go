package passkey_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/passkey"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// clock stands still until a test moves it.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

const (
	site   = "toeic.example"
	origin = "https://app.toeic.example"
)

func ann() identity.User {
	return identity.User{
		ID: uuid.UUID{0: 1, 15: 1}, Email: "ann@example.com",
		Profile: identity.Profile{DisplayName: "Ann"},
	}
}

func bob() identity.User { return identity.User{ID: uuid.UUID{0: 1, 15: 2}, Email: "bob@example.com"} }

func newPasskeys(tb testing.TB, now *clock) *passkey.Passkeys {
	tb.Helper()
	p, err := passkey.New(passkey.Config{
		ID: site, Name: "TOEIC", Origins: []string{origin, "https://toeic.example:8443"}, Clock: now,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// device is a browser with an authenticator that holds one passkey.
type device struct {
	page virtualwebauthn.RelyingParty // where the browser is
	auth virtualwebauthn.Authenticator
	cred virtualwebauthn.Credential
}

func newDevice() *device {
	return &device{
		page: virtualwebauthn.RelyingParty{ID: site, Origin: origin},
		auth: virtualwebauthn.NewAuthenticator(),
		cred: newCredential(virtualwebauthn.KeyTypeEC2),
	}
}

// newCredential passes over keys that the software authenticator writes wrongly: it leaves out leading zeros of the
// coordinates, which one in 128 has.
func newCredential(kind virtualwebauthn.KeyType) virtualwebauthn.Credential {
	const whole = 77 // bytes of an ES256 key with both coordinates
	for {
		c := virtualwebauthn.NewCredential(kind)
		if kind != virtualwebauthn.KeyTypeEC2 || len(c.Key.AttestationData()) == whole {
			return c
		}
	}
}

// create answers the options of a registration.
func (d *device) create(tb testing.TB, options json.RawMessage) json.RawMessage {
	tb.Helper()
	parsed, err := virtualwebauthn.ParseAttestationOptions(string(options))
	if err != nil {
		tb.Fatal(err)
	}
	d.auth.Options.UserHandle = []byte(parsed.UserID)
	return json.RawMessage(virtualwebauthn.CreateAttestationResponse(d.page, d.auth, d.cred, *parsed))
}

// get answers the options of a login.
func (d *device) get(tb testing.TB, options json.RawMessage) json.RawMessage {
	tb.Helper()
	parsed, err := virtualwebauthn.ParseAssertionOptions(string(options))
	if err != nil {
		tb.Fatal(err)
	}
	return json.RawMessage(virtualwebauthn.CreateAssertionResponse(d.page, d.auth, d.cred, *parsed))
}

// resigned returns an answer to a login with changes that the authenticator itself would have made.
func (d *device) resigned(tb testing.TB, answer json.RawMessage, change func(client map[string]any, authData []byte)) json.RawMessage {
	tb.Helper()
	return changed(tb, answer, func(_, response map[string]any) {
		var client map[string]any
		if err := json.Unmarshal(decoded(tb, response["clientDataJSON"]), &client); err != nil {
			tb.Fatal(err)
		}
		authData := decoded(tb, response["authenticatorData"])
		change(client, authData)
		clientData, err := json.Marshal(client)
		if err != nil {
			tb.Fatal(err)
		}
		hash := sha256.Sum256(clientData)
		digest := sha256.Sum256(append(authData, hash[:]...))
		signature, err := d.cred.Key.Sign(digest[:])
		if err != nil {
			tb.Fatal(err)
		}
		response["clientDataJSON"] = encoded(clientData)
		response["authenticatorData"] = encoded(authData)
		response["signature"] = encoded(signature)
	})
}

// changed returns an answer with changes in its fields and those of its response.
func changed(tb testing.TB, answer json.RawMessage, change func(fields, response map[string]any)) json.RawMessage {
	tb.Helper()
	var fields map[string]any
	if err := json.Unmarshal(answer, &fields); err != nil {
		tb.Fatal(err)
	}
	response, ok := fields["response"].(map[string]any)
	if !ok {
		tb.Fatalf("an answer without a response: %s", answer)
	}
	change(fields, response)
	out, err := json.Marshal(fields)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func encoded(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decoded(tb testing.TB, s any) []byte {
	tb.Helper()
	text, _ := s.(string)
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) == 0 {
		tb.Fatalf("%v: %v", s, err)
	}
	return b
}

// flipped changes one bit of a field in the middle.
func flipped(tb testing.TB, s any) string {
	tb.Helper()
	b := decoded(tb, s)
	b[len(b)/2] ^= 1
	return encoded(b)
}

// beginRegistration returns what a browser gets, and the state.
func beginRegistration(tb testing.TB, p *passkey.Passkeys, u identity.User, known ...identity.Passkey) (options json.RawMessage, state []byte) {
	tb.Helper()
	options, state, err := p.BeginRegistration(u, known)
	if err != nil {
		tb.Fatal(err)
	}
	return options, state
}

func beginLogin(tb testing.TB, p *passkey.Passkeys) (options json.RawMessage, state []byte) {
	tb.Helper()
	options, state, err := p.BeginLogin()
	if err != nil {
		tb.Fatal(err)
	}
	return options, state
}

// registered returns the passkey that the device has made for u, as a store would hold it.
func registered(tb testing.TB, p *passkey.Passkeys, d *device, u identity.User) identity.Passkey {
	tb.Helper()
	options, state := beginRegistration(tb, p, u)
	made, err := p.FinishRegistration(u, state, d.create(tb, options))
	if err != nil {
		tb.Fatal(err)
	}
	made.ID, made.UserID, made.Name, made.CreatedAt = uuid.UUID{15: 9}, u.ID, "phone", noon
	return made
}

// accounts finds those in it.
type accounts map[uuid.UUID][]identity.Passkey

func (a accounts) find(_ context.Context, id uuid.UUID) (identity.User, []identity.Passkey, error) {
	passkeys, ok := a[id]
	if !ok {
		return identity.User{}, nil, identity.ErrUserNotFound
	}
	return identity.User{ID: id}, passkeys, nil
}

// refused fails unless err is the one refusal that a client sees, and came without a passkey.
func refused(tb testing.TB, name string, got identity.Passkey, err error) {
	tb.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != identity.ErrPasskeyRefused.Code {
		tb.Errorf("%s: %v, want it refused", name, err)
	}
	if got.Credential != nil || got.Record != nil || got.ID != uuid.Nil {
		tb.Errorf("%s: a refusal comes with a passkey", name)
	}
}

func TestTheSiteMustBeOneThatBrowsersAccept(t *testing.T) {
	good := func() passkey.Config {
		return passkey.Config{ID: site, Name: "TOEIC", Origins: []string{origin}, Clock: &clock{noon}}
	}
	for name, c := range map[string]struct {
		change func(*passkey.Config)
		ok     bool
	}{
		"a subdomain":                       {func(*passkey.Config) {}, true},
		"the domain itself":                 {func(c *passkey.Config) { c.Origins = []string{"https://toeic.example"} }, true},
		"a port":                            {func(c *passkey.Config) { c.Origins = []string{"https://toeic.example:8443"} }, true},
		"localhost without TLS":             {func(c *passkey.Config) { c.ID, c.Origins = "localhost", []string{"http://localhost:8080"} }, true},
		"no clock":                          {func(c *passkey.Config) { c.Clock = nil }, false},
		"no name":                           {func(c *passkey.Config) { c.Name = " " }, false},
		"no relying party":                  {func(c *passkey.Config) { c.ID, c.Origins = "", []string{"https://."} }, false},
		"an address as the relying party":   {func(c *passkey.Config) { c.ID = "https://toeic.example" }, false},
		"a number as the relying party":     {func(c *passkey.Config) { c.ID, c.Origins = "127.0.0.1", []string{"http://127.0.0.1"} }, false},
		"a port in the relying party":       {func(c *passkey.Config) { c.ID, c.Origins = "localhost:80", []string{"http://localhost:80"} }, false},
		"no origin":                         {func(c *passkey.Config) { c.Origins = nil }, false},
		"an empty origin":                   {func(c *passkey.Config) { c.Origins = []string{origin, ""} }, false},
		"an origin elsewhere":               {func(c *passkey.Config) { c.Origins = []string{origin, "https://other.example"} }, false},
		"an origin that only ends the same": {func(c *passkey.Config) { c.Origins = []string{"https://nottoeic.example"} }, false},
		"an origin without TLS":             {func(c *passkey.Config) { c.Origins = []string{"http://toeic.example"} }, false},
		"an origin without a scheme":        {func(c *passkey.Config) { c.Origins = []string{"toeic.example"} }, false},
		"an origin with a path":             {func(c *passkey.Config) { c.Origins = []string{"https://toeic.example/app"} }, false},
		"an origin with a slash":            {func(c *passkey.Config) { c.Origins = []string{"https://toeic.example/"} }, false},
		"an origin that is no address":      {func(c *passkey.Config) { c.Origins = []string{"https://toeic.example:port"} }, false},
	} {
		config := good()
		c.change(&config)
		if p, err := passkey.New(config); (err == nil) != c.ok || (p != nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// tooLong is a good answer behind too many blanks.
func tooLong(answer json.RawMessage) json.RawMessage {
	return json.RawMessage(strings.Repeat(" ", passkey.MaxAnswer+1-len(answer)) + string(answer))
}

// longest is a good answer behind as many blanks as there may be.
func longest(answer json.RawMessage) json.RawMessage { return tooLong(answer)[1:] }
