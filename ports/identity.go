package ports

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
)

// Users stores accounts.
type Users interface {
	// Add stores a new account; identity.ErrEmailTaken when its address has one already.
	Add(ctx context.Context, u identity.User) error
	// ByID returns identity.ErrUserNotFound when there is none.
	ByID(ctx context.Context, id uuid.UUID) (identity.User, error)
	// ByEmail returns identity.ErrUserNotFound when there is none.
	ByEmail(ctx context.Context, email identity.Email) (identity.User, error)
	// Save stores a changed account whose Version is one more than the stored one; ErrStale when it is not.
	Save(ctx context.Context, u identity.User) error
}

// Sessions stores signed-in devices.
type Sessions interface {
	Add(ctx context.Context, s identity.Session) error
	// ByID returns identity.ErrSessionNotFound when there is none.
	ByID(ctx context.Context, id uuid.UUID) (identity.Session, error)
	// Renew stores the device and times of a live session; identity.ErrSessionEnded when it was revoked meanwhile.
	Renew(ctx context.Context, s identity.Session) error
	// Prove stores the proofs of a live session; identity.ErrSessionEnded when it was revoked meanwhile.
	Prove(ctx context.Context, s identity.Session) error
	// Revoke ends the sessions that the filter selects and that have not ended, and returns how many.
	Revoke(ctx context.Context, which SessionFilter, why identity.EndReason, at time.Time) (int, error)
}

// SessionFilter selects sessions; a zero field selects all. At least one field must be set for Revoke.
type SessionFilter struct {
	ID     uuid.UUID
	User   uuid.UUID
	Except uuid.UUID // never this one
	IP     string
	LiveAt time.Time // only sessions that could be used at that time
}

// SessionList reads sessions, newest first.
type SessionList interface {
	List(ctx context.Context, which SessionFilter, page Page) (Slice[identity.Session], error)
}

// RefreshTokens stores the hashes of refresh tokens.
type RefreshTokens interface {
	Add(ctx context.Context, t identity.RefreshToken) error
	// ByHash returns identity.ErrUnauthenticated when the hash is unknown.
	ByHash(ctx context.Context, hash string) (identity.RefreshToken, error)
	// Spend marks the token used and reports whether it was still unused; of concurrent calls one wins.
	Spend(ctx context.Context, hash string, at time.Time) (bool, error)
}

// APITokens stores the hashes of operators' tokens.
type APITokens interface {
	Add(ctx context.Context, t identity.APIToken) error
	// Revoke ends a live token, if it is the owner's; the nil owner is everybody. identity.ErrTokenNotFound when there is none.
	Revoke(ctx context.Context, owner, id uuid.UUID, at time.Time) (identity.APIToken, error)
}

// APITokenList reads tokens, newest first.
type APITokenList interface {
	// List gives the tokens of one account, or of all for the nil UUID.
	List(ctx context.Context, owner uuid.UUID, page Page) (Slice[identity.APIToken], error)
	// Touch notes that a token was used, unless that was noted within the last minute.
	Touch(ctx context.Context, id uuid.UUID, at time.Time) error
}

// UserFilter selects accounts; a zero field selects all.
type UserFilter struct {
	Text   string // in the address or the name, whatever the case
	Role   identity.Role
	Status UserStatus
}

// UserStatus is what can be asked of an account's state.
type UserStatus string

// The states.
const (
	UserActive    UserStatus = "active"
	UserSuspended UserStatus = "suspended"
	UserClosed    UserStatus = "closed"
)

// UserList reads accounts, newest first.
type UserList interface {
	List(ctx context.Context, which UserFilter, page Page) (Slice[identity.User], error)
}

// RoleHolders counts accounts by role.
type RoleHolders interface {
	// Admins returns how many active accounts are administrators, and lets no other unit of work change that until this one ends.
	Admins(ctx context.Context) (int, error)
	// Having returns how many accounts have a role, closed ones included.
	Having(ctx context.Context, r identity.Role) (int, error)
}

// RoleDefinitions stores the roles that administrators define.
type RoleDefinitions interface {
	// All lists them by name.
	All(ctx context.Context) ([]identity.RoleDefinition, error)
	// Add stores a new one; identity.ErrRoleExists.
	Add(ctx context.Context, d identity.RoleDefinition) error
	// Save stores a changed one whose Version is one more than the stored one; ErrStale when it is not.
	Save(ctx context.Context, d identity.RoleDefinition) error
	// Remove deletes one; identity.ErrRoleNotFound.
	Remove(ctx context.Context, name identity.Role) error
}

// Erasures removes accounts for good.
type Erasures interface {
	// Erase deletes the account with all that belongs to it, and remembers that it was erased. It does nothing for an account that is not there.
	Erase(ctx context.Context, user uuid.UUID, at time.Time) error
}

// IdentityRepos is what a unit of work on accounts may touch.
type IdentityRepos struct {
	Users         Users
	Sessions      Sessions
	RefreshTokens RefreshTokens
	APITokens     APITokens
	Flows         Flows
	Factors       Factors
	Sealed        SealedFactors
	Recovery      RecoveryCodes
	Links         Links
	Guards        Guards
	Roles         RoleDefinitions
	Holders       RoleHolders
	Exports       Exports
	Erasures      Erasures
	Keys          Keys
	Jobs          Jobs
	Audit         AuditLog
}

// Actors tells who stands behind a credential, with the roles they have now.
type Actors interface {
	// OfSession returns identity.ErrSessionEnded unless the session is live at now and its account active.
	OfSession(ctx context.Context, session uuid.UUID, now time.Time) (identity.Actor, error)
	// OfToken returns identity.ErrUnauthenticated unless a token of that hash is live at now and its account active.
	OfToken(ctx context.Context, hash string, now time.Time) (identity.Actor, error)
}

// Passwords hashes and verifies passwords. Both are slow on purpose and take turns; they return
// identity.ErrBusy when too many wait already.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	// Verify reports whether password belongs to hash. With an empty hash it takes as long and reports
	// false, so that a caller cannot tell an unknown account by the time it takes.
	Verify(ctx context.Context, password, hash string) (bool, error)
}

// AccessTokens signs and reads the short-lived tokens of sessions.
type AccessTokens interface {
	Sign(session uuid.UUID, user uuid.UUID, now time.Time, lifetime time.Duration) (string, error)
	// Session returns identity.ErrTokenExpired for a token whose time is over and identity.ErrUnauthenticated
	// for anything that is not a token signed here.
	Session(token string, now time.Time) (uuid.UUID, error)
}

// Secrets makes and hashes opaque tokens of 256 random bits.
type Secrets interface {
	New() (string, error)
	Hash(secret string) string
}

// CommonPasswords knows what people often choose, whatever the case of its letters.
type CommonPasswords interface {
	Contains(password string) bool
}
