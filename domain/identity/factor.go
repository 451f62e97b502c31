package identity

import (
	"time"

	"github.com/google/uuid"
)

// Passkey is a WebAuthn credential that may sign its owner in.
type Passkey struct {
	ID         uuid.UUID
	UserID     uuid.UUID
	Name       string // chosen by the owner
	Credential []byte // the identifier that the authenticator gave it
	Record     []byte // public key, counter and flags, in the form that the WebAuthn adapter keeps; no secret
	CreatedAt  time.Time
	LastUsedAt *time.Time
}

// External is what an OpenID Connect provider says of a person.
type External struct {
	Provider string // name in the configuration
	Issuer   string
	Subject  string // identifies the person at the issuer, for ever
	Email    string // as the provider spells it; "" when it tells none
	Verified bool   // whether the provider vouches for the address
	Name     string
}
