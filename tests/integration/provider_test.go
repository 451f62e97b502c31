package integration

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/toeic-app/toeic/tests/private"
)

// club is a server with a provider that people sign in with.
type club struct {
	t        *testing.T
	server   *server
	provider *private.Provider
}

func startClub(t *testing.T, users ...private.ProviderUser) club {
	t.Helper()
	const redirect = "http://localhost:3000/callback"
	p, err := private.StartProvider(context.Background(), filepath.Join(t.TempDir(), "provider"), redirect, users)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
	s := place{dir: t.TempDir(), env: []string{
		"OIDC_PROVIDERS=club", "OIDC_CLUB_ISSUER=" + p.Issuer(), "OIDC_CLUB_CLIENT_ID=web", "OIDC_CLUB_CLIENT_SECRET=secret",
		"OIDC_CLUB_REDIRECT_URL=" + redirect,
	}}.serve(t)
	return club{t, s, p}
}

func (c club) nobody() person { return person{t: c.t, server: c.server} }

type departure struct {
	Flow    string `json:"flow_id"`
	Address string `json:"authorization_url"`
}

type arrival struct {
	Session *session
	Waiting *struct {
		Flow          string `json:"flow_id"`
		NeedsPassword bool   `json:"needs_password"`
		NeedsCode     bool   `json:"needs_mfa_code"`
	}
}

// leave sends somebody to the provider and returns what comes back.
func (c club) leave(subject string) (d departure, back map[string]any) {
	c.t.Helper()
	c.nobody().want(201, &d, "POST", "/api/v1/auth/oidc/start", map[string]any{"provider": "club"})
	state, code, err := c.provider.Authorize(context.Background(), d.Address, subject)
	if err != nil {
		c.t.Fatal(err)
	}
	return d, map[string]any{"flow_id": d.Flow, "state": state, "code": code}
}

// enter signs somebody in with the provider.
func (c club) enter(subject string) arrival {
	c.t.Helper()
	_, back := c.leave(subject)
	var a arrival
	c.nobody().want(200, &a, "POST", "/api/v1/auth/oidc/finish", back)
	return a
}

func TestSomebodyNewSignsInWithAProviderAndComesBack(t *testing.T) {
	t.Parallel()
	c := startClub(t, private.ProviderUser{Subject: "ann", Email: "Ann@Example.com", Verified: true, Name: "Ann Lee"})
	first := c.enter("ann")
	if first.Session == nil || first.Session.User.Email != "ann@example.com" {
		t.Fatalf("arrival %+v", first)
	}
	me := person{t: t, server: c.server, token: first.Session.AccessToken}
	var links struct {
		Items []struct{ ID, Provider, Email string }
	}
	me.want(200, &links, "GET", "/api/v1/users/me/identities", nil)
	if len(links.Items) != 1 || links.Items[0].Provider != "club" {
		t.Errorf("links %+v", links)
	}
	again := c.enter("ann")
	if again.Session == nil || again.Session.User.ID != first.Session.User.ID {
		t.Errorf("another account: %+v", again)
	}
	me.refused(409, "auth.only_way_in", "DELETE", "/api/v1/users/me/identities/"+links.Items[0].ID, nil)
	c.nobody().refused(401, "auth.bad_credentials", "POST", "/api/v1/auth/login", map[string]any{"email": "ann@example.com", "password": "anything at all"})
}

func TestAnAddressThatTheProviderDoesNotVouchForOpensNoAccount(t *testing.T) {
	t.Parallel()
	c := startClub(t, private.ProviderUser{Subject: "eve", Email: "eve@example.com", Verified: false, Name: "Eve"})
	_, back := c.leave("eve")
	c.nobody().refused(403, "oidc.unverified_email", "POST", "/api/v1/auth/oidc/finish", back)
}

func TestAnExistingAccountIsLinkedOnlyWithItsPassword(t *testing.T) {
	t.Parallel()
	c := startClub(t, private.ProviderUser{Subject: "bob", Email: "bob@example.com", Verified: true, Name: "Bob"})
	c.nobody().want(201, nil, "POST", "/api/v1/auth/register", map[string]any{"email": "bob@example.com", "password": password, "display_name": "Bob"})
	a := c.enter("bob")
	if a.Session != nil || a.Waiting == nil || !a.Waiting.NeedsPassword || a.Waiting.NeedsCode {
		t.Fatalf("arrival %+v", a)
	}
	proof := map[string]any{"flow_id": a.Waiting.Flow, "password": "not the right one"}
	c.nobody().refused(401, "auth.bad_credentials", "POST", "/api/v1/auth/oidc/complete", proof)
	proof["password"] = password
	var linked arrival
	c.nobody().want(200, &linked, "POST", "/api/v1/auth/oidc/complete", proof)
	if linked.Session == nil || linked.Session.User.Email != "bob@example.com" {
		t.Fatalf("arrival %+v", linked)
	}
	c.nobody().refused(401, "oidc.refused", "POST", "/api/v1/auth/oidc/complete", proof) // it is over
	if again := c.enter("bob"); again.Session == nil {
		t.Errorf("the link does not hold: %+v", again)
	}

	// Once there is a second factor, the provider alone is not enough.
	_, codes := person{t: t, server: c.server, token: linked.Session.AccessToken}.enrol()
	a = c.enter("bob")
	if a.Session != nil || a.Waiting == nil || a.Waiting.NeedsPassword || !a.Waiting.NeedsCode {
		t.Fatalf("arrival %+v", a)
	}
	c.nobody().refused(401, "auth.mfa_required", "POST", "/api/v1/auth/oidc/complete", map[string]any{"flow_id": a.Waiting.Flow})
	c.nobody().want(200, nil, "POST", "/api/v1/auth/oidc/complete", map[string]any{"flow_id": a.Waiting.Flow, "mfa_code": codes[0]})
}

func TestWhatComesBackFromAProviderIsGoodOnceAndForItsOwnFlow(t *testing.T) {
	t.Parallel()
	c := startClub(t, private.ProviderUser{Subject: "ann", Email: "ann@example.com", Verified: true, Name: "Ann"})
	finish := func(back map[string]any) {
		t.Helper()
		c.nobody().refused(401, "oidc.refused", "POST", "/api/v1/auth/oidc/finish", back)
	}
	_, back := c.leave("ann")
	c.nobody().want(200, nil, "POST", "/api/v1/auth/oidc/finish", back)
	finish(back)
	_, mine := c.leave("ann")
	_, another := c.leave("ann")
	finish(map[string]any{"flow_id": mine["flow_id"], "state": another["state"], "code": another["code"]})
	finish(map[string]any{"flow_id": another["flow_id"], "state": another["state"], "code": mine["code"]}) // the verifier tells
	_, forged := c.leave("ann")
	forged["state"] = "forged"
	finish(forged)
}

func TestAProviderThatIsDownIsToldFromOneThatRefuses(t *testing.T) {
	t.Parallel()
	c := startClub(t, private.ProviderUser{Subject: "ann", Email: "ann@example.com", Verified: true, Name: "Ann"})
	if err := c.provider.Kill(); err != nil {
		t.Fatal(err)
	}
	c.nobody().refused(503, "oidc.unavailable", "POST", "/api/v1/auth/oidc/start", map[string]any{"provider": "club"})
	if err := c.provider.Restart(context.Background()); err != nil {
		t.Fatal(err)
	}
	_, back := c.leave("ann")
	if err := c.provider.Kill(); err != nil {
		t.Fatal(err)
	}
	c.nobody().refused(503, "oidc.unavailable", "POST", "/api/v1/auth/oidc/finish", back)
	if err := c.provider.Restart(context.Background()); err != nil {
		t.Fatal(err)
	}
	if a := c.enter("ann"); a.Session == nil {
		t.Errorf("arrival %+v", a)
	}
}
