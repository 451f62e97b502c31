package passkey

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/toeic-app/toeic/domain/identity"
)

// maxAttestation is the longest attestation object that is read, in bytes; without attestation, which is not asked for,
// it has a few hundred, or two thousand with the longest credential and RSA key. The time to check a signature grows with
// the square of an RSA key: one of 36,000 bytes, for which an answer has room, would take five seconds at every login;
// with 4 KiB it is some tens of milliseconds, as for a password.
const maxAttestation = 4 << 10

// BeginRegistration returns options for PublicKeyCredential.parseCreationOptionsFromJSON.
func (p *Passkeys) BeginRegistration(u identity.User, known []identity.Passkey) (options json.RawMessage, state []byte, err error) {
	owner, err := ownerOf(u, known)
	if err != nil {
		return nil, nil, fmt.Errorf("begin to register a passkey: %w", err)
	}
	exclusions := make([]protocol.CredentialDescriptor, len(owner.credentials))
	for i := range owner.credentials {
		exclusions[i] = owner.credentials[i].Descriptor()
	}
	creation, session, err := p.site.BeginRegistration(owner, webauthn.WithExclusions(exclusions))
	if err != nil {
		return nil, nil, fmt.Errorf("begin to register a passkey: %w", err)
	}
	return p.begun(creation.Response, session)
}

// FinishRegistration reads what the browser's credential.toJSON() gave. Whether the credential is somebody's already is
// for the caller to see.
func (p *Passkeys) FinishRegistration(u identity.User, state []byte, answer json.RawMessage) (identity.Passkey, error) {
	session, err := p.resume(state)
	if err != nil {
		return identity.Passkey{}, err
	}
	parsed, err := parse(answer, protocol.ParseCredentialCreationResponseBytes)
	if err != nil {
		return identity.Passkey{}, err
	}
	if n := len(parsed.Raw.AttestationResponse.AttestationObject); n > maxAttestation {
		return identity.Passkey{}, identity.ErrPasskeyRefused.Because(fmt.Errorf("an attestation of %d bytes is too long", n))
	}
	credential, err := p.site.CreateCredential(owner{user: u}, session, parsed)
	if err != nil {
		return identity.Passkey{}, identity.ErrPasskeyRefused.Because(err)
	}
	record, err := json.Marshal(credential)
	if err != nil {
		return identity.Passkey{}, fmt.Errorf("write the record of a passkey: %w", err)
	}
	return identity.Passkey{Credential: credential.ID, Record: record}, nil
}

// parse reads an answer: one JSON value in UTF-8 with nothing after it. Unknown fields are let through, as browsers
// send ever more of them.
func parse[T any](answer []byte, read func([]byte) (T, error)) (T, error) {
	var none T
	if len(answer) > MaxAnswer {
		return none, identity.ErrPasskeyRefused.Because(fmt.Errorf("an answer of %d bytes is too long", len(answer)))
	}
	if !utf8.Valid(answer) {
		return none, identity.ErrPasskeyRefused.Because(errors.New("the answer is not UTF-8"))
	}
	parsed, err := read(answer)
	if err != nil {
		return none, identity.ErrPasskeyRefused.Because(err)
	}
	return parsed, nil
}
