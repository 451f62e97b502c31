package identityapp_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

func TestRegistrationNamesEveryBadFieldAndStoresNothing(t *testing.T) {
	d := open(t)
	_, err := d.register.Execute(t.Context(), identityapp.RegisterCommand{Email: "no address", Password: "short", DisplayName: " ", Locale: "xx"})
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Fields) != 4 {
		t.Fatalf("error %#v, want four fields", err)
	}
	if d.passwords.work != 0 {
		t.Error("a password was hashed for nothing")
	}
	d.signUp("ann@example.com")
	_, err = d.register.Execute(t.Context(), identityapp.RegisterCommand{Email: "ANN@example.com", Password: password, DisplayName: "Bob"})
	d.wants(err, identity.ErrEmailTaken)
	d.signIn("Ann@Example.com")
}

func TestUnknownAddressesAndWrongPasswordsCannotBeToldApart(t *testing.T) {
	d := open(t)
	closed := d.signUp("closed@example.com")
	d.must(d.closing.Execute(t.Context(), closed.User.ID))
	d.signUp("ann@example.com")
	for _, cmd := range []identityapp.LoginCommand{
		{Email: "ann@example.com", Password: "wrong"},
		{Email: "nobody@example.com", Password: password},
		{Email: "not an address", Password: password},
		{Email: "closed@example.com", Password: "wrong"},
	} {
		before := d.passwords.work
		_, err := d.login.Execute(t.Context(), cmd)
		if err != identity.ErrBadCredentials { //nolint:errorlint // the very same value, so that nothing differs
			t.Errorf("%s: error %v", cmd.Email, err)
		}
		if d.passwords.work != before+1 {
			t.Errorf("%s: %d verifications, want 1", cmd.Email, d.passwords.work-before)
		}
	}
}

func TestARefreshTokenIsGoodOnceAndItsReuseEndsTheSession(t *testing.T) {
	d := open(t)
	first, other := d.signUp("ann@example.com"), d.signIn("ann@example.com")
	d.clock.now = noon.Add(identity.AccessLifetime)
	if d.alive(first) {
		t.Error("an access token outlives its time")
	}
	second, err := d.refresh.Execute(t.Context(), identityapp.RefreshCommand{Token: first.Refresh})
	d.must(err)
	if second.SessionID != first.SessionID || second.Refresh == first.Refresh || !d.alive(second) {
		t.Errorf("refreshed: %+v", second)
	}
	d.clock.now = d.clock.now.Add(identity.ReuseGrace + time.Microsecond)
	_, err = d.refresh.Execute(t.Context(), identityapp.RefreshCommand{Token: first.Refresh})
	d.wants(err, identity.ErrSessionEnded)
	if f := *d.failures; len(f) != 1 || f[0].Reason != identity.ReusedRefresh || *f[0].UserID != first.User.ID {
		t.Errorf("failures %+v", f)
	}
	if d.alive(second) {
		t.Error("the session survives the reuse of its refresh token")
	}
	_, err = d.refresh.Execute(t.Context(), identityapp.RefreshCommand{Token: second.Refresh})
	d.wants(err, identity.ErrSessionEnded)
	if _, err = d.refresh.Execute(t.Context(), identityapp.RefreshCommand{Token: other.Refresh}); err != nil {
		t.Errorf("another session of the same person ended too: %v", err)
	}
	_, err = d.refresh.Execute(t.Context(), identityapp.RefreshCommand{Token: "made up"})
	d.wants(err, identity.ErrUnauthenticated)
}

func TestManyExchangesOfOneTokenAtOnceKeepTheSession(t *testing.T) {
	d := open(t)
	s := d.signUp("ann@example.com")
	var wait sync.WaitGroup
	errs, got := make([]error, 10), make([]identityapp.SignedIn, 10)
	for i := range errs {
		wait.Go(func() {
			got[i], errs[i] = d.refresh.Execute(context.WithoutCancel(t.Context()), identityapp.RefreshCommand{Token: s.Refresh})
		})
	}
	wait.Wait()
	seen := map[string]bool{}
	for i, err := range errs {
		if err != nil || got[i].SessionID != s.SessionID || seen[got[i].Refresh] || !d.alive(got[i]) {
			t.Errorf("exchange %d: %+v, %v", i, got[i], err)
		}
		seen[got[i].Refresh] = true
	}
}

func TestLoggingOutEndsThisSessionOrAllOfThePersonAndNoOthers(t *testing.T) {
	d := open(t)
	one, two, three := d.signUp("ann@example.com"), d.signIn("ann@example.com"), d.signIn("ann@example.com")
	bob := d.signUp("bob@example.com")
	actor := func(s identityapp.SignedIn) identity.Actor {
		return identity.Actor{UserID: s.User.ID, SessionID: s.SessionID}
	}
	d.must(d.logout.Execute(t.Context(), actor(two), false))
	if !d.alive(one) || d.alive(two) || !d.alive(three) {
		t.Error("logging out the second of three sessions did not end exactly that one")
	}
	d.wants(d.logout.Execute(t.Context(), identity.Actor{UserID: one.User.ID, TokenID: ids{}.New()}, false), identity.ErrNoSession)
	d.must(d.logout.Execute(t.Context(), actor(one), true))
	if d.alive(one) || d.alive(three) || !d.alive(bob) {
		t.Error("logging out everywhere did not end exactly one person's sessions")
	}
}

func TestNobodyEndsASessionOfSomebodyElse(t *testing.T) {
	d := open(t)
	ann, bob := d.signUp("ann@example.com"), d.signUp("bob@example.com")
	d.wants(d.end.Execute(t.Context(), bob.User.ID, ann.SessionID), identity.ErrSessionNotFound)
	d.wants(d.end.Execute(t.Context(), bob.User.ID, uuid.Nil), identity.ErrSessionNotFound)
	if !d.alive(ann) || !d.alive(bob) {
		t.Fatal("a session ended")
	}
	d.wants(d.end.Execute(t.Context(), uuid.Nil, ann.SessionID), identity.ErrSessionNotFound)
	d.must(d.manage.EndAnySession(t.Context(), identity.Caller{}, ann.SessionID))
	if d.alive(ann) || !d.alive(bob) {
		t.Error("the administrator ended another session than the one named")
	}
	mine, err := d.sessions.Execute(t.Context(), identityapp.SessionQuery{User: bob.User.ID, Active: true, Page: ports.Page{Limit: 20}})
	d.must(err)
	if len(mine.Items) != 1 || mine.Items[0].ID != bob.SessionID {
		t.Errorf("bob sees %+v", mine.Items)
	}
}

func TestAProfileIsChangedFieldByFieldAndCleared(t *testing.T) {
	d := open(t)
	u := d.signUp("ann@example.com").User
	score, name := 800, "Ann B."
	got, err := d.change.Execute(t.Context(), identityapp.ChangeProfileCommand{
		User: u.ID, DisplayName: &name, TargetScore: identityapp.Change[int]{Given: true, Value: &score},
	})
	d.must(err)
	if got.Profile.DisplayName != name || *got.Profile.TargetScore != score || got.Profile.Locale != "en" {
		t.Errorf("changed: %+v", got.Profile)
	}
	odd := 801
	_, err = d.change.Execute(t.Context(), identityapp.ChangeProfileCommand{User: u.ID, TargetScore: identityapp.Change[int]{Given: true, Value: &odd}})
	d.wants(err, identity.ErrInvalidAccount)
	_, err = d.change.Execute(t.Context(), identityapp.ChangeProfileCommand{User: u.ID, TargetScore: identityapp.Change[int]{Given: true}})
	d.must(err)
	read, err := d.profile.Execute(t.Context(), u.ID)
	d.must(err)
	if read.Profile.TargetScore != nil || read.Profile.DisplayName != name {
		t.Errorf("read: %+v", read.Profile)
	}
}

func TestAClosedAccountOpensNoDoor(t *testing.T) {
	d := open(t)
	s := d.signUp("ann@example.com")
	plainToken, err := d.token.Execute(t.Context(), identityapp.CreateTokenCommand{Email: "ann@example.com", Name: "n", Scope: "*", TTL: time.Hour})
	d.must(err)
	if _, err := d.authenticate.Execute(t.Context(), plainToken.Secret); err != nil {
		t.Fatal(err)
	}
	d.must(d.closing.Execute(t.Context(), s.User.ID))
	if d.alive(s) {
		t.Error("a session of a closed account lives")
	}
	_, err = d.authenticate.Execute(t.Context(), plainToken.Secret)
	d.wants(err, identity.ErrUnauthenticated)
	_, err = d.refresh.Execute(t.Context(), identityapp.RefreshCommand{Token: s.Refresh})
	d.wants(err, identity.ErrSessionEnded)
	_, err = d.profile.Execute(t.Context(), s.User.ID)
	d.wants(err, identity.ErrUserNotFound)
	_, err = d.token.Execute(t.Context(), identityapp.CreateTokenCommand{Email: "ann@example.com", Name: "n", Scope: "*", TTL: time.Hour})
	d.wants(err, identity.ErrUserNotFound)
}

func TestAnAPITokenActsForItsOwnerWithinItsScopeAndTime(t *testing.T) {
	d := open(t)
	admin, err := d.admin.Execute(t.Context(), identityapp.CreateAdminCommand{Email: "root@example.com", Password: password, DisplayName: "Root"})
	d.must(err)
	plainToken, err := d.token.Execute(t.Context(), identityapp.CreateTokenCommand{Email: "root@example.com", Name: "script", Scope: "sessions:read", TTL: time.Hour})
	d.must(err)
	if !strings.HasPrefix(plainToken.Secret, identity.APITokenPrefix) {
		t.Errorf("token %q", plainToken.Secret)
	}
	actor, err := d.authenticate.Execute(t.Context(), plainToken.Secret)
	d.must(err)
	if actor.UserID != admin.ID || !actor.May(identity.ReadSessions) || actor.May(identity.RevokeSessions) || actor.May(identity.OwnAccount) {
		t.Errorf("actor %+v", actor)
	}
	d.clock.now = noon.Add(time.Hour)
	_, err = d.authenticate.Execute(t.Context(), plainToken.Secret)
	d.wants(err, identity.ErrUnauthenticated)
	_, err = d.token.Execute(t.Context(), identityapp.CreateTokenCommand{Email: "root@example.com", Name: "x", Scope: "flying", TTL: time.Hour})
	d.wants(err, identity.ErrInvalidToken)
	_, err = d.authenticate.Execute(t.Context(), "rubbish")
	d.wants(err, identity.ErrUnauthenticated)
}
