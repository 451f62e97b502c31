package identity

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Numbers of second factors.
const (
	RecoveryCodes  = 10 // made at once, each good for one log-in
	MaxPasskeys    = 20 // of one account
	maxPasskeyName = 60 // characters
)

// TOTP is an authenticator app that shows time-based one-time passwords.
type TOTP struct {
	ID          uuid.UUID
	UserID      uuid.UUID
	Secret      []byte // sealed
	SpentStep   int64  // the last time step whose code was used
	CreatedAt   time.Time
	ConfirmedAt *time.Time // nil until a first code proved that the app has the secret
}

// Confirmed reports whether the app counts as a second factor.
func (t *TOTP) Confirmed() bool { return t != nil && t.ConfirmedAt != nil }

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

// CheckPasskeyName applies the rule for the name of a passkey.
func CheckPasskeyName(name string) error {
	if n := utf8.RuneCountInString(name); strings.TrimSpace(name) == "" || n > maxPasskeyName || strings.ContainsFunc(name, unicode.IsControl) {
		return ErrInvalidFactor.WithFields(field("name", "length", "The name has 1 to 60 printable characters."))
	}
	return nil
}

// Factors is what an account has beside its password.
type Factors struct {
	TOTP          *TOTP // nil without an app
	Passkeys      []Passkey
	RecoveryCodes int // that are still unused
}

// Any reports whether a password alone no longer signs in.
func (f Factors) Any() bool { return f.TOTP.Confirmed() || len(f.Passkeys) > 0 }

// External is what an OpenID Connect provider says of a person.
type External struct {
	Provider string // name in the configuration
	Issuer   string
	Subject  string // identifies the person at the issuer, for ever
	Email    string // as the provider spells it; "" when it tells none
	Verified bool   // whether the provider vouches for the address
	Name     string
}

// Link lets a person at a provider sign in to an account.
type Link struct {
	ID         uuid.UUID
	UserID     uuid.UUID
	Provider   string
	Issuer     string
	Subject    string
	Email      string // as the provider last told it
	CreatedAt  time.Time
	LastUsedAt time.Time
}
