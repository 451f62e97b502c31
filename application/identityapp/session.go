// Package identityapp holds the use cases of accounts, sessions, second factors, roles and API tokens.
package identityapp

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// SignedIn is what a person gets who has proved who they are: the account and the tokens of one session.
type SignedIn struct {
	User      identity.User
	SessionID uuid.UUID
	Access    string
	Refresh   string
	ExpiresIn time.Duration // of the access token
}

// Issuer makes the tokens of sessions.
type Issuer struct {
	IDs     ports.IDs
	Access  ports.AccessTokens
	Secrets ports.Secrets
}

// open starts a session with its first tokens.
func (i Issuer) open(ctx context.Context, repos ports.IdentityRepos, u identity.User, p identity.Proof, d identity.Device, now time.Time) (SignedIn, error) {
	s := identity.OpenSession(i.IDs.New(), u.ID, p, d, now)
	if err := repos.Sessions.Add(ctx, s); err != nil {
		return SignedIn{}, err
	}
	return i.issue(ctx, repos, u, s.ID, now)
}

// issue makes the next tokens of a session.
func (i Issuer) issue(ctx context.Context, repos ports.IdentityRepos, u identity.User, session uuid.UUID, now time.Time) (SignedIn, error) {
	secret, err := i.Secrets.New()
	if err != nil {
		return SignedIn{}, err
	}
	err = repos.RefreshTokens.Add(ctx, identity.RefreshToken{Hash: i.Secrets.Hash(secret), SessionID: session, CreatedAt: now})
	if err != nil {
		return SignedIn{}, err
	}
	access, err := i.Access.Sign(session, u.ID, now, identity.AccessLifetime)
	if err != nil {
		return SignedIn{}, err
	}
	return SignedIn{User: u, SessionID: session, Access: access, Refresh: secret, ExpiresIn: identity.AccessLifetime}, nil
}

// RefreshCommand asks for new tokens in exchange for a refresh token.
type RefreshCommand struct {
	Token  string
	Device identity.Device
}

// Refresh exchanges a refresh token, which is spent by it, for new tokens of the same session.
type Refresh struct {
	Clock  ports.Clock
	Issuer Issuer
	Gate   Gate
	Work   ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrUnauthenticated for a token that was never issued and identity.ErrSessionEnded
// when its session is over. A token that comes back long after it was spent was copied by somebody: its session
// ends. Within identity.ReuseGrace it is a second tab, or a client that lost the reply, and gets tokens too.
func (uc Refresh) Execute(ctx context.Context, cmd RefreshCommand) (SignedIn, error) {
	now := uc.Clock.Now()
	var (
		out    SignedIn
		stolen *identity.Session
	)
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		out, stolen = SignedIn{}, nil
		hash := uc.Issuer.Secrets.Hash(cmd.Token)
		if _, err := repos.RefreshTokens.Spend(ctx, hash, now); err != nil {
			return err
		}
		token, err := repos.RefreshTokens.ByHash(ctx, hash)
		if err != nil {
			return err
		}
		s, err := repos.Sessions.ByID(ctx, token.SessionID)
		if err != nil {
			return err
		}
		if token.Reused(now) {
			stolen = &s // the end of the session must be stored, so this is no failure of the unit of work
			_, err := repos.Sessions.Revoke(ctx, ports.SessionFilter{ID: s.ID}, identity.EndedByReuse, now)
			return err
		}
		out, err = uc.renew(ctx, repos, s, cmd.Device, now)
		return err
	})
	if err == nil && stolen != nil {
		return SignedIn{}, uc.Gate.note(ctx, cmd.Device.IP, &stolen.UserID, identity.ReusedRefresh, identity.ErrSessionEnded)
	}
	return out, err
}

func (uc Refresh) renew(ctx context.Context, repos ports.IdentityRepos, s identity.Session, d identity.Device, now time.Time) (SignedIn, error) {
	u, err := repos.Users.ByID(ctx, s.UserID)
	if err != nil {
		return SignedIn{}, err
	}
	if !s.Live(now) || !u.Active() {
		return SignedIn{}, identity.ErrSessionEnded
	}
	if err := repos.Sessions.Renew(ctx, s.Renewed(d, now)); err != nil {
		return SignedIn{}, err
	}
	return uc.Issuer.issue(ctx, repos, u, s.ID, now)
}

// Logout ends the session of the caller, or all of the caller's sessions.
type Logout struct {
	Clock ports.Clock
	Work  ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrNoSession for an API token that asks to end "this" session.
func (uc Logout) Execute(ctx context.Context, who identity.Actor, allDevices bool) error {
	which := ports.SessionFilter{User: who.UserID, ID: who.SessionID}
	switch {
	case allDevices:
		which.ID = uuid.Nil
	case who.SessionID == uuid.Nil:
		return identity.ErrNoSession
	}
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		_, err := repos.Sessions.Revoke(ctx, which, identity.LoggedOut, uc.Clock.Now())
		return err
	})
}

// ListSessions lists sessions, newest first.
type ListSessions struct {
	Clock    ports.Clock
	Sessions ports.SessionList
}

// SessionQuery selects sessions; a zero field selects all.
type SessionQuery struct {
	User   uuid.UUID
	IP     string
	Active bool // only those that can still be used
	Page   ports.Page
}

// Execute returns one stretch of the list. Who may ask for whose sessions is decided by the permission of the route.
func (uc ListSessions) Execute(ctx context.Context, q SessionQuery) (ports.Slice[identity.Session], error) {
	which := ports.SessionFilter{User: q.User, IP: q.IP}
	if q.Active {
		which.LiveAt = uc.Clock.Now()
	}
	return uc.Sessions.List(ctx, which, q.Page)
}

// EndSession ends one of the caller's own sessions.
type EndSession struct {
	Clock ports.Clock
	Work  ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrSessionNotFound unless the owner has such a session that has not ended.
func (uc EndSession) Execute(ctx context.Context, owner, id uuid.UUID) error {
	if id == uuid.Nil || owner == uuid.Nil {
		return identity.ErrSessionNotFound
	}
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		n, err := repos.Sessions.Revoke(ctx, ports.SessionFilter{ID: id, User: owner}, identity.EndedByOwner, uc.Clock.Now())
		if err == nil && n == 0 {
			return identity.ErrSessionNotFound
		}
		return err
	})
}

// Authenticate tells who stands behind a bearer token.
type Authenticate struct {
	Clock   ports.Clock
	Access  ports.AccessTokens
	Secrets ports.Secrets
	Actors  ports.Actors
	Tokens  ports.APITokenList
	// Failed hears that the use of a token could not be noted, which fails no request.
	Failed func(error)
}

// Execute returns identity.ErrUnauthenticated, ErrTokenExpired or ErrSessionEnded when the token is not good.
func (uc Authenticate) Execute(ctx context.Context, bearer string) (identity.Actor, error) {
	now := uc.Clock.Now()
	if !identity.IsAPIToken(bearer) {
		session, err := uc.Access.Session(bearer, now)
		if err != nil {
			return identity.Actor{}, err
		}
		return uc.Actors.OfSession(ctx, session, now)
	}
	who, err := uc.Actors.OfToken(ctx, uc.Secrets.Hash(bearer), now)
	if err != nil {
		return identity.Actor{}, err
	}
	if err := uc.Tokens.Touch(ctx, who.TokenID, now); err != nil {
		uc.Failed(err)
	}
	return who, nil
}

// isNotFound reports whether an account does not exist.
func isNotFound(err error) bool { return errors.Is(err, identity.ErrUserNotFound) }
