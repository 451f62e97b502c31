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
	// Revoke ends the sessions that the filter selects and that have not ended, and returns how many.
	Revoke(ctx context.Context, which SessionFilter, at time.Time) (int, error)
}

// SessionFilter selects sessions; a zero field selects all. At least one field must be set for Revoke.
type SessionFilter struct {
	ID     uuid.UUID
	User   uuid.UUID
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
}

// IdentityRepos is what a unit of work on accounts may touch.
type IdentityRepos struct {
	Users         Users
	Sessions      Sessions
	RefreshTokens RefreshTokens
	APITokens     APITokens
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
