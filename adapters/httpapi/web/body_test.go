package web_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// form is a body with lists, itself, and what nobody looks into.
type form struct {
	Name  string          `json:"name,omitempty"`
	Lines []order         `json:"lines,omitempty" validate:"omitempty,max=2,dive"`
	Below *form           `json:"below,omitempty"`
	Raw   json.RawMessage `json:"raw,omitempty"`
}

func TestABodyIsReadLetterByLetterHoweverDeepItIs(t *testing.T) {
	url, _ := serving(t, toy("POST", "/x", fine[form]))
	nested := func(levels int, open, inside, shut string) string {
		return strings.Repeat(open, levels) + inside + strings.Repeat(shut, levels)
	}
	for name, c := range map[string]struct {
		body   string
		status int
		fields string
	}{
		"a good one":                     {`{"name":"x","lines":[{"item":"ok"}],"below":{"name":"y"},"raw":{"a":1,"A":2}}`, 200, ""},
		"a key twice":                    {`{"name":"x","name":"x"}`, 422, "name:duplicate"},
		"a key twice, once with escapes": {`{"name":"x","\u006eame":"y"}`, 422, "name:duplicate"},
		"a key in another case":          {`{"Name":"x"}`, 422, "Name:unknown"},
		"a key in both cases":            {`{"name":"x","NAME":"y"}`, 422, "NAME:unknown"},
		"a key of no field":              {`{"more":1}`, 422, "more:unknown"},
		"one in a list":                  {`{"lines":[{"item":"ok"},{"item":"ok","lines":[{"itme":"ok"}]}]}`, 422, "lines.lines.itme:unknown"},
		"one ten levels down":            {nested(10, `{"below":`, `{"more":1}`, `}`), 422, strings.Repeat("below.", 10) + "more:unknown"},
		"a key twice where any may be":   {`{"raw":[{"a":{"b":1,"b":2}}]}`, 422, "raw.a.b:duplicate"},
		"before the type":                {`{"lines":1,"more":1}`, 422, "more:unknown"},
		"a type a few levels down":       {nested(3, `{"below":`, `{"name":1}`, `}`), 422, "below.below.below.name:type"},
		"depth that is allowed":          {`{"raw":` + nested(9_000, `{"k":`, `1`, `}`) + `}`, 200, ""},
		"depth of lists":                 {`{"raw":` + nested(9_000, `[`, ``, `]`) + `}`, 200, ""},
		"too deep":                       {`{"raw":` + nested(10_001, `{"k":`, `1`, `}`) + `}`, 400, ""},
		"too deep and unfinished":        {strings.Repeat(`[`, 500_000), 400, ""},
		"a list without end":             {`{"lines":[` + strings.Repeat(`{},`, 300_000) + `{}]}`, 422, "lines:too_many"},
		"a list of another type":         {`{"lines":[` + strings.Repeat(`0,`, 500_000) + `0]}`, 422, "lines:type"},
		"a list where anything may be":   {`{"raw":[` + strings.Repeat(`0,`, 500_000) + `0]}`, 200, ""},
		"many keys":                      {`{"raw":{"a":1` + strings.Repeat(`,"a":1`, 100_000) + `}}`, 422, "raw.a:duplicate"},
	} {
		got := ask(t, "POST", url+"/x", c.body, "Content-Type", "application/json")
		if got.StatusCode != c.status || got.fields() != c.fields {
			t.Errorf("%s: %d %q, want %d %q", name, got.StatusCode, got.fields(), c.status, c.fields)
		}
	}
}

func TestARouteForPeopleWhoTypeReadsJSONWhateverTheTypeSays(t *testing.T) {
	e := toy("POST", "/x", fine[form])
	e.AnyType, e.OptionalBody = true, true
	url, _ := serving(t, e)
	for _, kind := range []string{"", "application/x-www-form-urlencoded", "text/plain", "application/json; charset=utf-8", "nonsense;;"} {
		for body, status := range map[string]int{`{"name":"x"}`: 200, "": 200, `{"more":1}`: 422, `name=x`: 400} {
			if got := ask(t, "POST", url+"/x", body, "Content-Type", kind); got.StatusCode != status {
				t.Errorf("%q as %q: %d, want %d", body, kind, got.StatusCode, status)
			}
		}
	}
	if got := ask(t, "POST", url+"/x", `{"name":"x"}`, "Content-Type", "application/json", "Content-Encoding", "gzip"); got.StatusCode != 415 {
		t.Errorf("an encoded body: %d", got.StatusCode)
	}
}

func TestAHugeKeyIsNotSentBack(t *testing.T) {
	url, _ := serving(t, toy("POST", "/x", fine[form]))
	for _, body := range []string{`{"` + strings.Repeat("k", 900_000) + `":1}`, strings.Repeat(`{"below":`, 9_000) + `{"more":1}` + strings.Repeat(`}`, 9_000)} {
		got := ask(t, "POST", url+"/x", body, "Content-Type", "application/json")
		if got.StatusCode != 422 || len(got.problem.Errors) != 1 || got.problem.Errors[0].Code != "unknown" || len(got.text) > 1000 {
			t.Errorf("%d, %d bytes", got.StatusCode, len(got.text))
		}
	}
}
