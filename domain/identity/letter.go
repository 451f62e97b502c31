package identity

import (
	"time"

	"github.com/google/uuid"
)

// LetterKind is what a letter to the owner of an address is about. The list is closed: the mail adapter has a
// text for each in every language.
type LetterKind string

// The kinds of letters.
const (
	LetterVerify            LetterKind = "verify"              // a code that completes a registration
	LetterAlreadyRegistered LetterKind = "already_registered"  // somebody tried to register an address that has an account
	LetterReset             LetterKind = "reset"               // a code that allows a new password
	LetterConfirmNewAddress LetterKind = "confirm_new_address" // a code, to the address that an account is to have
	LetterConfirmChange     LetterKind = "confirm_change"      // a code, to the address that the account has now
	LetterAddressInUse      LetterKind = "address_in_use"      // somebody tried to move an account to an address that has one
	LetterAddressChanged    LetterKind = "address_changed"     // to the old address, afterwards
	LetterPasswordChanged   LetterKind = "password_changed"    // afterwards
	LetterFactorsChanged    LetterKind = "factors_changed"     // a second factor was added, removed or reset
	LetterIdentityLinked    LetterKind = "identity_linked"     // another way to sign in was linked
	LetterAccountClosed     LetterKind = "account_closed"      // with the time at which it will be erased
	LetterExportReady       LetterKind = "export_ready"        // with the time until which it can be fetched
)

// LetterKinds lists all kinds.
func LetterKinds() []LetterKind {
	return []LetterKind{
		LetterVerify, LetterAlreadyRegistered, LetterReset, LetterConfirmNewAddress, LetterConfirmChange, LetterAddressInUse,
		LetterAddressChanged, LetterPasswordChanged, LetterFactorsChanged, LetterIdentityLinked, LetterAccountClosed, LetterExportReady,
	}
}

// Letter is a message to the owner of an address.
type Letter struct {
	ID     uuid.UUID // the same letter sent twice has the same identifier
	To     Email
	Name   string // how to greet; may be empty
	Locale string // one of Locales
	Kind   LetterKind
	Code   string     // six digits, for the kinds that carry one
	Until  *time.Time // when the code ends, the account is erased, or the export is removed
}
