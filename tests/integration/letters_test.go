package integration

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/toeic-app/toeic/tests/private"
)

// postOffice is a mail server with the letters that were delivered to it.
type postOffice struct {
	t      *testing.T
	server *private.Mail
}

func startPostOffice(t *testing.T, opts ...private.Option) postOffice {
	t.Helper()
	m, err := private.StartMail(context.Background(), filepath.Join(t.TempDir(), "mail"), "", "", opts...)
	private.Need(t, err)
	t.Cleanup(func() { m.Stop() })
	return postOffice{t, m}
}

func (o postOffice) settings() []string {
	return []string{"SMTP_URL=smtp://" + o.server.Addr(), "MAIL_FROM=TOEIC <noreply@example.com>"}
}

// letter waits for the nth letter to an address and returns its subject and text.
func (o postOffice) letter(to string, nth int) (subject, text string) {
	o.t.Helper()
	var found []*mail.Message
	eventually(o.t, fmt.Sprintf("letter %d to %s arrives", nth, to), func() bool {
		all, err := o.server.Letters()
		if err != nil {
			o.t.Fatal(err)
		}
		found = nil
		for _, m := range all {
			if m.Header.Get("To") == "<"+to+">" {
				found = append(found, m)
			}
		}
		return len(found) >= nth
	})
	m := found[nth-1]
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		o.t.Fatal(err)
	}
	return subject, o.plain(m)
}

// plain reads the part of a letter that is text.
func (o postOffice) plain(m *mail.Message) string {
	o.t.Helper()
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		o.t.Fatal(err)
	}
	part, err := multipart.NewReader(m.Body, params["boundary"]).NextRawPart()
	if err != nil {
		o.t.Fatal(err)
	}
	var body io.Reader = part
	switch part.Header.Get("Content-Transfer-Encoding") {
	case "quoted-printable":
		body = quotedprintable.NewReader(part)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, part)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		o.t.Fatal(err)
	}
	return string(text)
}

var sixDigits = regexp.MustCompile(`(?m)^\s*(\d{6})\s*$`)

// code waits for the nth letter to an address and returns the code in it.
func (o postOffice) code(to string, nth int) string {
	o.t.Helper()
	_, text := o.letter(to, nth)
	found := sixDigits.FindStringSubmatch(text)
	if found == nil {
		o.t.Fatalf("no code in\n%s", text)
	}
	return found[1]
}

type pending struct {
	Flow string `json:"flow_id"`
}

func TestAnAddressIsVerifiedBeforeItGetsAnAccount(t *testing.T) {
	t.Parallel()
	office := startPostOffice(t)
	s := place{dir: t.TempDir(), env: office.settings()}.serve(t)
	nobody := person{t: t, server: s}
	const email = "ann@example.com"
	registration := map[string]any{"email": email, "password": password, "display_name": "Ann", "locale": "ja"}
	var first pending
	nobody.want(202, &first, "POST", "/api/v1/auth/register", registration)
	nobody.refused(401, "auth.bad_credentials", "POST", "/api/v1/auth/login", registrationLogin(email))
	right := office.code(email, 1)
	wrong := "000000"
	if right == wrong {
		wrong = "000001"
	}
	nobody.refused(422, "auth.bad_code", "POST", "/api/v1/auth/verify", map[string]any{"flow_id": first.Flow, "code": wrong})
	nobody.refused(422, "auth.bad_code", "POST", "/api/v1/auth/verify", map[string]any{"flow_id": unknownID, "code": right})
	var me session
	nobody.want(201, &me, "POST", "/api/v1/auth/verify", map[string]any{"flow_id": first.Flow, "code": right[:3] + " " + right[3:]})
	person{t: t, server: s, token: me.AccessToken}.want(200, nil, "GET", "/api/v1/users/me", nil)
	nobody.refused(422, "auth.bad_code", "POST", "/api/v1/auth/verify", map[string]any{"flow_id": first.Flow, "code": right})

	// A taken address gets the same answer; its owner gets a letter in their language, without a code.
	var second pending
	nobody.want(202, &second, "POST", "/api/v1/auth/register", map[string]any{
		"email": email, "password": "another horse battery", "display_name": "Visit http://evil.example", "locale": "en",
	})
	subject, text := office.letter(email, 2)
	if subject != "アカウントはすでにあります" || sixDigits.MatchString(text) || strings.Contains(text, "evil") {
		t.Errorf("%q\n%s", subject, text)
	}
	nobody.refused(422, "auth.bad_code", "POST", "/api/v1/auth/verify", map[string]any{"flow_id": second.Flow, "code": right})
	nobody.want(200, nil, "POST", "/api/v1/auth/login", registrationLogin(email))
}

func registrationLogin(email string) map[string]any {
	return map[string]any{"email": email, "password": password}
}

func TestACodeIsGoodForFiveTries(t *testing.T) {
	t.Parallel()
	office := startPostOffice(t)
	s := place{dir: t.TempDir(), env: office.settings()}.serve(t)
	nobody := person{t: t, server: s}
	var flow pending
	nobody.want(202, &flow, "POST", "/api/v1/auth/register", map[string]any{"email": "ann@example.com", "password": password, "display_name": "Ann"})
	right := office.code("ann@example.com", 1)
	for i := range 5 {
		wrong := fmt.Sprintf("%06d", i)
		if wrong == right {
			wrong = "999999"
		}
		nobody.refused(422, "auth.bad_code", "POST", "/api/v1/auth/verify", map[string]any{"flow_id": flow.Flow, "code": wrong})
	}
	nobody.refused(422, "auth.bad_code", "POST", "/api/v1/auth/verify", map[string]any{"flow_id": flow.Flow, "code": right})
}

func TestAForgottenPasswordIsReplacedAndEndsAllSessions(t *testing.T) {
	t.Parallel()
	office := startPostOffice(t)
	s := place{dir: t.TempDir(), env: append(office.settings(), "ACCOUNT_VERIFICATION=off")}.serve(t)
	me, account := s.register(t)
	nobody := person{t: t, server: s}
	for range 5 { // the owner has forgotten it, and is blocked for a while
		nobody.refused(401, "auth.bad_credentials", "POST", "/api/v1/auth/login", map[string]any{"email": account.User.Email, "password": "not the right one"})
	}
	var flow, decoy pending
	nobody.want(202, &flow, "POST", "/api/v1/auth/password/forgot", map[string]any{"email": account.User.Email})
	nobody.want(202, &decoy, "POST", "/api/v1/auth/password/forgot", map[string]any{"email": "nobody@example.com"})
	right := office.code(account.User.Email, 1)
	reset := map[string]any{"flow_id": flow.Flow, "code": right, "password": "qwertyuiop"}
	if p := nobody.refused(422, "account.invalid", "POST", "/api/v1/auth/password/reset", reset); p.Errors[0].Code != "common" {
		t.Errorf("problem %+v", p)
	}
	reset["password"] = "another horse battery"
	nobody.want(204, nil, "POST", "/api/v1/auth/password/reset", reset)
	me.refused(401, "auth.session_ended", "GET", "/api/v1/users/me", nil)
	nobody.refused(401, "auth.session_ended", "POST", "/api/v1/auth/refresh", map[string]any{"refresh_token": account.RefreshToken})
	nobody.refused(401, "auth.bad_credentials", "POST", "/api/v1/auth/login", map[string]any{"email": account.User.Email, "password": password})
	nobody.want(200, nil, "POST", "/api/v1/auth/login", map[string]any{"email": account.User.Email, "password": "another horse battery"})
	if subject, _ := office.letter(account.User.Email, 2); subject != "Your password was changed" {
		t.Errorf("second letter %q", subject)
	}
	all, err := office.server.Letters()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if strings.Contains(m.Header.Get("To"), "nobody@") {
			t.Error("a letter went to an address without an account")
		}
	}
}

func TestAnotherAddressNeedsTheCodesOfBoth(t *testing.T) {
	t.Parallel()
	office := startPostOffice(t)
	s := place{dir: t.TempDir(), env: append(office.settings(), "ACCOUNT_VERIFICATION=off")}.serve(t)
	me, account := s.register(t)
	other, _ := s.register(t)
	var flow pending
	me.want(202, &flow, "POST", "/api/v1/users/me/email", map[string]any{"email": "New@Example.com"})
	oldCode, newCode := office.code(account.User.Email, 1), office.code("new@example.com", 1)
	confirm := map[string]any{"flow_id": flow.Flow, "new_code": newCode, "old_code": newCode}
	if oldCode != newCode {
		me.refused(422, "auth.bad_code", "POST", "/api/v1/users/me/email/confirm", confirm)
	}
	confirm["old_code"] = oldCode
	other.refused(422, "auth.bad_code", "POST", "/api/v1/users/me/email/confirm", confirm)
	me.want(200, nil, "POST", "/api/v1/users/me/email/confirm", confirm)
	s.login(t, "new@example.com")
	if subject, _ := office.letter(account.User.Email, 2); subject != "Your address was changed" {
		t.Errorf("letter %q", subject)
	}
}

func TestALetterWaitsUntilTheMailServerIsBack(t *testing.T) {
	t.Parallel()
	port, err := private.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	office := postOffice{t: t}
	p := place{dir: t.TempDir(), env: []string{fmt.Sprintf("SMTP_URL=smtp://127.0.0.1:%d", port), "MAIL_FROM=noreply@example.com"}}
	s := p.serve(t)
	nobody := person{t: t, server: s}
	nobody.want(202, nil, "POST", "/api/v1/auth/register", map[string]any{"email": "ann@example.com", "password": password, "display_name": "Ann"})
	eventually(t, "the first try fails", func() bool { return strings.Contains(s.logs.String(), "a job failed") })
	if got := nobody.do("GET", "/health", nil); got.status != 200 || !strings.Contains(string(got.body), "degraded") {
		t.Errorf("health %d %s", got.status, got.body)
	}
	s.kill() // a letter that was ordered outlives the process
	office.server = startPostOffice(t, private.WithPort(port)).server
	p.serve(t)
	office.code("ann@example.com", 1)
}

func TestLettersAreNotReadableInTheDatabase(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir(), env: []string{"SMTP_URL=smtp://127.0.0.1:1", "MAIL_FROM=noreply@example.com"}}
	s := p.serve(t)
	const canary = "canary-address@example.com"
	person{t: t, server: s}.want(202, nil, "POST", "/api/v1/auth/register", map[string]any{"email": canary, "password": password, "display_name": "Canary"})
	s.kill()
	files, err := filepath.Glob(filepath.Join(p.dir, "data", "toeic.db*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), canary) || strings.Contains(string(raw), "Canary") {
			t.Errorf("%s holds the letter", filepath.Base(name))
		}
	}
}

func TestTheOutboxIsOnDevelopmentMachinesAlone(t *testing.T) {
	t.Parallel()
	s := place{dir: t.TempDir(), env: []string{"ACCOUNT_VERIFICATION=required"}}.serve(t)
	nobody := person{t: t, server: s}
	var flow pending
	nobody.want(202, &flow, "POST", "/api/v1/auth/register", map[string]any{"email": "ann@example.com", "password": password, "display_name": "Ann"})
	found := regexp.MustCompile(`<code[^>]*>(\d{6})</code>`)
	var page string
	eventually(t, "the outbox shows the code", func() bool {
		page = string(nobody.want(200, nil, "GET", "/dev/mail", nil).body)
		return found.MatchString(page)
	})
	nobody.want(201, nil, "POST", "/api/v1/auth/verify", map[string]any{"flow_id": flow.Flow, "code": found.FindStringSubmatch(page)[1]})

	for _, env := range [][]string{
		{"ENVIRONMENT=staging", "ACCOUNT_VERIFICATION=off", "TOKEN_SIGNING_KEY=3KZtBqz8vXo1mJ5yW7nR0cQfT2hL9uGdPaSeVxYb"},
		{"SMTP_URL=smtp://127.0.0.1:1", "MAIL_FROM=noreply@example.com"},
	} {
		other := place{dir: t.TempDir(), env: env}.serve(t)
		person{t: t, server: other}.refused(404, "request.not_found", "GET", "/dev/mail", nil)
	}
}
