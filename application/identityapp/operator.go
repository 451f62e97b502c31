package identityapp

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// CreateAdminCommand asks for an administrator's account.
type CreateAdminCommand struct {
	Email       string
	Password    string
	DisplayName string
}

// CreateAdmin opens an administrator's account. It is reached from the command line alone, by whoever can
// reach the database anyway.
type CreateAdmin struct {
	Clock    ports.Clock
	IDs      ports.IDs
	Rules    PasswordRules
	Recorder Recorder
	Work     ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrInvalidAccount naming every bad field, and identity.ErrEmailTaken.
func (uc CreateAdmin) Execute(ctx context.Context, cmd CreateAdminCommand) (identity.User, error) {
	profile := identity.Profile{DisplayName: cmd.DisplayName}
	u, err := account{uc.Rules, uc.IDs}.make(ctx, cmd.Email, cmd.Password, profile, identity.Admin, uc.Clock.Now())
	if err != nil {
		return identity.User{}, err
	}
	return u, uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		if err := repos.Users.Add(ctx, u); err != nil {
			return err
		}
		return uc.Recorder.Record(ctx, repos.Audit, identity.Caller{}, audit.AdminCreated, objectOf(u.ID), nil, stateOf(u))
	})
}

// CreateTokenCommand asks for an API token that acts as an account, within Scope.
type CreateTokenCommand struct {
	By    identity.Caller // the zero Caller for the command line
	User  uuid.UUID       // whose token; the nil UUID to find the account by Email
	Email string
	Name  string
	Scope string // separated by commas or spaces
	TTL   time.Duration
}

// NewToken is an API token, which is shown once and stored nowhere.
type NewToken struct {
	Secret string
	Token  identity.APIToken
}

// CreateToken issues an API token.
type CreateToken struct {
	Clock    ports.Clock
	IDs      ports.IDs
	Secrets  ports.Secrets
	Users    ports.Users
	Recorder Recorder
	Work     ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrInvalidToken, identity.ErrInvalidAccount for an impossible address, identity.ErrUserNotFound,
// and identity.ErrNoSession for an API token that asks for another one, because it would outlive its own revocation.
func (uc CreateToken) Execute(ctx context.Context, cmd CreateTokenCommand) (NewToken, error) {
	if cmd.By.Actor.TokenID != uuid.Nil {
		return NewToken{}, identity.ErrNoSession
	}
	scopes, err := identity.ParseScopes(cmd.Scope)
	if err != nil {
		return NewToken{}, err
	}
	u, err := uc.owner(ctx, cmd)
	if err != nil {
		return NewToken{}, err
	}
	secret, err := uc.Secrets.New()
	if err != nil {
		return NewToken{}, err
	}
	out := NewToken{Secret: identity.APITokenPrefix + secret}
	out.Token, err = identity.IssueToken(uc.IDs.New(), u.ID, cmd.Name, uc.Secrets.Hash(out.Secret), scopes, cmd.TTL, uc.Clock.Now())
	if err != nil {
		return NewToken{}, err
	}
	return out, uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		if err := repos.APITokens.Add(ctx, out.Token); err != nil {
			return err
		}
		return uc.Recorder.Record(ctx, repos.Audit, cmd.By, audit.TokenCreated, tokenObject(out.Token), nil, tokenState(out.Token))
	})
}

func (uc CreateToken) owner(ctx context.Context, cmd CreateTokenCommand) (identity.User, error) {
	u, err := uc.Users.ByID(ctx, cmd.User)
	if cmd.User == uuid.Nil {
		var email identity.Email
		if email, err = identity.ParseEmail(cmd.Email); err != nil {
			return u, err
		}
		u, err = uc.Users.ByEmail(ctx, email)
	}
	if err == nil && !u.Active() {
		err = identity.ErrUserNotFound
	}
	return u, err
}

func tokenObject(t identity.APIToken) string { return "token:" + t.ID.String() }

func tokenState(t identity.APIToken) any {
	return map[string]any{"user": t.UserID, "name": t.Name, "scopes": t.Scopes, "expires_at": t.ExpiresAt}
}

// ListTokens reads API tokens, newest first.
type ListTokens struct{ Tokens ports.APITokenList }

// Execute returns the tokens of one account, or of all for the nil UUID.
func (uc ListTokens) Execute(ctx context.Context, owner uuid.UUID, page ports.Page) (ports.Slice[identity.APIToken], error) {
	return uc.Tokens.List(ctx, owner, page)
}

// RevokeToken ends an API token.
type RevokeToken struct {
	Clock    ports.Clock
	Recorder Recorder
	Work     ports.UnitOfWork[ports.IdentityRepos]
}

// Execute ends the token if it is the owner's; the nil owner, for administrators, ends anybody's. It returns
// identity.ErrTokenNotFound when there is no such token that could be used.
func (uc RevokeToken) Execute(ctx context.Context, by identity.Caller, owner, id uuid.UUID) error {
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		t, err := repos.APITokens.Revoke(ctx, owner, id, uc.Clock.Now())
		if err != nil {
			return err
		}
		return uc.Recorder.Record(ctx, repos.Audit, by, audit.TokenRevoked, tokenObject(t), tokenState(t), nil)
	})
}

// FailedLogins counts failures by network address or account.
type FailedLogins struct {
	Clock    ports.Clock
	Failures ports.LoginFailures
	Users    ports.Users
}

// FailedLoginsQuery says how to group, how far to look back, and how many groups to give.
type FailedLoginsQuery struct {
	ByAccount bool
	Window    time.Duration
	Limit     int
}

// FailedLogin is one group, with the address of the account where there is one.
type FailedLogin struct {
	ports.FailureCount
	Email identity.Email
}

// Execute returns the groups, the most frequent first.
func (uc FailedLogins) Execute(ctx context.Context, q FailedLoginsQuery) ([]FailedLogin, error) {
	read := uc.Failures.ByIP
	if q.ByAccount {
		read = uc.Failures.ByAccount
	}
	rows, err := read(ctx, uc.Clock.Now().Add(-q.Window), q.Limit)
	if err != nil {
		return nil, err
	}
	out := make([]FailedLogin, len(rows))
	for i, row := range rows {
		out[i].FailureCount = row
		if row.UserID == uuid.Nil {
			continue
		}
		u, err := uc.Users.ByID(ctx, row.UserID)
		if err != nil && !isNotFound(err) { // erased since
			return nil, err
		}
		out[i].Email = u.Email
	}
	return out, nil
}
