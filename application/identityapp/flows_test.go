package identityapp_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/domain/identity"
)

const newPassword = "another horse"

func (d *desk) verify() identityapp.Verify {
	return identityapp.Verify{Clock: d.clock, Flows: d.flows, Gate: d.gate, Issuer: d.issuer, Work: d.work}
}

// pend registers where addresses are verified and returns the flow.
func (d *desk) pend(email, password string) uuid.UUID {
	d.t.Helper()
	register := d.register
	register.Verify = true
	r, err := register.Execute(d.t.Context(), identityapp.RegisterCommand{Email: email, Password: password, DisplayName: "Ann"})
	d.must(err)
	if r.Session != nil || r.Pending == nil || !r.Pending.ExpiresAt.Equal(d.clock.now.Add(identity.CodeLifetime)) {
		d.t.Fatalf("registered: %+v", r)
	}
	return r.Pending.Flow
}

func (d *desk) complete(flow uuid.UUID, code string) (identityapp.SignedIn, error) {
	return d.verify().Execute(d.t.Context(), identityapp.VerifyCommand{Flow: flow, Code: code})
}

// wrong is a code that is not the given one.
func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func TestACodeEndsByItselfAfterAQuarterOfAnHour(t *testing.T) {
	d := open(t)
	flow := d.pend("ann@example.com", password)
	code := d.deliver("ann@example.com")[0].Code
	d.clock.now = noon.Add(identity.CodeLifetime)
	_, err := d.complete(flow, code)
	d.wants(err, identity.ErrBadCode)
	if _, err := d.store.Users().ByEmail(t.Context(), "ann@example.com"); !errors.Is(err, identity.ErrUserNotFound) {
		t.Errorf("an account was made: %v", err)
	}
}

func TestACodeIsOfItsFlowAndPurposeAlone(t *testing.T) {
	d := open(t)
	one, two := d.pend("ann@example.com", password), d.pend("ann@example.com", newPassword)
	letters := d.deliver("ann@example.com")
	if letters[0].Code != letters[1].Code { // once in a million
		_, err := d.complete(one, letters[1].Code)
		d.wants(err, identity.ErrBadCode)
	}
	reset := identityapp.ResetPassword{Users: d.store.Users(), Flows: d.flows, Gate: d.gate, Rules: d.rules, Post: d.post, Work: d.work}
	d.wants(reset.Execute(t.Context(), identityapp.ResetPasswordCommand{Flow: one, Code: letters[0].Code, Password: newPassword}), identity.ErrBadCode)

	// Whoever has the code gets the account with their own password; the other registration is worth nothing then.
	s, err := d.complete(two, letters[1].Code)
	d.must(err)
	if s.User.VerifiedAt == nil || !d.alive(s) {
		t.Errorf("account %+v", s.User)
	}
	_, err = d.complete(one, letters[0].Code)
	d.wants(err, identity.ErrBadCode)
	_, err = d.login.Execute(t.Context(), identityapp.LoginCommand{Email: "ann@example.com", Password: password})
	d.wants(err, identity.ErrBadCredentials)
}

func TestATakenAddressIsAnsweredLikeAFreeOneAndItsOwnerIsTold(t *testing.T) {
	d := open(t)
	d.signUp("ann@example.com")
	before := d.passwords.work
	flow := d.pend("ann@example.com", newPassword)
	if d.passwords.work != before+1 {
		t.Errorf("%d hashes for a taken address", d.passwords.work-before)
	}
	letters := d.deliver("ann@example.com")
	if len(letters) != 1 || letters[0].Kind != identity.LetterAlreadyRegistered || letters[0].Code != "" {
		t.Fatalf("letters %+v", letters)
	}
	for n := range 5 {
		_, err := d.complete(flow, strings.Repeat(string(rune('0'+n)), 6))
		d.wants(err, identity.ErrBadCode)
	}
	d.signIn("ann@example.com")
}

func TestNobodyIsFloodedWithLetters(t *testing.T) {
	d := open(t)
	for range identityapp.MailLimit().Burst + 3 {
		d.pend("ann@example.com", password)
	}
	if got := len(d.deliver("ann@example.com")); got != identityapp.MailLimit().Burst {
		t.Errorf("%d letters", got)
	}
	if got := len(d.deliver("")); got != 0 {
		t.Errorf("%d letters to nobody", got)
	}
}

func TestAPasswordThatIsEasyToGuessIsRefused(t *testing.T) {
	d := open(t)
	for _, password := range []string{"QwertyUiop", "ann.the.first", "ann.the.first@example.com", "ANN.THE.FIRST"} {
		_, err := d.register.Execute(t.Context(), identityapp.RegisterCommand{Email: "ann.the.first@example.com", Password: password, DisplayName: "Ann"})
		d.wants(err, identity.ErrInvalidAccount)
	}
	if d.passwords.work != 0 {
		t.Error("a password was hashed for nothing")
	}
}

func (d *desk) forget(email string) uuid.UUID {
	d.t.Helper()
	p, err := identityapp.ForgotPassword{Flows: d.flows, Post: d.post, Limits: d.limits, Work: d.work}.
		Execute(d.t.Context(), identityapp.ForgotPasswordCommand{Email: email})
	d.must(err)
	return p.Flow
}

func TestAResetIsForActiveAccountsAndKeepsSecondFactors(t *testing.T) {
	d := open(t)
	suspended := d.signUp("suspended@example.com")
	_, err := d.manage.Suspend(t.Context(), identity.Caller{}, suspended.User.ID, "test")
	d.must(err)
	d.forget("suspended@example.com")
	d.forget("nobody@example.com")
	if got := len(d.deliver("suspended@example.com")) + len(d.deliver("nobody@example.com")); got != 0 {
		t.Errorf("%d letters", got)
	}
	s := d.signUp("ann@example.com")
	d.enrol(s)
	flow := d.forget("ann@example.com")
	letters := d.deliver("ann@example.com")
	code := letters[len(letters)-1].Code
	reset := identityapp.ResetPassword{Users: d.store.Users(), Flows: d.flows, Gate: d.gate, Rules: d.rules, Post: d.post, Work: d.work}
	d.wants(reset.Execute(t.Context(), identityapp.ResetPasswordCommand{Flow: flow, Code: wrong(code), Password: newPassword}), identity.ErrBadCode)
	d.must(reset.Execute(t.Context(), identityapp.ResetPasswordCommand{Flow: flow, Code: code, Password: newPassword}))
	d.wants(reset.Execute(t.Context(), identityapp.ResetPasswordCommand{Flow: flow, Code: code, Password: newPassword}), identity.ErrBadCode)
	if d.alive(s) {
		t.Error("a session outlives the old password")
	}
	_, err = d.login.Execute(t.Context(), identityapp.LoginCommand{Email: "ann@example.com", Password: newPassword})
	d.wants(err, identity.ErrCodeAsked)
}

func TestChangingThePasswordEndsTheOtherSessions(t *testing.T) {
	d := open(t)
	here, there := d.signUp("ann@example.com"), d.signIn("ann@example.com")
	change := identityapp.ChangePassword{Clock: d.clock, Users: d.store.Users(), Gate: d.gate, Rules: d.rules, Post: d.post, Work: d.work}
	who := identity.Actor{UserID: here.User.ID, SessionID: here.SessionID}
	ask := func(current, next string) error {
		return change.Execute(t.Context(), identityapp.ChangePasswordCommand{Who: who, Current: current, New: next})
	}
	d.wants(ask("wrong", newPassword), identity.ErrBadCredentials)
	d.wants(ask(password, password), identity.ErrInvalidAccount)
	d.wants(ask(password, "qwertyuiop"), identity.ErrInvalidAccount)
	if !d.alive(here) || !d.alive(there) {
		t.Fatal("a session ended for nothing")
	}
	d.must(ask(password, newPassword))
	if !d.alive(here) || d.alive(there) {
		t.Error("not exactly the other sessions ended")
	}
	if letters := d.deliver("ann@example.com"); len(letters) != 1 || letters[0].Kind != identity.LetterPasswordChanged {
		t.Errorf("letters %+v", letters)
	}
}

func TestALetterWhoseCodeIsOverIsNotSent(t *testing.T) {
	d := open(t)
	d.pend("ann@example.com", password)
	d.clock.now = noon.Add(identity.CodeLifetime + time.Second)
	jobs, err := d.store.Queue().Claim(t.Context(), d.clock.now, time.Minute, 10)
	d.must(err)
	deliver := identityapp.DeliverLetter{Clock: d.clock, Sealer: d.box, Mailer: d.mail}
	if err := deliver.Execute(t.Context(), jobs[0]); err == nil || len(d.mail.letters) != 0 {
		t.Errorf("%v, letters %v", err, d.mail.letters)
	}
}
