package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

type (
	stopped struct{}
	counter struct{}
	reply   struct {
		Text string `json:"text"`
	}
	// claims takes every key and remembers nothing.
	claims struct{ ports.Replies }
)

func (stopped) Now() time.Time { return time.Unix(1, 0) }
func (counter) New() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func (claims) Claim(context.Context, string, string, time.Time, time.Duration, time.Duration) ([]byte, error) {
	return nil, nil
}
func (claims) Keep(context.Context, string, []byte) error { return nil }

func config(core zapcore.Core) web.Config {
	return web.Config{
		Title: "Toys", Version: "1", Logger: zap.New(core), Clock: stopped{}, IDs: counter{}, RequestTimeout: time.Minute, Replies: claims{},
		Authenticate: func(context.Context, string) (identity.Actor, error) {
			return identity.Actor{}, identity.ErrUnauthenticated
		},
	}
}

func toy[In any](method, path string, fn func(context.Context, web.Request, In) (reply, error)) web.Endpoint[In, reply] {
	return web.Endpoint[In, reply]{Method: method, Path: path, Permission: identity.Public, Tag: "Toys", Summary: path, Handle: fn}
}

func fine[In any](context.Context, web.Request, In) (reply, error) { return reply{}, nil }

// serving runs an API with one endpoint.
func serving[In any](t *testing.T, e web.Endpoint[In, reply], change ...func(*web.Config)) (string, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	c := config(core)
	for _, fn := range change {
		fn(&c)
	}
	a, err := web.New(c)
	if err != nil {
		t.Fatal(err)
	}
	web.Register(a, e)
	if err := a.Err(); err != nil {
		t.Fatal(err)
	}
	return listen(t, a), logs
}

// listen serves an API on a port of its own and returns its address.
func listen(t *testing.T, a *web.API) string {
	t.Helper()
	s := httptest.NewServer(a.Handler())
	t.Cleanup(s.Close)
	return s.URL
}

type answered struct {
	*http.Response
	text    string
	problem struct {
		Code   string
		Errors []struct{ Field, Code, Detail string }
	}
}

func ask(t *testing.T, method, url, body string, headers ...string) answered {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	transport := &http.Transport{DisableCompression: true}
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := answered{Response: res, text: string(raw)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/problem+json") {
		if err := json.Unmarshal(raw, &got.problem); err != nil {
			t.Fatal(err)
		}
	}
	return got
}

func TestAClientThatHangsUpIsNoErrorOfOurs(t *testing.T) {
	working, done := make(chan struct{}), make(chan struct{})
	core, logs := observer.New(zap.DebugLevel)
	a, err := web.New(config(core))
	if err != nil {
		t.Fatal(err)
	}
	web.Register(a, toy("GET", "/slow", func(ctx context.Context, _ web.Request, _ web.None) (reply, error) {
		close(working)
		<-ctx.Done()
		return reply{}, errors.New("driver: canceling statement due to user request")
	}))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		a.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/slow", nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() { <-working; cancel() }()
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
		t.Fatal("the client did not hang up")
	}
	<-done
	line := logs.FilterMessage("request").All()[0]
	if line.Level != zap.InfoLevel || line.ContextMap()["code"] != "request.canceled" {
		t.Errorf("logged as %s: %v", line.Level, line.ContextMap())
	}
}

func TestAFailureThatIsMeantToBeIsRefusedLikeAnyOtherAndIsNoErrorInTheLog(t *testing.T) {
	pause := fault.New(fault.Unavailable, "service.draining", "Not now.")
	for name, tc := range map[string]struct {
		err   error
		level zapcore.Level
	}{
		"meant to be":              {web.Planned(pause), zap.InfoLevel},
		"meant to be, and wrapped": {fmt.Errorf("ask: %w", web.Planned(pause)), zap.InfoLevel},
		"the same by accident":     {pause, zap.ErrorLevel},
	} {
		url, logs := serving(t, toy("GET", "/x", failing(tc.err)))
		got := ask(t, "GET", url+"/x", "")
		if got.StatusCode != 503 || got.problem.Code != "service.draining" || got.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v %s", name, got.StatusCode, got.Header, got.text)
		}
		line := logs.FilterMessage("request").All()[0]
		if line.Level != tc.level || line.ContextMap()["code"] != "service.draining" || line.ContextMap()["status"] != int64(503) {
			t.Errorf("%s is logged as %s: %v", name, line.Level, line.ContextMap())
		}
	}
}

func TestATimeLimitThatADriverReportsInItsOwnWordsIsATimeout(t *testing.T) {
	url, _ := serving(t, toy("GET", "/slow", func(ctx context.Context, _ web.Request, _ web.None) (reply, error) {
		<-ctx.Done()
		return reply{}, errors.New("driver: interrupted")
	}), func(c *web.Config) { c.RequestTimeout = time.Millisecond })
	got := ask(t, "GET", url+"/slow", "")
	if got.StatusCode != 503 || got.problem.Code != "request.timeout" || got.Header.Get("Retry-After") == "" {
		t.Errorf("%d %s", got.StatusCode, got.text)
	}
}

func TestTextThatDatabasesRefuseIsNoTextInAnAddress(t *testing.T) {
	type in struct {
		Name string `path:"name" json:"-"`
		Word string `query:"word" json:"-"`
	}
	url, _ := serving(t, toy("GET", "/texts/{name}", func(_ context.Context, _ web.Request, in in) (reply, error) {
		return reply{Text: in.Name + " " + in.Word}, nil
	}))
	for _, odd := range []string{"%00", "%ff", "%FF", "a%00b"} {
		if got := ask(t, "GET", url+"/texts/"+odd, ""); got.StatusCode != 404 {
			t.Errorf("path %s: %d", odd, got.StatusCode)
		}
		got := ask(t, "GET", url+"/texts/a?word="+odd, "")
		if got.StatusCode != 422 || len(got.problem.Errors) != 1 || got.problem.Errors[0].Field != "word" {
			t.Errorf("query %s: %d %s", odd, got.StatusCode, got.text)
		}
	}
	for _, word := range []string{"%ED%95%9C", "%ed%95%9c"} {
		if got := ask(t, "GET", url+"/texts/"+word+"?word="+word, ""); got.text != `{"text":"한 한"}` {
			t.Errorf("%s: %s", word, got.text)
		}
	}
}

func TestARuleOfAPathFieldNamesIt(t *testing.T) {
	type in struct {
		Number *int `path:"number" json:"-" validate:"required,min=1,max=7"`
	}
	url, _ := serving(t, toy("GET", "/parts/{number}", fine[in]))
	got := ask(t, "GET", url+"/parts/9", "")
	if len(got.problem.Errors) != 1 || got.problem.Errors[0].Field != "number" {
		t.Errorf("%s", got.text)
	}
}

func TestAValueThatItsTypeRefusesIsNotExplainedInWordsOfGo(t *testing.T) {
	type in struct {
		ID   uuid.UUID `json:"id"`
		When time.Time `json:"when"`
	}
	url, _ := serving(t, toy("POST", "/values", fine[in]))
	for _, body := range []string{`{"id":"CANARY"}`, `{"when":"CANARY"}`} {
		got := ask(t, "POST", url+"/values", body, "Content-Type", "application/json")
		if got.StatusCode != 422 || strings.Contains(got.text, "CANARY") || strings.Contains(got.text, "UUID length") {
			t.Errorf("%s: %d %s", body, got.StatusCode, got.text)
		}
	}
}

func TestMistakesOfRegistrationAreReported(t *testing.T) {
	type byID struct {
		ID uuid.UUID `path:"id" json:"-"`
	}
	type byName struct {
		Name string `path:"name" json:"-"`
	}
	type body struct {
		Text string `json:"text"`
	}
	idempotent := toy("POST", "/x", fine[web.None])
	idempotent.Idempotent = true
	for name, register := range map[string]func(*web.API){
		"one address under two names": func(a *web.API) {
			web.Register(a, toy("GET", "/x/{id}", fine[byID]))
			web.Register(a, toy("GET", "/x/{name}", fine[byName]))
		},
		"two operations of one name": func(a *web.API) {
			web.Register(a, toy("GET", "/x-y", fine[web.None]))
			web.Register(a, toy("GET", "/x/y", fine[web.None]))
		},
		"nothing to do":           func(a *web.API) { web.Register(a, toy[web.None]("GET", "/x", nil)) },
		"a method in small print": func(a *web.API) { web.Register(a, toy("get", "/x", fine[web.None])) },
		"a GET with a body":       func(a *web.API) { web.Register(a, toy("GET", "/x", fine[body])) },
		"nowhere to keep replies": func(a *web.API) { web.Register(a, idempotent) },
	} {
		c := config(zapcore.NewNopCore())
		if name == "nowhere to keep replies" {
			c.Replies = nil
		}
		a, err := web.New(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Err(); err != nil {
			t.Fatal(err)
		}
		register(a)
		if errors.Join(a.Err(), a.DocumentErr()) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// Rules of parameters that were not sent are not looked at, so none may depend on another parameter.
func TestARuleThatComparesParametersIsAMistakeOfRegistration(t *testing.T) {
	type span struct {
		From *int `query:"from" json:"-"`
		To   *int `query:"to" json:"-" validate:"omitempty,gtfield=From"`
	}
	a, err := web.New(config(zapcore.NewNopCore()))
	if err != nil {
		t.Fatal(err)
	}
	web.Register(a, toy("GET", "/x", fine[span]))
	if err := a.Err(); err == nil || !strings.Contains(err.Error(), "field To") {
		t.Errorf("it is accepted: %v", err)
	}
}

func TestAnAPIWithoutItsPartsIsNotMade(t *testing.T) {
	for name, without := range map[string]func(*web.Config){
		"logger": func(c *web.Config) { c.Logger = nil }, "clock": func(c *web.Config) { c.Clock = nil },
		"identifiers": func(c *web.Config) { c.IDs = nil }, "authentication": func(c *web.Config) { c.Authenticate = nil },
		"time limit": func(c *web.Config) { c.RequestTimeout = 0 },
	} {
		c := config(zapcore.NewNopCore())
		without(&c)
		if _, err := web.New(c); err == nil {
			t.Errorf("made without %s", name)
		}
	}
}

func TestOnlyAValidTraceparentIsKept(t *testing.T) {
	url, logs := serving(t, toy("GET", "/x", fine[web.None]))
	id, span := strings.Repeat("ab", 16), "00f067aa0ba902b7"
	for header, valid := range map[string]bool{
		"00-" + id + "-" + span + "-01":                      true,
		"01-" + id + "-" + span + "-01-more":                 true, // a version to come may have more fields
		"00-" + id + "-" + span + "-01-more":                 false,
		"00-" + id + "-" + span + "-01more":                  false,
		"ff-" + id + "-" + span + "-01":                      false,
		"00-" + id + "-" + strings.Repeat("0", 16) + "-01":   false,
		"00-" + strings.Repeat("0", 32) + "-" + span + "-01": false,
	} {
		ask(t, "GET", url+"/x", "", "Traceparent", header)
		lines := logs.TakeAll()
		if got := lines[len(lines)-1].ContextMap()["trace_id"]; (got != nil) != valid {
			t.Errorf("%s: kept %v", header, got)
		}
	}
}

func TestAnAddressTellsWhichMethodsItHas(t *testing.T) {
	type byID struct {
		ID uuid.UUID `path:"id" json:"-"`
	}
	core, logs := observer.New(zap.DebugLevel)
	a, err := web.New(config(core))
	if err != nil {
		t.Fatal(err)
	}
	web.Register(a, toy("GET", "/things/{id}", fine[byID]))
	web.Register(a, toy("DELETE", "/things/{id}", fine[byID]))
	web.Register(a, toy("POST", "/things", fine[web.None]))
	url := listen(t, a)
	for path, want := range map[string]string{"/things/" + uuid.NewString(): "OPTIONS, GET, HEAD, DELETE", "/things": "OPTIONS, POST"} {
		got := ask(t, "OPTIONS", url+path, "")
		if got.StatusCode != 204 || got.Header.Get("Allow") != want || got.Header.Get("X-Frame-Options") != "DENY" || got.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %d %v", path, got.StatusCode, got.Header)
		}
		wrong := ask(t, "PATCH", url+path, "")
		named := strings.Split(wrong.Header.Get("Allow"), ", ")
		slices.Sort(named)
		if wrong.StatusCode != 405 || strings.Join(named, ", ") != strings.Join(slices.Sorted(slices.Values(strings.Split(want, ", "))), ", ") {
			t.Errorf("PATCH %s: %d, allowed are %q", path, wrong.StatusCode, wrong.Header.Get("Allow"))
		}
	}
	if got := ask(t, "OPTIONS", url+"/none", ""); got.StatusCode != 404 || got.problem.Code != "request.not_found" {
		t.Errorf("an address that there is not: %d %s", got.StatusCode, got.text)
	}
	if n := logs.FilterMessage("request").Len(); n != 5 {
		t.Errorf("%d requests are logged", n)
	}
}

func TestEveryReplyForbidsItsUseByOtherSites(t *testing.T) {
	url, _ := serving(t, toy("GET", "/x", fine[web.None]))
	for _, path := range []string{"/x", "/none"} {
		if got := ask(t, "GET", url+path, ""); got.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: %q", path, got.Header.Get("Cross-Origin-Resource-Policy"))
		}
	}
}

func TestAnEmptyIdempotencyKeyIsRefused(t *testing.T) {
	e := toy("POST", "/x", fine[web.None])
	e.Idempotent = true
	url, _ := serving(t, e)
	if got := ask(t, "POST", url+"/x", "", "Idempotency-Key", ""); got.problem.Code != "idempotency.invalid_key" {
		t.Errorf("%d %s", got.StatusCode, got.text)
	}
	if got := ask(t, "POST", url+"/x", "", "Idempotency-Key", "k"); got.StatusCode != 200 {
		t.Errorf("a good key: %d %s", got.StatusCode, got.text)
	}
}
