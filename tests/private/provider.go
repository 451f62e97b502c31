package private

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Provider is a running OpenID Connect provider; see tests/oidcprovider. Its client is named "web", with the secret
// "secret".
type Provider struct {
	server
	port     int
	redirect string
}

// ProviderUser is somebody whom a provider knows; the name to log in with is the subject.
type ProviderUser struct {
	Subject  string
	Email    string
	Verified bool
	Name     string
}

const providerPassword = "at the provider"

// StartProvider builds and starts a provider with its files in dir. ctx bounds the start only.
func StartProvider(ctx context.Context, dir, redirect string, users []ProviderUser, opts ...Option) (*Provider, error) {
	o := apply(opts)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("prepare the provider's directory: %w", err)
	}
	program := filepath.Join(dir, "oidcprovider")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/toeic-app/toeic/tests/oidcprovider").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the provider: %w\n%s", err, out)
	}
	file := filepath.Join(dir, "users.json")
	if err := writeUsers(file, users); err != nil {
		return nil, err
	}
	p := &Provider{redirect: redirect}
	err := onFreePort(o.port, func(port int) error {
		p.port = port
		p.name, p.logFile = "the provider", filepath.Join(dir, "provider.log")
		p.command = func() *exec.Cmd {
			return command(nil, o, dir, program, "-addr", address(port), "-redirect", redirect, "-users", file)
		}
		p.ready = func(ctx context.Context, _ int) error { return providerAnswers(ctx, p.Issuer()) }
		return p.launch(ctx)
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

func writeUsers(file string, users []ProviderUser) error {
	known := map[string]any{}
	for _, u := range users {
		first, last, _ := strings.Cut(u.Name, " ")
		known[u.Subject] = map[string]any{
			"ID": u.Subject, "Username": u.Subject, "Password": providerPassword, "FirstName": first, "LastName": last,
			"Email": u.Email, "EmailVerified": u.Verified,
		}
	}
	encoded, err := json.Marshal(known)
	if err != nil {
		return fmt.Errorf("encode the provider's users: %w", err)
	}
	return os.WriteFile(file, encoded, 0o600)
}

func providerAnswers(ctx context.Context, issuer string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, issuer+".well-known/openid-configuration", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the provider answers %d", res.StatusCode)
	}
	return nil
}

// Issuer names the provider.
func (p *Provider) Issuer() string { return "http://" + address(p.port) + "/" }

// Stop shuts the provider down. Calling it again does nothing.
func (p *Provider) Stop() error { return p.stop() }

// Authorize plays the browser of a user: it follows the provider's pages from the address to the redirect address, and
// returns what came there.
func (p *Provider) Authorize(ctx context.Context, address, subject string) (state, code string, err error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", "", err
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), p.redirect) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", "", err
	}
	page, err := browser.Do(req)
	if err != nil {
		return "", "", err
	}
	page.Body.Close()
	if page.StatusCode != http.StatusOK {
		return "", "", fmt.Errorf("the provider answers %d", page.StatusCode)
	}
	form := url.Values{"username": {subject}, "password": {providerPassword}, "id": {page.Request.URL.Query().Get("authRequestID")}}
	back, err := browser.PostForm(p.Issuer()+"login/username", form)
	if err != nil {
		return "", "", err
	}
	back.Body.Close()
	to, err := back.Location()
	if err != nil {
		return "", "", errors.Join(errors.New("the provider does not send the browser back"), err)
	}
	return to.Query().Get("state"), to.Query().Get("code"), nil
}
