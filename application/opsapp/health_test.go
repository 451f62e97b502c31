package opsapp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/toeic-app/toeic/application/opsapp"
)

type clock struct{}

func (clock) Now() time.Time { return time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC) }

// probe answers as it is told; a nil one answers never.
type probe struct {
	name   string
	answer func() error
}

func (p probe) Name() string { return p.name }

func (p probe) Check(ctx context.Context) error {
	if p.answer == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	return p.answer()
}

func TestTheServiceIsAsWellAsWhatItNeeds(t *testing.T) {
	well, ill := func() error { return nil }, func() error { return errors.New("secret detail") }
	cases := []struct {
		name                string
		database, redis     func() error
		want                opsapp.Status
		databaseIs, redisIs opsapp.Status
	}{
		{"all well", well, well, opsapp.Healthy, opsapp.Healthy, opsapp.Healthy},
		{"without what it can do without", well, ill, opsapp.Degraded, opsapp.Healthy, opsapp.Unhealthy},
		{"without what it needs", ill, well, opsapp.Unhealthy, opsapp.Unhealthy, opsapp.Healthy},
		{"without anything", ill, ill, opsapp.Unhealthy, opsapp.Unhealthy, opsapp.Unhealthy},
		{"one that does not answer", well, nil, opsapp.Degraded, opsapp.Healthy, opsapp.Unhealthy},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			told := make(chan string, 2)
			health := opsapp.Health{
				Clock: clock{},
				Dependencies: []opsapp.Dependency{
					{Probe: probe{"database", c.database}, Required: true}, {Probe: probe{"redis", c.redis}},
				},
				Failed: func(name string, err error) { told <- name + ": " + err.Error() },
			}
			got := health.Execute(t.Context())
			if got.Status != c.want || got.Checks[0].Status != c.databaseIs || got.Checks[1].Status != c.redisIs {
				t.Errorf("report %+v, want %s", got, c.want)
			}
			failed := 0
			for _, check := range got.Checks {
				if check.Status != opsapp.Healthy {
					failed++
				}
			}
			if len(told) != failed {
				t.Errorf("%d failures were told, want %d", len(told), failed)
			}
		})
	}
}

func TestAProcessIsReadyOnlyWhileItSaysSo(t *testing.T) {
	var r opsapp.Readiness
	if r.Ready() {
		t.Error("ready before it says so")
	}
	r.Set(true)
	if !r.Ready() {
		t.Error("not ready")
	}
	r.Set(false)
	if r.Ready() {
		t.Error("ready while it drains")
	}
}

func TestACostlyProbeIsAskedOnceInAWhile(t *testing.T) {
	clock := &fixed{now: time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)}
	asked := 0
	s := &opsapp.Seldom{Probe: counting{&asked}, Clock: clock, Every: time.Minute}
	for range 10 {
		if err := s.Check(t.Context()); err == nil {
			t.Error("the last answer is not repeated")
		}
	}
	if asked != 1 || s.Name() != "costly" {
		t.Errorf("asked %d times", asked)
	}
	clock.now = clock.now.Add(time.Minute)
	_ = s.Check(t.Context())
	if asked != 2 {
		t.Errorf("asked %d times after a minute", asked)
	}
}

type fixed struct{ now time.Time }

func (f *fixed) Now() time.Time { return f.now }

type counting struct{ asked *int }

func (counting) Name() string { return "costly" }

func (c counting) Check(context.Context) error {
	*c.asked++
	return errors.New("down")
}
