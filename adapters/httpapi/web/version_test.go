package web_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"go.uber.org/zap/zapcore"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

type (
	thing struct {
		Text    string `json:"text"`
		Version int    `json:"version"`
	}
	thingChange struct {
		Version web.Version `header:"If-Match" json:"-" description:"The ETag that the change was decided on."`
		Text    string      `json:"text"`
	}
)

func (t thing) StateVersion() int { return t.Version }

// serveThing runs an API with one thing that can be read and changed; it begins at version 3.
func serveThing(t *testing.T, change func(*web.Endpoint[thingChange, thing]), configure ...func(*web.Config)) string {
	t.Helper()
	c := config(zapcore.NewNopCore())
	for _, fn := range configure {
		fn(&c)
	}
	a, err := web.New(c)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	now := thing{Text: "first", Version: 3}
	read := web.Endpoint[web.None, thing]{
		Method: "GET", Path: "/thing", Permission: identity.Public, Tag: "Toys", Summary: "Read it",
		Handle: func(context.Context, web.Request, web.None) (thing, error) {
			mu.Lock()
			defer mu.Unlock()
			return now, nil
		},
	}
	write := web.Endpoint[thingChange, thing]{
		Method: "PUT", Path: "/thing", Permission: identity.Public, Tag: "Toys", Summary: "Change it",
		Handle: func(_ context.Context, _ web.Request, in thingChange) (thing, error) {
			mu.Lock()
			defer mu.Unlock()
			if in.Version != 0 && int(in.Version) != now.Version {
				return thing{}, ports.ErrStale
			}
			now = thing{Text: in.Text, Version: now.Version + 1}
			return now, nil
		},
	}
	if change != nil {
		change(&write)
	}
	web.Register(a, read)
	web.Register(a, write)
	if err := a.Err(); err != nil {
		t.Fatal(err)
	}
	return listen(t, a) + "/thing"
}

func TestAChangeThatWasDecidedOnAnotherVersionIsRefused(t *testing.T) {
	url := serveThing(t, nil)
	put := func(text string, headers ...string) answered {
		return ask(t, "PUT", url, `{"text":"`+text+`"}`, append(headers, "Content-Type", "application/json")...)
	}
	tag := ask(t, "GET", url, "").Header.Get("ETag")
	if tag != `"v3"` {
		t.Fatalf("ETag %s", tag)
	}
	if got := put("second", "If-Match", tag); got.StatusCode != 200 || got.Header.Get("ETag") != `"v4"` {
		t.Errorf("the version that is: %d %v", got.StatusCode, got.Header)
	}
	if got := put("third", "If-Match", tag); got.StatusCode != 412 || got.problem.Code != "store.stale" || got.Header.Get("ETag") != "" {
		t.Errorf("the version that was: %d %s %v", got.StatusCode, got.text, got.Header)
	}
	if got := ask(t, "GET", url, ""); got.text != `{"text":"second","version":4}` {
		t.Errorf("the refused change left %s", got.text)
	}
	if got := put("fourth", "If-Match", "*"); got.StatusCode != 200 || got.Header.Get("ETag") != `"v5"` {
		t.Errorf("any version: %d %s", got.StatusCode, got.text)
	}
	if got := put("fifth"); got.StatusCode != 200 || got.Header.Get("ETag") != `"v6"` {
		t.Errorf("no version: %d %s", got.StatusCode, got.text)
	}
	if a, b := put("sixth", "If-Match", "v5"), put("sixth", "If-Match", "v6"); a.StatusCode != 412 || b.StatusCode != 200 {
		t.Errorf("without quotes: the version that was %d, the version that is %d", a.StatusCode, b.StatusCode)
	}
}

func TestAnIfMatchThatNoReplyGaveIsRefusedAndNamed(t *testing.T) {
	url := serveThing(t, nil)
	for _, garbage := range []string{
		"nonsense", `"nonsense"`, `"v"`, `"v0"`, `"v-3"`, `"v+3"`, `"v03"`, `"v3.0"`, `"v3`, `v3"`, `v03`, `v+3`, `3`, `""v3""`, `"v3", "v4"`, `W/"v3"`, `"V3"`, `"v99999999999999999999"`, `""`, `**`, `"*"`,
	} {
		got := ask(t, "PUT", url, `{"text":"x"}`, "Content-Type", "application/json", "If-Match", garbage)
		if got.StatusCode != 422 || len(got.problem.Errors) != 1 || got.problem.Errors[0].Field != "If-Match" || got.problem.Errors[0].Code != "type" {
			t.Errorf("If-Match %s: %d %s", garbage, got.StatusCode, got.text)
		}
	}
	if got := ask(t, "GET", url, ""); got.Header.Get("ETag") != `"v3"` {
		t.Errorf("something was changed: %s", got.text)
	}
}

func TestARepeatedAnswerKeepsItsVersion(t *testing.T) {
	url := serveThing(t, func(e *web.Endpoint[thingChange, thing]) { e.Idempotent = true }, func(c *web.Config) {
		c.Replies = &memory{keys: map[string]*kept{}}
	})
	for _, replayed := range []string{"", "true"} {
		got := ask(t, "PUT", url, `{"text":"x"}`, "Content-Type", "application/json", "Idempotency-Key", "k")
		if got.StatusCode != 200 || got.Header.Get("ETag") != `"v4"` || got.Header.Get("Idempotency-Replayed") != replayed {
			t.Errorf("%d %s %v", got.StatusCode, got.text, got.Header)
		}
	}
}

func TestHeadersFillFieldsAndTheirFaultsAreNamed(t *testing.T) {
	type in struct {
		ID    uuid.UUID `header:"X-Toy-Id" json:"-"`
		Big   *bool     `header:"X-Toy-Big" json:"-"`
		Count *int      `header:"X-Toy-Count" json:"-" validate:"omitempty,min=1,max=7"`
		Word  string    `header:"X-Toy-Word" json:"-" validate:"omitempty,max=5"`
	}
	id := uuid.Must(uuid.NewV7())
	seen := make(chan in, 1)
	url, _ := serving(t, toy("GET", "/x", func(_ context.Context, _ web.Request, got in) (reply, error) {
		seen <- got
		return reply{}, nil
	}))
	if got := ask(t, "GET", url+"/x", "", "X-Toy-Id", id.String(), "x-toy-big", "true", "X-TOY-COUNT", "7", "X-Toy-Word", "word"); got.StatusCode != 200 {
		t.Fatalf("%d %s", got.StatusCode, got.text)
	}
	if got := <-seen; got.ID != id || got.Big == nil || !*got.Big || got.Count == nil || *got.Count != 7 || got.Word != "word" {
		t.Errorf("read %+v", got)
	}
	if got := ask(t, "GET", url+"/x", ""); got.StatusCode != 200 {
		t.Fatalf("without headers: %d %s", got.StatusCode, got.text)
	}
	if got := <-seen; got != (in{}) {
		t.Errorf("without headers: %+v", got)
	}
	for header, want := range map[[2]string]string{
		{"X-Toy-Id", "1"}: "X-Toy-Id:type", {"X-Toy-Big", "perhaps"}: "X-Toy-Big:type", {"X-Toy-Count", "x"}: "X-Toy-Count:type",
		{"X-Toy-Count", "0"}: "X-Toy-Count:range", {"X-Toy-Count", "8"}: "X-Toy-Count:range", {"X-Toy-Word", "longer"}: "X-Toy-Word:too_long",
		{"X-Toy-Word", "\xff"}: "X-Toy-Word:type",
	} {
		if got := ask(t, "GET", url+"/x", "", header[0], header[1]); got.StatusCode != http.StatusUnprocessableEntity || got.fields() != want {
			t.Errorf("%q: %d %s, want %s", header, got.StatusCode, got.fields(), want)
		}
	}
}

func TestNothingIsNotTheSameAsZeroInAQuery(t *testing.T) {
	type in struct {
		web.PageQuery
		Part *int `query:"part" json:"-" validate:"omitempty,min=1,max=7"`
	}
	url, _ := serving(t, toy("GET", "/x", fine[in]))
	for query, want := range map[string]string{
		"": "", "limit=": "", "limit=1&part=7": "", "limit=100": "",
		"limit=0": "limit:range", "part=0": "part:range", "limit=0&part=0": "limit:range part:range", "limit=-1": "limit:range", "limit=101": "limit:range",
		"part=8": "part:range", "limit=x": "limit:type", "part=1.5": "part:type", "limit=99999999999": "limit:type", "limit=0x10": "limit:type",
	} {
		got := ask(t, "GET", url+"/x?"+query, "")
		if status := map[bool]int{true: 200, false: 422}[want == ""]; got.StatusCode != status || got.fields() != want {
			t.Errorf("?%s: %d %q, want %q", query, got.StatusCode, got.fields(), want)
		}
	}
}

// fields are the names and codes of the fields that a problem complains of.
func (a answered) fields() string {
	var out []string
	for _, f := range a.problem.Errors {
		out = append(out, f.Field+":"+f.Code)
	}
	return strings.Join(out, " ")
}
