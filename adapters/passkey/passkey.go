// Package passkey runs the ceremonies of WebAuthn for one site, the relying party.
//
// Credentials are discoverable, so nobody has to type an address to log in, and need user verification by the
// authenticator (a PIN or a fingerprint), so that a passkey is two factors in one. Attestation is not asked for: which
// make of authenticator people use is their business.
package passkey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

var _ ports.Passkeys = (*Site)(nil)

// maxAnswer is the longest answer of a browser that is read, in bytes. Real ones have less than a tenth of it.
const maxAnswer = 64 << 10

// Config names the relying party.
type Config struct {
	Domain  string   // its identifier, such as example.com; passkeys are bound to it for ever
	Name    string   // shown by browsers
	Origins []string // where its pages are served from, such as https://app.example.com
}

// Site is the relying party.
type Site struct{ rp *webauthn.WebAuthn }

// New fails for a domain or an origin that is none.
func New(c Config) (*Site, error) {
	if c.Domain == "" || len(c.Origins) == 0 {
		return nil, errors.New("configure passkeys: a domain and at least one origin are required")
	}
	timeout := webauthn.TimeoutConfig{Enforce: true, Timeout: identity.CeremonyLifetime, TimeoutUVD: identity.CeremonyLifetime}
	rp, err := webauthn.New(&webauthn.Config{
		RPID: c.Domain, RPDisplayName: c.Name, RPOrigins: c.Origins, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: protocol.ResidentKeyRequired(), ResidentKey: protocol.ResidentKeyRequirementRequired,
			UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: timeout, Registration: timeout},
	})
	if err != nil {
		return nil, fmt.Errorf("configure passkeys: %w", err)
	}
	return &Site{rp: rp}, nil
}

// owner is an account as the library sees it.
type owner struct {
	user        identity.User
	credentials []webauthn.Credential
}

func (o owner) WebAuthnID() []byte                         { return o.user.ID[:] }
func (o owner) WebAuthnName() string                       { return string(o.user.Email) }
func (o owner) WebAuthnDisplayName() string                { return o.user.Profile.DisplayName }
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.credentials }

func ownerOf(u identity.User, keys []identity.Passkey) (owner, error) {
	o := owner{user: u, credentials: make([]webauthn.Credential, len(keys))}
	for i, k := range keys {
		if err := json.Unmarshal(k.Record, &o.credentials[i]); err != nil {
			return o, fmt.Errorf("read the record of a passkey: %w", err)
		}
	}
	return o, nil
}

// BeginRegistration implements ports.Passkeys.
func (s *Site) BeginRegistration(u identity.User, known []identity.Passkey) (json.RawMessage, []byte, error) {
	o, err := ownerOf(u, known)
	if err != nil {
		return nil, nil, err
	}
	creation, session, err := s.rp.BeginRegistration(o, webauthn.WithExclusions(webauthn.Credentials(o.credentials).CredentialDescriptors()))
	if err != nil {
		return nil, nil, fmt.Errorf("begin to register a passkey: %w", err)
	}
	return encoded(creation.Response, session)
}

// BeginLogin implements ports.Passkeys.
func (s *Site) BeginLogin() (json.RawMessage, []byte, error) {
	assertion, session, err := s.rp.BeginDiscoverableLogin()
	if err != nil {
		return nil, nil, fmt.Errorf("begin to log in with a passkey: %w", err)
	}
	return encoded(assertion.Response, session)
}

// encoded gives the options as browsers take them, and the state to keep.
func encoded(options any, session *webauthn.SessionData) (json.RawMessage, []byte, error) {
	o, err := json.Marshal(options)
	if err != nil {
		return nil, nil, fmt.Errorf("encode the options of a ceremony: %w", err)
	}
	state, err := json.Marshal(session)
	if err != nil {
		return nil, nil, fmt.Errorf("encode the state of a ceremony: %w", err)
	}
	return o, state, nil
}

// decoded reads a state that encoded made.
func decoded(state []byte) (webauthn.SessionData, error) {
	var session webauthn.SessionData
	if err := json.Unmarshal(state, &session); err != nil {
		return session, fmt.Errorf("read the state of a ceremony: %w", err)
	}
	return session, nil
}

// FinishRegistration implements ports.Passkeys.
func (s *Site) FinishRegistration(u identity.User, state []byte, answer json.RawMessage) (identity.Passkey, error) {
	session, err := decoded(state)
	if err != nil {
		return identity.Passkey{}, err
	}
	if len(answer) > maxAnswer {
		return identity.Passkey{}, identity.ErrPasskeyRefused
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return identity.Passkey{}, refused(err)
	}
	credential, err := s.rp.CreateCredential(owner{user: u}, session, parsed)
	if err != nil {
		return identity.Passkey{}, refused(err)
	}
	return withRecord(identity.Passkey{UserID: u.ID, Credential: credential.ID}, credential)
}

func withRecord(k identity.Passkey, c *webauthn.Credential) (identity.Passkey, error) {
	var err error
	if k.Record, err = json.Marshal(c); err != nil {
		return k, fmt.Errorf("encode the record of a passkey: %w", err)
	}
	return k, nil
}

// FinishLogin implements ports.Passkeys. A counter that did not grow says that somebody copied the authenticator, so
// the answer is refused. What find fails with, other than not finding, is passed on: it says nothing about the answer.
func (s *Site) FinishLogin(ctx context.Context, state []byte, answer json.RawMessage, find ports.PasskeyOwner) (identity.Passkey, error) {
	session, err := decoded(state)
	if err != nil {
		return identity.Passkey{}, err
	}
	if len(answer) > maxAnswer {
		return identity.Passkey{}, identity.ErrPasskeyRefused
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return identity.Passkey{}, refused(err)
	}
	lookup := finder{ctx: ctx, find: find}
	_, credential, err := s.rp.ValidatePasskeyLogin(lookup.user, session, parsed)
	switch {
	case lookup.failed != nil:
		return identity.Passkey{}, lookup.failed
	case err != nil:
		return identity.Passkey{}, refused(err)
	case credential.Authenticator.CloneWarning:
		return identity.Passkey{}, refused(errors.New("the counter did not grow"))
	}
	for _, k := range lookup.keys {
		if string(k.Credential) == string(credential.ID) {
			return withRecord(k, credential)
		}
	}
	return identity.Passkey{}, refused(errors.New("the account has no such passkey"))
}

// finder calls back for the account of an answer and keeps what it found.
type finder struct {
	ctx    context.Context //nolint:containedctx // the library's callback has no context
	find   ports.PasskeyOwner
	keys   []identity.Passkey
	failed error // other than that there is no such account
}

func (f *finder) user(_, handle []byte) (webauthn.User, error) {
	id, err := uuid.FromBytes(handle)
	if err != nil {
		return nil, fmt.Errorf("read a user handle: %w", err)
	}
	u, keys, err := f.find(f.ctx, id)
	if err != nil {
		if !errors.Is(err, identity.ErrUserNotFound) {
			f.failed = err
		}
		return nil, err
	}
	f.keys = keys
	return ownerOf(u, keys)
}

func refused(err error) error { return identity.ErrPasskeyRefused.Because(err) }
