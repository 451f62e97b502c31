package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

func text(s string) func(context.Context, web.Request, web.None) (reply, error) {
	return func(context.Context, web.Request, web.None) (reply, error) { return reply{Text: s}, nil }
}

func failing(err error) func(context.Context, web.Request, web.None) (reply, error) {
	return func(context.Context, web.Request, web.None) (reply, error) { return reply{}, err }
}

func TestEveryReplyCarriesTheSecurityHeadersFailuresIncluded(t *testing.T) {
	url, _ := serving(t, toy("GET", "/x", text("x")), func(c *web.Config) { c.HSTS = true })
	for path, status := range map[string]int{"/x": 200, "/nowhere": 404, "/openapi.json": 200, "/docs/": 200} {
		got := ask(t, "GET", url+path, "")
		if got.StatusCode != status {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
		for _, h := range []string{"X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Content-Security-Policy", "X-Request-Id", "Strict-Transport-Security", "Cache-Control"} {
			if got.Header.Get(h) == "" {
				t.Errorf("%s lacks %s", path, h)
			}
		}
	}
	plain, _ := serving(t, toy("GET", "/x", text("x")))
	if got := ask(t, "GET", plain+"/x", ""); got.Header.Get("Strict-Transport-Security") != "" {
		t.Error("a server without TLS asks for TLS")
	}
}

func TestARequestKeepsItsSaneIdentifierAndIsGivenOneOtherwise(t *testing.T) {
	url, logs := serving(t, toy("GET", "/x", text("x")))
	if got := ask(t, "GET", url+"/x", "", "X-Request-Id", "abc-1.2_3"); got.Header.Get("X-Request-Id") != "abc-1.2_3" {
		t.Errorf("identifier %q", got.Header.Get("X-Request-Id"))
	}
	for _, insane := range []string{"", "a b", "ä", "<script>", strings.Repeat("x", 65)} {
		got := ask(t, "GET", url+"/nowhere", "", "X-Request-Id", insane).Header.Get("X-Request-Id")
		if _, err := uuid.Parse(got); err != nil {
			t.Errorf("%q becomes %q", insane, got)
		}
	}
	line := logs.All()[0].ContextMap()
	for field, want := range map[string]any{"method": "GET", "route": "/x", "status": int64(200), "request_id": "abc-1.2_3", "ip": "127.0.0.1"} {
		if line[field] != want {
			t.Errorf("the log line has %s = %v, want %v", field, line[field], want)
		}
	}
	if route := logs.All()[1].ContextMap()["route"]; route != "unmatched" {
		t.Errorf("the route of an unknown address is %v", route)
	}
}

func TestContentIsSentOnceAndThenSaidToBeTheSame(t *testing.T) {
	e := toy("GET", "/x", text(strings.Repeat("long ", 1000)))
	e.Cache = web.Private(time.Minute)
	url, _ := serving(t, e)
	plain, packed := ask(t, "GET", url+"/x", ""), ask(t, "GET", url+"/x", "", "Accept-Encoding", "gzip")
	tag, packedTag := plain.Header.Get("ETag"), packed.Header.Get("ETag")
	if tag == packedTag || packedTag != strings.TrimSuffix(tag, `"`)+`-gzip"` || packed.Header.Get("Content-Encoding") != "gzip" || len(packed.text) >= len(plain.text) {
		t.Errorf("tags %s and %s, sizes %d and %d", tag, packedTag, len(plain.text), len(packed.text))
	}
	if plain.Header.Get("Cache-Control") != "private, max-age=60" || plain.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("headers %v", plain.Header)
	}
	for _, known := range []string{tag, packedTag, "W/" + tag, `"other", ` + tag, "*"} {
		got := ask(t, "GET", url+"/x", "", "If-None-Match", known)
		if got.StatusCode != 304 || got.text != "" || got.Header.Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %d %q", known, got.StatusCode, got.text)
		}
	}
	if got := ask(t, "GET", url+"/x", "", "If-None-Match", `"other"`); got.StatusCode != 200 {
		t.Errorf("another tag: %d", got.StatusCode)
	}
	head := ask(t, "HEAD", url+"/x", "")
	if head.StatusCode != 200 || head.text != "" || head.Header.Get("ETag") != tag || head.ContentLength != int64(len(plain.text)) {
		t.Errorf("HEAD: %d %q %v", head.StatusCode, head.text, head.Header)
	}
	private, _ := serving(t, toy("GET", "/x", text("x")))
	if got := ask(t, "GET", private+"/x", ""); got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("ETag") != "" {
		t.Errorf("a private reply may be kept: %v", got.Header)
	}
}

func TestOnlyListedOriginsMayCallFromABrowser(t *testing.T) {
	const origin = "https://app.example.com"
	url, _ := serving(t, toy("GET", "/x", text("x")), func(c *web.Config) { c.CORSOrigins = []string{origin} })
	if got := ask(t, "GET", url+"/x", "", "Origin", origin); got.Header.Get("Access-Control-Allow-Origin") != origin || got.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("the listed origin: %v", got.Header)
	}
	if got := ask(t, "GET", url+"/x", "", "Origin", "https://evil.example.com"); got.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another origin: %v", got.Header)
	}
	if got := ask(t, "OPTIONS", url+"/x", "", "Origin", origin, "Access-Control-Request-Method", "GET"); got.StatusCode != 204 || got.Header.Get("Access-Control-Allow-Methods") == "" {
		t.Errorf("the preflight: %d %v", got.StatusCode, got.Header)
	}
	if got := ask(t, "OPTIONS", url+"/nowhere", "", "Origin", origin, "Access-Control-Request-Method", "GET"); got.StatusCode != 204 || got.Header.Get("X-Request-Id") == "" {
		t.Errorf("the preflight of an address that there is not: %d %v", got.StatusCode, got.Header)
	}
	if got := ask(t, "GET", url+"/nowhere", "", "Origin", origin); got.StatusCode != 404 || got.Header.Get("Access-Control-Allow-Origin") != origin {
		t.Errorf("an address that there is not: %d %v", got.StatusCode, got.Header)
	}
	closed, _ := serving(t, toy("GET", "/x", text("x")))
	if got := ask(t, "GET", closed+"/x", "", "Origin", origin); got.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("without any origin: %v", got.Header)
	}
}

func TestAPanicAndAnUnknownErrorShowNothingAndAreLogged(t *testing.T) {
	for name, fn := range map[string]func(context.Context, web.Request, web.None) (reply, error){
		"panic": func(context.Context, web.Request, web.None) (reply, error) { panic("secret detail") },
		"error": failing(errors.New("secret detail")),
	} {
		url, logs := serving(t, toy("GET", "/x", fn))
		got := ask(t, "GET", url+"/x", "")
		if got.StatusCode != 500 || got.problem.Code != "internal" || strings.Contains(got.text, "secret") {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.text)
		}
		line := logs.FilterMessage("request").All()[0]
		if line.Level.CapitalString() != "ERROR" || !strings.Contains(fmt.Sprint(line.ContextMap()["error"]), "secret detail") {
			t.Errorf("%s is logged as %v", name, line)
		}
		if stack, has := line.ContextMap()["stack"]; (name == "panic") != has || (has && !strings.Contains(fmt.Sprint(stack), "kit_test.go")) {
			t.Errorf("%s: stack %v", name, stack)
		}
	}
}

func TestAFailureSpeaksTheLanguageOfTheClient(t *testing.T) {
	url, _ := serving(t, toy("GET", "/x", failing(ports.ErrUnavailable)))
	for accept, want := range map[string]string{
		"": "en", "ja": "ja", "ko-KR,ko;q=0.9,en;q=0.5": "ko", "fr, vi;q=0.8": "vi", "xx": "en", "en;q=rubbish": "en",
		strings.Repeat("ja,", 100): "en", "de, en;q=0.1": "en",
	} {
		got := ask(t, "GET", url+"/x", "", "Accept-Language", accept)
		if got.Header.Get("Content-Language") != want || got.problem.Code != "store.unavailable" || got.Header.Get("Vary") != "Accept-Language" {
			t.Errorf("%q: %v %s", accept, got.Header, got.text)
		}
		if got.StatusCode != 503 || got.Header.Get("Retry-After") == "" {
			t.Errorf("%d %v", got.StatusCode, got.Header)
		}
	}
}

type order struct {
	Item  string  `json:"item" validate:"required,min=2,max=5"`
	Count int     `json:"count,omitempty" validate:"omitempty,min=1,max=9"`
	Kind  string  `json:"kind,omitempty" validate:"omitempty,oneof=a b"`
	Lines []order `json:"lines,omitempty" validate:"omitempty,max=2,dive"`
}

func TestABodyIsReadStrictlyAndItsFaultsAreNamed(t *testing.T) {
	e := toy("POST", "/x", fine[order])
	e.MaxBody = 200
	url, _ := serving(t, e)
	for body, want := range map[string]struct {
		status int
		fields string
	}{
		`{"item":"ok"}`:                      {200, ""},
		`{"item":"ok"} `:                     {200, ""},
		``:                                   {400, ""},
		`{`:                                  {400, ""},
		`{"item":"ok"}{}`:                    {400, ""},
		`[]`:                                 {422, "body:type"},
		`{"item":1}`:                         {422, "item:type"},
		`{"item":"ok","more":1}`:             {422, "more:unknown"},
		`{}`:                                 {422, "item:required"},
		`{"item":"x","count":10,"kind":"c"}`: {422, "item:too_short count:range kind:one_of"},
		`{"item":"abcdef"}`:                  {422, "item:too_long"},
		`{"item":"ok","lines":[{"item":"ok"},{}]}`:    {422, "lines[1].item:required"},
		`{"item":"ok","lines":[{},{},{}]}`:            {422, "lines:too_many"},
		`{"item":"` + strings.Repeat("x", 200) + `"}`: {413, ""},
	} {
		got := ask(t, "POST", url+"/x", body, "Content-Type", "application/json; charset=utf-8")
		var fields []string
		for _, f := range got.problem.Errors {
			fields = append(fields, f.Field+":"+f.Code)
		}
		if got.StatusCode != want.status || strings.Join(fields, " ") != want.fields {
			t.Errorf("%s: %d %v, want %v", body, got.StatusCode, fields, want)
		}
	}
	for _, headers := range [][]string{{"Content-Type", "text/plain"}, {}, {"Content-Type", "application/json", "Content-Encoding", "gzip"}} {
		if got := ask(t, "POST", url+"/x", `{"item":"ok"}`, headers...); got.StatusCode != 415 || got.problem.Code != "request.media_type" {
			t.Errorf("%v: %d", headers, got.StatusCode)
		}
	}
}

func TestAnAddressBehindAProxyIsBelievedOnlyFromATrustedOne(t *testing.T) {
	seen := make(chan string, 1)
	e := toy("GET", "/x", func(_ context.Context, r web.Request, _ web.None) (reply, error) {
		seen <- r.Device.IP
		return reply{}, nil
	})
	for want, trusted := range map[string][]netip.Prefix{"127.0.0.1": nil, "203.0.113.7": {netip.MustParsePrefix("127.0.0.0/8")}} {
		url, _ := serving(t, e, func(c *web.Config) { c.TrustedProxies = trusted })
		ask(t, "GET", url+"/x", "", "X-Forwarded-For", "198.51.100.1, 203.0.113.7")
		if got := <-seen; got != want {
			t.Errorf("trusting %v the client is %s, want %s", trusted, got, want)
		}
	}
}

// memory keeps replies as a store would.
type memory struct {
	mu   sync.Mutex
	keys map[string]*kept
}

type kept struct {
	print string
	reply []byte
}

func (m *memory) Claim(_ context.Context, key, print string, _ time.Time, _, _ time.Duration) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch k := m.keys[key]; {
	case k == nil:
		m.keys[key] = &kept{print: print}
		return nil, nil
	case k.print != print:
		return nil, ports.ErrKeyReused
	case k.reply == nil:
		return nil, ports.ErrKeyInProgress
	default:
		return k.reply, nil
	}
}

func (m *memory) Keep(_ context.Context, key string, reply []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keys[key].reply = reply
	return nil
}

func (m *memory) Release(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.keys, key)
	return nil
}

func (m *memory) Forget(context.Context, time.Time) error { return nil }

func TestARepeatedRequestIsAnsweredOnceAndFailuresGiveTheKeyBack(t *testing.T) {
	done := 0
	var fail error
	e := toy("POST", "/x", func(_ context.Context, _ web.Request, in order) (reply, error) {
		if fail != nil {
			return reply{}, fail
		}
		if in.Kind == "b" {
			panic("on purpose")
		}
		done++
		return reply{Text: fmt.Sprint(done)}, nil
	})
	e.Idempotent, e.Status, e.Permission = true, http.StatusCreated, identity.OwnAccount
	ann, bob := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	url, _ := serving(t, e, func(c *web.Config) {
		c.Replies = &memory{keys: map[string]*kept{}}
		c.Authenticate = func(_ context.Context, token string) (identity.Actor, error) {
			id := map[string]uuid.UUID{"ann": ann, "bob": bob}[token]
			return identity.Actor{UserID: id, Roles: []identity.Role{identity.Learner}}, nil
		}
	})
	send := func(who, key, body string) answered {
		t.Helper()
		headers := []string{"Content-Type", "application/json", "Authorization", "Bearer " + who}
		if key != "" {
			headers = append(headers, "Idempotency-Key", key)
		}
		return ask(t, "POST", url+"/x", body, headers...)
	}
	fail = fault.New(fault.Conflict, "test.conflict", "No.")
	if got := send("ann", "k", `{"item":"ok"}`); got.StatusCode != 409 {
		t.Fatalf("a failure: %d", got.StatusCode)
	}
	fail = nil
	if got := send("ann", "panics", `{"item":"ok","kind":"b"}`); got.StatusCode != 500 {
		t.Fatalf("a panic: %d", got.StatusCode)
	}
	first, again := send("ann", "k", `{"item":"ok"}`), send("ann", "k", `{"item":"ok"}`)
	if first.StatusCode != 201 || again.StatusCode != 201 || again.text != first.text || done != 1 {
		t.Errorf("%d %s, then %d %s; done %d times", first.StatusCode, first.text, again.StatusCode, again.text, done)
	}
	if first.Header.Get("Idempotency-Replayed") != "" || again.Header.Get("Idempotency-Replayed") != "true" {
		t.Error("the repetition is not marked")
	}
	if got := send("ann", "k", `{"item":"no"}`); got.StatusCode != 422 || got.problem.Code != "idempotency.key_reused" {
		t.Errorf("another body: %d %s", got.StatusCode, got.text)
	}
	if got := send("bob", "k", `{"item":"ok"}`); got.StatusCode != 201 || got.text == first.text {
		t.Errorf("somebody else with the same key gets %s", got.text)
	}
	if got := send("ann", "panics", `{"item":"ok"}`); got.StatusCode != 201 {
		t.Errorf("after a panic the key stays taken: %d", got.StatusCode)
	}
	if got := send("ann", "", `{"item":"ok"}`); got.StatusCode != 201 || got.text == first.text {
		t.Errorf("without a key: %d %s", got.StatusCode, got.text)
	}
	for _, key := range []string{"two words", strings.Repeat("x", 201), "ä"} {
		if got := send("ann", key, `{"item":"ok"}`); got.problem.Code != "idempotency.invalid_key" {
			t.Errorf("key %q: %d", key, got.StatusCode)
		}
	}
}

func TestAListIsPagedByCursorsThatClientsCannotMakeUp(t *testing.T) {
	last := uuid.Must(uuid.NewV7())
	list := web.ListOf(ports.Slice[int]{Items: []int{1, 2}, Next: last}, func(n int) string { return fmt.Sprint(n) })
	page, err := web.PageQuery{Limit: new(7), Cursor: *list.NextCursor}.Page()
	if err != nil || page != (ports.Page{Limit: 7, After: last}) {
		t.Errorf("page %+v, %v", page, err)
	}
	if page, err := (web.PageQuery{}).Page(); err != nil || page.Limit != 20 || page.After != uuid.Nil {
		t.Errorf("the first page: %+v, %v", page, err)
	}
	for _, cursor := range []string{"x", "!!!!", *list.NextCursor + "A", last.String()} {
		if _, err := (web.PageQuery{Cursor: cursor}).Page(); !errors.Is(err, web.ErrInvalid) {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
	if end := web.ListOf(ports.Slice[int]{}, func(int) string { return "" }); end.NextCursor != nil || end.Items == nil {
		t.Errorf("an empty list is %+v", end)
	}
}
