package identityapp

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// PasswordRules decides which passwords are good, and hashes them.
type PasswordRules struct {
	Passwords ports.Passwords
	Common    ports.CommonPasswords
}

// check returns identity.ErrInvalidAccount naming name when password breaks a rule: too short or long, among those
// that people often choose, or the address itself.
func (r PasswordRules) check(name, password string, email identity.Email) error {
	err := identity.CheckPassword(password)
	mailbox, _, _ := strings.Cut(string(email), "@")
	switch lower := strings.ToLower(strings.TrimSpace(password)); {
	case err != nil:
	case r.Common.Contains(password), lower == string(email), email != "" && lower == mailbox:
		err = identity.ErrInvalidAccount.WithFields(fault.Field{
			Name: "password", Code: "common", Detail: "This password is easy to guess; many people choose it, or it is the address.",
		})
	}
	return renamed(err, name)
}

// renamed gives the fields of a failure the name that the client knows.
func renamed(err error, name string) error {
	f, ok := err.(*fault.Error) //nolint:errorlint // made just above, never wrapped
	if !ok || name == "password" {
		return err
	}
	fields := make([]fault.Field, len(f.Fields))
	for i, field := range f.Fields {
		field.Name = name
		fields[i] = field
	}
	return f.WithFields(fields...)
}

// hash checks a password and hashes it.
func (r PasswordRules) hash(ctx context.Context, name, password string, email identity.Email) (string, error) {
	if err := r.check(name, password, email); err != nil {
		return "", err
	}
	return r.Passwords.Hash(ctx, password)
}

func samePassword(name string) fault.Field {
	return fault.Field{Name: name, Code: "same", Detail: "The new password is the old one."}
}

// ChangePasswordCommand asks for another password.
type ChangePasswordCommand struct {
	Who     identity.Actor
	Current string
	New     string
	Device  identity.Device
}

// ChangePassword changes the caller's password and ends all other sessions of the account.
type ChangePassword struct {
	Clock ports.Clock
	Users ports.Users
	Gate  Gate
	Rules PasswordRules
	Post  Post
	Work  ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrBadCredentials when the current password is wrong, which counts as a failed log-in, and
// identity.ErrInvalidAccount when the new one breaks a rule.
func (uc ChangePassword) Execute(ctx context.Context, cmd ChangePasswordCommand) error {
	if cmd.Who.SessionID == uuid.Nil {
		return identity.ErrNoSession
	}
	u, err := uc.Users.ByID(ctx, cmd.Who.UserID)
	if err != nil {
		return err
	}
	if err := uc.Gate.verify(ctx, uc.Rules.Passwords, u, cmd.Current, cmd.Device.IP); err != nil {
		return err
	}
	if cmd.New == cmd.Current {
		return identity.ErrInvalidAccount.WithFields(samePassword("new_password"))
	}
	hash, err := uc.Rules.hash(ctx, "new_password", cmd.New, u.Email)
	if err != nil {
		return err
	}
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		now := uc.Clock.Now()
		changed := u.WithPassword(hash, now)
		if err := repos.Users.Save(ctx, changed); err != nil {
			return err
		}
		others := ports.SessionFilter{User: u.ID, Except: cmd.Who.SessionID}
		if _, err := repos.Sessions.Revoke(ctx, others, identity.EndedByPassword, now); err != nil {
			return err
		}
		return uc.Post.about(ctx, repos, changed, identity.LetterPasswordChanged, nil)
	})
}

// verify checks the password of a known account as a log-in would.
func (g Gate) verify(ctx context.Context, passwords ports.Passwords, u identity.User, password, ip string) error {
	key := g.key(string(u.Email))
	if err := g.admit(ctx, key, ip); err != nil {
		return err
	}
	ok, err := passwords.Verify(ctx, password, u.PasswordHash)
	if err != nil {
		return err
	}
	if !ok {
		return g.failed(ctx, key, ip, &u.ID, identity.WrongPassword, identity.ErrBadCredentials)
	}
	return nil
}
