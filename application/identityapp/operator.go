package identityapp

import (
	"context"
	"time"

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
	Clock     ports.Clock
	IDs       ports.IDs
	Passwords ports.Passwords
	Users     ports.Users
}

// Execute returns identity.ErrInvalidAccount naming every bad field, and identity.ErrEmailTaken.
func (uc CreateAdmin) Execute(ctx context.Context, cmd CreateAdminCommand) (identity.User, error) {
	profile := identity.Profile{DisplayName: cmd.DisplayName}
	u, err := account{uc.Passwords, uc.IDs}.make(ctx, cmd.Email, cmd.Password, profile, identity.Admin, uc.Clock.Now())
	if err != nil {
		return identity.User{}, err
	}
	return u, uc.Users.Add(ctx, u)
}

// CreateTokenCommand asks for an API token that acts as the account of Email, within Scope.
type CreateTokenCommand struct {
	Email string
	Name  string
	Scope string // separated by commas or spaces
	TTL   time.Duration
}

// CreateToken issues an API token.
type CreateToken struct {
	Clock   ports.Clock
	IDs     ports.IDs
	Secrets ports.Secrets
	Users   ports.Users
	Work    ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns the token, which is stored nowhere and cannot be shown again. Failures are
// identity.ErrInvalidToken, identity.ErrInvalidAccount for an impossible address and identity.ErrUserNotFound.
func (uc CreateToken) Execute(ctx context.Context, cmd CreateTokenCommand) (string, error) {
	email, err := identity.ParseEmail(cmd.Email)
	if err != nil {
		return "", err
	}
	scopes, err := identity.ParseScopes(cmd.Scope)
	if err != nil {
		return "", err
	}
	u, err := uc.Users.ByEmail(ctx, email)
	if err != nil {
		return "", err
	}
	if !u.Active() {
		return "", identity.ErrUserNotFound
	}
	secret, err := uc.Secrets.New()
	if err != nil {
		return "", err
	}
	plain := identity.APITokenPrefix + secret
	token, err := identity.IssueToken(uc.IDs.New(), u.ID, cmd.Name, uc.Secrets.Hash(plain), scopes, cmd.TTL, uc.Clock.Now())
	if err != nil {
		return "", err
	}
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		return repos.APITokens.Add(ctx, token)
	})
	return plain, err
}
