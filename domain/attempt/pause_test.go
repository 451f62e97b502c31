package attempt_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/attempt"
)

const limit = 10 * time.Minute

// practise starts a practice attempt with a limit.
func practise(t require) *attempt.Attempt {
	t.Helper()
	return begin(t, attempt.Terms{Mode: attempt.PracticeMode, Limit: limit})
}

func begin(t require, terms attempt.Terms) *attempt.Attempt {
	t.Helper()
	a, err := attempt.Start(id, user, fullForm(), terms, noon)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func must(t require, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestPracticeMayHaveALimit(t *testing.T) {
	a := practise(t)
	if got := a.Snapshot(); got.Limit != limit || !got.DeadlineAt.Equal(noon.Add(limit)) {
		t.Errorf("limit %s, deadline %v", got.Limit, got.DeadlineAt)
	}
	if a.Section(noon) != "" || a.SectionDeadline(noon) != nil {
		t.Error("practice has sections")
	}
	if a.Overdue(noon.Add(limit+attempt.Grace-tick)) || !a.Overdue(noon.Add(limit+attempt.Grace)) {
		t.Error("the limit does not end the attempt")
	}
	if changed, err := a.Submit(noon.Add(limit + attempt.Grace)); !changed || err != nil || a.Snapshot().Status != attempt.Expired {
		t.Errorf("%t, %v, %s", changed, err, a.Snapshot().Status)
	}
}

func TestALimitKeepsItsBoundsAndIsForPracticeAlone(t *testing.T) {
	for _, tc := range []struct {
		mode  attempt.Mode
		limit time.Duration
		want  []string
	}{
		{attempt.PracticeMode, 0, nil},
		{attempt.PracticeMode, attempt.MinLimit, nil},
		{attempt.PracticeMode, attempt.MaxLimit, nil},
		{attempt.PracticeMode, attempt.MinLimit - time.Second, []string{"time_limit_seconds range"}},
		{attempt.PracticeMode, attempt.MaxLimit + time.Second, []string{"time_limit_seconds range"}},
		{attempt.PracticeMode, -limit, []string{"time_limit_seconds range"}},
		{attempt.PracticeMode, attempt.MinLimit + tick, []string{"time_limit_seconds range"}},
		{attempt.ExamMode, limit, []string{"time_limit_seconds exam_is_timed"}},
	} {
		a, err := attempt.Start(id, user, fullForm(), attempt.Terms{Mode: tc.mode, Limit: tc.limit}, noon)
		if (a == nil) != (err != nil) {
			t.Errorf("%+v: %v, %v", tc, a, err)
		}
		if diff := cmp.Diff(tc.want, fieldCodes(err)); diff != "" {
			t.Errorf("%+v: %s", tc, diff)
		}
	}
}

func TestPausingAnyNumberOfTimesShiftsTheDeadlineByExactlyThePausedTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, now, paused := practise(t), noon, time.Duration(0)
		running := limit
		k := rapid.IntRange(1, attempt.MaxPauses).Draw(t, "pauses")
		for range k {
			run := time.Duration(rapid.Int64Range(0, int64(running-tick)/1000).Draw(t, "run")) * tick
			running -= run
			now = now.Add(run)
			must(t, a.Pause(now))
			stand := time.Duration(rapid.Int64Range(0, attempt.MaxPause.Milliseconds()).Draw(t, "stand")) * time.Millisecond
			now, paused = now.Add(stand), paused+stand
			if a.Overdue(now) {
				t.Fatal("a paused attempt is overdue")
			}
			if got := a.Remaining(now); stand < attempt.MaxPause && *got != running {
				t.Fatalf("%s remain on the standing clock, want %s", *got, running)
			}
			must(t, a.Resume(now))
			if got := a.Remaining(now); *got != running {
				t.Fatalf("%s remain on the running clock, want %s", *got, running)
			}
			if end := a.PauseEnded(); !end.Equal(now) {
				t.Fatalf("the pause ended at %s, want %s", end, now)
			}
		}
		s := a.Snapshot()
		if s.Paused != paused || s.Pauses != k || s.PausedAt != nil || !s.DeadlineAt.Equal(noon.Add(limit+paused)) {
			t.Fatalf("%s paused in %d pauses, deadline %s; want %s in %d, %s", s.Paused, s.Pauses, s.DeadlineAt, paused, k, noon.Add(limit+paused))
		}
	})
}

func TestPausedTimeIsRoundedUpToWholeMilliseconds(t *testing.T) {
	a := practise(t)
	must(t, a.Pause(noon.Add(tick)))
	must(t, a.Resume(noon.Add(2*tick)))
	if s := a.Snapshot(); s.Paused != time.Millisecond || !s.DeadlineAt.Equal(noon.Add(limit+time.Millisecond)) {
		t.Errorf("paused %s, deadline %s", s.Paused, s.DeadlineAt)
	}
}

func TestAPauseRefusesAnswersAndQuestionsAndNothingElse(t *testing.T) {
	now := noon.Add(time.Minute)
	paused := func() *attempt.Attempt {
		a := practise(t)
		must(t, a.Pause(now))
		return a
	}
	later := now.Add(time.Hour)
	a := paused()
	if got := a.PausedAt(later); got == nil || !got.Equal(now) {
		t.Errorf("paused at %v", got)
	}
	unchanged(t, a, attempt.ErrPaused, func() error { _, _, err := take(a, later, choose(1, 'A', 1)); return err })
	unchanged(t, a, attempt.ErrPaused, func() error { return a.Shows(user, later) })
	unchanged(t, a, nil, func() error { return a.Pause(later) })
	if changed, err := a.Submit(later); !changed || err != nil {
		t.Errorf("submit: %t, %v", changed, err)
	}
	if s := a.Snapshot(); s.Status != attempt.Submitted || s.PausedAt != nil || s.Paused != time.Hour || !s.DeadlineAt.Equal(noon.Add(limit+time.Hour)) {
		t.Errorf("after submission: %+v", s)
	}
	b := paused()
	if changed, err := b.Abandon(later); !changed || err != nil || b.PauseEnded() == nil {
		t.Errorf("abandon: %t, %v", changed, err)
	}
	must(t, b.Shows(user, later)) // what is over is shown
}

func TestAPauseEndsByItselfAndThenTheClockGoesOn(t *testing.T) {
	a := practise(t)
	must(t, a.Pause(noon.Add(time.Minute)))
	end := noon.Add(time.Minute + attempt.MaxPause)
	if a.PausedAt(end.Add(-tick)) == nil || a.PausedAt(end) != nil {
		t.Error("the pause does not end")
	}
	if _, _, err := take(a, end, choose(1, 'A', 1)); err != nil {
		t.Error(err)
	}
	over := end.Add(limit - time.Minute + attempt.Grace)
	if a.Overdue(over.Add(-tick)) || !a.Overdue(over) {
		t.Errorf("the attempt is overdue at another time than %s", over)
	}
	unchanged(t, a, attempt.ErrClosed, func() error { return a.Resume(over) })

	again := end.Add(2 * time.Minute)
	must(t, a.Pause(again))
	if s := a.Snapshot(); s.Pauses != 2 || !s.PausedAt.Equal(again) || s.Paused != attempt.MaxPause || !a.PauseEnded().Equal(end) {
		t.Errorf("a second pause after one that ended by itself: %+v, ended %v", s, a.PauseEnded())
	}
	if got := *a.Remaining(again.Add(time.Hour)); got != limit-3*time.Minute {
		t.Errorf("%s remain", got)
	}
}

func TestPracticeWithoutALimitPausesToo(t *testing.T) {
	a := begin(t, attempt.Terms{Mode: attempt.PracticeMode})
	must(t, a.Pause(noon))
	must(t, a.Resume(noon.Add(time.Hour)))
	if s := a.Snapshot(); s.DeadlineAt != nil || s.Paused != time.Hour || a.Remaining(noon) != nil {
		t.Errorf("%+v", s)
	}
	unchanged(t, a, nil, func() error { return a.Resume(noon.Add(2 * time.Hour)) })
}

func TestAClockThatRunsBehindDoesNotShortenAnything(t *testing.T) {
	a := practise(t)
	must(t, a.Pause(noon.Add(time.Minute)))
	must(t, a.Resume(noon)) // by another replica's clock
	if s := a.Snapshot(); s.Paused != 0 || !s.DeadlineAt.Equal(noon.Add(limit)) {
		t.Errorf("%+v", s)
	}
}

func TestWhatMayNotBePaused(t *testing.T) {
	submitted := practise(t)
	if _, err := submitted.Submit(noon); err != nil {
		t.Fatal(err)
	}
	often := practise(t)
	for range attempt.MaxPauses {
		must(t, often.Pause(noon))
		must(t, often.Resume(noon))
	}
	for name, tc := range map[string]struct {
		a     *attempt.Attempt
		after time.Duration
		want  error
	}{
		"an exam":                      {start(t, fullForm(), attempt.ExamMode), 0, attempt.ErrNoPauses},
		"what is closed":               {submitted, 0, attempt.ErrClosed},
		"what is overdue":              {practise(t), limit + attempt.Grace, attempt.ErrClosed},
		"what is within the grace":     {practise(t), limit, attempt.ErrClosed},
		"what was paused often enough": {often, 0, attempt.ErrPausesUsedUp},
	} {
		t.Run(name, func(t *testing.T) {
			unchanged(t, tc.a, tc.want, func() error { return tc.a.Pause(noon.Add(tc.after)) })
		})
	}
	if !errors.Is(submitted.Resume(noon), attempt.ErrClosed) {
		t.Error("a closed attempt is resumed")
	}
}
