package passkey_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/passkey"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
)

func TestARegistrationAsksForADiscoverableCredentialOfAVerifiedPerson(t *testing.T) {
	options, _ := beginRegistration(t, newPasskeys(t, &clock{noon}), ann())
	var got map[string]any
	if err := json.Unmarshal(options, &got); err != nil {
		t.Fatal(err)
	}
	if n := len(decoded(t, got["challenge"])); n < 16 {
		t.Errorf("a challenge of %d bytes", n)
	}
	algorithms, _ := got["pubKeyCredParams"].([]any)
	if !slices.ContainsFunc(algorithms, func(a any) bool { return cmp.Equal(a, map[string]any{"type": "public-key", "alg": -7.0}) }) {
		t.Errorf("ES256, which every authenticator knows, is not among %v", algorithms)
	}
	delete(got, "challenge")
	delete(got, "pubKeyCredParams")
	id := ann().ID
	want := map[string]any{
		"rp":          map[string]any{"id": site, "name": "TOEIC"},
		"user":        map[string]any{"id": encoded(id[:]), "name": "ann@example.com", "displayName": "Ann"},
		"timeout":     300_000.0,
		"attestation": "none",
		"authenticatorSelection": map[string]any{
			"residentKey": "required", "requireResidentKey": true, "userVerification": "required",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAKnownCredentialIsNotMadeAgain(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	phone, laptop := newDevice(), newDevice()
	known := []identity.Passkey{registered(t, p, phone, ann()), registered(t, p, laptop, ann())}
	options, _ := beginRegistration(t, p, ann(), known...)
	parsed, err := virtualwebauthn.ParseAttestationOptions(string(options))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{encoded(phone.cred.ID), encoded(laptop.cred.ID)}; !slices.Equal(parsed.ExcludeCredentials, want) {
		t.Errorf("excluded %v, want %v", parsed.ExcludeCredentials, want)
	}
}

func TestABrokenRecordIsAnInternalErrorOfARegistration(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	for name, broken := range brokenRecords(t, p) {
		options, state, err := p.BeginRegistration(ann(), []identity.Passkey{broken})
		if err == nil || fault.KindOf(err) != "" || options != nil || state != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// brokenRecords are passkeys that no store should ever give.
func brokenRecords(t *testing.T, p *passkey.Passkeys) map[string]identity.Passkey {
	t.Helper()
	good, other := registered(t, p, newDevice(), ann()), registered(t, p, newDevice(), ann())
	with := func(record []byte) identity.Passkey {
		return identity.Passkey{Credential: good.Credential, Record: record}
	}
	return map[string]identity.Passkey{
		"no record":         with(nil),
		"half a record":     with(good.Record[:len(good.Record)/2]),
		"a record of null":  with([]byte("null")),
		"a record of other": with(other.Record),
	}
}

func TestARegistrationGivesTheCredentialAndItsRecordAndNothingElse(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	for _, kind := range []virtualwebauthn.KeyType{virtualwebauthn.KeyTypeEC2, virtualwebauthn.KeyTypeRSA} {
		d := newDevice()
		d.cred = newCredential(kind)
		options, state := beginRegistration(t, p, ann())
		got, err := p.FinishRegistration(ann(), state, d.create(t, options))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if len(got.Record) == 0 {
			t.Errorf("%s: no record", kind)
		}
		got.Record = nil
		if diff := cmp.Diff(identity.Passkey{Credential: d.cred.ID}, got); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
	}
}

func TestARegistrationHasFiveMinutes(t *testing.T) {
	now := &clock{noon}
	p := newPasskeys(t, now)
	options, state := beginRegistration(t, p, ann())
	answer := newDevice().create(t, options)
	now.now = noon.Add(5*time.Minute - time.Microsecond)
	if _, err := p.FinishRegistration(ann(), state, answer); err != nil {
		t.Errorf("just in time: %v", err)
	}
	for _, late := range []time.Duration{5 * time.Minute, time.Hour} {
		now.now = noon.Add(late)
		got, err := p.FinishRegistration(ann(), state, answer)
		refused(t, "after "+late.String(), got, err)
	}
}

func TestARegistrationThatIsNotRightInEveryPartIsRefused(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	options, state := beginRegistration(t, p, ann())
	otherOptions, otherState := beginRegistration(t, p, ann())
	bobOptions, bobState := beginRegistration(t, p, bob())
	loginOptions, loginState := beginLogin(t, p)
	good := newDevice().create(t, options)
	if _, err := p.FinishRegistration(ann(), state, good); err != nil {
		t.Fatalf("what the cases change is not good: %v", err)
	}
	from := func(change func(*device)) json.RawMessage {
		d := newDevice()
		change(d)
		return d.create(t, options)
	}
	with := func(change func(fields, response map[string]any)) json.RawMessage { return changed(t, good, change) }
	for name, c := range map[string]struct {
		user   identity.User
		state  []byte
		answer json.RawMessage
	}{
		"another origin":          {ann(), state, from(func(d *device) { d.page.Origin = "https://evil.example" })},
		"another origin below":    {ann(), state, from(func(d *device) { d.page.Origin = "https://evil.toeic.example" })},
		"another port":            {ann(), state, from(func(d *device) { d.page.Origin = origin + ":8443" })},
		"no TLS":                  {ann(), state, from(func(d *device) { d.page.Origin = "http://app.toeic.example" })},
		"no origin":               {ann(), state, from(func(d *device) { d.page.Origin = "" })},
		"another relying party":   {ann(), state, from(func(d *device) { d.page.ID = "evil.example" })},
		"nobody verified":         {ann(), state, from(func(d *device) { d.auth.Options.UserNotVerified = true })},
		"nobody present":          {ann(), state, from(func(d *device) { d.auth.Options.UserNotPresent = true })},
		"backed up, yet not able": {ann(), state, from(func(d *device) { d.auth.Options.BackupState = true })},
		"another challenge":       {ann(), state, newDevice().create(t, otherOptions)},
		"another state":           {ann(), otherState, good},
		"another user's options":  {ann(), state, newDevice().create(t, bobOptions)},
		"another user's state":    {ann(), bobState, newDevice().create(t, bobOptions)},
		"another user":            {bob(), state, good},
		"the state of a login":    {ann(), loginState, newDevice().create(t, loginOptionsAsCreation(t, loginOptions))},
		"the answer to a login":   {ann(), state, newDevice().get(t, options)},
		"no state":                {ann(), nil, good},
		"an empty state":          {ann(), []byte("{}"), good},
		"half a state":            {ann(), state[:len(state)/2], good},
		"a changed attestation":   {ann(), state, with(func(_, r map[string]any) { r["attestationObject"] = flipped(t, r["attestationObject"]) })},
		"changed client data":     {ann(), state, with(func(_, r map[string]any) { r["clientDataJSON"] = flipped(t, r["clientDataJSON"]) })},
		"another identifier":      {ann(), state, with(func(f, _ map[string]any) { f["id"], f["rawId"] = encoded([]byte("x")), encoded([]byte("x")) })},
		"two identifiers":         {ann(), state, with(func(f, _ map[string]any) { f["rawId"] = encoded([]byte("x")) })},
		"another type":            {ann(), state, with(func(f, _ map[string]any) { f["type"] = "password" })},
		"no response":             {ann(), state, with(func(f, _ map[string]any) { delete(f, "response") })},
		"too long":                {ann(), state, tooLong(good)},
	} {
		got, err := p.FinishRegistration(c.user, c.state, c.answer)
		refused(t, name, got, err)
	}
	for name, garbage := range garbageFrom(good) {
		got, err := p.FinishRegistration(ann(), state, garbage)
		refused(t, name, got, err)
	}
}

// loginOptionsAsCreation are options of a registration with the challenge of a login.
func loginOptionsAsCreation(t *testing.T, login json.RawMessage) json.RawMessage {
	t.Helper()
	var options map[string]any
	if err := json.Unmarshal(login, &options); err != nil {
		t.Fatal(err)
	}
	id := ann().ID
	options["user"] = map[string]any{"id": encoded(id[:])}
	out, err := json.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// garbageFrom is what is no single JSON object of an answer.
func garbageFrom(good json.RawMessage) map[string]json.RawMessage {
	after := func(s string) json.RawMessage { return slices.Concat(good, []byte(s)) }
	return map[string]json.RawMessage{
		"nothing": nil, "blanks": []byte("  "), "null": []byte("null"), "a number": []byte("7"), "a string": []byte(`"x"`),
		"a list": []byte("[]"), "a list of it": []byte("[" + string(good) + "]"), "an empty object": []byte("{}"),
		"half of it": good[:len(good)/2], "twice": after(string(good)), "a comma behind": after(","), "a brace behind": after("}"),
		"a null character behind": after("\x00"), "a byte order mark": slices.Concat([]byte("\xef\xbb\xbf"), good),
		"broken UTF-8": slices.Concat([]byte(`{"x":"`+"\xff"+`",`), good[1:]), "deep": []byte(`{"x":` + deep(passkey.MaxAnswer/2-10) + `}`),
	}
}

func deep(n int) string {
	return string(slices.Concat(slices.Repeat([]byte("["), n), slices.Repeat([]byte("]"), n)))
}

func TestWhatBrowsersAddToAnAnswerDoesNoHarm(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	for name, change := range additions() {
		options, state := beginRegistration(t, p, ann())
		if _, err := p.FinishRegistration(ann(), state, changed(t, newDevice().create(t, options), change)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	options, state := beginRegistration(t, p, ann())
	if _, err := p.FinishRegistration(ann(), state, longest(newDevice().create(t, options))); err != nil {
		t.Errorf("the longest answer: %v", err)
	}
}

// additions are what browsers and password managers send without being asked.
func additions() map[string]func(fields, response map[string]any) {
	extension := func(name string, value any) func(map[string]any, map[string]any) {
		return func(f, _ map[string]any) { f["clientExtensionResults"] = map[string]any{name: value} }
	}
	return map[string]func(fields, response map[string]any){
		"an unused U2F extension": extension("appid", false),
		"properties":              extension("credProps", map[string]any{"rk": true}),
		"an unknown extension":    extension("future", []any{1.0}),
		"an unknown field":        func(f, r map[string]any) { f["future"], r["future"] = 1, map[string]any{} },
		"the attachment":          func(f, _ map[string]any) { f["authenticatorAttachment"] = "platform" },
	}
}

func TestEveryCeremonyHasAChallengeOfItsOwn(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	seen := map[string]bool{}
	for range 5 {
		registration, _ := beginRegistration(t, p, ann())
		login, _ := beginLogin(t, p)
		for _, options := range []json.RawMessage{registration, login} {
			var o struct{ Challenge string }
			if err := json.Unmarshal(options, &o); err != nil || o.Challenge == "" || seen[o.Challenge] {
				t.Fatalf("challenge %q, %v", o.Challenge, err)
			}
			seen[o.Challenge] = true
		}
	}
}

func TestTheUserHandleIsTheAccountsIdentifier(t *testing.T) {
	p := newPasskeys(t, &clock{noon})
	d := newDevice()
	registered(t, p, d, bob())
	if got, err := uuid.FromBytes(d.auth.Options.UserHandle); err != nil || got != bob().ID {
		t.Errorf("%s, %v", got, err)
	}
}
