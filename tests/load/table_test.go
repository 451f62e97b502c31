package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestMedians(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1}, 5}, {[]float64{5, 1, 100}, 5}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v is %v", c.values, got)
		}
	}
}

func TestTargetsAreJudgedInTheirDirection(t *testing.T) {
	r := row{Value: 60}.against("limit", 100)
	for _, c := range []struct {
		how    rule
		target float64
		met    bool
	}{
		{ratioAtLeast, 0.6, true},
		{ratioAtLeast, 0.61, false},
		{ratioAtMost, 0.6, true},
		{ratioAtMost, 0.59, false},
		{valueAtLeast, 60, true},
		{valueAtLeast, 61, false},
		{valueAtMost, 60, true},
		{valueAtMost, 59, false},
	} {
		if got := r.judge(c.how, c.target); *got.Met != c.met {
			t.Errorf("%v of %v against %s %v: met is %v", got.Value, *got.Reference, c.how, c.target, *got.Met)
		}
	}
	if got := (row{Value: 60}).against("nothing", 0).judge(ratioAtLeast, 0); *got.Met || got.Ratio != nil {
		t.Error("something is met against nothing")
	}
}

func TestARowIsMadeOfMedians(t *testing.T) {
	sampleOf := func(requests int, server time.Duration) sample {
		return sample{
			outcome{Requests: requests, Elapsed: time.Second, P99: time.Duration(requests) * time.Millisecond},
			usage{server: server, machine: server + time.Second},
		}
	}
	s := series{samples: []sample{sampleOf(100, time.Second), sampleOf(300, 3*time.Second), sampleOf(200, 4*time.Second)}}
	r := s.measured("x", perSecond, func(o sample) float64 { return o.perSecond() })
	if r.Value != 200 || *r.P99 != 200 || *r.ServerMicros != 10_000 || r.DatabaseMicros != nil || *r.Others <= 0 {
		t.Errorf("%+v", r)
	}
}

func TestTheTableTellsWhatWasNotReached(t *testing.T) {
	rows := []row{row{Scenario: "slow", Value: 1}.judge(valueAtLeast, 2), row{Scenario: "fast", Value: 3}.judge(valueAtLeast, 2)}
	var text strings.Builder
	printTable(&text, rows, "the end")
	if s := text.String(); !strings.Contains(s, "slow: not reached.") || strings.Contains(s, "fast: not") || !strings.HasSuffix(s, "the end\n") {
		t.Error(s)
	}
	lines := strings.Split(text.String(), "\n")
	for _, line := range lines[:4] {
		if len([]rune(line)) != len([]rune(lines[0])) {
			t.Errorf("the columns are not in line:\n%s", text.String())
			break
		}
	}
}

func TestTheJSONHasEveryFieldOfEachRow(t *testing.T) {
	var text strings.Builder
	if err := printJSON(&text, []row{{Scenario: "x", Value: 1, Unit: "u"}}); err != nil {
		t.Fatal(err)
	}
	var got []map[string]any
	if err := json.Unmarshal([]byte(text.String()), &got); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"scenario", "value", "unit", "reference", "ratio", "target", "met"} {
		if _, ok := got[0][field]; !ok {
			t.Errorf("%s is missing: %s", field, text.String())
		}
	}
	text.Reset()
	if err := printJSON(&text, nil); err != nil || strings.TrimSpace(text.String()) != "[]" {
		t.Errorf("no rows are %q, %v", text.String(), err)
	}
}
