package bootstrap

import (
	"path/filepath"

	"github.com/toeic-app/toeic/adapters/httpapi/devapi"
	"github.com/toeic-app/toeic/adapters/mail"
	"github.com/toeic-app/toeic/adapters/oidc"
	"github.com/toeic-app/toeic/adapters/passkey"
	"github.com/toeic-app/toeic/adapters/totp"
)

// outside makes what talks to mail servers, authenticators and providers.
func (c *core) outside(t *identityTools) error {
	app, err := totp.New(productName)
	if err != nil {
		return err
	}
	t.app = app
	providers, err := oidc.New(c.config.oidc(), c.clock)
	if err != nil {
		return err
	}
	t.providers = providers
	if err := c.connectMail(t); err != nil {
		return err
	}
	domain, origins := c.config.passkeys()
	if domain == "" {
		return nil
	}
	site, err := passkey.New(passkey.Config{ID: domain, Name: productName, Origins: origins, Clock: c.clock})
	if err != nil {
		return err
	}
	t.passkeys = site
	return nil
}

// connectMail takes the configured mail server; on a development machine an outbox stands in for it.
func (c *core) connectMail(t *identityTools) error {
	from := c.config.MailFrom
	if from == "" {
		from = productName + " <toeic@localhost.localdomain>"
	}
	writer, err := mail.NewWriter(from)
	if err != nil {
		return err
	}
	switch {
	case c.config.SMTPURL != "":
		if c.mail, err = mail.NewSMTP(string(c.config.SMTPURL), writer, c.clock); err != nil {
			return err
		}
		t.mailer = c.mail
	case c.config.Environment == Development:
		c.outbox = mail.NewOutbox(c.config.outboxDir(), outboxSize, writer, c.clock)
		t.mailer = c.outbox
	default:
		t.mailer = noMail{}
	}
	return nil
}

// outboxSize is how many letters the outbox keeps.
const outboxSize = 200

func (c Config) outboxDir() string { return filepath.Join(c.DataDir, "outbox") }

// letters gives the outbox to its page.
func letters(o *mail.Outbox) []devapi.Letter {
	var out []devapi.Letter
	for _, l := range o.Letters() {
		out = append(out, devapi.Letter{To: string(l.To), Subject: l.Subject, Code: l.Code, At: l.At})
	}
	return out
}

// productName is what authenticators and letters call the service.
const productName = "TOEIC practice"

// oidc gives the providers their configuration.
func (c Config) oidc() []oidc.Config {
	out := make([]oidc.Config, len(c.OIDC))
	for i, p := range c.OIDC {
		out[i] = oidc.Config{Name: p.Name, Issuer: p.Issuer, ClientID: p.ClientID, ClientSecret: string(p.ClientSecret), RedirectURL: p.RedirectURL}
	}
	return out
}
