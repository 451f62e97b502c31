package integration

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

func TestTheAuditLogTellsWhatWasChangedOrRemovedInIt(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		s := p.serve(t)
		p.must(t, password+"\n", "admin", "create", "--email", "chief@example.com", "--password-stdin")
		chief, _ := s.login(t, "chief@example.com")
		for _, name := range []string{"one", "two", "three", "four"} {
			chief.want(201, nil, "POST", "/api/v1/admin/roles", map[string]any{"name": name, "permissions": []string{"sessions:read"}})
		}
		out := p.must(t, "", "audit", "verify")
		if !strings.HasPrefix(out, "5 entries, none changed and none missing\nhead 5:") {
			t.Fatalf("verify says %q", out)
		}
		head := strings.TrimSpace(out[strings.Index(out, "head ")+5:])
		p.must(t, "", "audit", "verify", "--head", head)
		db := p.database(t)
		for _, crime := range []struct{ name, do, undo, says string }{
			{
				"a changed entry", "UPDATE audit_entries SET object = 'role:other' WHERE seq = 3",
				"UPDATE audit_entries SET object = 'role:two' WHERE seq = 3", "entry 3 was changed",
			},
			{
				"a missing entry", "UPDATE audit_entries SET seq = 33 WHERE seq = 3",
				"UPDATE audit_entries SET seq = 3 WHERE seq = 33", "entry 3 is missing",
			},
			{
				"a missing end", "UPDATE audit_entries SET seq = 55 WHERE seq = 5",
				"UPDATE audit_entries SET seq = 5 WHERE seq = 55", "entries 5 to 5 are missing",
			},
			{
				"an end cut off with its head", "UPDATE audit_head SET seq = 4",
				"UPDATE audit_head SET seq = 5", "does not belong",
			},
		} {
			if _, err := db.Exec(crime.do); err != nil {
				t.Fatal(err)
			}
			got := p.run(t, "", "audit", "verify")
			if got.code != 1 || !strings.Contains(got.stderr, crime.says) {
				t.Errorf("%s: exit code %d\n%s%s", crime.name, got.code, got.stdout, got.stderr)
			}
			if _, err := db.Exec(crime.undo); err != nil {
				t.Fatal(err)
			}
		}
		p.must(t, "", "audit", "verify", "--head", head)
		if got := p.run(t, "", "audit", "verify", "--head", "5:0000"); got.code != 1 {
			t.Errorf("another head: exit code %d", got.code)
		}
	})
}

func TestKeysAreRotatedWithoutLoggingAnyoneOut(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir()}
	s := p.serve(t)
	before, me := s.register(t)
	old := kidOf(t, before.token)
	out := p.must(t, "", "keys", "rotate")
	if !strings.HasPrefix(out, "key ") || strings.Contains(out, old) {
		t.Fatalf("rotate says %q", out)
	}
	var after person
	eventually(t, "tokens are signed with the new key", func() bool {
		before.want(200, nil, "GET", "/api/v1/users/me", nil)
		after, _ = s.login(t, me.User.Email)
		return kidOf(t, after.token) == strings.Fields(out)[1]
	})
	before.want(200, nil, "GET", "/api/v1/users/me", nil)
	after.want(200, nil, "GET", "/api/v1/users/me", nil)
	s.kill()
	s = p.serve(t) // which finds both keys in the database
	before.at(s).want(200, nil, "GET", "/api/v1/users/me", nil)
	after.at(s).want(200, nil, "GET", "/api/v1/users/me", nil)
	var renewed session
	person{t: t, server: s}.want(200, &renewed, "POST", "/api/v1/auth/refresh", map[string]any{"refresh_token": me.RefreshToken})
	p.must(t, "", "audit", "verify")
}

// kidOf reads which key signed an access token.
func kidOf(t *testing.T, token string) string {
	t.Helper()
	head, _, _ := strings.Cut(token, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	var h struct{ Kid string }
	if err := json.Unmarshal(decoded, &h); err != nil {
		t.Fatal(err)
	}
	return h.Kid
}

func TestAdministratorsNeedASecondFactorWhereThatIsDemanded(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir(), env: []string{"ADMIN_REQUIRE_MFA=true"}}
	s := p.serve(t)
	p.must(t, password+"\n", "admin", "create", "--email", "chief@example.com", "--password-stdin")
	chief, _ := s.login(t, "chief@example.com")
	chief.refused(403, "auth.second_factor_required", "GET", "/api/v1/admin/sessions", nil)
	used, codes := chief.enrol()
	chief.want(200, nil, "GET", "/api/v1/admin/sessions", nil)

	credentials := map[string]any{"email": "chief@example.com", "password": password}
	nobody := person{t: t, server: s}
	nobody.refused(401, "auth.mfa_required", "POST", "/api/v1/auth/login", credentials)
	credentials["mfa_code"] = "000000"
	nobody.refused(401, "auth.bad_mfa_code", "POST", "/api/v1/auth/login", credentials)
	credentials["mfa_code"] = used
	nobody.refused(401, "auth.bad_mfa_code", "POST", "/api/v1/auth/login", credentials)
	credentials["mfa_code"] = strings.ToLower(codes[0])
	var again session
	nobody.want(200, &again, "POST", "/api/v1/auth/login", credentials)
	person{t: t, server: s, token: again.AccessToken}.want(200, nil, "GET", "/api/v1/admin/sessions", nil)
	nobody.refused(401, "auth.bad_mfa_code", "POST", "/api/v1/auth/login", credentials) // a recovery code is good once
}

// enrol sets up an authenticator app and returns the code that this used up, and the recovery codes.
func (p person) enrol() (used string, codes []string) {
	p.t.Helper()
	var enrolment struct {
		Secret string
		URI    string `json:"otpauth_uri"`
	}
	p.want(201, &enrolment, "POST", "/api/v1/users/me/totp", nil)
	var secured struct {
		RecoveryCodes []string `json:"recovery_codes"`
	}
	used, err := totp.GenerateCode(enrolment.Secret, time.Now())
	if err != nil {
		p.t.Fatal(err)
	}
	p.want(200, &secured, "POST", "/api/v1/users/me/totp/confirm", map[string]any{"code": used})
	if len(secured.RecoveryCodes) != 10 || !strings.Contains(enrolment.URI, enrolment.Secret) {
		p.t.Fatalf("%d recovery codes, address %s", len(secured.RecoveryCodes), enrolment.URI)
	}
	return used, secured.RecoveryCodes
}

func TestTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir()}
	s := p.serve(t)
	p.must(t, password+"\n", "admin", "create", "--email", "chief@example.com", "--password-stdin")
	chief, me := s.login(t, "chief@example.com")
	path := "/api/v1/admin/users/" + me.User.ID
	chief.refused(409, "account.last_admin", "POST", path+"/suspend", map[string]any{"reason": "test"})
	chief.refused(409, "account.last_admin", "PUT", path+"/roles", map[string]any{"roles": []string{"learner"}})
	chief.refused(409, "account.last_admin", "DELETE", "/api/v1/users/me", nil)
	chief.want(200, nil, "GET", "/api/v1/admin/sessions", nil)
	p.must(t, password+"\n", "admin", "create", "--email", "second@example.com", "--password-stdin")
	chief.want(204, nil, "DELETE", "/api/v1/users/me", nil)
}

func TestAnAdministrativeChangeOnAnOldVersionIsRefused(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir()}
	s := p.serve(t)
	p.must(t, password+"\n", "admin", "create", "--email", "chief@example.com", "--password-stdin")
	chief, _ := s.login(t, "chief@example.com")
	_, bob := s.register(t)
	path := "/api/v1/admin/users/" + bob.User.ID
	tag := chief.want(200, nil, "GET", path, nil).header.Get("ETag")
	teacher := map[string]any{"roles": []string{"teacher"}}
	next := chief.want(200, nil, "PUT", path+"/roles", teacher, "If-Match", tag).header.Get("ETag")
	if tag == "" || next == "" || tag == next {
		t.Errorf("tags %q, %q", tag, next)
	}
	chief.refused(412, "store.stale", "PUT", path+"/roles", teacher, "If-Match", tag)
	chief.refused(422, "request.invalid", "PUT", path+"/roles", teacher, "If-Match", "nonsense")
}

func TestTheRootSecretIsReplacedWithoutLosingAnything(t *testing.T) {
	t.Parallel()
	const first, second = "3KZtBqz8vXo1mJ5yW7nR0cQfT2hL9uGdPaSeVxYb", "pQ7rLw2ZsX9cVbN4mKj6HgF1dTyU8iOe5aRqWz0E"
	p := place{dir: t.TempDir(), env: []string{"TOKEN_SIGNING_KEY=" + first}}
	s := p.serve(t)
	me, account := s.register(t)
	_, codes := me.enrol()
	credentials := map[string]any{"email": account.User.Email, "password": password}
	with := func(secrets string) *server {
		t.Helper()
		s.kill()
		p.env = []string{"TOKEN_SIGNING_KEY=" + secrets}
		s = p.serve(t)
		return s
	}
	me.at(with(second+","+first)).want(200, nil, "GET", "/api/v1/users/me", nil)
	p.must(t, "", "keys", "rotate")
	me.at(with(second)).want(200, nil, "GET", "/api/v1/users/me", nil)
	p.must(t, "", "audit", "verify")
	credentials["mfa_code"] = "000000"
	person{t: t, server: s}.refused(401, "auth.bad_mfa_code", "POST", "/api/v1/auth/login", credentials)
	credentials["mfa_code"] = codes[3]
	person{t: t, server: s}.want(200, nil, "POST", "/api/v1/auth/login", credentials)

	p.env = []string{"TOKEN_SIGNING_KEY=" + first}
	if got := p.run(t, "", "keys", "rotate"); got.code != 1 || !strings.Contains(got.stderr, "TOKEN_SIGNING_KEY") {
		t.Errorf("a secret that is no longer good: exit code %d\n%s", got.code, got.stderr)
	}
}
