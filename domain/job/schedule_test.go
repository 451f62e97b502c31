package job_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/job"
)

func TestNightlyWorkIsDueOnceADayAtItsTime(t *testing.T) {
	r := job.Nightly(3, 30)
	at := func(day, hour, minute int) time.Time { return time.Date(2027, 3, day, hour, minute, 0, 0, time.UTC) }
	for _, c := range []struct{ after, want time.Time }{
		{at(14, 0, 0), at(14, 3, 30)},
		{at(14, 3, 29), at(14, 3, 30)},
		{at(14, 3, 30), at(15, 3, 30)},
		{at(14, 23, 59), at(15, 3, 30)},
		{at(31, 4, 0), at(32, 3, 30)}, // the first of April
		{at(14, 3, 0).In(time.FixedZone("east", 9*3600)), at(14, 3, 30)},
	} {
		if got := r.Next(c.after); !got.Equal(c.want) || got.Location() != time.UTC {
			t.Errorf("after %s comes %s, want %s", c.after, got, c.want)
		}
	}
	if r.String() != "nightly at 03:30 UTC" {
		t.Errorf("in words: %s", r)
	}
}

// Whatever the rhythm, its next time is later, no more than one turn later, and the same whoever asks within that turn.
func TestEveryReplicaFindsTheSameNextTime(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		turn := time.Duration(rapid.Int64Range(1, int64(48*time.Hour)).Draw(rt, "turn"))
		r := job.Every(turn)
		if rapid.Bool().Draw(rt, "nightly") {
			turn = 24 * time.Hour
			r = job.Nightly(rapid.IntRange(0, 23).Draw(rt, "hour"), rapid.IntRange(0, 59).Draw(rt, "minute"))
		}
		now := noon.Add(time.Duration(rapid.Int64Range(0, int64(365*24*time.Hour)).Draw(rt, "now")))
		next := r.Next(now)
		if !next.After(now) || next.Sub(now) > turn {
			rt.Fatalf("%s: after %s comes %s", r, now, next)
		}
		between := now.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(now))-1).Draw(rt, "between")))
		if got := r.Next(between); !got.Equal(next) {
			rt.Fatalf("%s: after %s comes %s, after %s comes %s", r, now, next, between, got)
		}
		if again := r.AfterFailure(now); again.After(next) || !again.After(now) || again.Sub(now) > time.Minute {
			rt.Fatalf("%s: after a failure at %s comes %s", r, now, again)
		}
	})
}

func TestWorkThatRecursOftenBeginsAtOnceAndNightlyWorkInItsHour(t *testing.T) {
	if got := job.Every(time.Hour).First(noon); !got.Equal(noon) {
		t.Errorf("hourly work first at %s", got)
	}
	if got := job.Nightly(3, 0).First(noon); !got.Equal(noon.Add(15 * time.Hour)) {
		t.Errorf("nightly work first at %s", got)
	}
}

func TestARunBeginsInItsTimeAndNotWhileAnotherIsUnderWay(t *testing.T) {
	later := noon.Add(time.Second)
	for _, c := range []struct {
		s      job.Schedule
		urgent bool
		want   bool
	}{
		{job.Schedule{NextAt: noon}, false, true},
		{job.Schedule{NextAt: later}, false, false},
		{job.Schedule{NextAt: later}, true, true},
		{job.Schedule{NextAt: noon, LeasedUntil: &later}, false, false},
		{job.Schedule{NextAt: noon, LeasedUntil: &later}, true, false},
		{job.Schedule{NextAt: noon, LeasedUntil: &noon}, false, true},
	} {
		if got := c.s.Due(noon, c.urgent); got != c.want {
			t.Errorf("%+v, urgent %t: due %t", c.s, c.urgent, got)
		}
	}
}

func TestARhythmIsSaidInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		500 * time.Millisecond: "every 500ms", 10 * time.Second: "every 10s", 10 * time.Minute: "every 10m", time.Hour: "every 1h",
		90 * time.Second: "every 1m30s", 90 * time.Minute: "every 1h30m",
	} {
		if got := job.Every(d).String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
