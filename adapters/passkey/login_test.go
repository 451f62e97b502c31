package passkey_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/passkey"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
)

// signIn runs a login with the next count of the device.
func signIn(t *testing.T, p *passkey.Passkeys, d *device, a accounts) (identity.Passkey, error) {
	t.Helper()
	d.cred.Counter++
	options, state := beginLogin(t, p)
	return p.FinishLogin(t.Context(), state, d.get(t, options), a.find)
}

func TestALoginAsksForAnyPasskeyOfAVerifiedPerson(t *testing.T) {
	options, _ := beginLogin(t, newPasskeys(t, &clock{noon}))
	var got map[string]any
	if err := json.Unmarshal(options, &got); err != nil {
		t.Fatal(err)
	}
	if n := len(decoded(t, got["challenge"])); n < 16 {
		t.Errorf("a challenge of %d bytes", n)
	}
	delete(got, "challenge")
	want := map[string]any{"rpId": site, "timeout": 300_000.0, "userVerification": "required"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestALoginGivesThePasskeyThatWasUsed(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	for _, kind := range []virtualwebauthn.KeyType{virtualwebauthn.KeyTypeEC2, virtualwebauthn.KeyTypeRSA} {
		phone, laptop := newDevice(), newDevice()
		laptop.cred = newCredential(kind)
		first, want := registered(t, p, phone, ann()), registered(t, p, laptop, ann())
		want.ID, want.Name, want.LastUsedAt = uuid.UUID{15: 10}, "laptop", new(noon)
		got, err := signIn(t, p, laptop, accounts{ann().ID: {first, want}, bob().ID: nil})
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if len(got.Record) == 0 || string(got.Record) == string(want.Record) {
			t.Errorf("%s: the record is not brought up to date", kind)
		}
		got.Record, want.Record = nil, nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
	}
}

func TestTheOwnerIsLookedUpOnceByTheUserHandle(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	d := newDevice()
	a := accounts{ann().ID: {registered(t, p, d, ann())}}
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "ours")
	options, state := beginLogin(t, p)
	calls := 0
	_, err := p.FinishLogin(ctx, state, d.get(t, options), func(ctx context.Context, id uuid.UUID) (identity.User, []identity.Passkey, error) {
		calls++
		if id != ann().ID || ctx.Value(key{}) != "ours" {
			t.Errorf("asked for %s", id)
		}
		return a.find(ctx, id)
	})
	if err != nil || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func TestACounterThatDoesNotGrowIsRefused(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	d := newDevice()
	d.cred.Counter = 7
	stored := registered(t, p, d, ann())
	for _, c := range []struct {
		count uint32
		ok    bool
	}{{8, true}, {8, false}, {7, false}, {0, false}, {9, true}, {1 << 31, true}, {100, false}, {1<<32 - 1, true}, {0, false}} {
		d.cred.Counter = c.count - 1
		got, err := signIn(t, p, d, accounts{ann().ID: {stored}})
		if !c.ok {
			refused(t, fmt.Sprint("count ", c.count), got, err)
			continue
		}
		if err != nil {
			t.Fatalf("count %d: %v", c.count, err)
		}
		stored = got
	}
}

// Passkeys that are synchronised between devices cannot count.
func TestACounterThatStaysAtZeroIsNoSuspicion(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	d := newDevice()
	stored := registered(t, p, d, ann())
	for range 3 {
		options, state := beginLogin(t, p)
		got, err := p.FinishLogin(t.Context(), state, d.get(t, options), accounts{ann().ID: {stored}}.find)
		if err != nil {
			t.Fatal(err)
		}
		stored = got
	}
}

func TestAPasskeyMayBecomeBackedUp(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	d := newDevice()
	d.auth.Options.BackupEligible = true
	stored := registered(t, p, d, ann())
	d.auth.Options.BackupState = true
	if _, err := signIn(t, p, d, accounts{ann().ID: {stored}}); err != nil {
		t.Error(err)
	}
}

func TestALoginHasFiveMinutes(t *testing.T) {
	now := &clock{noon}
	p := newPasskeys(t, now)
	d := newDevice()
	a := accounts{ann().ID: {registered(t, p, d, ann())}}
	options, state := beginLogin(t, p)
	answer := d.get(t, options)
	now.now = noon.Add(5*time.Minute - time.Microsecond)
	if _, err := p.FinishLogin(t.Context(), state, answer, a.find); err != nil {
		t.Errorf("just in time: %v", err)
	}
	for _, late := range []time.Duration{5 * time.Minute, time.Hour} {
		now.now = noon.Add(late)
		got, err := p.FinishLogin(t.Context(), state, answer, nobodyAsked(t))
		refused(t, "after "+late.String(), got, err)
	}
}

// nobodyAsked fails the test when it is called.
func nobodyAsked(t *testing.T) func(context.Context, uuid.UUID) (identity.User, []identity.Passkey, error) {
	return func(_ context.Context, id uuid.UUID) (identity.User, []identity.Passkey, error) {
		t.Errorf("account %s is looked up for nothing", id)
		return identity.User{}, nil, identity.ErrUserNotFound
	}
}

func TestALoginThatIsNotRightInEveryPartIsRefused(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	mine, others, never := newDevice(), newDevice(), newDevice()
	a := accounts{ann().ID: {registered(t, p, mine, ann())}, bob().ID: {registered(t, p, others, bob())}}
	registered(t, p, never, ann()) // and not stored
	options, state := beginLogin(t, p)
	otherOptions, otherState := beginLogin(t, p)
	registration, registrationState := beginRegistration(t, p, ann())
	good := mine.get(t, options)
	if _, err := p.FinishLogin(t.Context(), state, good, a.find); err != nil {
		t.Fatalf("what the cases change is not good: %v", err)
	}
	from := func(change func(*device)) json.RawMessage {
		d := *mine
		change(&d)
		return d.get(t, options)
	}
	with := func(change func(fields, response map[string]any)) json.RawMessage { return changed(t, good, change) }
	signed := func(change func(client map[string]any, authData []byte)) json.RawMessage {
		return mine.resigned(t, good, change)
	}
	handle := func(b []byte) json.RawMessage { return from(func(d *device) { d.auth.Options.UserHandle = b }) }
	id, bobs := ann().ID, bob().ID
	for name, c := range map[string]struct {
		state  []byte
		answer json.RawMessage
	}{
		"another origin":               {state, from(func(d *device) { d.page.Origin = "https://evil.example" })},
		"another origin below":         {state, from(func(d *device) { d.page.Origin = "https://evil.toeic.example" })},
		"another port":                 {state, from(func(d *device) { d.page.Origin = origin + ":8443" })},
		"no TLS":                       {state, from(func(d *device) { d.page.Origin = "http://app.toeic.example" })},
		"no origin":                    {state, from(func(d *device) { d.page.Origin = "" })},
		"another relying party":        {state, from(func(d *device) { d.page.ID = "evil.example" })},
		"nobody verified":              {state, from(func(d *device) { d.auth.Options.UserNotVerified = true })},
		"nobody present":               {state, from(func(d *device) { d.auth.Options.UserNotPresent = true })},
		"backed up, yet not able":      {state, from(func(d *device) { d.auth.Options.BackupState = true })},
		"able to be backed up now":     {state, from(func(d *device) { d.auth.Options.BackupEligible = true })},
		"another key":                  {state, from(func(d *device) { d.cred.Key = others.cred.Key })},
		"another user's credential":    {state, from(func(d *device) { d.cred = others.cred })},
		"another user's handle":        {state, handle(bobs[:])},
		"a passkey that is gone":       {state, never.get(t, options)},
		"nobody's handle":              {state, handle(make([]byte, 16))},
		"no handle":                    {state, handle(nil)},
		"a handle that is too long":    {state, handle(append(id[:], 0))},
		"a handle that is too short":   {state, handle(id[:15])},
		"a handle of letters":          {state, handle([]byte(id.String()))},
		"another challenge":            {state, mine.get(t, otherOptions)},
		"another state":                {otherState, good},
		"the state of a registration":  {registrationState, mine.get(t, registration)},
		"the answer to a registration": {state, mine.create(t, options)},
		"no state":                     {nil, good},
		"an empty state":               {[]byte("{}"), good},
		"half a state":                 {state[:len(state)/2], good},
		"the type of a registration":   {state, signed(func(c map[string]any, _ []byte) { c["type"] = "webauthn.create" })},
		"inside another's page":        {state, signed(func(c map[string]any, _ []byte) { c["crossOrigin"] = true })},
		"inside another's named page":  {state, signed(func(c map[string]any, _ []byte) { c["crossOrigin"], c["topOrigin"] = true, origin })},
		"no challenge":                 {state, signed(func(c map[string]any, _ []byte) { delete(c, "challenge") })},
		"a changed signature":          {state, with(func(_, r map[string]any) { r["signature"] = flipped(t, r["signature"]) })},
		"no signature":                 {state, with(func(_, r map[string]any) { delete(r, "signature") })},
		"changed authenticator data":   {state, with(func(_, r map[string]any) { r["authenticatorData"] = grown(t, r["authenticatorData"]) })},
		"changed client data":          {state, with(func(_, r map[string]any) { r["clientDataJSON"] = encoded(append(decoded(t, r["clientDataJSON"]), ' ')) })},
		"two identifiers":              {state, with(func(f, _ map[string]any) { f["rawId"] = encoded([]byte("x")) })},
		"another type":                 {state, with(func(f, _ map[string]any) { f["type"] = "password" })},
		"no response":                  {state, with(func(f, _ map[string]any) { delete(f, "response") })},
	} {
		got, err := p.FinishLogin(t.Context(), c.state, c.answer, a.find)
		refused(t, name, got, err)
	}
	if _, err := p.FinishLogin(t.Context(), state, signed(func(map[string]any, []byte) {}), a.find); err != nil {
		t.Errorf("signing again what was good is refused: %v", err)
	}
}

// grown is authenticator data with a higher counter, which its last four bytes are.
func grown(t *testing.T, authData any) string {
	t.Helper()
	b := decoded(t, authData)
	b[len(b)-1]++
	return encoded(b)
}

func TestGarbageIsRefusedBeforeAnAccountIsLookedUp(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	d := newDevice()
	registered(t, p, d, ann())
	options, state := beginLogin(t, p)
	good := d.get(t, options)
	garbage := garbageFrom(good)
	garbage["too long"] = tooLong(good)
	for name, answer := range garbage {
		got, err := p.FinishLogin(t.Context(), state, answer, nobodyAsked(t))
		refused(t, name, got, err)
	}
}

func TestWhatBrowsersAddToALoginDoesNoHarm(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	d := newDevice()
	a := accounts{ann().ID: {registered(t, p, d, ann())}}
	for name, change := range additions() {
		options, state := beginLogin(t, p)
		if _, err := p.FinishLogin(t.Context(), state, changed(t, d.get(t, options), change), a.find); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	options, state := beginLogin(t, p)
	if _, err := p.FinishLogin(t.Context(), state, longest(d.get(t, options)), a.find); err != nil {
		t.Errorf("the longest answer: %v", err)
	}
}

func TestAFailureToFindTheOwnerIsNotTheAnswersFault(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	d := newDevice()
	registered(t, p, d, ann())
	options, state := beginLogin(t, p)
	answer := d.get(t, options)
	for _, failure := range []error{io.ErrUnexpectedEOF, context.Canceled, identity.ErrBusy, fmt.Errorf("find the owner: %w", io.EOF)} {
		got, err := p.FinishLogin(t.Context(), state, answer, func(context.Context, uuid.UUID) (identity.User, []identity.Passkey, error) {
			return identity.User{}, nil, failure
		})
		if !errors.Is(err, failure) || errors.Is(err, identity.ErrPasskeyRefused) || err.Error() != failure.Error() {
			t.Errorf("%v becomes %v", failure, err)
		}
		if diff := cmp.Diff(identity.Passkey{}, got); diff != "" {
			t.Errorf("%v comes with a passkey: %s", failure, diff)
		}
	}
	got, err := p.FinishLogin(t.Context(), state, answer, func(context.Context, uuid.UUID) (identity.User, []identity.Passkey, error) {
		return identity.User{}, nil, fmt.Errorf("find the owner: %w", identity.ErrUserNotFound)
	})
	refused(t, "an account that is not there", got, err)
}

func TestABrokenRecordIsAnInternalErrorOfALogin(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	d := newDevice()
	registered(t, p, d, ann())
	options, state := beginLogin(t, p)
	for name, broken := range brokenRecords(t, p) {
		_, err := p.FinishLogin(t.Context(), state, d.get(t, options), accounts{ann().ID: {broken}}.find)
		if err == nil || fault.KindOf(err) != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A find that gives another account than it was asked for must not let anybody in there.
func TestAnotherAccountThanTheOneAskedForIsRefused(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	d := newDevice()
	stored := registered(t, p, d, ann())
	options, state := beginLogin(t, p)
	got, err := p.FinishLogin(t.Context(), state, d.get(t, options), func(context.Context, uuid.UUID) (identity.User, []identity.Passkey, error) {
		return bob(), []identity.Passkey{stored}, nil
	})
	refused(t, "another account", got, err)
}
