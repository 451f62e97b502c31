package identityapp

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// RegisterCommand asks for a new learner's account.
type RegisterCommand struct {
	Email       string
	Password    string
	DisplayName string
	Locale      string // the default when empty
	Device      identity.Device
}

// Register opens an account and signs its owner in.
type Register struct {
	Clock     ports.Clock
	Passwords ports.Passwords
	Issuer    Issuer
	Work      ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrInvalidAccount naming every bad field, and identity.ErrEmailTaken.
func (uc Register) Execute(ctx context.Context, cmd RegisterCommand) (SignedIn, error) {
	profile := identity.Profile{DisplayName: cmd.DisplayName, Locale: cmd.Locale}
	u, err := account{uc.Passwords, uc.Issuer.IDs}.make(ctx, cmd.Email, cmd.Password, profile, identity.Learner, uc.Clock.Now())
	if err != nil {
		return SignedIn{}, err
	}
	var out SignedIn
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		if err := repos.Users.Add(ctx, u); err != nil {
			return err
		}
		out, err = uc.Issuer.open(ctx, repos, u, cmd.Device, uc.Clock.Now())
		return err
	})
	return out, err
}

// account makes accounts, for whoever may ask for one.
type account struct {
	passwords ports.Passwords
	ids       ports.IDs
}

// make checks everything before the password is hashed, which is the expensive part.
func (a account) make(ctx context.Context, address, password string, p identity.Profile, role identity.Role, now time.Time) (identity.User, error) {
	if p.Locale == "" {
		p.Locale = identity.Locales()[0]
	}
	email, emailErr := identity.ParseEmail(address)
	if err := fault.Merge(identity.ErrInvalidAccount, emailErr, identity.CheckPassword(password), p.Check()); err != nil {
		return identity.User{}, err
	}
	hash, err := a.passwords.Hash(ctx, password)
	if err != nil {
		return identity.User{}, err
	}
	return identity.Register(a.ids.New(), email, hash, p, []identity.Role{role}, now)
}

// LoginCommand asks for a session.
type LoginCommand struct {
	Email    string
	Password string
	Device   identity.Device
}

// Login signs somebody in on one more device.
type Login struct {
	Clock     ports.Clock
	Passwords ports.Passwords
	Issuer    Issuer
	Users     ports.Users
	Work      ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrBadCredentials, after the same work, whether the address or the password is wrong.
func (uc Login) Execute(ctx context.Context, cmd LoginCommand) (SignedIn, error) {
	u, err := uc.find(ctx, cmd.Email)
	if err != nil {
		return SignedIn{}, err
	}
	ok, err := uc.Passwords.Verify(ctx, cmd.Password, u.PasswordHash)
	if err != nil {
		return SignedIn{}, err
	}
	if !ok {
		return SignedIn{}, identity.ErrBadCredentials
	}
	var out SignedIn
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		out, err = uc.Issuer.open(ctx, repos, u, cmd.Device, uc.Clock.Now())
		return err
	})
	return out, err
}

// find returns the active account of an address, or one without a password hash, which none verifies against.
func (uc Login) find(ctx context.Context, address string) (identity.User, error) {
	email, err := identity.ParseEmail(address)
	if err != nil {
		return identity.User{}, nil //nolint:nilerr // an impossible address is an unknown one
	}
	u, err := uc.Users.ByEmail(ctx, email)
	if notFoundAs(err, nil) != nil {
		return identity.User{}, err
	}
	if !u.Active() {
		return identity.User{}, nil
	}
	return u, nil
}

// Profile reads the caller's account.
type Profile struct{ Users ports.Users }

// Execute returns identity.ErrUserNotFound when the account was closed.
func (uc Profile) Execute(ctx context.Context, user uuid.UUID) (identity.User, error) {
	u, err := uc.Users.ByID(ctx, user)
	if err == nil && !u.Active() {
		return identity.User{}, identity.ErrUserNotFound
	}
	return u, err
}

// Change is what a request says about a value that may be absent: nothing, a new one, or none.
type Change[T any] struct {
	Given bool
	Value *T // nil clears
}

func (c Change[T]) apply(to **T) {
	if c.Given {
		*to = c.Value
	}
}

// ChangeProfileCommand says what to change of an account's profile.
type ChangeProfileCommand struct {
	User          uuid.UUID
	DisplayName   *string // nil keeps
	Locale        *string // nil keeps
	TargetScore   Change[int]
	TestDate      Change[time.Time]
	MinutesPerDay Change[int]
}

func (cmd ChangeProfileCommand) apply(p identity.Profile) identity.Profile {
	if cmd.DisplayName != nil {
		p.DisplayName = *cmd.DisplayName
	}
	if cmd.Locale != nil {
		p.Locale = *cmd.Locale
	}
	cmd.TargetScore.apply(&p.TargetScore)
	cmd.TestDate.apply(&p.TestDate)
	cmd.MinutesPerDay.apply(&p.MinutesPerDay)
	return p
}

// ChangeProfile changes the caller's profile.
type ChangeProfile struct {
	Work ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrInvalidAccount naming every bad field, and ports.ErrStale when the account was
// changed by another request at the same time.
func (uc ChangeProfile) Execute(ctx context.Context, cmd ChangeProfileCommand) (identity.User, error) {
	var out identity.User
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		u, err := repos.Users.ByID(ctx, cmd.User)
		if err != nil {
			return err
		}
		if out, err = u.Changed(cmd.apply(u.Profile)); err != nil {
			return err
		}
		return repos.Users.Save(ctx, out)
	})
	return out, err
}

// CloseAccount closes the caller's account and ends all its sessions.
type CloseAccount struct {
	Clock ports.Clock
	Work  ports.UnitOfWork[ports.IdentityRepos]
}

// Execute closes the account; from then on nobody can sign in to it.
func (uc CloseAccount) Execute(ctx context.Context, user uuid.UUID) error {
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		now := uc.Clock.Now()
		u, err := repos.Users.ByID(ctx, user)
		if err != nil {
			return err
		}
		if err := repos.Users.Save(ctx, u.Closed(now)); err != nil {
			return err
		}
		_, err = repos.Sessions.Revoke(ctx, ports.SessionFilter{User: user}, now)
		return err
	})
}
