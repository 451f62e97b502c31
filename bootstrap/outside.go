package bootstrap

import (
	"context"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// outside makes what talks to mail servers, authenticators and providers.
func (c *core) outside(t *identityTools) error {
	t.mailer, t.providers = noMail{}, noProviders{}
	return nil
}

type noProviders struct{}

func (noProviders) Names() []string { return nil }
func (noProviders) Begin(context.Context, string) (string, []byte, error) {
	return "", nil, identity.ErrProviderUnknown
}

func (noProviders) Finish(context.Context, string, []byte, string, string) (identity.External, error) {
	return identity.External{}, identity.ErrProviderUnknown
}

var _ ports.Providers = noProviders{}
