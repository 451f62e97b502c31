package identity

import (
	"time"

	"github.com/google/uuid"
)

// The limits of codes that are sent by mail.
const (
	CodeLifetime     = 15 * time.Minute
	MaxCodeTries     = 5
	CeremonyLifetime = 5 * time.Minute // of a passkey's or a provider's answer
)

// Purpose is what a flow is for.
type Purpose string

// The purposes.
const (
	Registration        Purpose = "registration"
	PasswordReset       Purpose = "reset"
	EmailChange         Purpose = "email_change"
	PasskeyRegistration Purpose = "passkey_registration"
	PasskeyLogin        Purpose = "passkey_login"
	ProviderLogin       Purpose = "oidc"
)

// Flow is something that somebody is in the middle of, such as a registration that waits for its code. Its
// identifier is known to who began it alone.
type Flow struct {
	ID         uuid.UUID
	UserID     uuid.UUID // the nil UUID when there is no account (yet)
	Purpose    Purpose
	CodeHash   string // "" without a code
	SecondHash string // of a second code that is needed too; "" without
	Tries      int
	State      []byte // sealed; what the flow needs to end
	CreatedAt  time.Time
	ExpiresAt  time.Time
	DoneAt     *time.Time
}

// OpenFlow starts a flow that ends by itself after lifetime.
func OpenFlow(id, user uuid.UUID, p Purpose, state []byte, now time.Time, lifetime time.Duration) Flow {
	return Flow{ID: id, UserID: user, Purpose: p, State: state, CreatedAt: now, ExpiresAt: now.Add(lifetime)}
}

// Open reports whether the flow can still be ended.
func (f Flow) Open(p Purpose, now time.Time) bool {
	return f.Purpose == p && f.DoneAt == nil && now.Before(f.ExpiresAt) && f.Tries < MaxCodeTries
}
