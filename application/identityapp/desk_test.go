package identityapp_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/adapters/ratelimit"
	"github.com/toeic-app/toeic/adapters/seal"
	"github.com/toeic-app/toeic/adapters/token"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/application/jobapp"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/job"
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

// desk is all of the use cases on a store of their own, with a clock that stands still until it is moved.
type desk struct {
	t         *testing.T
	store     *entstore.Store
	clock     *clock
	passwords *plain
	box       *seal.Box
	hashes    map[ports.KeyPurpose]identityapp.KeyHolder
	mail      *postbox
	limits    ports.Limits
	failures  *[]identity.LoginFailure
	issuer    identityapp.Issuer
	gate      identityapp.Gate
	rules     identityapp.PasswordRules
	post      identityapp.Post
	flows     identityapp.Flows
	codes     identityapp.FactorCodes
	recorder  identityapp.Recorder
	work      ports.UnitOfWork[ports.IdentityRepos]

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
	manage       identityapp.ManageUser
}

func open(t *testing.T) *desk {
	t.Helper()
	s, c, p := storetest.SQLite(t), &clock{noon}, &plain{}
	box, err := seal.NewBox([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	codes, key := &token.Codes{}, &token.AuditKey{}
	codes.Set([]byte(strings.Repeat("c", 32)))
	key.Set([]byte(strings.Repeat("a", 32)))
	d := &desk{
		t: t, store: s, clock: c, passwords: p, box: box, mail: &postbox{}, failures: &[]identity.LoginFailure{}, work: s.Identity(),
		hashes: map[ports.KeyPurpose]identityapp.KeyHolder{ports.AuditMAC: key, ports.CodeMAC: codes},
		limits: ratelimit.NewMemory(c, 1000),
	}
	d.issuer = identityapp.Issuer{IDs: ids{}, Access: tokens{}, Secrets: tokens{}}
	d.gate = identityapp.Gate{
		Clock: c, IDs: ids{}, Guards: s.Guards(), Secrets: tokens{}, Limits: d.limits, PerAddress: identityapp.AddressLimit(),
		Alarm: func(f identity.LoginFailure) { *d.failures = append(*d.failures, f) },
	}
	d.rules = identityapp.PasswordRules{Passwords: p, Common: common{}}
	d.post = identityapp.Post{Clock: c, IDs: ids{}, Sealer: box}
	d.flows = identityapp.Flows{Clock: c, IDs: ids{}, Codes: codes, Secrets: tokens{}, Sealer: box, Work: d.work}
	d.codes = identityapp.FactorCodes{Clock: c, Factors: s.Factors(), App: app{}, Codes: codes, Sealer: box}
	d.recorder = identityapp.Recorder{Clock: c, Key: key}
	d.register = identityapp.Register{Clock: c, Rules: d.rules, Issuer: d.issuer, Flows: d.flows, Post: d.post, Limits: d.limits, Work: d.work}
	d.login = identityapp.Login{
		Clock: c, Users: s.Users(), Gate: d.gate, Rules: d.rules, Codes: d.codes, Issuer: d.issuer, Post: d.post, Work: d.work,
	}
	d.refresh = identityapp.Refresh{Clock: c, Issuer: d.issuer, Gate: d.gate, Work: d.work}
	d.logout = identityapp.Logout{Clock: c, Work: d.work}
	d.authenticate = identityapp.Authenticate{
		Clock: c, Access: tokens{}, Secrets: tokens{}, Actors: s.Actors(), Tokens: s.APITokens(), Failed: func(err error) { t.Error(err) },
	}
	d.sessions = identityapp.ListSessions{Clock: c, Sessions: s.Sessions()}
	d.end = identityapp.EndSession{Clock: c, Work: d.work}
	d.change = identityapp.ChangeProfile{Work: d.work}
	d.profile = identityapp.Profile{Users: s.Users()}
	d.closing = identityapp.CloseAccount{Clock: c, IDs: ids{}, Post: d.post, Work: d.work}
	d.admin = identityapp.CreateAdmin{Clock: c, IDs: ids{}, Rules: d.rules, Recorder: d.recorder, Work: d.work}
	d.token = identityapp.CreateToken{Clock: c, IDs: ids{}, Secrets: tokens{}, Users: s.Users(), Recorder: d.recorder, Work: d.work}
	d.manage = identityapp.ManageUser{Clock: c, Recorder: d.recorder, Post: d.post, Work: d.work}
	return d
}

// common knows one password that people often choose.
type common struct{}

func (common) Contains(password string) bool { return strings.EqualFold(password, "qwertyuiop") }

// app shows the number of the time step as its code.
type app struct{}

func (app) Enrol(identity.Email) (secret, address string, err error) {
	return "secret", "otpauth://x", nil
}

func (app) Check(secret, code string, now time.Time, spent int64) (int64, bool) {
	step := now.Unix() / 30
	return step, secret == "secret" && code == fmt.Sprint(step) && step > spent
}

// postbox keeps the letters that are sent, and fails when it is told to.
type postbox struct {
	letters []identity.Letter
	fails   error
}

func (p *postbox) Send(_ context.Context, l identity.Letter) error {
	if p.fails == nil {
		p.letters = append(p.letters, l)
	}
	return p.fails
}

// deliver sends what was ordered and returns the letters to an address.
func (d *desk) deliver(to identity.Email) []identity.Letter {
	d.t.Helper()
	work := jobapp.Work{
		Clock: d.clock, Queue: d.store.Queue(), Failed: func(j job.Job, err error, _ bool) { d.t.Errorf("%s: %v", j.Kind, err) },
		Handlers: map[job.Kind]jobapp.Handler{
			job.SendLetter: identityapp.DeliverLetter{Clock: d.clock, Sealer: d.box, Mailer: d.mail}.Execute,
		},
	}
	for {
		worked, err := work.Execute(d.t.Context())
		d.must(err)
		if !worked {
			break
		}
	}
	var out []identity.Letter
	for _, l := range d.mail.letters {
		if l.To == to {
			out = append(out, l)
		}
	}
	return out
}

const password = "correct horse"

func (d *desk) signUp(email string) identityapp.SignedIn {
	d.t.Helper()
	r, err := d.register.Execute(d.t.Context(), identityapp.RegisterCommand{Email: email, Password: password, DisplayName: "Ann"})
	d.must(err)
	return *r.Session
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

// interrupting lets something happen while a password is being verified.
type interrupting struct {
	*plain
	meanwhile func()
}

func (i *interrupting) Verify(ctx context.Context, password, hash string) (bool, error) {
	ok, err := i.plain.Verify(ctx, password, hash)
	i.meanwhile()
	return ok, err
}
