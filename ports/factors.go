package ports

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
)

// Authenticator makes and checks time-based one-time passwords (RFC 6238).
type Authenticator interface {
	// Enrol makes a secret for an account and the otpauth:// address that carries it to an authenticator app.
	Enrol(account identity.Email) (secret, address string, err error)
	// Check returns the time step that the code belongs to, which may differ by one from the present. Steps up to
	// and including spent are refused, so that no code serves twice.
	Check(secret, code string, now time.Time, spent int64) (step int64, ok bool)
}

// Passkeys runs the ceremonies of WebAuthn. Begin returns the options for the browser and a state to keep, in
// secret, until the browser has answered; each state must be used once. The methods that read an answer return
// identity.ErrPasskeyRefused when it is not good.
type Passkeys interface {
	// BeginRegistration asks for a new discoverable credential with user verification; those in known are not made again.
	BeginRegistration(u identity.User, known []identity.Passkey) (options json.RawMessage, state []byte, err error)
	// FinishRegistration returns the passkey's Credential and Record; the rest is the caller's.
	FinishRegistration(u identity.User, state []byte, answer json.RawMessage) (identity.Passkey, error)
	// BeginLogin asks for any discoverable credential of this site.
	BeginLogin() (options json.RawMessage, state []byte, err error)
	// FinishLogin asks find for the account whose passkey answered and for all its passkeys. It returns the one
	// that was used, with its Record brought up to date.
	FinishLogin(ctx context.Context, state []byte, answer json.RawMessage, find PasskeyOwner) (identity.Passkey, error)
}

// PasskeyOwner finds an account and its passkeys; identity.ErrUserNotFound when there is none.
type PasskeyOwner func(ctx context.Context, user uuid.UUID) (identity.User, []identity.Passkey, error)

// Providers runs sign-in with OpenID Connect providers (authorization code flow with PKCE, state and nonce).
type Providers interface {
	// Names lists the configured providers.
	Names() []string
	// Begin returns the address to send the browser to, and what to keep, in secret, until it comes back.
	// identity.ErrProviderUnknown for a name that is not configured; identity.ErrProviderDown when it does not answer.
	Begin(ctx context.Context, provider string) (address string, kept []byte, err error)
	// Finish exchanges what the browser brought back. identity.ErrProviderRefused when the state is not the kept one or
	// anything that the provider says does not hold; identity.ErrProviderDown when it does not answer.
	Finish(ctx context.Context, provider string, kept []byte, state, code string) (identity.External, error)
}
