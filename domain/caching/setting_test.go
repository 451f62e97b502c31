package caching_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/fault"
)

func TestASettingWinsOverTheEnvironmentAndThatOverTheDefault(t *testing.T) {
	settings := []caching.Setting{{Family: caching.Users, TTL: 2 * time.Minute}, {Family: "of another version", TTL: time.Hour}}
	environment := caching.TTLs{caching.Users: time.Minute, caching.Content: time.Minute}
	got := map[string]caching.Decision{}
	for _, d := range caching.Decide(settings, environment) {
		got[d.Family.Name] = d
	}
	if len(got) != len(caching.Families()) {
		t.Errorf("%d decisions", len(got))
	}
	for name, want := range map[string]struct {
		ttl    time.Duration
		source caching.Source
	}{
		caching.Users: {2 * time.Minute, caching.FromSetting}, caching.Content: {time.Minute, caching.FromEnvironment},
		caching.Auth: {30 * time.Second, caching.FromDefault},
	} {
		d := got[name]
		if d.TTL != want.ttl || d.Source != want.source || (d.Setting != nil) != (want.source == caching.FromSetting) {
			t.Errorf("%s: %+v, want %+v", name, d, want)
		}
	}
}

func TestWhatIsDecidedIsAlwaysWithinTheBoundsOfTheFamily(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var settings []caching.Setting
		environment := caching.TTLs{}
		for _, f := range caching.Families() {
			ttl := time.Duration(rapid.Int64().Draw(t, f.Name))
			if rapid.Bool().Draw(t, "set") {
				settings = append(settings, caching.Setting{Family: f.Name, TTL: ttl})
			} else {
				environment[f.Name] = ttl
			}
		}
		for _, d := range caching.Decide(settings, environment) {
			if err := d.Family.Check(d.TTL); err != nil {
				t.Fatalf("%s: %s: %v", d.Family.Name, d.TTL, err)
			}
		}
	})
}

func TestATimeIsReadAsSecondsOrAsADuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"300": 5 * time.Minute, "0.5": 500 * time.Millisecond, "5m": 5 * time.Minute, "1h30m": 90 * time.Minute, "100ms": 100 * time.Millisecond, "1e2": 100 * time.Second,
		"": 0, "0": 0, "-1": 0, "0s": 0, "-5m": 0, "five": 0, "5 m": 0, "NaN": 0, "Inf": 0, "1e300": 0, "1us": 0, "0.0001": 0,
	} {
		got, ok := caching.ParseTTL(text)
		if ok != (want > 0) || (ok && got != want) {
			t.Errorf("%q: %s, %v; want %s", text, got, ok, want)
		}
	}
	for _, seconds := range []float64{0, -1, math.NaN(), math.Inf(1), math.MaxFloat64, 1e10} {
		if d, ok := caching.FromSeconds(seconds); ok {
			t.Errorf("%g seconds is %s", seconds, d)
		}
	}
}

func TestBoundsAreCheckedAndNameTheField(t *testing.T) {
	for _, f := range caching.Families() {
		for ttl, good := range map[time.Duration]bool{f.Min: true, f.Max: true, f.TTL: true, f.Min - 1: false, f.Max + 1: false, -1: false} {
			err := f.Check(ttl)
			var broken *fault.Error
			if (err == nil) != good || (!good && (!errors.As(err, &broken) || broken.Fields[0].Name != "ttl_seconds")) {
				t.Errorf("%s kept for %s: %v", f.Name, ttl, err)
			}
		}
	}
}

func TestWhatToClearIsSaidByPatternsOrATag(t *testing.T) {
	for name, tc := range map[string]struct {
		patterns []string
		tag      string
		want     string // names of families
		err      error
		field    string
	}{
		"nothing":                {err: caching.ErrNothingNamed},
		"everything":             {patterns: []string{"*"}},
		"a tag":                  {tag: "exam:1"},
		"a tag of a family":      {patterns: []string{"content:*"}, tag: "exam:1", want: "content"},
		"two, one of them twice": {patterns: []string{"users:*", "content:*", "users:*"}, want: "users content"},
		"one that there is not":  {patterns: []string{"users:*", "words:*"}, err: caching.ErrUnknownPattern, field: "pattern"},
		"no pattern":             {patterns: []string{"users"}, err: caching.ErrUnknownPattern, field: "pattern"},
		"all and more":           {patterns: []string{"*", "users:*"}, err: caching.ErrUnknownPattern, field: "pattern"},
		"a tag of no kind":       {tag: ":1", err: caching.ErrInvalidTag, field: "tag"},
		"a tag of nothing":       {tag: "exam", err: caching.ErrInvalidTag, field: "tag"},
		"a tag without end":      {tag: "exam:" + strings.Repeat("1", 500), err: caching.ErrInvalidTag, field: "tag"},
	} {
		families, err := caching.ScopeOf(tc.patterns, tc.tag)
		var names []string
		for _, f := range families {
			names = append(names, f.Name)
		}
		if !errors.Is(err, tc.err) || strings.Join(names, " ") != tc.want {
			t.Errorf("%s: %v, %v", name, names, err)
		}
		var broken *fault.Error
		if tc.field != "" && (!errors.As(err, &broken) || len(broken.Fields) != 1 || broken.Fields[0].Name != tc.field) {
			t.Errorf("%s: %v names no field %s", name, err, tc.field)
		}
	}
}

func TestARunWhoseProcessFallsSilentIsLost(t *testing.T) {
	now := time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		run  caching.Run
		want caching.Outcome
	}{
		"seen just now":       {caching.Run{Outcome: caching.Running, SeenAt: now}, caching.Running},
		"seen a while ago":    {caching.Run{Outcome: caching.Running, SeenAt: now.Add(-caching.SilentFor)}, caching.Running},
		"seen long ago":       {caching.Run{Outcome: caching.Running, SeenAt: now.Add(-caching.SilentFor - 1)}, caching.Lost},
		"over, and long ago":  {caching.Run{Outcome: caching.Done, SeenAt: now.Add(-time.Hour)}, caching.Done},
		"cut, and long ago":   {caching.Run{Outcome: caching.Interrupted, SeenAt: now.Add(-time.Hour)}, caching.Interrupted},
		"cancelled, long ago": {caching.Run{Outcome: caching.Cancelled, SeenAt: now.Add(-time.Hour)}, caching.Cancelled},
	} {
		if got := tc.run.State(now); got != tc.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
