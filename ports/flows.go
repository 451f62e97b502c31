package ports

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
)

// Codes makes and hashes short codes that people type.
type Codes interface {
	// Digits returns six random digits.
	Digits() (string, error)
	// Recovery returns a random code of 16 letters and digits in groups.
	Recovery() (string, error)
	// Hash binds a code to what it is for, under a key without which it cannot be guessed from its hash. Blanks, hyphens
	// and the case of letters do not count.
	Hash(about, code string) string
}

// Sealer encrypts what must not be readable in the database or its backups.
type Sealer interface {
	// Seal binds plain to about, which Open must be given too.
	Seal(plain []byte, about string) ([]byte, error)
	Open(sealed []byte, about string) ([]byte, error)
	// Derive makes a key of 32 bytes for one purpose out of the configured secret, the same in every process.
	Derive(purpose string) ([]byte, error)
}

// Flows stores what accounts are in the middle of.
type Flows interface {
	Add(ctx context.Context, f identity.Flow) error
	// Try counts one try to end an open flow and returns the flow; identity.ErrBadCode when it is not open (any more).
	Try(ctx context.Context, id uuid.UUID, p identity.Purpose, now time.Time) (identity.Flow, error)
	// Finish ends a flow; identity.ErrBadCode when it was ended before. Of concurrent calls one wins.
	Finish(ctx context.Context, id uuid.UUID, now time.Time) error
}

// Factors stores second factors.
type Factors interface {
	// Of returns what an account has.
	Of(ctx context.Context, user uuid.UUID) (identity.Factors, error)
	// PutTOTP stores an app, in place of one that was not confirmed; identity.ErrFactorExists when one was.
	PutTOTP(ctx context.Context, t identity.TOTP) error
	// SpendTOTP notes the step of a code that was used, and confirms the app; identity.ErrBadFactor when that step, or a later
	// one, was spent before. Of concurrent calls with one step one wins.
	SpendTOTP(ctx context.Context, id uuid.UUID, step int64, at time.Time) error
	// AddPasskey returns identity.ErrPasskeyKnown for a credential that is stored already.
	AddPasskey(ctx context.Context, p identity.Passkey) error
	// UsePasskey stores the record and time of a passkey that was used.
	UsePasskey(ctx context.Context, p identity.Passkey) error
	// RemovePasskey returns identity.ErrFactorNotFound when the account has no such passkey.
	RemovePasskey(ctx context.Context, user, id uuid.UUID) error
	// RemoveTOTP returns identity.ErrFactorNotFound when the account has no app.
	RemoveTOTP(ctx context.Context, user uuid.UUID) error
}

// SealedFactors gives the sealed secrets of all accounts, to seal them anew.
type SealedFactors interface {
	// After returns up to limit apps in the order of their identifiers, beginning after one.
	After(ctx context.Context, id uuid.UUID, limit int) ([]identity.TOTP, error)
	// Reseal stores the secret of an app anew; it does nothing when the app was removed meanwhile.
	Reseal(ctx context.Context, id uuid.UUID, secret []byte) error
}

// RecoveryCodes stores the hashes of codes that stand in for a lost factor.
type RecoveryCodes interface {
	// Replace stores new ones in place of all the account had; none when hashes is empty.
	Replace(ctx context.Context, user uuid.UUID, hashes []string) error
	// Spend uses one up and reports whether it was there and unused; of concurrent calls one wins.
	Spend(ctx context.Context, user uuid.UUID, hash string, at time.Time) (bool, error)
}

// Links stores who may sign in from a provider.
type Links interface {
	// ByPerson returns identity.ErrLinkNotFound when nobody is linked to that person.
	ByPerson(ctx context.Context, issuer, subject string) (identity.Link, error)
	// Add returns identity.ErrLinkTaken when that person is linked already.
	Add(ctx context.Context, l identity.Link) error
	// Used stores the address and the time that came with a sign-in.
	Used(ctx context.Context, id uuid.UUID, email string, at time.Time) error
	// Of lists the links of an account.
	Of(ctx context.Context, user uuid.UUID) ([]identity.Link, error)
	// Remove returns identity.ErrLinkNotFound when the account has no such link.
	Remove(ctx context.Context, user, id uuid.UUID) error
}

// Guards counts failed log-ins by address.
type Guards interface {
	// Get returns the zero Guard when nothing failed.
	Get(ctx context.Context, key string) (identity.Guard, error)
	// Count applies one failure to the stored guard, one caller at a time, and notes it in the list of failures.
	Count(ctx context.Context, key string, f identity.LoginFailure) (identity.Guard, error)
	// Note adds to the list of failures alone.
	Note(ctx context.Context, f identity.LoginFailure) error
	// Clear forgets the failures after a success.
	Clear(ctx context.Context, key string) error
}

// FailureCount is how often log-ins failed, from one address of the network or to one account.
type FailureCount struct {
	IP       string    // when grouped by address
	UserID   uuid.UUID // when grouped by account; the nil UUID for addresses without an account
	Failures int
	Last     time.Time
}

// LoginFailures reads the failed log-ins.
type LoginFailures interface {
	// ByIP and ByAccount count the failures since a time, the most frequent first.
	ByIP(ctx context.Context, since time.Time, limit int) ([]FailureCount, error)
	ByAccount(ctx context.Context, since time.Time, limit int) ([]FailureCount, error)
}

// Export is a copy of an account's data.
type Export struct {
	ID        uuid.UUID
	UserID    uuid.UUID
	Status    ExportStatus
	Size      int64 // bytes of the file
	CreatedAt time.Time
	ReadyAt   *time.Time
	ExpiresAt time.Time
}

// ExportStatus is how far an export is.
type ExportStatus string

// The states of an export.
const (
	ExportPending ExportStatus = "pending"
	ExportReady   ExportStatus = "ready"
	ExportFailed  ExportStatus = "failed"
)

// Exports stores copies of accounts' data.
type Exports interface {
	Add(ctx context.Context, e Export) error
	// Get returns identity.ErrExportNotFound unless the account has that export.
	Get(ctx context.Context, user, id uuid.UUID) (Export, error)
	// Fill stores the file of an export and its state.
	Fill(ctx context.Context, e Export, data []byte) error
	// Data returns the file; identity.ErrExportNotFound.
	Data(ctx context.Context, user, id uuid.UUID) ([]byte, error)
}

// Housekeeping removes what nobody can use any more: ended sessions, flows, exports, finished jobs, old failures.
type Housekeeping interface {
	// Sweep removes a bounded number of rows of each kind and returns how many in all.
	Sweep(ctx context.Context, now time.Time) (int, error)
}
