package identityapp

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// FactorCodes checks what people type as their second factor.
type FactorCodes struct {
	Clock   ports.Clock
	Factors ports.Factors
	App     ports.Authenticator
	Codes   ports.Codes
	Sealer  ports.Sealer
}

// usedFactor is a second factor that was right and is still to be spent. The zero value is none.
type usedFactor struct {
	app      uuid.UUID
	step     int64
	recovery string // hash
}

const totpSeal = "totp "

// check returns identity.ErrCodeAsked when the account has a second factor and there is no code, and
// identity.ErrBadFactor when the code is wrong. Without a second factor, codes are not looked at.
func (f FactorCodes) check(ctx context.Context, u identity.User, code string) (usedFactor, error) {
	has, err := f.Factors.Of(ctx, u.ID)
	switch {
	case err != nil:
		return usedFactor{}, err
	case !has.Any():
		return usedFactor{}, nil
	case code == "":
		return usedFactor{}, identity.ErrCodeAsked
	}
	if has.TOTP.Confirmed() {
		step, ok, err := f.step(*has.TOTP, code)
		if err != nil || ok {
			return usedFactor{app: has.TOTP.ID, step: step}, err
		}
	}
	if has.RecoveryCodes == 0 {
		return usedFactor{}, identity.ErrBadFactor
	}
	return usedFactor{recovery: f.Codes.Hash(u.ID.String(), code)}, nil // whether it is one is told by spending it
}

// step returns the time step of an app's code.
func (f FactorCodes) step(t identity.TOTP, code string) (int64, bool, error) {
	secret, err := f.Sealer.Open(t.Secret, totpSeal+t.ID.String())
	if err != nil {
		return 0, false, err
	}
	step, ok := f.App.Check(string(secret), code, f.Clock.Now(), t.SpentStep)
	return step, ok, nil
}

// spend uses the factor up; identity.ErrBadFactor when it was used before.
func (u usedFactor) spend(ctx context.Context, repos ports.IdentityRepos, owner identity.User, now time.Time) error {
	switch {
	case u.app != uuid.Nil:
		return repos.Factors.SpendTOTP(ctx, u.app, u.step, now)
	case u.recovery != "":
		ok, err := repos.Recovery.Spend(ctx, owner.ID, u.recovery, now)
		if err == nil && !ok {
			return identity.ErrBadFactor
		}
		return err
	default:
		return nil
	}
}

// proof is what a session may be opened with.
func (u usedFactor) proof() identity.Proof { return identity.Proof{Factor: u != usedFactor{}} }

// refused counts a wrong code as a failed log-in; a code that is only missing is none.
func (g Gate) refused(ctx context.Context, ip string, u identity.User, err error) error {
	if !errors.Is(err, identity.ErrBadFactor) {
		return err
	}
	return g.failed(ctx, g.key(string(u.Email)), ip, &u.ID, identity.WrongFactor, err)
}

// ListFactors reads the caller's second factors.
type ListFactors struct{ Factors ports.Factors }

// Execute returns what the account has; secrets are sealed.
func (uc ListFactors) Execute(ctx context.Context, user uuid.UUID) (identity.Factors, error) {
	return uc.Factors.Of(ctx, user)
}

// Enrolment is what an authenticator app needs.
type Enrolment struct {
	Secret  string // base32
	Address string // otpauth://…, for a QR code
}

// EnrolApp begins to set up an authenticator app. It counts only once a code of it was confirmed.
type EnrolApp struct {
	Clock  ports.Clock
	IDs    ports.IDs
	Users  ports.Users
	App    ports.Authenticator
	Sealer ports.Sealer
	Work   ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrFactorExists when an app is set up already.
func (uc EnrolApp) Execute(ctx context.Context, who identity.Actor) (Enrolment, error) {
	u, err := uc.Users.ByID(ctx, who.UserID)
	if err != nil {
		return Enrolment{}, err
	}
	secret, address, err := uc.App.Enrol(u.Email)
	if err != nil {
		return Enrolment{}, err
	}
	t := identity.TOTP{ID: uc.IDs.New(), UserID: u.ID, CreatedAt: uc.Clock.Now()}
	if t.Secret, err = uc.Sealer.Seal([]byte(secret), totpSeal+t.ID.String()); err != nil {
		return Enrolment{}, err
	}
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error { return repos.Factors.PutTOTP(ctx, t) })
	return Enrolment{Secret: secret, Address: address}, err
}

// Secured is what somebody gets with a new second factor: the recovery codes, when it is the first.
type Secured struct{ RecoveryCodes []string }

// FactorWork is what all changes of second factors share.
type FactorWork struct {
	Clock ports.Clock
	Codes ports.Codes
	Users ports.Users
	Post  Post
	Work  ports.UnitOfWork[ports.IdentityRepos]
}

// change runs fn in a unit of work and tells the owner that the factors changed.
func (w FactorWork) change(ctx context.Context, who identity.Actor, fn func(context.Context, ports.IdentityRepos) error) error {
	u, err := w.Users.ByID(ctx, who.UserID)
	if err != nil {
		return err
	}
	return w.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		if err := fn(ctx, repos); err != nil {
			return err
		}
		return w.Post.about(ctx, repos, u, identity.LetterFactorsChanged, nil)
	})
}

// added proves the session by the factor that was just added, and makes recovery codes when it is the first.
func (w FactorWork) added(ctx context.Context, repos ports.IdentityRepos, who identity.Actor, first bool) (Secured, error) {
	now := w.Clock.Now()
	if who.SessionID != uuid.Nil {
		if err := prove(ctx, repos, who.SessionID, identity.Proof{Factor: true}, now); err != nil {
			return Secured{}, err
		}
	}
	if !first {
		return Secured{}, nil
	}
	return w.recoveryCodes(ctx, repos, who.UserID)
}

func prove(ctx context.Context, repos ports.IdentityRepos, session uuid.UUID, p identity.Proof, now time.Time) error {
	s, err := repos.Sessions.ByID(ctx, session)
	if err != nil {
		return err
	}
	return repos.Sessions.Prove(ctx, s.Proved(p, now))
}

func (w FactorWork) recoveryCodes(ctx context.Context, repos ports.IdentityRepos, user uuid.UUID) (Secured, error) {
	codes, hashes := make([]string, identity.RecoveryCodes), make([]string, identity.RecoveryCodes)
	for i := range codes {
		var err error
		if codes[i], err = w.Codes.Recovery(); err != nil {
			return Secured{}, err
		}
		hashes[i] = w.Codes.Hash(user.String(), codes[i])
	}
	return Secured{RecoveryCodes: codes}, repos.Recovery.Replace(ctx, user, hashes)
}

// ConfirmApp completes the set-up of an authenticator app.
type ConfirmApp struct {
	FactorWork
	Checks FactorCodes
}

// Execute returns identity.ErrFactorNotFound when no set-up was begun, identity.ErrFactorExists when it was completed
// before, and identity.ErrBadFactor when the code is wrong.
func (uc ConfirmApp) Execute(ctx context.Context, who identity.Actor, code string) (Secured, error) {
	var out Secured
	err := uc.change(ctx, who, func(ctx context.Context, repos ports.IdentityRepos) error {
		has, err := repos.Factors.Of(ctx, who.UserID)
		switch {
		case err != nil:
			return err
		case has.TOTP == nil:
			return identity.ErrFactorNotFound
		case has.TOTP.Confirmed():
			return identity.ErrFactorExists
		}
		step, ok, err := uc.Checks.step(*has.TOTP, code)
		if err != nil {
			return err
		}
		if !ok {
			return identity.ErrBadFactor
		}
		if err := repos.Factors.SpendTOTP(ctx, has.TOTP.ID, step, uc.Clock.Now()); err != nil {
			return err
		}
		out, err = uc.added(ctx, repos, who, !has.Any())
		return err
	})
	return out, err
}

// RemoveFactor removes an authenticator app or a passkey. With the last factor the recovery codes go too.
type RemoveFactor struct{ FactorWork }

// App removes the app; identity.ErrFactorNotFound when there is none.
func (uc RemoveFactor) App(ctx context.Context, who identity.Actor) error {
	return uc.remove(ctx, who, func(ctx context.Context, repos ports.IdentityRepos) error {
		return repos.Factors.RemoveTOTP(ctx, who.UserID)
	})
}

// Passkey removes one passkey; identity.ErrFactorNotFound when the caller has none of that identifier.
func (uc RemoveFactor) Passkey(ctx context.Context, who identity.Actor, id uuid.UUID) error {
	return uc.remove(ctx, who, func(ctx context.Context, repos ports.IdentityRepos) error {
		return repos.Factors.RemovePasskey(ctx, who.UserID, id)
	})
}

func (uc RemoveFactor) remove(ctx context.Context, who identity.Actor, fn func(context.Context, ports.IdentityRepos) error) error {
	return uc.change(ctx, who, func(ctx context.Context, repos ports.IdentityRepos) error {
		if err := fn(ctx, repos); err != nil {
			return err
		}
		left, err := repos.Factors.Of(ctx, who.UserID)
		if err != nil || left.Any() {
			return err
		}
		return repos.Recovery.Replace(ctx, who.UserID, nil)
	})
}

// RenewRecoveryCodes makes new recovery codes in place of the old ones.
type RenewRecoveryCodes struct{ FactorWork }

// Execute returns identity.ErrFactorNotFound when the account has no second factor.
func (uc RenewRecoveryCodes) Execute(ctx context.Context, who identity.Actor) (Secured, error) {
	var out Secured
	err := uc.change(ctx, who, func(ctx context.Context, repos ports.IdentityRepos) error {
		has, err := repos.Factors.Of(ctx, who.UserID)
		if err != nil {
			return err
		}
		if !has.Any() {
			return identity.ErrFactorNotFound
		}
		out, err = uc.recoveryCodes(ctx, repos, who.UserID)
		return err
	})
	return out, err
}

// StepUpCommand proves again who the caller is: by a passkey, or by a code of the second factor, or, for an account
// without one, by the password.
type StepUpCommand struct {
	Who        identity.Actor
	Password   string
	FactorCode string
	Passkey    *PasskeyAnswer
	Device     identity.Device
}

// StepUp makes the proof of a session fresh.
type StepUp struct {
	Clock     ports.Clock
	Users     ports.Users
	Gate      Gate
	Passwords ports.Passwords
	Codes     FactorCodes
	Passkeys  PasskeyLogin
	Work      ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrNoSession for an API token, and the failures of a log-in.
func (uc StepUp) Execute(ctx context.Context, cmd StepUpCommand) error {
	if cmd.Who.SessionID == uuid.Nil {
		return identity.ErrNoSession
	}
	if cmd.Passkey != nil {
		return uc.byPasskey(ctx, cmd)
	}
	u, err := uc.Users.ByID(ctx, cmd.Who.UserID)
	if err != nil {
		return err
	}
	if err := uc.Gate.admit(ctx, uc.Gate.key(string(u.Email)), cmd.Device.IP); err != nil {
		return err
	}
	factor, err := uc.Codes.check(ctx, u, cmd.FactorCode)
	if err != nil {
		return uc.Gate.refused(ctx, cmd.Device.IP, u, err)
	}
	if factor == (usedFactor{}) {
		if err := uc.Gate.verify(ctx, uc.Passwords, u, cmd.Password, cmd.Device.IP); err != nil {
			return err
		}
	}
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		now := uc.Clock.Now()
		if err := uc.Gate.recheck(ctx, repos, uc.Gate.key(string(u.Email))); err != nil {
			return err
		}
		if err := factor.spend(ctx, repos, u, now); err != nil {
			return err
		}
		return prove(ctx, repos, cmd.Who.SessionID, factor.proof(), now)
	})
	return uc.Gate.refused(ctx, cmd.Device.IP, u, err)
}

func (uc StepUp) byPasskey(ctx context.Context, cmd StepUpCommand) error {
	used, u, err := uc.Passkeys.answer(ctx, *cmd.Passkey, cmd.Device.IP)
	if err == nil && u.ID != cmd.Who.UserID {
		err = identity.ErrPasskeyRefused
	}
	if err != nil {
		return err
	}
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		if err := repos.Factors.UsePasskey(ctx, used); err != nil {
			return err
		}
		return prove(ctx, repos, cmd.Who.SessionID, identity.Proof{Factor: true}, uc.Clock.Now())
	})
}
