package identityapp

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// Departure tells a client where to send the browser, and which flow to end when it is back.
type Departure struct {
	Pending
	Address string
}

// Arrival is what follows a sign-in at a provider: a session, or a flow that asks for more.
type Arrival struct {
	Session *SignedIn
	Pending *Pending
	// NeedsPassword says that an account with the provider's address exists, which is linked once its password is
	// given too; NeedsCode, that the account has a second factor.
	NeedsPassword bool
	NeedsCode     bool
}

// ProviderLogin signs people in who proved to a provider who they are.
type ProviderLogin struct {
	Clock     ports.Clock
	IDs       ports.IDs
	Providers ports.Providers
	Users     ports.Users
	Links     ports.Links
	Flows     Flows
	Gate      Gate
	Passwords ports.Passwords
	Codes     FactorCodes
	Issuer    Issuer
	Post      Post
	Work      ports.UnitOfWork[ports.IdentityRepos]
}

// sent is the state of a flow whose browser is at the provider.
type sent struct {
	Provider string
	Kept     []byte
}

// came is the state of a flow whose browser came back, and which needs more to end.
type came struct {
	Person identity.External
	User   uuid.UUID
	Linked bool
}

// Names lists the providers.
func (uc ProviderLogin) Names() []string { return uc.Providers.Names() }

// Begin returns identity.ErrProviderUnknown and identity.ErrProviderDown.
func (uc ProviderLogin) Begin(ctx context.Context, provider string) (Departure, error) {
	address, kept, err := uc.Providers.Begin(ctx, provider)
	if err != nil {
		return Departure{}, err
	}
	pending, err := uc.store(ctx, uuid.Nil, sent{provider, kept}, 2*identity.CeremonyLifetime)
	return Departure{Pending: pending, Address: address}, err
}

func (uc ProviderLogin) store(ctx context.Context, user uuid.UUID, state any, lifetime time.Duration) (Pending, error) {
	flow, err := uc.Flows.begin(user, identity.ProviderLogin, state, lifetime)
	if err != nil {
		return Pending{}, err
	}
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error { return repos.Flows.Add(ctx, flow) })
	return Pending{Flow: flow.ID, ExpiresAt: flow.ExpiresAt}, err
}

// ReturnCommand is what the browser brought back from a provider.
type ReturnCommand struct {
	Flow   uuid.UUID
	State  string
	Code   string
	Locale string
	Device identity.Device
}

// Finish signs in a person who is linked to an account, and opens an account for a new one whose address the
// provider vouches for (identity.ErrUnverified otherwise). An address that has an account is linked only by Complete.
func (uc ProviderLogin) Finish(ctx context.Context, cmd ReturnCommand) (Arrival, error) {
	var s sent
	if _, err := uc.Flows.take(ctx, cmd.Flow, identity.ProviderLogin, &s); err != nil || s.Provider == "" {
		return Arrival{}, orProviderRefused(err)
	}
	person, err := uc.Providers.Finish(ctx, s.Provider, s.Kept, cmd.State, cmd.Code)
	if err != nil {
		return Arrival{}, err
	}
	link, err := uc.Links.ByPerson(ctx, person.Issuer, person.Subject)
	if err == nil {
		return uc.known(ctx, link, person, cmd.Device)
	}
	if !errors.Is(err, identity.ErrLinkNotFound) {
		return Arrival{}, err
	}
	return uc.stranger(ctx, person, cmd)
}

func orProviderRefused(err error) error {
	if err == nil || errors.Is(err, identity.ErrBadCode) {
		return identity.ErrProviderRefused
	}
	return err
}

// known signs in the owner of a linked account, unless a second factor is needed.
func (uc ProviderLogin) known(ctx context.Context, link identity.Link, person identity.External, d identity.Device) (Arrival, error) {
	u, err := uc.Users.ByID(ctx, link.UserID)
	if err != nil {
		return Arrival{}, err
	}
	if err := usable(u); err != nil {
		return Arrival{}, err
	}
	switch _, err := uc.Codes.check(ctx, u, ""); {
	case errors.Is(err, identity.ErrCodeAsked):
		pending, err := uc.store(ctx, u.ID, came{Person: person, User: u.ID, Linked: true}, identity.CodeLifetime)
		return Arrival{Pending: &pending, NeedsCode: true}, err
	case err != nil:
		return Arrival{}, err
	}
	return uc.enter(ctx, u, person, usedFactor{}, d, nil)
}

// stranger opens an account, or asks for proof of the one that has the address already.
func (uc ProviderLogin) stranger(ctx context.Context, person identity.External, cmd ReturnCommand) (Arrival, error) {
	email, err := identity.ParseEmail(person.Email)
	if err != nil || !person.Verified {
		return Arrival{}, identity.ErrUnverified
	}
	u, err := uc.Users.ByEmail(ctx, email)
	if err == nil {
		return uc.askProof(ctx, u, person)
	}
	if !isNotFound(err) {
		return Arrival{}, err
	}
	now := uc.Clock.Now()
	profile := identity.Profile{DisplayName: displayName(person, email), Locale: cmd.Locale}
	if u, err = identity.Register(uc.IDs.New(), email, "", profile, []identity.Role{identity.Learner}, now); err != nil {
		return Arrival{}, err
	}
	u.VerifiedAt = &now
	return uc.enter(ctx, u, person, usedFactor{}, cmd.Device, func(ctx context.Context, repos ports.IdentityRepos) error {
		return repos.Users.Add(ctx, u)
	})
}

func (uc ProviderLogin) askProof(ctx context.Context, u identity.User, person identity.External) (Arrival, error) {
	_, err := uc.Codes.check(ctx, u, "")
	asked := errors.Is(err, identity.ErrCodeAsked)
	if err != nil && !asked {
		return Arrival{}, err
	}
	pending, err := uc.store(ctx, u.ID, came{Person: person, User: u.ID}, identity.CodeLifetime)
	return Arrival{Pending: &pending, NeedsPassword: true, NeedsCode: asked}, err
}

// displayName is what the provider calls the person if our rules allow it, else the mailbox.
func displayName(person identity.External, email identity.Email) string {
	p := identity.Profile{DisplayName: strings.TrimSpace(person.Name), Locale: identity.Locales()[0]}
	if p.Check() == nil {
		return p.DisplayName
	}
	mailbox, _, _ := strings.Cut(string(email), "@")
	return mailbox
}

// CompleteCommand gives what an Arrival asked for.
type CompleteCommand struct {
	Flow       uuid.UUID
	Password   string
	FactorCode string
	Device     identity.Device
}

// Complete links an account to a person at a provider once its password, and its second factor if it has one, are
// given; or signs in to a linked account with the second factor.
func (uc ProviderLogin) Complete(ctx context.Context, cmd CompleteCommand) (Arrival, error) {
	flow, c, err := uc.waiting(ctx, cmd.Flow)
	if err != nil {
		return Arrival{}, err
	}
	u, err := uc.Users.ByID(ctx, c.User)
	if err != nil {
		return Arrival{}, err
	}
	if !c.Linked {
		if err := uc.Gate.verify(ctx, uc.Passwords, u, cmd.Password, cmd.Device.IP); err != nil {
			return Arrival{}, err
		}
	}
	factor, err := uc.Codes.check(ctx, u, cmd.FactorCode)
	if err != nil {
		return Arrival{}, uc.Gate.refused(ctx, cmd.Device.IP, u, err)
	}
	if err := usable(u); err != nil {
		return Arrival{}, err
	}
	out, err := uc.enter(ctx, u, c.Person, factor, cmd.Device, func(ctx context.Context, repos ports.IdentityRepos) error {
		if err := repos.Flows.Finish(ctx, flow.ID, uc.Clock.Now()); err != nil || c.Linked {
			return orNil(err, identity.ErrBadCode, identity.ErrProviderRefused)
		}
		return uc.Post.about(ctx, repos, u, identity.LetterIdentityLinked, nil)
	})
	return out, uc.Gate.refused(ctx, cmd.Device.IP, u, err)
}

// orNil replaces one failure by another.
func orNil(err, from, to error) error {
	if errors.Is(err, from) {
		return to
	}
	return err
}

// waiting counts a try on a flow that asks for more.
func (uc ProviderLogin) waiting(ctx context.Context, id uuid.UUID) (identity.Flow, came, error) {
	var (
		flow identity.Flow
		c    came
	)
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) (err error) {
		flow, err = repos.Flows.Try(ctx, id, identity.ProviderLogin, uc.Clock.Now())
		return err
	})
	if err != nil {
		return flow, c, orProviderRefused(err)
	}
	if err := uc.Flows.open(flow, &c); err != nil {
		return flow, c, err
	}
	if c.User == uuid.Nil { // the browser is still at the provider
		return flow, c, identity.ErrProviderRefused
	}
	return flow, c, nil
}

// enter opens the session, linking the person when that is not done yet; before does what must come first.
func (uc ProviderLogin) enter(ctx context.Context, u identity.User, person identity.External, factor usedFactor, d identity.Device, before func(context.Context, ports.IdentityRepos) error) (Arrival, error) {
	var out SignedIn
	now := uc.Clock.Now()
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		if before != nil {
			if err := before(ctx, repos); err != nil {
				return err
			}
		}
		if err := factor.spend(ctx, repos, u, now); err != nil {
			return err
		}
		if err := uc.link(ctx, repos, u, person, now); err != nil {
			return err
		}
		var err error
		out, err = uc.Issuer.open(ctx, repos, u, factor.proof(), d, now)
		return err
	})
	return Arrival{Session: &out}, err
}

func (uc ProviderLogin) link(ctx context.Context, repos ports.IdentityRepos, u identity.User, p identity.External, now time.Time) error {
	known, err := repos.Links.ByPerson(ctx, p.Issuer, p.Subject)
	switch {
	case err == nil && known.UserID != u.ID:
		return identity.ErrLinkTaken
	case err == nil:
		return repos.Links.Used(ctx, known.ID, p.Email, now)
	case !errors.Is(err, identity.ErrLinkNotFound):
		return err
	}
	return repos.Links.Add(ctx, identity.Link{
		ID: uc.IDs.New(), UserID: u.ID, Provider: p.Provider, Issuer: p.Issuer, Subject: p.Subject, Email: p.Email,
		CreatedAt: now, LastUsedAt: now,
	})
}

// ListLinks reads the providers through which the caller may sign in.
type ListLinks struct{ Links ports.Links }

// Execute returns them in the order in which they were linked.
func (uc ListLinks) Execute(ctx context.Context, user uuid.UUID) ([]identity.Link, error) {
	return uc.Links.Of(ctx, user)
}

// Unlink removes one of them.
type Unlink struct {
	Users ports.Users
	Work  ports.UnitOfWork[ports.IdentityRepos]
}

// Execute returns identity.ErrOnlyWayIn when the account has neither a password, nor a passkey, nor another link.
func (uc Unlink) Execute(ctx context.Context, user, id uuid.UUID) error {
	u, err := uc.Users.ByID(ctx, user)
	if err != nil {
		return err
	}
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		if err := repos.Links.Remove(ctx, user, id); err != nil || u.PasswordHash != "" {
			return err
		}
		left, err := repos.Links.Of(ctx, user)
		if err != nil || len(left) > 0 {
			return err
		}
		has, err := repos.Factors.Of(ctx, user)
		if err == nil && len(has.Passkeys) == 0 {
			return identity.ErrOnlyWayIn
		}
		return err
	})
}
