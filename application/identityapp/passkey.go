package identityapp

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// Ceremony is what a browser needs to make or use a passkey.
type Ceremony struct {
	Pending
	Options json.RawMessage // for navigator.credentials
}

// PasskeyAnswer is what the browser gave back.
type PasskeyAnswer struct {
	Flow       uuid.UUID
	Credential json.RawMessage
}

// PasskeyOptions begins a ceremony.
type PasskeyOptions struct {
	Passkeys ports.Passkeys // nil where they are not configured
	Users    ports.Users
	Factors  ports.Factors
	Flows    Flows
}

// Registration asks the caller's browser for a new passkey; identity.ErrTooManyPasskeys, identity.ErrPasskeysOff.
func (uc PasskeyOptions) Registration(ctx context.Context, who identity.Actor) (Ceremony, error) {
	if uc.Passkeys == nil {
		return Ceremony{}, identity.ErrPasskeysOff
	}
	u, err := uc.Users.ByID(ctx, who.UserID)
	if err != nil {
		return Ceremony{}, err
	}
	has, err := uc.Factors.Of(ctx, u.ID)
	if err != nil {
		return Ceremony{}, err
	}
	if len(has.Passkeys) >= identity.MaxPasskeys {
		return Ceremony{}, identity.ErrTooManyPasskeys
	}
	options, state, err := uc.Passkeys.BeginRegistration(u, has.Passkeys)
	if err != nil {
		return Ceremony{}, err
	}
	return uc.store(ctx, u.ID, identity.PasskeyRegistration, options, state)
}

// Login asks any browser for a passkey of this site; identity.ErrPasskeysOff.
func (uc PasskeyOptions) Login(ctx context.Context) (Ceremony, error) {
	if uc.Passkeys == nil {
		return Ceremony{}, identity.ErrPasskeysOff
	}
	options, state, err := uc.Passkeys.BeginLogin()
	if err != nil {
		return Ceremony{}, err
	}
	return uc.store(ctx, uuid.Nil, identity.PasskeyLogin, options, state)
}

func (uc PasskeyOptions) store(ctx context.Context, user uuid.UUID, p identity.Purpose, options json.RawMessage, state []byte) (Ceremony, error) {
	flow, err := uc.Flows.begin(user, p, state, identity.CeremonyLifetime)
	if err != nil {
		return Ceremony{}, err
	}
	err = uc.Flows.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error { return repos.Flows.Add(ctx, flow) })
	return Ceremony{Pending: Pending{Flow: flow.ID, ExpiresAt: flow.ExpiresAt}, Options: options}, err
}

// AddPasskey completes the registration of a passkey.
type AddPasskey struct {
	FactorWork
	IDs      ports.IDs
	Passkeys ports.Passkeys
	Flows    Flows
}

// Execute returns identity.ErrPasskeyRefused when the answer is not good or belongs to another ceremony,
// identity.ErrInvalidFactor for a bad name, and identity.ErrPasskeyKnown.
func (uc AddPasskey) Execute(ctx context.Context, who identity.Actor, name string, answer PasskeyAnswer) (identity.Passkey, Secured, error) {
	var (
		key identity.Passkey
		out Secured
	)
	if uc.Passkeys == nil {
		return key, out, identity.ErrPasskeysOff
	}
	if err := identity.CheckPasskeyName(name); err != nil {
		return key, out, err
	}
	u, err := uc.Users.ByID(ctx, who.UserID)
	if err != nil {
		return key, out, err
	}
	var state []byte
	flow, err := uc.Flows.take(ctx, answer.Flow, identity.PasskeyRegistration, &state)
	if err != nil || flow.UserID != u.ID {
		return key, out, orRefused(err)
	}
	if key, err = uc.Passkeys.FinishRegistration(u, state, answer.Credential); err != nil {
		return key, out, err
	}
	key.ID, key.UserID, key.Name, key.CreatedAt = uc.IDs.New(), u.ID, name, uc.Clock.Now()
	err = uc.change(ctx, who, func(ctx context.Context, repos ports.IdentityRepos) error {
		has, err := repos.Factors.Of(ctx, u.ID)
		if err != nil {
			return err
		}
		if err := repos.Factors.AddPasskey(ctx, key); err != nil {
			return err
		}
		out, err = uc.added(ctx, repos, who, !has.Any())
		return err
	})
	return key, out, err
}

// orRefused hides that a ceremony is not there, is over, or is somebody else's.
func orRefused(err error) error {
	if err == nil || errors.Is(err, identity.ErrBadCode) {
		return identity.ErrPasskeyRefused
	}
	return err
}

// PasskeyLogin signs somebody in by a passkey, which is two factors in one.
type PasskeyLogin struct {
	Clock    ports.Clock
	Passkeys ports.Passkeys
	Users    ports.Users
	Factors  ports.Factors
	Flows    Flows
	Gate     Gate
	Issuer   Issuer
	Work     ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrPasskeyRefused when the answer is not good, and identity.ErrSuspended and ErrClosed.
func (uc PasskeyLogin) Execute(ctx context.Context, answer PasskeyAnswer, d identity.Device) (SignedIn, error) {
	used, u, err := uc.answer(ctx, answer, d.IP)
	if err != nil {
		return SignedIn{}, err
	}
	if err := usable(u); err != nil {
		return SignedIn{}, err
	}
	var out SignedIn
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) (err error) {
		if err := repos.Factors.UsePasskey(ctx, used); err != nil {
			return err
		}
		out, err = uc.Issuer.open(ctx, repos, u, identity.Proof{Factor: true}, d, uc.Clock.Now())
		return err
	})
	return out, err
}

// usable says why an account whose owner is at the door cannot be used.
func usable(u identity.User) error {
	switch {
	case u.SuspendedAt != nil:
		return identity.ErrSuspended
	case u.DeletedAt != nil:
		return identity.ErrClosed
	default:
		return nil
	}
}

// answer checks what a browser gave back, and returns the passkey that was used and its owner.
func (uc PasskeyLogin) answer(ctx context.Context, a PasskeyAnswer, ip string) (identity.Passkey, identity.User, error) {
	var owner identity.User
	if uc.Passkeys == nil {
		return identity.Passkey{}, owner, identity.ErrPasskeysOff
	}
	if err := uc.Gate.admit(ctx, "", ip); err != nil {
		return identity.Passkey{}, owner, err
	}
	var state []byte
	if _, err := uc.Flows.take(ctx, a.Flow, identity.PasskeyLogin, &state); err != nil {
		return identity.Passkey{}, owner, uc.noted(ctx, ip, orRefused(err))
	}
	used, err := uc.Passkeys.FinishLogin(ctx, state, a.Credential, func(ctx context.Context, id uuid.UUID) (identity.User, []identity.Passkey, error) {
		u, err := uc.Users.ByID(ctx, id)
		if err != nil {
			return u, nil, err
		}
		owner = u
		has, err := uc.Factors.Of(ctx, id)
		return u, has.Passkeys, err
	})
	if err != nil {
		return identity.Passkey{}, owner, uc.noted(ctx, ip, err)
	}
	now := uc.Clock.Now()
	used.LastUsedAt = &now
	return used, owner, nil
}

func (uc PasskeyLogin) noted(ctx context.Context, ip string, err error) error {
	if !errors.Is(err, identity.ErrPasskeyRefused) {
		return err
	}
	return uc.Gate.note(ctx, ip, nil, identity.WrongPasskey, err)
}
