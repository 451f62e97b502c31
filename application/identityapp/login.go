package identityapp

import (
	"context"
	"time"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// LoginCommand asks for a session.
type LoginCommand struct {
	Email       string
	Password    string
	FactorCode  string // of the authenticator app, or a recovery code; "" until it is asked for
	NewPassword string // for an account whose password must be changed
	Reopen      bool   // keeps an account that was closed
	Device      identity.Device
}

// Login signs somebody in on one more device.
type Login struct {
	Clock  ports.Clock
	Users  ports.Users
	Gate   Gate
	Rules  PasswordRules
	Codes  FactorCodes
	Issuer Issuer
	Post   Post
	Work   ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrBadCredentials, after the same work, whether the address or the password is wrong, and
// identity.ErrLocked after too many failures. Only somebody who gave the right password learns more:
// identity.ErrCodeAsked and ErrBadFactor; and only who has passed that too, ErrSuspended, ErrClosed and ErrMustChange.
func (uc Login) Execute(ctx context.Context, cmd LoginCommand) (SignedIn, error) {
	key := uc.Gate.key(cmd.Email)
	if err := uc.Gate.admit(ctx, key, cmd.Device.IP); err != nil {
		return SignedIn{}, err
	}
	u, err := uc.find(ctx, cmd.Email)
	if err != nil {
		return SignedIn{}, err
	}
	ok, err := uc.Rules.Passwords.Verify(ctx, cmd.Password, u.PasswordHash)
	switch {
	case err != nil:
		return SignedIn{}, err
	case !ok && u.Version == 0:
		return SignedIn{}, uc.Gate.failed(ctx, key, cmd.Device.IP, nil, identity.UnknownAccount, identity.ErrBadCredentials)
	case !ok:
		return SignedIn{}, uc.Gate.failed(ctx, key, cmd.Device.IP, &u.ID, identity.WrongPassword, identity.ErrBadCredentials)
	}
	factor, err := uc.Codes.check(ctx, u, cmd.FactorCode)
	if err != nil {
		return SignedIn{}, uc.Gate.refused(ctx, cmd.Device.IP, u, err)
	}
	return uc.enter(ctx, cmd, key, u, factor)
}

// find returns the account of an address, or one without version and password hash, which nothing verifies against.
func (uc Login) find(ctx context.Context, address string) (identity.User, error) {
	email, err := identity.ParseEmail(address)
	if err != nil {
		return identity.User{}, nil //nolint:nilerr // an impossible address is an unknown one
	}
	u, err := uc.Users.ByEmail(ctx, email)
	if err != nil && !isNotFound(err) {
		return identity.User{}, err
	}
	return u, nil
}

// enter opens the session of somebody who has proved who they are.
func (uc Login) enter(ctx context.Context, cmd LoginCommand, key string, u identity.User, factor usedFactor) (SignedIn, error) {
	now := uc.Clock.Now()
	admitted, err := uc.allowed(ctx, cmd, u, now)
	if err != nil {
		return SignedIn{}, err
	}
	var out SignedIn
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		if err := uc.Gate.recheck(ctx, repos, key); err != nil {
			return err
		}
		if err := factor.spend(ctx, repos, u, now); err != nil {
			return err
		}
		if admitted.Version != u.Version {
			if err := repos.Users.Save(ctx, admitted); err != nil {
				return err
			}
		}
		if admitted.ChangedAt != u.ChangedAt {
			if err := uc.Post.about(ctx, repos, admitted, identity.LetterPasswordChanged, nil); err != nil {
				return err
			}
		}
		out, err = uc.Issuer.open(ctx, repos, admitted, factor.proof(), cmd.Device, now)
		return err
	})
	return out, uc.Gate.refused(ctx, cmd.Device.IP, u, err)
}

// allowed returns the account as it is when its owner comes in: reopened, or with another password, where that is needed.
// Each log-in makes at most one such change.
func (uc Login) allowed(ctx context.Context, cmd LoginCommand, u identity.User, now time.Time) (identity.User, error) {
	switch {
	case u.SuspendedAt != nil:
		return u, identity.ErrSuspended
	case u.DeletedAt != nil && !cmd.Reopen:
		return u, identity.ErrClosed
	case u.MustChange && cmd.NewPassword == "":
		return u, identity.ErrMustChange
	case u.MustChange:
		if cmd.NewPassword == cmd.Password {
			return u, identity.ErrInvalidAccount.WithFields(samePassword("new_password"))
		}
		hash, err := uc.Rules.hash(ctx, "new_password", cmd.NewPassword, u.Email)
		if err != nil {
			return u, err
		}
		changed := u.WithPassword(hash, now)
		changed.DeletedAt = nil
		return changed, nil
	case u.DeletedAt != nil:
		return u.Reopened(), nil
	default:
		return u, nil
	}
}
