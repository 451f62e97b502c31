package bootstrap

import (
	"context"

	"github.com/toeic-app/toeic/adapters/passkey"
	"github.com/toeic-app/toeic/adapters/totp"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// outside makes what talks to mail servers, authenticators and providers.
func (c *core) outside(t *identityTools) error {
	t.app, t.mailer, t.providers = totp.Apps{Issuer: productName}, noMail{}, noProviders{}
	domain, origins := c.config.passkeys()
	if domain == "" {
		return nil
	}
	site, err := passkey.New(passkey.Config{Domain: domain, Name: productName, Origins: origins})
	t.passkeys = site
	return err
}

// productName is what authenticators and letters call the service.
const productName = "TOEIC practice"

type noProviders struct{}

func (noProviders) Names() []string { return nil }
func (noProviders) Begin(context.Context, string) (string, []byte, error) {
	return "", nil, identity.ErrProviderUnknown
}
func (noProviders) Finish(context.Context, string, []byte, string, string) (identity.External, error) {
	return identity.External{}, identity.ErrProviderUnknown
}

var _ ports.Providers = noProviders{}
