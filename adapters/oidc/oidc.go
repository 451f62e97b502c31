// Package oidc signs people in with OpenID Connect providers: the authorization code flow with PKCE, a state against
// forged returns, and a nonce against replayed identity tokens.
package oidc

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

var _ ports.Providers = (*Providers)(nil)

const (
	callTime  = 10 * time.Second // of one request to a provider
	maxReply  = 1 << 20          // bytes of one reply
	clockSkew = 60 * time.Second // by which a provider's clock may differ
	keptTime  = 10 * time.Minute // from the departure of the browser to its return
	idTokens  = "id_token"       // the field of a token reply
	emails    = "email"          // scope
	profiles  = "profile"        // scope
)

// Config describes a provider.
type Config struct {
	Name         string // what clients call it
	Issuer       string // https://…; http:// on this machine alone
	ClientID     string
	ClientSecret string
	RedirectURL  string // where the provider sends browsers back to
}

// Providers talks to the configured providers. What a provider says of itself is asked for when it is first needed, so
// that one which is down keeps nothing from starting.
type Providers struct {
	clock  ports.Clock
	client *http.Client
	names  []string
	byName map[string]*provider
}

// provider is one provider and what it said of itself.
type provider struct {
	config Config
	client *http.Client

	asking     singleflight.Group
	discovered atomic.Pointer[oidc.Provider]
}

// New fails for an issuer that is not https, unless it is on this machine, and for a name given twice.
func New(configs []Config, clock ports.Clock) (*Providers, error) {
	p := &Providers{
		clock: clock, client: &http.Client{Timeout: callTime, Transport: bounded{http.DefaultTransport}, CheckRedirect: noRedirect},
		byName: map[string]*provider{},
	}
	for _, c := range configs {
		if err := checkIssuer(c.Issuer); err != nil {
			return nil, fmt.Errorf("provider %s: %w", c.Name, err)
		}
		if _, taken := p.byName[c.Name]; taken || c.Name == "" {
			return nil, fmt.Errorf("the provider %q has no name of its own", c.Name)
		}
		p.names = append(p.names, c.Name)
		p.byName[c.Name] = &provider{config: c, client: p.client}
	}
	return p, nil
}

func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" {
		return errors.New("the issuer is no address")
	}
	ip := net.ParseIP(u.Hostname())
	if local := u.Hostname() == "localhost" || (ip != nil && ip.IsLoopback()); u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return errors.New("the issuer must be https")
	}
	return nil
}

// noRedirect: no reply that this package asks for has a reason to be elsewhere.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// bounded cuts replies off that are larger than any honest one.
type bounded struct{ inner http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.inner.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = http.MaxBytesReader(nil, res.Body, maxReply)
	return res, nil
}

// Names implements ports.Providers, in the order of the configuration.
func (p *Providers) Names() []string { return slices.Clone(p.names) }

// kept is what is remembered of a browser that is at a provider.
type kept struct {
	Provider string
	State    string
	Nonce    string
	Verifier string
	SentAt   time.Time
}

// Begin implements ports.Providers.
func (p *Providers) Begin(ctx context.Context, name string) (string, []byte, error) {
	at, ok := p.byName[name]
	if !ok {
		return "", nil, identity.ErrProviderUnknown
	}
	found, err := at.discover(ctx)
	if err != nil {
		return "", nil, err
	}
	k := kept{Provider: name, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), SentAt: p.clock.Now()}
	encoded, err := json.Marshal(k)
	if err != nil {
		return "", nil, fmt.Errorf("encode a departure: %w", err)
	}
	return at.exchange(found).AuthCodeURL(k.State, oidc.Nonce(k.Nonce), oauth2.S256ChallengeOption(k.Verifier)), encoded, nil
}

// discover asks the provider for its addresses, once for all who want to know at the same time. What is found is kept
// and must not end with the request that asked for it, so the context only bounds the waiting. A failure is not kept.
func (at *provider) discover(ctx context.Context) (*oidc.Provider, error) {
	if found := at.discovered.Load(); found != nil {
		return found, nil
	}
	answer := at.asking.DoChan("", func() (any, error) {
		if found := at.discovered.Load(); found != nil { // by another flight, between the look above and this one
			return found, nil
		}
		found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), at.client), at.config.Issuer)
		if err == nil {
			at.discovered.Store(found)
		}
		return found, err
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case a := <-answer:
		if a.Err != nil {
			return nil, identity.ErrProviderDown.Because(a.Err)
		}
		return at.discovered.Load(), nil
	}
}

func (at *provider) exchange(found *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: at.config.ClientID, ClientSecret: at.config.ClientSecret, RedirectURL: at.config.RedirectURL,
		Endpoint: found.Endpoint(), Scopes: []string{oidc.ScopeOpenID, emails, profiles},
	}
}

// Finish implements ports.Providers.
func (p *Providers) Finish(ctx context.Context, name string, encoded []byte, state, code string) (identity.External, error) {
	at, ok := p.byName[name]
	if !ok {
		return identity.External{}, identity.ErrProviderUnknown
	}
	var k kept
	if err := json.Unmarshal(encoded, &k); err != nil {
		return identity.External{}, fmt.Errorf("read a departure: %w", err)
	}
	age := p.clock.Now().Sub(k.SentAt)
	if k.Provider != name || subtle.ConstantTimeCompare([]byte(k.State), []byte(state)) != 1 || age > keptTime {
		return identity.External{}, refused(errors.New("the state is not that of this departure"))
	}
	found, err := at.discover(ctx)
	if err != nil {
		return identity.External{}, err
	}
	ctx = oidc.ClientContext(ctx, at.client)
	token, err := at.exchange(found).Exchange(ctx, code, oauth2.VerifierOption(k.Verifier))
	if err != nil {
		return identity.External{}, exchangeFailure(err)
	}
	return at.person(ctx, found, token, k.Nonce, p.clock.Now)
}

// exchangeFailure tells a provider that refuses from one that does not answer. What the provider writes is not shown:
// it may repeat the code.
func exchangeFailure(err error) error {
	var reply *oauth2.RetrieveError
	if errors.As(err, &reply) && reply.Response != nil && reply.Response.StatusCode < http.StatusInternalServerError {
		return refused(fmt.Errorf("the provider answered %d %s", reply.Response.StatusCode, reply.ErrorCode))
	}
	return identity.ErrProviderDown.Because(errors.New("exchange the code: the provider does not answer"))
}

func refused(err error) error { return identity.ErrProviderRefused.Because(err) }

// claims are what is read of an identity token, or of the reply about a user.
type claims struct {
	Email    string `json:"email"`
	Verified truth  `json:"email_verified"`
	Name     string `json:"name"`
	Party    string `json:"azp"`
}

// truth is a boolean, which some providers write as a string.
type truth bool

// UnmarshalJSON implements json.Unmarshaler.
func (t *truth) UnmarshalJSON(b []byte) error {
	*t = string(b) == "true" || string(b) == `"true"`
	return nil
}

// person verifies the identity token and reads who it is about.
func (at *provider) person(ctx context.Context, found *oidc.Provider, token *oauth2.Token, nonce string, now func() time.Time) (identity.External, error) {
	raw, _ := token.Extra(idTokens).(string)
	verifier := found.VerifierContext(oidc.ClientContext(context.WithoutCancel(ctx), at.client), &oidc.Config{
		ClientID: at.config.ClientID, SupportedSigningAlgs: []string{oidc.RS256, oidc.ES256, oidc.PS256, oidc.EdDSA},
		Now: func() time.Time { return now().Add(-clockSkew) },
	})
	verified, err := verifier.Verify(ctx, raw)
	if err != nil {
		return identity.External{}, refused(err)
	}
	var c claims
	if err := verified.Claims(&c); err != nil {
		return identity.External{}, refused(err)
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(verified.Nonce), []byte(nonce)) != 1:
		return identity.External{}, refused(errors.New("the nonce is not that of this departure"))
	case verified.Subject == "":
		return identity.External{}, refused(errors.New("the token is about nobody"))
	case len(verified.Audience) > 1 && c.Party != at.config.ClientID:
		return identity.External{}, refused(errors.New("the token was issued to another party"))
	}
	if c.Email == "" && found.UserInfoEndpoint() != "" {
		if c, err = at.ask(ctx, found, token, verified.Subject); err != nil {
			return identity.External{}, err
		}
	}
	return identity.External{
		Provider: at.config.Name, Issuer: verified.Issuer, Subject: verified.Subject, Email: c.Email, Verified: bool(c.Verified), Name: c.Name,
	}, nil
}

// ask reads from the provider what the token does not say.
func (at *provider) ask(ctx context.Context, found *oidc.Provider, token *oauth2.Token, subject string) (claims, error) {
	var c claims
	info, err := found.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return c, identity.ErrProviderDown.Because(err)
	}
	if info.Subject != subject {
		return c, refused(errors.New("the reply is about somebody else"))
	}
	if err := info.Claims(&c); err != nil {
		return c, refused(err)
	}
	return c, nil
}
