package oidc_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/toeic-app/toeic/adapters/oidc"
	"github.com/toeic-app/toeic/domain/identity"
)

var noon = time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// liar is a provider that says whatever a test wants. What an honest one does is tested against a real one, from
// outside the program.
type liar struct {
	t        *testing.T
	clock    *clock
	server   *httptest.Server
	key      *rsa.PrivateKey
	claims   jwt.MapClaims // beside or in place of honest ones; nil removes
	method   jwt.SigningMethod
	signing  any
	status   int
	asked    atomic.Int32 // for what it says of itself
	userInfo map[string]any
	forms    []url.Values
}

func newLiar(t *testing.T) *liar {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	l := &liar{t: t, clock: &clock{noon}, key: key, method: jwt.SigningMethodRS256, signing: key, status: http.StatusOK}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		l.asked.Add(1)
		l.reply(w, map[string]any{
			"issuer": l.server.URL, "authorization_endpoint": l.server.URL + "/auth", "token_endpoint": l.server.URL + "/token",
			"jwks_uri": l.server.URL + "/keys", "userinfo_endpoint": l.server.URL + "/me",
			"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
		})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		l.reply(w, map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "kid": "1", "alg": "RS256", "use": "sig", "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": "AQAB",
		}}})
	})
	mux.HandleFunc("/me", func(w http.ResponseWriter, _ *http.Request) { l.reply(w, l.userInfo) })
	mux.HandleFunc("/token", l.token)
	l.server = httptest.NewServer(mux)
	t.Cleanup(l.server.Close)
	return l
}

func (l *liar) reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(body); err != nil {
		l.t.Error(err)
	}
}

func (l *liar) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		l.t.Error(err)
	}
	l.forms = append(l.forms, r.PostForm)
	if l.status != http.StatusOK {
		http.Error(w, `{"error":"invalid_grant","error_description":"`+r.PostForm.Get("code")+`"}`, l.status)
		return
	}
	claims := jwt.MapClaims{
		"iss": l.server.URL, "aud": "web", "sub": "ann", "exp": noon.Add(time.Minute).Unix(), "iat": noon.Unix(),
		"email": "ann@example.com", "email_verified": true, "name": "Ann",
	}
	maps.Copy(claims, l.claims)
	for name, v := range claims {
		if v == nil {
			delete(claims, name)
		}
	}
	token := jwt.NewWithClaims(l.method, claims)
	token.Header["kid"] = "1"
	signed, err := token.SignedString(l.signing)
	if err != nil {
		l.t.Error(err)
	}
	l.reply(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": signed})
}

func (l *liar) providers() *oidc.Providers {
	l.t.Helper()
	p, err := oidc.New([]oidc.Config{
		{Name: "club", Issuer: l.server.URL, ClientID: "web", ClientSecret: "canary-secret", RedirectURL: "http://localhost:3000/callback"},
		{Name: "other", Issuer: l.server.URL, ClientID: "web", ClientSecret: "s", RedirectURL: "http://localhost:3000/callback"},
	}, l.clock)
	if err != nil {
		l.t.Fatal(err)
	}
	return p
}

// enter goes to the provider and comes back, with the nonce that the provider was given unless claims have another.
func (l *liar) enter() (identity.External, error) {
	l.t.Helper()
	p := l.providers()
	address, kept, err := p.Begin(l.t.Context(), "club")
	if err != nil {
		l.t.Fatal(err)
	}
	q := query(l.t, address)
	if _, given := l.claims["nonce"]; !given {
		l.claims = maps.Clone(l.claims)
		if l.claims == nil {
			l.claims = jwt.MapClaims{}
		}
		l.claims["nonce"] = q.Get("nonce")
	}
	return p.Finish(l.t.Context(), "club", kept, q.Get("state"), "canary-code")
}

func query(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func TestADepartureHasAStateANonceAndAChallengeOfItsOwn(t *testing.T) {
	l := newLiar(t)
	p := l.providers()
	seen := map[string]bool{}
	for range 3 {
		address, _, err := p.Begin(t.Context(), "club")
		if err != nil {
			t.Fatal(err)
		}
		q := query(t, address)
		if q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("client_id") != "web" || q.Get("scope") != "openid email profile" {
			t.Errorf("address %s", address)
		}
		for _, name := range []string{"state", "nonce", "code_challenge"} {
			if v := q.Get(name); len(v) < 22 || seen[v] {
				t.Errorf("%s %q", name, v)
			}
			seen[q.Get(name)] = true
		}
	}
	if n := l.asked.Load(); n != 1 {
		t.Errorf("the provider was asked %d times for what it says of itself", n)
	}
}

func TestAnHonestTokenTellsThePerson(t *testing.T) {
	l := newLiar(t)
	got, err := l.enter()
	want := identity.External{Provider: "club", Issuer: l.server.URL, Subject: "ann", Email: "ann@example.com", Verified: true, Name: "Ann"}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if len(l.forms) != 1 || len(l.forms[0].Get("code_verifier")) < 43 {
		t.Errorf("no verifier was sent: %v", l.forms)
	}
}

func TestWhatTheTokenLeavesOutIsAskedFor(t *testing.T) {
	l := newLiar(t)
	l.claims = jwt.MapClaims{"email": nil, "email_verified": nil}
	l.userInfo = map[string]any{"sub": "ann", "email": "ann@example.com", "email_verified": "true", "name": "Ann"}
	if got, err := l.enter(); err != nil || got.Email != "ann@example.com" || !got.Verified {
		t.Errorf("%+v, %v", got, err)
	}
	l.userInfo["sub"] = "bob"
	delete(l.claims, "nonce")
	if _, err := l.enter(); !errors.Is(err, identity.ErrProviderRefused) {
		t.Errorf("about somebody else: %v", err)
	}
}

func TestAVerifiedAddressIsWhatTheProviderSaysIsOne(t *testing.T) {
	for said, want := range map[any]bool{true: true, "true": true, false: false, "false": false, "yes": false, 1: false} {
		l := newLiar(t)
		l.claims = jwt.MapClaims{"email_verified": said}
		if got, err := l.enter(); err != nil || got.Verified != want {
			t.Errorf("%v: %+v, %v", said, got, err)
		}
	}
	l := newLiar(t)
	l.claims = jwt.MapClaims{"email_verified": nil}
	if got, err := l.enter(); err != nil || got.Verified {
		t.Errorf("nothing said: %+v, %v", got, err)
	}
}

func TestATokenThatIsNotGoodInEveryPartIsRefused(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, lie := range map[string]func(*liar){
		"another issuer":            func(l *liar) { l.claims = jwt.MapClaims{"iss": "https://evil.example"} },
		"another client":            func(l *liar) { l.claims = jwt.MapClaims{"aud": "other"} },
		"several, issued to others": func(l *liar) { l.claims = jwt.MapClaims{"aud": []string{"web", "other"}, "azp": "other"} },
		"several, issued to nobody": func(l *liar) { l.claims = jwt.MapClaims{"aud": []string{"web", "other"}} },
		"over, beyond any skew":     func(l *liar) { l.claims = jwt.MapClaims{"exp": noon.Add(-61 * time.Second).Unix()} },
		"another nonce":             func(l *liar) { l.claims = jwt.MapClaims{"nonce": "x"} },
		"no nonce":                  func(l *liar) { l.claims = jwt.MapClaims{"nonce": nil} },
		"nobody":                    func(l *liar) { l.claims = jwt.MapClaims{"sub": nil} },
		"an empty subject":          func(l *liar) { l.claims = jwt.MapClaims{"sub": ""} },
		"another key":               func(l *liar) { l.signing = other },
		"no signature":              func(l *liar) { l.method, l.signing = jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType },
		"a shared secret":           func(l *liar) { l.method, l.signing = jwt.SigningMethodHS256, []byte("canary-secret") },
		"a refused code":            func(l *liar) { l.status = http.StatusBadRequest },
	} {
		l := newLiar(t)
		lie(l)
		got, err := l.enter()
		if !errors.Is(err, identity.ErrProviderRefused) || got != (identity.External{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error tells a secret: %v", name, err)
		}
	}
	l := newLiar(t)
	l.claims = jwt.MapClaims{"exp": noon.Add(-59 * time.Second).Unix(), "aud": []string{"web", "other"}, "azp": "web"}
	if _, err := l.enter(); err != nil {
		t.Errorf("a clock that differs by a minute: %v", err)
	}
}

func TestAProviderInTroubleIsDown(t *testing.T) {
	l := newLiar(t)
	l.status = http.StatusBadGateway
	if _, err := l.enter(); !errors.Is(err, identity.ErrProviderDown) || strings.Contains(err.Error(), "canary") {
		t.Error(err)
	}
	p := l.providers()
	l.server.Close()
	if _, _, err := p.Begin(t.Context(), "club"); !errors.Is(err, identity.ErrProviderDown) {
		t.Error(err)
	}
	if _, _, err := p.Begin(t.Context(), "nobody"); !errors.Is(err, identity.ErrProviderUnknown) {
		t.Error(err)
	}
}

func TestAReturnBelongsToItsOwnDeparture(t *testing.T) {
	l := newLiar(t)
	p := l.providers()
	address, kept, err := p.Begin(t.Context(), "club")
	if err != nil {
		t.Fatal(err)
	}
	state := query(t, address).Get("state")
	for name, finish := range map[string]func() error{
		"another state": func() error { _, err := p.Finish(t.Context(), "club", kept, state+"x", "c"); return err },
		"no state":      func() error { _, err := p.Finish(t.Context(), "club", kept, "", "c"); return err },
		"another provider": func() error {
			_, err := p.Finish(t.Context(), "other", kept, state, "c")
			return err
		},
		"too late": func() error {
			l.clock.now = noon.Add(10*time.Minute + time.Second)
			_, err := p.Finish(t.Context(), "club", kept, state, "c")
			return err
		},
	} {
		if err := finish(); !errors.Is(err, identity.ErrProviderRefused) {
			t.Errorf("%s: %v", name, err)
		}
		l.clock.now = noon
	}
	if len(l.forms) != 0 {
		t.Errorf("a code was sent to the provider: %v", l.forms)
	}
}

func TestManyDeparturesAtOnceAskTheProviderOnce(t *testing.T) {
	l := newLiar(t)
	p := l.providers()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, _, err := p.Begin(t.Context(), "club"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := l.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestAnIssuerIsAskedOverTLSUnlessItIsOnThisMachine(t *testing.T) {
	for issuer, want := range map[string]bool{
		"https://accounts.example.com": true, "http://127.0.0.1:9998/": true, "http://localhost:9998": true, "http://[::1]:9998": true,
		"http://accounts.example.com": false, "http://localhost.evil.example": false, "ftp://accounts.example.com": false, "": false, "accounts.example.com": false,
	} {
		if _, err := oidc.New([]oidc.Config{{Name: "x", Issuer: issuer}}, &clock{noon}); (err == nil) != want {
			t.Errorf("%q: %v", issuer, err)
		}
	}
	if _, err := oidc.New([]oidc.Config{{Name: "x", Issuer: "https://a.example"}, {Name: "x", Issuer: "https://b.example"}}, &clock{noon}); err == nil {
		t.Error("two providers of one name")
	}
}
