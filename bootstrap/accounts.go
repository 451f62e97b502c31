package bootstrap

import (
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/ports"
)

// OIDCProvider is a provider that people may sign in with.
type OIDCProvider struct {
	Name         string
	Issuer       string
	ClientID     string
	ClientSecret Secret
	RedirectURL  string
}

// oidcVariable is the setting of a provider, such as OIDC_GOOGLE_ISSUER.
func oidcVariable(provider, what string) string {
	return "OIDC_" + strings.ToUpper(strings.ReplaceAll(provider, "-", "_")) + "_" + what
}

// oidcProviders reads the settings of each provider.
func oidcProviders(names []string, settings map[string]string) []OIDCProvider {
	var out []OIDCProvider
	for _, name := range names {
		name = strings.TrimSpace(name)
		of := func(what string) string { return settings[oidcVariable(name, what)] }
		out = append(out, OIDCProvider{
			Name: name, Issuer: of("ISSUER"), ClientID: of("CLIENT_ID"), ClientSecret: Secret(of("CLIENT_SECRET")), RedirectURL: of("REDIRECT_URL"),
		})
	}
	return out
}

func (p OIDCProvider) effective() []string {
	return []string{
		oidcVariable(p.Name, "ISSUER") + "=" + p.Issuer, oidcVariable(p.Name, "CLIENT_ID") + "=" + p.ClientID,
		oidcVariable(p.Name, "CLIENT_SECRET") + "=" + p.ClientSecret.String(), oidcVariable(p.Name, "REDIRECT_URL") + "=" + p.RedirectURL,
	}
}

// differing names the settings of a provider whose values are others in as.
func (p OIDCProvider) differing(as OIDCProvider) []string {
	var out []string
	for _, v := range []struct{ what, a, b string }{
		{"ISSUER", p.Issuer, as.Issuer},
		{"CLIENT_ID", p.ClientID, as.ClientID},
		{"CLIENT_SECRET", string(p.ClientSecret), string(as.ClientSecret)},
		{"REDIRECT_URL", p.RedirectURL, as.RedirectURL},
	} {
		if v.a != v.b {
			out = append(out, oidcVariable(p.Name, v.what))
		}
	}
	return out
}

// verifyAccounts reports whether an address must be verified before it gets an account.
func (c Config) verifyAccounts() bool {
	if c.AccountVerification == "" {
		return c.SMTPURL != "" || c.Environment == Production
	}
	return c.AccountVerification == "required"
}

// requireFactor reports whether administration needs a second factor.
func (c Config) requireFactor() bool {
	if c.AdminRequireMFA == "" {
		return c.Environment == Production
	}
	return c.AdminRequireMFA == "true"
}

// rates are the limits over time by class of route, per minute.
func (c Config) rates() web.Rates {
	limit := func(n int) ports.Limit { return ports.Limit{Burst: n, Window: time.Minute} }
	return web.Rates{
		web.SignIn: limit(c.RateLimitSignIn), web.Read: limit(c.RateLimitRead), web.Write: limit(c.RateLimitWrite), web.Admin: limit(c.RateLimitAdmin),
		web.Refused: limit(c.RateLimitRead),
	}
}

// passkeyOrigins are where passkeys may be used from, and their domain; "" when they are off. On a development machine
// that is the server itself.
func (c Config) passkeys() (domain string, origins []string) {
	if c.PasskeyDomain != "" || c.Environment != Development {
		return c.PasskeyDomain, c.PasskeyOrigins
	}
	_, port, err := net.SplitHostPort(c.ServerAddress)
	if err != nil {
		return "", nil
	}
	return "localhost", append([]string{"http://localhost:" + port}, c.CORSOrigins...)
}

// checkAccounts returns the problems of the settings about accounts.
func (c Config) checkAccounts() []Problem {
	var out []Problem
	bad := func(setting, format string, args ...any) {
		out = append(out, Problem{Setting: setting, Detail: fmt.Sprintf(format, args...)})
	}
	if !slices.Contains([]string{"", "required", "off"}, c.AccountVerification) {
		bad("ACCOUNT_VERIFICATION", "must be required or off")
	}
	if !slices.Contains([]string{"", "true", "false"}, c.AdminRequireMFA) {
		bad("ADMIN_REQUIRE_MFA", "must be true or false")
	}
	if u, err := url.Parse(string(c.SMTPURL)); c.SMTPURL != "" && (err != nil || u.Host == "" || !slices.Contains([]string{"smtp", "smtps"}, u.Scheme)) {
		bad("SMTP_URL", "must look like smtp://user:password@host:587 or smtps://…")
	}
	if _, err := mail.ParseAddress(c.MailFrom); c.SMTPURL != "" && err != nil {
		bad("MAIL_FROM", "must be an address such as TOEIC <noreply@example.com>")
	}
	if c.SMTPURL == "" && c.verifyAccounts() && c.Environment != Development {
		bad("SMTP_URL", "is required to verify addresses; set it, or ACCOUNT_VERIFICATION=off")
	}
	if (c.PasskeyDomain == "") != (len(c.PasskeyOrigins) == 0) {
		bad("PASSKEY_DOMAIN, PASSKEY_ORIGINS", "belong together: the domain of the client app, and the origins that it is served from")
	}
	for _, limit := range []struct {
		setting string
		value   int
	}{
		{"RATE_LIMIT_SIGN_IN", c.RateLimitSignIn},
		{"RATE_LIMIT_READ", c.RateLimitRead},
		{"RATE_LIMIT_WRITE", c.RateLimitWrite},
		{"RATE_LIMIT_ADMIN", c.RateLimitAdmin},
		{"RATE_LIMIT_FAILURES", c.RateLimitFailures},
	} {
		if limit.value < 0 {
			bad(limit.setting, "must be a number of requests a minute, or 0 for no limit")
		}
	}
	for _, p := range c.OIDC {
		for _, setting := range []struct{ what, value string }{
			{"ISSUER", p.Issuer}, {"CLIENT_ID", p.ClientID}, {"CLIENT_SECRET", string(p.ClientSecret)}, {"REDIRECT_URL", p.RedirectURL},
		} {
			if setting.value == "" {
				bad(oidcVariable(p.Name, setting.what), "is required, because OIDC_PROVIDERS names %q", p.Name)
			}
		}
	}
	return out
}
