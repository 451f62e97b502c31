package porttest

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

func identityTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"AnAccountComesBackAsItWasStored":         accountRoundTrip,
		"OfManyAccountsWithOneAddressOneIsStored": oneAddress,
		"AStaleAccountIsNotStored":                staleAccount,
		"ASessionComesBackAsItWasStored":          sessionRoundTrip,
		"RevokingEndsExactlyWhatTheFilterSelects": revoking,
		"ARevokedSessionIsNotRenewed":             renewing,
		"OfManySpendersOfARefreshTokenOneWins":    spending,
		"AnActorIsKnownOnlyWhileAllIsWell":        actorsOfSessions,
		"AnAPITokenIsKnownOnlyWhileAllIsWell":     actorsOfTokens,
	}
}

func accountRoundTrip(f *fixture) {
	u := f.user()
	day := time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)
	u.Profile.TestDate, u.CreatedAt = &day, u.CreatedAt.UTC()
	u.Version = 2
	f.must(f.store.Users().Save(f.ctx, u))
	byID, err := f.store.Users().ByID(f.ctx, u.ID)
	f.must(err)
	byEmail, err := f.store.Users().ByEmail(f.ctx, u.Email)
	f.must(err)
	for _, got := range []identity.User{byID, byEmail} {
		f.equal("account", got.CreatedAt, u.CreatedAt)
		f.equal("test date", *got.Profile.TestDate, day)
		f.equal("goal", []int{*got.Profile.TargetScore, *got.Profile.MinutesPerDay}, []int{800, 30})
		f.equal("the rest", []any{got.ID, got.Email, got.PasswordHash, got.Roles, got.Profile.DisplayName, got.Profile.Locale, got.Version},
			[]any{u.ID, u.Email, u.PasswordHash, u.Roles, u.Profile.DisplayName, u.Profile.Locale, u.Version})
	}
	u.Profile, u.Version = identity.Profile{DisplayName: "Z", Locale: "en"}, 3
	f.must(f.store.Users().Save(f.ctx, u))
	got, err := f.store.Users().ByID(f.ctx, u.ID)
	f.must(err)
	f.equal("cleared profile", got.Profile, u.Profile)
	_, err = f.store.Users().ByID(f.ctx, f.id())
	f.wants(err, identity.ErrUserNotFound)
	_, err = f.store.Users().ByEmail(f.ctx, "nobody@example.com")
	f.wants(err, identity.ErrUserNotFound)
}

func oneAddress(f *fixture) {
	won := f.together(20, func(int) bool {
		u := identity.User{ID: f.id(), Email: "same@example.com", Roles: []identity.Role{identity.Learner}, Profile: identity.Profile{Locale: "en"}, CreatedAt: noon, Version: 1}
		err := f.store.Users().Add(f.ctx, u)
		if err != nil && !errors.Is(err, identity.ErrEmailTaken) {
			f.Error(err)
		}
		return err == nil
	})
	f.equal("stored accounts", won, 1)
}

func staleAccount(f *fixture) {
	u := f.user()
	won := f.together(10, func(int) bool {
		changed := u
		changed.Version = 2
		err := f.store.Users().Save(f.ctx, changed)
		if err != nil && !errors.Is(err, ports.ErrStale) {
			f.Error(err)
		}
		return err == nil
	})
	f.equal("changes stored on one version", won, 1)
	u.ID, u.Version = f.id(), 2
	f.wants(f.store.Users().Save(f.ctx, u), ports.ErrStale)
}

func sessionRoundTrip(f *fixture) {
	s := f.session(f.user().ID, "192.0.2.1")
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		got, err := r.Sessions.ByID(ctx, s.ID)
		f.equal("session", got, s)
		if err != nil {
			return err
		}
		_, err = r.Sessions.ByID(ctx, f.id())
		f.wants(err, identity.ErrSessionNotFound)
		return nil
	}))
}

func (f *fixture) revoke(which ports.SessionFilter) (n int, err error) {
	err = f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		n, err = r.Sessions.Revoke(ctx, which, identity.LoggedOut, noon.Add(time.Minute))
		return err
	})
	return n, err
}

func (f *fixture) live(user uuid.UUID) []uuid.UUID {
	f.Helper()
	got, err := f.store.Sessions().List(f.ctx, ports.SessionFilter{User: user, LiveAt: noon}, ports.Page{Limit: 100})
	f.must(err)
	var ids []uuid.UUID
	for _, s := range got.Items {
		ids = append(ids, s.ID)
	}
	return ids
}

func revoking(f *fixture) {
	ann, bob := f.user().ID, f.user().ID
	one, two, three := f.session(ann, "192.0.2.1"), f.session(ann, "192.0.2.2"), f.session(ann, "192.0.2.1")
	his := f.session(bob, "192.0.2.1")
	n, err := f.revoke(ports.SessionFilter{ID: two.ID, User: bob})
	f.must(err)
	f.equal("sessions of somebody else that were revoked", n, 0)
	n, err = f.revoke(ports.SessionFilter{ID: two.ID, User: ann})
	f.must(err)
	f.equal("revoked", n, 1)
	f.equal("hers", f.live(ann), []uuid.UUID{three.ID, one.ID})
	n, err = f.revoke(ports.SessionFilter{ID: two.ID})
	f.must(err)
	f.equal("revoked again", n, 0)
	if _, err = f.revoke(ports.SessionFilter{}); err == nil {
		f.Error("an empty filter revokes")
	}
	f.equal("his", f.live(bob), []uuid.UUID{his.ID})
	n, err = f.revoke(ports.SessionFilter{User: ann})
	f.must(err)
	f.equal("revoked of the rest", n, 2)
	f.equal("his", f.live(bob), []uuid.UUID{his.ID})
	all, err := f.store.Sessions().List(f.ctx, ports.SessionFilter{IP: "192.0.2.1"}, ports.Page{Limit: 100})
	f.must(err)
	f.equal("sessions of that address, ended or not", len(all.Items), 3)
}

func renewing(f *fixture) {
	s := f.session(f.user().ID, "192.0.2.1")
	renew := func() error {
		return f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
			return r.Sessions.Renew(ctx, s.Renewed(identity.Device{IP: "192.0.2.9"}, noon.Add(time.Hour)))
		})
	}
	f.must(renew())
	got, err := f.store.Sessions().List(f.ctx, ports.SessionFilter{ID: s.ID}, ports.Page{Limit: 1})
	f.must(err)
	f.equal("renewed", []any{got.Items[0].Device.IP, got.Items[0].LastSeenAt, got.Items[0].ExpiresAt},
		[]any{"192.0.2.9", noon.Add(time.Hour), noon.Add(time.Hour + identity.SessionLifetime)})
	_, err = f.revoke(ports.SessionFilter{ID: s.ID})
	f.must(err)
	f.wants(renew(), identity.ErrSessionEnded)
}

func spending(f *fixture) {
	s := f.session(f.user().ID, "192.0.2.1")
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		return r.RefreshTokens.Add(ctx, identity.RefreshToken{Hash: "h", SessionID: s.ID, CreatedAt: noon})
	}))
	won := f.together(20, func(int) bool {
		var fresh bool
		err := f.identity(func(ctx context.Context, r ports.IdentityRepos) (err error) {
			fresh, err = r.RefreshTokens.Spend(ctx, "h", noon)
			return err
		})
		if err != nil {
			f.Error(err)
		}
		return fresh
	})
	f.equal("winners", won, 1)
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error {
		got, err := r.RefreshTokens.ByHash(ctx, "h")
		f.must(err)
		f.equal("spent", []any{got.SessionID, *got.SpentAt}, []any{s.ID, noon})
		_, err = r.RefreshTokens.ByHash(ctx, "unknown")
		f.wants(err, identity.ErrUnauthenticated)
		return nil
	}))
}

func actorsOfSessions(f *fixture) {
	u := f.user()
	s := f.session(u.ID, "192.0.2.1")
	ask := func(at time.Time) error {
		got, err := f.store.Actors().OfSession(f.ctx, s.ID, at)
		if err == nil {
			f.equal("actor", got, identity.Actor{
				UserID: u.ID, SessionID: s.ID, Roles: u.Roles, ProvedAt: s.ProvedAt, FactorAt: s.FactorAt, Until: s.ExpiresAt,
			})
		}
		return err
	}
	f.must(ask(noon))
	f.must(ask(s.ExpiresAt.Add(-time.Microsecond)))
	f.wants(ask(s.ExpiresAt), identity.ErrSessionEnded)
	_, err := f.store.Actors().OfSession(f.ctx, f.id(), noon)
	f.wants(err, identity.ErrSessionEnded)
	_, err = f.revoke(ports.SessionFilter{ID: s.ID})
	f.must(err)
	f.wants(ask(noon), identity.ErrSessionEnded)
	s = f.session(u.ID, "192.0.2.1")
	f.must(ask(noon))
	f.must(f.store.Users().Save(f.ctx, u.Closed(noon)))
	f.wants(ask(noon), identity.ErrSessionEnded)
}

func actorsOfTokens(f *fixture) {
	u := f.user()
	token := identity.APIToken{
		ID: f.id(), UserID: u.ID, Name: "n", Hash: "h", Scopes: []identity.Scope{"admin:*"}, CreatedAt: noon, ExpiresAt: noon.Add(time.Hour),
	}
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.APITokens.Add(ctx, token) }))
	ask := func(hash string, at time.Time) error {
		got, err := f.store.Actors().OfToken(f.ctx, hash, at)
		if err == nil {
			f.equal("actor", got, identity.Actor{
				UserID: u.ID, TokenID: token.ID, Roles: u.Roles, Scopes: token.Scopes, Until: token.ExpiresAt,
			})
		}
		return err
	}
	f.must(ask("h", noon))
	f.wants(ask("h", token.ExpiresAt), identity.ErrUnauthenticated)
	f.wants(ask("other", noon), identity.ErrUnauthenticated)
	f.must(f.store.Users().Save(f.ctx, u.Closed(noon)))
	f.wants(ask("h", noon), identity.ErrUnauthenticated)
}
