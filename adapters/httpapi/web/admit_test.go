package web_test

import (
	"context"
	"encoding/json"
	"mime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"go.uber.org/zap/zapcore"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/domain/identity"
)

func TestARouteAsksForWhatItDeclares(t *testing.T) {
	now := stopped{}.Now()
	at := func(ago time.Duration) *time.Time { return new(now.Add(-ago)) }
	session := func(r identity.Role, proved, factor *time.Time) identity.Actor {
		return identity.Actor{UserID: uuid.UUID{1}, SessionID: uuid.UUID{2}, Roles: []identity.Role{r}, ProvedAt: proved, FactorAt: factor}
	}
	token := identity.Actor{UserID: uuid.UUID{1}, TokenID: uuid.UUID{3}, Roles: []identity.Role{identity.Admin}, Scopes: []identity.Scope{"*"}}
	fresh, stale := at(identity.StepUpAge), at(identity.StepUpAge+time.Second)
	for _, c := range []struct {
		name          string
		actor         identity.Actor
		permission    identity.Permission
		fresh, factor bool // what the route and the configuration ask for
		code          string
	}{
		{"a learner's own account", session(identity.Learner, stale, nil), identity.OwnAccount, false, true, ""},
		{"an administrator's route", session(identity.Learner, fresh, fresh), identity.ManageUsers, false, false, "auth.forbidden"},
		{"a fresh proof", session(identity.Learner, fresh, nil), identity.OwnAccount, true, true, ""},
		{"an old proof", session(identity.Learner, stale, nil), identity.OwnAccount, true, false, "auth.step_up_required"},
		{"no proof at all", session(identity.Learner, nil, nil), identity.OwnAccount, true, false, "auth.step_up_required"},
		{"administration without a second factor", session(identity.Admin, fresh, nil), identity.ManageUsers, false, true, "auth.second_factor_required"},
		{"the same where none is asked for", session(identity.Admin, fresh, nil), identity.ManageUsers, false, false, ""},
		{"administration with a second factor", session(identity.Admin, stale, stale), identity.ManageUsers, false, true, ""},
		{"the same with an old proof", session(identity.Admin, stale, stale), identity.ManageUsers, true, true, "auth.step_up_required"},
		{"an API token in administration", token, identity.ManageUsers, true, true, ""},
		{"an API token and its owner's credentials", token, identity.OwnAccount, true, true, "auth.step_up_required"},
		{"nobody", identity.Actor{}, identity.OwnAccount, false, false, "auth.required"},
	} {
		done := false
		e := toy("POST", "/x", func(context.Context, web.Request, web.None) (reply, error) {
			done = true
			return reply{}, nil
		})
		e.Permission, e.Fresh = c.permission, c.fresh
		url, _ := serving(t, e, func(conf *web.Config) {
			conf.RequireFactor = c.factor
			conf.Authenticate = func(context.Context, string) (identity.Actor, error) { return c.actor, nil }
		})
		got := ask(t, "POST", url+"/x", "", "Authorization", "Bearer x")
		if got.problem.Code != c.code || done != (c.code == "") {
			t.Errorf("%s: %d %q, done: %v, want %q", c.name, got.StatusCode, got.problem.Code, done, c.code)
		}
		if (got.Header.Get("WWW-Authenticate") != "") != (got.StatusCode == 401) {
			t.Errorf("%s: %d with WWW-Authenticate %q", c.name, got.StatusCode, got.Header.Get("WWW-Authenticate"))
		}
	}
}

func TestADeviceIsNamedAsPeopleWouldNameIt(t *testing.T) {
	seen := make(chan identity.Device, 1)
	url, _ := serving(t, toy("GET", "/x", func(_ context.Context, r web.Request, _ web.None) (reply, error) {
		seen <- r.Device
		return reply{}, nil
	}))
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0":                                                                  "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36":                         "Chrome on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1": "Safari on iOS",
		"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36":                   "Chrome on Android",
		"curl/8.5.0": "curl",
		"":           "",
	} {
		ask(t, "GET", url+"/x", "", "User-Agent", agent)
		if got := <-seen; got.Name != want || got.UserAgent != agent || got.IP != "127.0.0.1" {
			t.Errorf("%q: %+v, want %q", agent, got, want)
		}
	}
}

func TestARubbishUserAgentIsKeptShortAndIsText(t *testing.T) {
	seen := make(chan identity.Device, 1)
	url, _ := serving(t, toy("GET", "/x", func(_ context.Context, r web.Request, _ web.None) (reply, error) {
		seen <- r.Device
		return reply{}, nil
	}))
	for _, agent := range []string{
		strings.Repeat("x", 20_000), strings.Repeat("한", 200), "\xff\xfe(Linux)", "tab\tand more", "(", ")", "((((", "/", ";;;", "Mozilla/5.0 (", "Mozilla/5.0 (;;)", "😀 on 😀",
	} {
		ask(t, "GET", url+"/x", "", "User-Agent", agent)
		got := <-seen
		for what, s := range map[string]string{"agent": got.UserAgent, "name": got.Name} {
			if len(s) > 310 || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) {
				t.Errorf("%.40q: the %s is %d bytes: %.60q", agent, what, len(s), s)
			}
		}
	}
}

func TestAFileIsSavedUnderItsName(t *testing.T) {
	for name, saved := range map[string]bool{
		"": false, "export.zip": true, `Ann's "results" 2026.zip`: true, "성적.zip": true, "a\r\nSet-Cookie: b=c": true, `back\slash; filename=x`: true,
	} {
		a, err := web.New(config(zapcore.NewNopCore()))
		if err != nil {
			t.Fatal(err)
		}
		web.Register(a, web.Endpoint[web.None, web.File]{
			Method: "GET", Path: "/file", Permission: identity.Public, Tag: "Toys", Summary: "A file",
			Handle: func(context.Context, web.Request, web.None) (web.File, error) {
				return web.File{Type: "application/zip", Name: name, Data: []byte("zip")}, nil
			},
		})
		got := ask(t, "GET", listen(t, a)+"/file", "")
		if got.StatusCode != 200 || got.text != "zip" || got.Header.Get("Content-Type") != "application/zip" || got.Header.Get("Set-Cookie") != "" {
			t.Errorf("%q: %d %q %v", name, got.StatusCode, got.text, got.Header)
		}
		if policy := got.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "sandbox") {
			t.Errorf("%q may run scripts: %s", name, policy)
		}
		how := got.Header.Get("Content-Disposition")
		if !saved {
			if how != "" {
				t.Errorf("a file without a name: %s", how)
			}
			continue
		}
		if kind, parameters, err := mime.ParseMediaType(how); err != nil || kind != "attachment" || parameters["filename"] != name {
			t.Errorf("%q: %q is %s %v, %v", name, how, kind, parameters, err)
		}
	}
}

// operation is what the document says of a route.
type operation struct {
	Fresh      bool   `json:"x-fresh"`
	Permission string `json:"x-permission"`
	Parameters []struct {
		Name, In string
		Required bool
	}
	Responses map[string]struct{ Description string }
}

func TestTheDocumentSaysWhatARouteAsksFor(t *testing.T) {
	a, err := web.New(config(zapcore.NewNopCore()))
	if err != nil {
		t.Fatal(err)
	}
	plain, fresh, admin, free := toy("POST", "/plain", fine[web.None]), toy("POST", "/fresh", fine[thingChange]), toy("POST", "/admin", fine[web.None]), toy("POST", "/free", fine[web.None])
	plain.Permission, fresh.Permission, admin.Permission = identity.OwnAccount, identity.OwnAccount, identity.ManageUsers
	fresh.Fresh, free.Class = true, web.Free
	web.Register(a, plain)
	web.Register(a, fresh)
	web.Register(a, admin)
	web.Register(a, free)
	if err := a.Err(); err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]operation
	}
	if err := json.Unmarshal([]byte(ask(t, "GET", listen(t, a)+"/openapi.json", "").text), &document); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct {
		fresh      bool
		permission identity.Permission
		codes      map[string]string // by status
		without    []string
	}{
		"/plain": {false, identity.OwnAccount, map[string]string{"401": "auth.required", "403": "auth.forbidden", "429": "request.too_many"}, []string{"auth.step_up_required", "auth.second_factor_required"}},
		"/fresh": {true, identity.OwnAccount, map[string]string{"403": "auth.step_up_required", "422": "request.invalid", "429": "request.too_many"}, []string{"auth.second_factor_required"}},
		"/admin": {false, identity.ManageUsers, map[string]string{"403": "auth.second_factor_required", "429": "request.too_many"}, []string{"auth.step_up_required"}},
		"/free":  {false, identity.Public, nil, []string{"request.too_many", "auth."}},
	} {
		op := document.Paths[path]["post"]
		if op.Fresh != want.fresh || op.Permission != string(want.permission) {
			t.Errorf("%s: fresh %v, permission %q", path, op.Fresh, op.Permission)
		}
		for status, code := range want.codes {
			if !strings.Contains(op.Responses[status].Description, code) {
				t.Errorf("%s: %s lacks %s: %q", path, status, code, op.Responses[status].Description)
			}
		}
		for status, r := range op.Responses {
			for _, code := range want.without {
				if strings.Contains(r.Description, code) {
					t.Errorf("%s: %s has %s", path, status, code)
				}
			}
		}
	}
	if p := document.Paths["/fresh"]["post"].Parameters; len(p) != 1 || p[0].Name != "If-Match" || p[0].In != "header" || p[0].Required {
		t.Errorf("parameters %+v", p)
	}
}
