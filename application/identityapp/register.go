package identityapp

import (
	"context"
	"errors"
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

// Registered is either a session or, where addresses must be verified first, a flow that waits for the code.
type Registered struct {
	Session *SignedIn
	Pending *Pending
}

// Register opens an account and signs its owner in.
type Register struct {
	Clock  ports.Clock
	Rules  PasswordRules
	Issuer Issuer
	Flows  Flows
	Post   Post
	Limits ports.Limits
	// Verify makes an account only for whoever can read the mail that is sent to its address.
	Verify bool
	Work   ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrInvalidAccount naming every bad field and, unless addresses are verified,
// identity.ErrEmailTaken. Where they are, the answer and the work are the same for a taken address; only its owner
// learns of it, by mail.
func (uc Register) Execute(ctx context.Context, cmd RegisterCommand) (Registered, error) {
	profile := identity.Profile{DisplayName: cmd.DisplayName, Locale: cmd.Locale}
	a, err := account{uc.Rules, uc.Issuer.IDs}.make(ctx, cmd.Email, cmd.Password, profile, identity.Learner, uc.Clock.Now())
	if err != nil {
		return Registered{}, err
	}
	if uc.Verify {
		return uc.pend(ctx, a)
	}
	var out SignedIn
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) (err error) {
		if err := repos.Users.Add(ctx, a); err != nil {
			return err
		}
		out, err = uc.Issuer.open(ctx, repos, a, identity.Proof{}, cmd.Device, uc.Clock.Now())
		return err
	})
	return Registered{Session: &out}, err
}

// applicant is the state of a registration: the account as it will be.
type applicant struct {
	ID           uuid.UUID
	Email        identity.Email
	PasswordHash string
	Profile      identity.Profile
}

// pend sends the code, or a letter that says that there is an account already.
func (uc Register) pend(ctx context.Context, a identity.User) (Registered, error) {
	flow, err := uc.Flows.begin(uuid.Nil, identity.Registration, applicant{a.ID, a.Email, a.PasswordHash, a.Profile}, identity.CodeLifetime)
	if err != nil {
		return Registered{}, err
	}
	// The name is not in the letter: strangers choose it, and could write to anybody by it.
	letter := identity.Letter{To: a.Email, Locale: a.Profile.Locale, Kind: identity.LetterVerify, Until: &flow.ExpiresAt}
	if letter.Code, flow.CodeHash, err = uc.Flows.code(flow.ID); err != nil {
		return Registered{}, err
	}
	decoy, err := uc.Flows.decoy()
	if err != nil {
		return Registered{}, err
	}
	if !uc.Limits.Take(ctx, "mail:"+string(a.Email), MailLimit()).Allowed {
		letter.To = ""
	}
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		flow, letter := flow, letter
		owner, err := repos.Users.ByEmail(ctx, a.Email)
		switch {
		case err == nil:
			flow.CodeHash = decoy
			letter.Kind, letter.Code, letter.Name, letter.Locale = identity.LetterAlreadyRegistered, "", owner.Profile.DisplayName, owner.Profile.Locale
		case !isNotFound(err):
			return err
		}
		if err := repos.Flows.Add(ctx, flow); err != nil {
			return err
		}
		return uc.Post.send(ctx, repos, letter)
	})
	return Registered{Pending: &Pending{Flow: flow.ID, ExpiresAt: flow.ExpiresAt}}, err
}

// VerifyCommand completes a registration.
type VerifyCommand struct {
	Flow   uuid.UUID
	Code   string
	Device identity.Device
}

// Verify opens the account of a registration whose code came back.
type Verify struct {
	Clock  ports.Clock
	Flows  Flows
	Gate   Gate
	Issuer Issuer
	Work   ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrBadCode when the code is wrong, was used, is too old, or was tried too often.
func (uc Verify) Execute(ctx context.Context, cmd VerifyCommand) (SignedIn, error) {
	if err := uc.Gate.admit(ctx, "", cmd.Device.IP); err != nil {
		return SignedIn{}, err
	}
	flow, err := uc.Flows.try(ctx, cmd.Flow, identity.Registration, cmd.Code, "")
	if err != nil {
		return SignedIn{}, uc.Gate.badCode(ctx, cmd.Device.IP, nil, err)
	}
	var a applicant
	if err := uc.Flows.open(flow, &a); err != nil {
		return SignedIn{}, err
	}
	now := uc.Clock.Now()
	u, err := identity.Register(a.ID, a.Email, a.PasswordHash, a.Profile, []identity.Role{identity.Learner}, now)
	if err != nil {
		return SignedIn{}, err
	}
	u.VerifiedAt = &now
	var out SignedIn
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) (err error) {
		if err := repos.Flows.Finish(ctx, flow.ID, now); err != nil {
			return err
		}
		if err := repos.Users.Add(ctx, u); err != nil {
			return err
		}
		out, err = uc.Issuer.open(ctx, repos, u, identity.Proof{}, cmd.Device, now)
		return err
	})
	if errors.Is(err, identity.ErrEmailTaken) { // by another registration that was completed first
		err = identity.ErrBadCode
	}
	return out, err
}

// badCode notes a wrong code; any other failure passes.
func (g Gate) badCode(ctx context.Context, ip string, user *uuid.UUID, err error) error {
	if !errors.Is(err, identity.ErrBadCode) {
		return err
	}
	return g.note(ctx, ip, user, identity.WrongCode, err)
}

// account makes accounts, for whoever may ask for one.
type account struct {
	rules PasswordRules
	ids   ports.IDs
}

// make checks everything before the password is hashed, which is the expensive part.
func (a account) make(ctx context.Context, address, password string, p identity.Profile, role identity.Role, now time.Time) (identity.User, error) {
	if p.Locale == "" {
		p.Locale = identity.Locales()[0]
	}
	email, emailErr := identity.ParseEmail(address)
	if err := fault.Merge(identity.ErrInvalidAccount, emailErr, a.rules.check("password", password, email), p.Check()); err != nil {
		return identity.User{}, err
	}
	hash, err := a.rules.Passwords.Hash(ctx, password)
	if err != nil {
		return identity.User{}, err
	}
	return identity.Register(a.ids.New(), email, hash, p, []identity.Role{role}, now)
}
