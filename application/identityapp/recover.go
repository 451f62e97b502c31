package identityapp

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// ForgotPasswordCommand asks for a code that allows a new password.
type ForgotPasswordCommand struct{ Email string }

// ForgotPassword sends a code to the owner of an account.
type ForgotPassword struct {
	Flows  Flows
	Post   Post
	Limits ports.Limits
	Work   ports.UnitOfWork[ports.IdentityRepos]
}

// Execute answers the same, after the same work, whether or not the address has an account. It returns
// identity.ErrInvalidAccount for what is no address.
func (uc ForgotPassword) Execute(ctx context.Context, cmd ForgotPasswordCommand) (Pending, error) {
	email, err := identity.ParseEmail(cmd.Email)
	if err != nil {
		return Pending{}, err
	}
	flow, err := uc.Flows.begin(uuid.Nil, identity.PasswordReset, struct{}{}, identity.CodeLifetime)
	if err != nil {
		return Pending{}, err
	}
	letter := identity.Letter{Kind: identity.LetterReset, Locale: identity.Locales()[0], Until: &flow.ExpiresAt}
	if letter.Code, flow.CodeHash, err = uc.Flows.code(flow.ID); err != nil {
		return Pending{}, err
	}
	decoy, err := uc.Flows.decoy()
	if err != nil {
		return Pending{}, err
	}
	allowed := uc.Limits.Take(ctx, "mail:"+string(email), MailLimit()).Allowed
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		flow, letter := flow, letter
		u, err := repos.Users.ByEmail(ctx, email)
		if err != nil && !isNotFound(err) {
			return err
		}
		if err == nil && allowed && u.Active() {
			flow.UserID = u.ID
			letter.To, letter.Name, letter.Locale = u.Email, u.Profile.DisplayName, u.Profile.Locale
		} else {
			flow.CodeHash = decoy
		}
		if err := repos.Flows.Add(ctx, flow); err != nil {
			return err
		}
		return uc.Post.send(ctx, repos, letter)
	})
	return Pending{Flow: flow.ID, ExpiresAt: flow.ExpiresAt}, err
}

// ResetPasswordCommand sets a new password with the code that was sent.
type ResetPasswordCommand struct {
	Flow     uuid.UUID
	Code     string
	Password string
	Device   identity.Device
}

// ResetPassword sets a new password and ends all sessions of the account. Second factors stay.
type ResetPassword struct {
	Users ports.Users
	Flows Flows
	Gate  Gate
	Rules PasswordRules
	Post  Post
	Work  ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrBadCode when the code is wrong, was used, is too old or was tried too often, and
// identity.ErrInvalidAccount when the password breaks a rule, in which case the code stays good.
func (uc ResetPassword) Execute(ctx context.Context, cmd ResetPasswordCommand) error {
	if err := uc.Rules.check("password", cmd.Password, ""); err != nil {
		return err
	}
	if err := uc.Gate.admit(ctx, "", cmd.Device.IP); err != nil {
		return err
	}
	flow, err := uc.Flows.try(ctx, cmd.Flow, identity.PasswordReset, cmd.Code, "")
	if err != nil {
		return uc.Gate.badCode(ctx, cmd.Device.IP, nil, err)
	}
	u, err := uc.Users.ByID(ctx, flow.UserID)
	if err != nil || !u.Active() {
		return orBadCode(err)
	}
	hash, err := uc.Rules.hash(ctx, "password", cmd.Password, u.Email)
	if err != nil {
		return err
	}
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		now := uc.Flows.Clock.Now()
		if err := repos.Flows.Finish(ctx, flow.ID, now); err != nil {
			return err
		}
		changed := u.WithPassword(hash, now)
		changed.VerifiedAt = &now // the code went to the mailbox
		if err := repos.Users.Save(ctx, changed); err != nil {
			return err
		}
		if _, err := repos.Sessions.Revoke(ctx, ports.SessionFilter{User: u.ID}, identity.EndedByPassword, now); err != nil {
			return err
		}
		if err := repos.Guards.Clear(ctx, uc.Gate.key(string(u.Email))); err != nil {
			return err
		}
		return uc.Post.about(ctx, repos, changed, identity.LetterPasswordChanged, nil)
	})
}

func orBadCode(err error) error {
	if err == nil || isNotFound(err) {
		return identity.ErrBadCode
	}
	return err
}

// ChangeEmailCommand asks for another address.
type ChangeEmailCommand struct {
	Who   identity.Actor
	Email string
}

// ChangeEmail sends one code to the address that an account has, and one to that which it is to have.
type ChangeEmail struct {
	Flows  Flows
	Post   Post
	Limits ports.Limits
	Work   ports.UnitOfWork[ports.IdentityRepos]
}

// Execute answers the same whether or not the new address has an account; its owner learns of it by mail.
func (uc ChangeEmail) Execute(ctx context.Context, cmd ChangeEmailCommand) (Pending, error) {
	email, err := identity.ParseEmail(cmd.Email)
	if err != nil {
		return Pending{}, err
	}
	flow, err := uc.Flows.begin(cmd.Who.UserID, identity.EmailChange, email, identity.CodeLifetime)
	if err != nil {
		return Pending{}, err
	}
	var newCode, oldCode string
	if newCode, flow.CodeHash, err = uc.Flows.code(flow.ID); err != nil {
		return Pending{}, err
	}
	if oldCode, flow.SecondHash, err = uc.Flows.code(flow.ID); err != nil {
		return Pending{}, err
	}
	decoy, err := uc.Flows.decoy()
	if err != nil {
		return Pending{}, err
	}
	allowed := uc.Limits.Take(ctx, "mail:"+string(email), MailLimit()).Allowed
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		flow := flow
		u, err := repos.Users.ByID(ctx, cmd.Who.UserID)
		if err != nil {
			return err
		}
		letter := identity.Letter{Name: u.Profile.DisplayName, Locale: u.Profile.Locale, Until: &flow.ExpiresAt}
		toOld, toNew := letter, letter
		toOld.To, toOld.Kind, toOld.Code = u.Email, identity.LetterConfirmChange, oldCode
		toNew.To, toNew.Kind, toNew.Code, toNew.Name = email, identity.LetterConfirmNewAddress, newCode, "" // see Register
		_, err = repos.Users.ByEmail(ctx, email)
		switch {
		case err == nil:
			flow.CodeHash = decoy
			toNew.Kind, toNew.Code = identity.LetterAddressInUse, ""
		case !isNotFound(err):
			return err
		}
		if !allowed {
			toNew.To = ""
		}
		if err := repos.Flows.Add(ctx, flow); err != nil {
			return err
		}
		if err := uc.Post.send(ctx, repos, toOld); err != nil {
			return err
		}
		return uc.Post.send(ctx, repos, toNew)
	})
	return Pending{Flow: flow.ID, ExpiresAt: flow.ExpiresAt}, err
}

// ConfirmEmailCommand completes a change of address with both codes.
type ConfirmEmailCommand struct {
	Who     identity.Actor
	Flow    uuid.UUID
	NewCode string
	OldCode string
	Device  identity.Device
}

// ConfirmEmail moves an account to its new address.
type ConfirmEmail struct {
	Flows Flows
	Gate  Gate
	Post  Post
	Work  ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrBadCode unless both codes are right and the flow is the caller's.
func (uc ConfirmEmail) Execute(ctx context.Context, cmd ConfirmEmailCommand) (identity.User, error) {
	flow, err := uc.Flows.try(ctx, cmd.Flow, identity.EmailChange, cmd.NewCode, cmd.OldCode)
	if err == nil && flow.UserID != cmd.Who.UserID {
		err = identity.ErrBadCode
	}
	if err != nil {
		return identity.User{}, uc.Gate.badCode(ctx, cmd.Device.IP, &cmd.Who.UserID, err)
	}
	var email identity.Email
	if err := uc.Flows.open(flow, &email); err != nil {
		return identity.User{}, err
	}
	var out identity.User
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		now := uc.Flows.Clock.Now()
		if err := repos.Flows.Finish(ctx, flow.ID, now); err != nil {
			return err
		}
		u, err := repos.Users.ByID(ctx, flow.UserID)
		if err != nil {
			return err
		}
		out = u.WithEmail(email, now)
		if err := repos.Users.Save(ctx, out); err != nil {
			return err
		}
		return uc.Post.about(ctx, repos, u, identity.LetterAddressChanged, nil)
	})
	if errors.Is(err, identity.ErrEmailTaken) { // meanwhile
		err = identity.ErrBadCode
	}
	return out, err
}
