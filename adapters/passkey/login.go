package passkey

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// BeginLogin returns options for PublicKeyCredential.parseRequestOptionsFromJSON.
func (p *Passkeys) BeginLogin() (options json.RawMessage, state []byte, err error) {
	assertion, session, err := p.site.BeginDiscoverableLogin()
	if err != nil {
		return nil, nil, fmt.Errorf("begin a login by passkey: %w", err)
	}
	return p.begun(assertion.Response, session)
}

// FinishLogin reads what the browser's credential.toJSON() gave. A counter of the authenticator that does not grow is
// a refusal, since it means that the passkey exists twice; authenticators that synchronise passkeys leave it at zero.
// What find returns other than identity.ErrUserNotFound is passed on as it is.
func (p *Passkeys) FinishLogin(ctx context.Context, state []byte, answer json.RawMessage, find ports.PasskeyOwner) (identity.Passkey, error) {
	session, err := p.resume(state)
	if err != nil {
		return identity.Passkey{}, err
	}
	parsed, err := parse(answer, protocol.ParseCredentialRequestResponseBytes)
	if err != nil {
		return identity.Passkey{}, err
	}
	l := lookup{find: find}
	credential, err := p.site.ValidateDiscoverableLogin(l.owner(ctx), session, parsed)
	switch {
	case l.failed != nil:
		return identity.Passkey{}, l.failed
	case err != nil:
		return identity.Passkey{}, identity.ErrPasskeyRefused.Because(err)
	case credential.Authenticator.CloneWarning:
		return identity.Passkey{}, identity.ErrPasskeyRefused.Because(errors.New("the counter did not grow"))
	}
	return l.used(credential)
}

// lookup finds the account that an answer names. It keeps what the library has no use for.
type lookup struct {
	find     ports.PasskeyOwner
	passkeys []identity.Passkey
	failed   error // what is not the answer's fault
}

func (l *lookup) owner(ctx context.Context) webauthn.DiscoverableUserHandler {
	return func(_, handle []byte) (webauthn.User, error) {
		id, err := uuid.FromBytes(handle)
		if err != nil {
			return nil, fmt.Errorf("read the user handle: %w", err)
		}
		user, passkeys, err := l.find(ctx, id)
		if errors.Is(err, identity.ErrUserNotFound) {
			return nil, err
		}
		if err != nil {
			l.failed = err
			return nil, err
		}
		l.passkeys = passkeys
		found, err := ownerOf(user, passkeys)
		l.failed = err
		return found, err
	}
}

// used returns the passkey of that credential with its new counter and flags.
func (l *lookup) used(credential *webauthn.Credential) (identity.Passkey, error) {
	i := slices.IndexFunc(l.passkeys, func(k identity.Passkey) bool { return bytes.Equal(k.Credential, credential.ID) })
	record, err := json.Marshal(credential)
	if err != nil {
		return identity.Passkey{}, fmt.Errorf("write the record of a passkey: %w", err)
	}
	used := l.passkeys[i]
	used.Record = record
	return used, nil
}
