package identityapp_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

var noon = time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

type ids struct{}

func (ids) New() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// plain hashes by a prefix and counts the work it was asked for.
type plain struct {
	mu   sync.Mutex
	work int
}

func (p *plain) Hash(_ context.Context, password string) (string, error) {
	p.count()
	return "hash of " + password, nil
}

func (p *plain) Verify(_ context.Context, password, hash string) (bool, error) {
	p.count()
	return hash == "hash of "+password, nil
}

func (p *plain) count() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.work++
}

// tokens signs by writing down.
type tokens struct{}

func (tokens) Sign(session, _ uuid.UUID, now time.Time, lifetime time.Duration) (string, error) {
	return session.String() + " until " + now.Add(lifetime).Format(time.RFC3339), nil
}

func (tokens) Session(token string, now time.Time) (uuid.UUID, error) {
	id, until, ok := strings.Cut(token, " until ")
	if !ok {
		return uuid.Nil, identity.ErrUnauthenticated
	}
	if end, err := time.Parse(time.RFC3339, until); err != nil || !now.Before(end) {
		return uuid.Nil, identity.ErrTokenExpired
	}
	return uuid.Parse(id)
}

func (tokens) New() (string, error) { return uuid.NewString(), nil }

func (tokens) Hash(secret string) string { return "hash of " + secret }

type desk struct {
	t            *testing.T
	store        *entstore.Store
	clock        *clock
	passwords    *plain
	register     identityapp.Register
	login        identityapp.Login
	refresh      identityapp.Refresh
	logout       identityapp.Logout
	authenticate identityapp.Authenticate
	sessions     identityapp.ListSessions
	end          identityapp.EndSession
	change       identityapp.ChangeProfile
	profile      identityapp.Profile
	closing      identityapp.CloseAccount
	admin        identityapp.CreateAdmin
	token        identityapp.CreateToken
}

func open(t *testing.T) *desk {
	t.Helper()
	s, c, p := storetest.SQLite(t), &clock{noon}, &plain{}
	work, issuer := s.Identity(), identityapp.Issuer{IDs: ids{}, Access: tokens{}, Secrets: tokens{}}
	return &desk{
		t: t, store: s, clock: c, passwords: p,
		register:     identityapp.Register{Clock: c, Passwords: p, Issuer: issuer, Work: work},
		login:        identityapp.Login{Clock: c, Passwords: p, Issuer: issuer, Users: s.Users(), Work: work},
		refresh:      identityapp.Refresh{Clock: c, Issuer: issuer, Work: work},
		logout:       identityapp.Logout{Clock: c, Work: work},
		authenticate: identityapp.Authenticate{Clock: c, Access: tokens{}, Secrets: tokens{}, Actors: s.Actors()},
		sessions:     identityapp.ListSessions{Clock: c, Sessions: s.Sessions()},
		end:          identityapp.EndSession{Clock: c, Work: work},
		change:       identityapp.ChangeProfile{Work: work},
		profile:      identityapp.Profile{Users: s.Users()},
		closing:      identityapp.CloseAccount{Clock: c, Work: work},
		admin:        identityapp.CreateAdmin{Clock: c, IDs: ids{}, Passwords: p, Users: s.Users()},
		token:        identityapp.CreateToken{Clock: c, IDs: ids{}, Secrets: tokens{}, Users: s.Users(), Work: work},
	}
}

const password = "correct horse"

func (d *desk) signUp(email string) identityapp.SignedIn {
	d.t.Helper()
	s, err := d.register.Execute(d.t.Context(), identityapp.RegisterCommand{Email: email, Password: password, DisplayName: "Ann"})
	d.must(err)
	return s
}

func (d *desk) signIn(email string) identityapp.SignedIn {
	d.t.Helper()
	s, err := d.login.Execute(d.t.Context(), identityapp.LoginCommand{Email: email, Password: password})
	d.must(err)
	return s
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) wants(err, want error) {
	d.t.Helper()
	if !errors.Is(err, want) {
		d.t.Fatalf("error %v, want %v", err, want)
	}
}

// alive reports whether an access token opens the door.
func (d *desk) alive(s identityapp.SignedIn) bool {
	d.t.Helper()
	_, err := d.authenticate.Execute(d.t.Context(), s.Access)
	if err != nil && fault.KindOf(err) != fault.Unauthenticated {
		d.t.Fatal(err)
	}
	return err == nil
}

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
		{Email: "closed@example.com", Password: password},
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
	_, err = d.refresh.Execute(t.Context(), identityapp.RefreshCommand{Token: first.Refresh})
	d.wants(err, identity.ErrSessionEnded)
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

func TestOfManyExchangesOfOneTokenAtOnceOneAtMostSucceeds(t *testing.T) {
	d := open(t)
	s := d.signUp("ann@example.com")
	var wait sync.WaitGroup
	errs := make([]error, 10)
	for i := range errs {
		wait.Go(func() {
			_, errs[i] = d.refresh.Execute(context.WithoutCancel(t.Context()), identityapp.RefreshCommand{Token: s.Refresh})
		})
	}
	wait.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, identity.ErrSessionEnded) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d exchanges of one token succeeded", won)
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
	d.must(d.end.Execute(t.Context(), uuid.Nil, ann.SessionID)) // as an administrator does
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
	if _, err := d.authenticate.Execute(t.Context(), plainToken); err != nil {
		t.Fatal(err)
	}
	d.must(d.closing.Execute(t.Context(), s.User.ID))
	if d.alive(s) {
		t.Error("a session of a closed account lives")
	}
	_, err = d.authenticate.Execute(t.Context(), plainToken)
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
	if !strings.HasPrefix(plainToken, identity.APITokenPrefix) {
		t.Errorf("token %q", plainToken)
	}
	actor, err := d.authenticate.Execute(t.Context(), plainToken)
	d.must(err)
	if actor.UserID != admin.ID || !actor.May(identity.ReadSessions) || actor.May(identity.RevokeSessions) || actor.May(identity.OwnAccount) {
		t.Errorf("actor %+v", actor)
	}
	d.clock.now = noon.Add(time.Hour)
	_, err = d.authenticate.Execute(t.Context(), plainToken)
	d.wants(err, identity.ErrUnauthenticated)
	_, err = d.token.Execute(t.Context(), identityapp.CreateTokenCommand{Email: "root@example.com", Name: "x", Scope: "flying", TTL: time.Hour})
	d.wants(err, identity.ErrInvalidToken)
	_, err = d.authenticate.Execute(t.Context(), "rubbish")
	d.wants(err, identity.ErrUnauthenticated)
}
