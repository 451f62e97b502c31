package passkey

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/toeic-app/toeic/domain/identity"
)

// owner is an account as the library sees it.
type owner struct {
	user        identity.User
	credentials []webauthn.Credential
}

// ownerOf reads the records of an account's passkeys. A broken one is an internal error.
func ownerOf(u identity.User, passkeys []identity.Passkey) (owner, error) {
	o := owner{user: u, credentials: make([]webauthn.Credential, len(passkeys))}
	for i, k := range passkeys {
		if err := json.Unmarshal(k.Record, &o.credentials[i]); err != nil {
			return owner{}, fmt.Errorf("read the record of passkey %s: %w", k.ID, err)
		}
		if !bytes.Equal(o.credentials[i].ID, k.Credential) {
			return owner{}, fmt.Errorf("the record of passkey %s is of another credential", k.ID)
		}
	}
	return o, nil
}

// WebAuthnID is the user handle, which the authenticator keeps and returns at every login. It tells nothing of the
// person, as WebAuthn demands.
func (o owner) WebAuthnID() []byte { return o.user.ID[:] }

// WebAuthnName tells the accounts of a person apart in the browser's list.
func (o owner) WebAuthnName() string { return string(o.user.Email) }

// WebAuthnDisplayName is what some browsers show in its place.
func (o owner) WebAuthnDisplayName() string { return o.user.Profile.DisplayName }

// WebAuthnCredentials are all of the account's.
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.credentials }
