package identityapp_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

func (d *desk) try(email, password, code string) error {
	_, err := d.login.Execute(d.t.Context(), identityapp.LoginCommand{
		Email: email, Password: password, FactorCode: code, Device: identity.Device{IP: "192.0.2.1"},
	})
	return err
}

// now is the code that the app shows.
func (d *desk) now() string { return fmt.Sprint(d.clock.now.Unix() / 30) }

// enrol sets up an app for the owner of a session, and returns the recovery codes.
func (d *desk) enrol(s identityapp.SignedIn) []string {
	d.t.Helper()
	who := identity.Actor{UserID: s.User.ID, SessionID: s.SessionID}
	_, err := identityapp.EnrolApp{Clock: d.clock, IDs: ids{}, Users: d.store.Users(), App: app{}, Sealer: d.box, Work: d.work}.Execute(d.t.Context(), who)
	d.must(err)
	out, err := identityapp.ConfirmApp{FactorWork: d.factorWork(), Checks: d.codes}.Execute(d.t.Context(), who, d.now())
	d.must(err)
	d.clock.now = d.clock.now.Add(30 * time.Second)
	return out.RecoveryCodes
}

func (d *desk) factorWork() identityapp.FactorWork {
	return identityapp.FactorWork{Clock: d.clock, Codes: d.flows.Codes, Users: d.store.Users(), Post: d.post, Work: d.work}
}

func TestGuessingBlocksAnAddressForLongerAndLonger(t *testing.T) {
	for _, email := range []string{"ann@example.com", "nobody@example.com"} {
		d := open(t)
		d.gate.PerAddress, d.login.Gate.PerAddress = ports.Limit{}, ports.Limit{}
		d.signUp("ann@example.com")
		for range identity.FreeFailures {
			d.wants(d.try(email, "wrong", ""), identity.ErrBadCredentials)
		}
		for _, minutes := range []time.Duration{1, 2, 4, 8, 15, 15} {
			work := d.passwords.work
			err := d.try(email, password, "")
			d.wants(err, identity.ErrLocked)
			var f *fault.Error
			if fault.KindOf(err) != fault.TooMany || !errors.As(err, &f) || f.Wait != minutes*time.Minute || d.passwords.work != work {
				t.Errorf("%s: %v, wait %v, %d hashes", email, err, f.Wait, d.passwords.work-work)
			}
			d.clock.now = d.clock.now.Add(minutes * time.Minute)
			d.wants(d.try(email, "wrong", ""), identity.ErrBadCredentials)
		}
	}
}

func TestASuccessForgivesTheFailuresBefore(t *testing.T) {
	d := open(t)
	d.signUp("ann@example.com")
	for range 3 {
		for range identity.FreeFailures - 1 {
			d.wants(d.try("ann@example.com", "wrong", ""), identity.ErrBadCredentials)
		}
		d.must(d.try("ann@example.com", password, ""))
	}
}

func TestARightGuessAmongManyAtOnceIsOfNoUseOnceTheAddressIsBlocked(t *testing.T) {
	d := open(t)
	d.signUp("ann@example.com")
	// The right guess is being verified while the fifth wrong one is counted.
	late := &interrupting{plain: d.passwords}
	login := d.login
	login.Rules.Passwords = late
	late.meanwhile = func() {
		for range identity.FreeFailures {
			d.wants(d.try("ann@example.com", "wrong", ""), identity.ErrBadCredentials)
		}
	}
	_, err := login.Execute(t.Context(), identityapp.LoginCommand{Email: "ann@example.com", Password: password})
	d.wants(err, identity.ErrLocked)
}

func TestASecondFactorIsAskedForAfterTheRightPasswordAlone(t *testing.T) {
	d := open(t)
	codes := d.enrol(d.signUp("ann@example.com"))
	if len(codes) != identity.RecoveryCodes {
		t.Fatalf("%d recovery codes", len(codes))
	}
	d.wants(d.try("ann@example.com", "wrong", ""), identity.ErrBadCredentials)
	d.wants(d.try("ann@example.com", "wrong", d.now()), identity.ErrBadCredentials)
	d.wants(d.try("ann@example.com", password, ""), identity.ErrCodeAsked)
	d.wants(d.try("ann@example.com", password, "1"), identity.ErrBadFactor)
	d.must(d.try("ann@example.com", password, d.now()))
	d.wants(d.try("ann@example.com", password, d.now()), identity.ErrBadFactor) // a step is good once
	d.clock.now = d.clock.now.Add(30 * time.Second)
	d.must(d.try("ann@example.com", password, d.now()))
	d.must(d.try("ann@example.com", password, codes[0]))
	d.wants(d.try("ann@example.com", password, codes[0]), identity.ErrBadFactor) // so is a recovery code
	wrong := 0
	for _, f := range *d.failures {
		if f.Reason == identity.WrongFactor {
			wrong++
		}
	}
	if wrong != 3 {
		t.Errorf("%d wrong codes were counted, want 3", wrong)
	}
}

func TestOnlyWhoProvedThemselvesLearnsThatTheAccountIsSuspendedOrClosed(t *testing.T) {
	d := open(t)
	s := d.signUp("ann@example.com")
	codes := d.enrol(s)
	_, err := d.manage.Suspend(t.Context(), identity.Caller{}, s.User.ID, "test")
	d.must(err)
	d.wants(d.try("ann@example.com", "wrong", ""), identity.ErrBadCredentials)
	d.wants(d.try("ann@example.com", password, ""), identity.ErrCodeAsked)
	d.wants(d.try("ann@example.com", password, codes[0]), identity.ErrSuspended)
	_, err = d.manage.Reinstate(t.Context(), identity.Caller{}, s.User.ID)
	d.must(err)
	d.must(d.try("ann@example.com", password, codes[0])) // which a refused log-in did not use up
}

func TestAnExpiredPasswordIsChangedInTheLogIn(t *testing.T) {
	d := open(t)
	s := d.signUp("ann@example.com")
	_, err := d.manage.ExpirePassword(t.Context(), identity.Caller{}, s.User.ID)
	d.must(err)
	if d.alive(s) {
		t.Error("a session outlives the demand")
	}
	d.wants(d.try("ann@example.com", password, ""), identity.ErrMustChange)
	change := func(next string) error {
		_, err := d.login.Execute(t.Context(), identityapp.LoginCommand{Email: "ann@example.com", Password: password, NewPassword: next})
		return err
	}
	d.wants(change(password), identity.ErrInvalidAccount)
	d.wants(change("qwertyuiop"), identity.ErrInvalidAccount)
	d.must(change(newPassword))
	d.must(d.try("ann@example.com", newPassword, ""))
	d.wants(d.try("ann@example.com", password, ""), identity.ErrBadCredentials)
}

func (d *desk) stepUp() identityapp.StepUp {
	return identityapp.StepUp{Clock: d.clock, Users: d.store.Users(), Gate: d.gate, Passwords: d.passwords, Codes: d.codes, Work: d.work}
}

func TestSteppingUpMakesTheProofFresh(t *testing.T) {
	d := open(t)
	s := d.signUp("ann@example.com")
	who := identity.Actor{UserID: s.User.ID, SessionID: s.SessionID}
	fresh := func() bool {
		t.Helper()
		a, err := d.authenticate.Execute(t.Context(), s.Access)
		d.must(err)
		return a.Authorize(identity.Demand{Permission: identity.OwnAccount, Fresh: true}, d.clock.now) == nil
	}
	d.clock.now = noon.Add(identity.StepUpAge + time.Second)
	if fresh() {
		t.Fatal("an old proof is fresh")
	}
	d.wants(d.stepUp().Execute(t.Context(), identityapp.StepUpCommand{Who: who, Password: "wrong"}), identity.ErrBadCredentials)
	d.wants(d.stepUp().Execute(t.Context(), identityapp.StepUpCommand{Who: identity.Actor{UserID: who.UserID, TokenID: uuid.New()}, Password: password}), identity.ErrNoSession)
	if fresh() {
		t.Fatal("a wrong proof is fresh")
	}
	d.must(d.stepUp().Execute(t.Context(), identityapp.StepUpCommand{Who: who, Password: password}))
	if !fresh() {
		t.Error("a fresh proof is old")
	}
	codes := d.enrol(s)
	d.wants(d.stepUp().Execute(t.Context(), identityapp.StepUpCommand{Who: who, Password: password}), identity.ErrCodeAsked)
	d.must(d.stepUp().Execute(t.Context(), identityapp.StepUpCommand{Who: who, FactorCode: codes[1]}))
}

func TestTheLastFactorTakesTheRecoveryCodesWithIt(t *testing.T) {
	d := open(t)
	s := d.signUp("ann@example.com")
	who := identity.Actor{UserID: s.User.ID, SessionID: s.SessionID}
	d.wants(identityapp.RemoveFactor{FactorWork: d.factorWork()}.App(t.Context(), who), identity.ErrFactorNotFound)
	codes := d.enrol(s)
	renewed, err := identityapp.RenewRecoveryCodes{FactorWork: d.factorWork()}.Execute(t.Context(), who)
	d.must(err)
	d.wants(d.try("ann@example.com", password, codes[0]), identity.ErrBadFactor)
	d.must(d.try("ann@example.com", password, renewed.RecoveryCodes[0]))
	d.must(identityapp.RemoveFactor{FactorWork: d.factorWork()}.App(t.Context(), who))
	has, err := d.store.Factors().Of(t.Context(), who.UserID)
	d.must(err)
	if has.Any() || has.RecoveryCodes != 0 {
		t.Errorf("left: %+v", has)
	}
	told := 0
	for _, l := range d.deliver("ann@example.com") {
		if l.Kind == identity.LetterFactorsChanged && l.Code == "" {
			told++
		}
	}
	if told != 3 { // added, codes renewed, removed
		t.Errorf("the owner was told %d times", told)
	}
	d.must(d.try("ann@example.com", password, ""))
}
