package attempt_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/fault"
)

// The full form of these tests: Listening is items 1–100 and ends at noon plus 45 min, Reading is 101–200 and
// ends 75 min later.
const (
	listeningTime = 45 * time.Minute
	readingTime   = 75 * time.Minute
	tick          = time.Microsecond // the finest step that the clock makes
)

var (
	noon     = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	id, user = uuid.UUID{15: 1}, uuid.UUID{15: 2}
)

func fullForm() exam.Summary {
	return exam.Summary{ExamID: uuid.UUID{15: 3}, RevisionID: uuid.UUID{15: 4}, Outline: exam.Outline{
		{Part: 1, First: 1, Count: 6},
		{Part: 2, First: 7, Count: 25},
		{Part: 3, First: 32, Count: 39},
		{Part: 4, First: 71, Count: 30},
		{Part: 5, First: 101, Count: 30},
		{Part: 6, First: 131, Count: 16},
		{Part: 7, First: 147, Count: 54},
	}}
}

// formOf has one part of ten items alone.
func formOf(p exam.Part) exam.Summary {
	f := fullForm()
	f.Outline = exam.Outline{{Part: p, First: 1, Count: 10}}
	return f
}

func start(t require, form exam.Summary, mode attempt.Mode, parts ...exam.Part) *attempt.Attempt {
	t.Helper()
	a, err := attempt.Start(id, user, form, attempt.Terms{Mode: mode, Parts: parts}, noon)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// require is what the helpers need of *testing.T and *rapid.T.
type require interface {
	Helper()
	Fatal(args ...any)
}

func fieldCodes(err error) []string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return nil
	}
	var out []string
	for _, field := range f.Fields {
		out = append(out, field.Name+" "+field.Code)
	}
	return out
}

// unchanged fails when do, which is expected to fail with want, changes the attempt.
func unchanged(t *testing.T, a *attempt.Attempt, want error, do func() error) {
	t.Helper()
	before := a.Snapshot()
	if err := do(); !errors.Is(err, want) {
		t.Errorf("error = %v, want %v", err, want)
	}
	if diff := cmp.Diff(before, a.Snapshot()); diff != "" {
		t.Errorf("an error came with a change:\n%s", diff)
	}
}

func at(d time.Duration) *time.Time { return pointer(noon.Add(d)) }

func pointer[T any](v T) *T { return &v }

func TestAnExamTakesTheWholeFormAgainstTheClock(t *testing.T) {
	form := fullForm()
	want := attempt.Snapshot{
		ID: id, UserID: user, ExamID: form.ExamID, RevisionID: form.RevisionID, Mode: attempt.ExamMode, Status: attempt.InProgress,
		Taken: form.Outline, StartedAt: noon, ListeningTime: listeningTime, ReadingTime: readingTime,
		DeadlineAt: at(listeningTime + readingTime), Version: 1,
	}
	a := start(t, form, attempt.ExamMode)
	if diff := cmp.Diff(want, a.Snapshot()); diff != "" {
		t.Error(diff)
	}
	if !a.Owned(user) || a.Owned(id) || a.Scored() {
		t.Error("a new attempt is its learner's alone and has no result")
	}
}

func TestAnExamOfOneSectionHasTheTimeOfThatSection(t *testing.T) {
	for part, want := range map[exam.Part]attempt.Snapshot{
		exam.Talks:               {ListeningTime: 270 * time.Second},
		exam.IncompleteSentences: {ReadingTime: 450 * time.Second},
	} {
		s := start(t, formOf(part), attempt.ExamMode).Snapshot()
		total := want.ListeningTime + want.ReadingTime
		if s.ListeningTime != want.ListeningTime || s.ReadingTime != want.ReadingTime || !s.DeadlineAt.Equal(noon.Add(total)) {
			t.Errorf("part %d: %+v", part, s)
		}
	}
}

func TestPracticeTakesChosenPartsInFormOrderWithoutAClock(t *testing.T) {
	s := start(t, fullForm(), attempt.PracticeMode, 7, 2, 7).Snapshot()
	want := exam.Outline{{Part: 2, First: 7, Count: 25}, {Part: 7, First: 147, Count: 54}}
	if diff := cmp.Diff(want, s.Taken); diff != "" {
		t.Error(diff)
	}
	if s.DeadlineAt != nil || s.ListeningTime != 0 || s.ReadingTime != 0 {
		t.Errorf("practice has a clock: %+v", s)
	}
}

func TestPracticeWithoutChosenPartsTakesAll(t *testing.T) {
	if diff := cmp.Diff(fullForm().Outline, start(t, fullForm(), attempt.PracticeMode).Snapshot().Taken); diff != "" {
		t.Error(diff)
	}
}

func TestAnAttemptThatBreaksARuleDoesNotStart(t *testing.T) {
	for name, tc := range map[string]struct {
		form  exam.Summary
		mode  attempt.Mode
		parts []exam.Part
		want  string
	}{
		"an exam of some parts":                 {fullForm(), attempt.ExamMode, []exam.Part{5}, "parts exam_is_whole"},
		"an exam of all parts, named":           {fullForm(), attempt.ExamMode, exam.Parts(), "parts exam_is_whole"},
		"a part that the form lacks":            {formOf(5), attempt.PracticeMode, []exam.Part{5, 6}, "parts not_on_form"},
		"a part that no form has":               {fullForm(), attempt.PracticeMode, []exam.Part{8}, "parts not_on_form"},
		"no mode":                               {fullForm(), "", nil, "mode one_of"},
		"a mode that there is not":              {fullForm(), "relaxed", nil, "mode one_of"},
		"a mode that differs in its case alone": {fullForm(), "Exam", nil, "mode one_of"},
	} {
		a, err := attempt.Start(id, user, tc.form, attempt.Terms{Mode: tc.mode, Parts: tc.parts}, noon)
		if a != nil || !errors.Is(err, attempt.ErrInvalid) {
			t.Errorf("%s: %v, %v", name, a, err)
		}
		if diff := cmp.Diff([]string{tc.want}, fieldCodes(err)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestTheSectionFollowsTheClock(t *testing.T) {
	a := start(t, fullForm(), attempt.ExamMode)
	for _, tc := range []struct {
		after    time.Duration
		section  exam.Section
		deadline time.Duration
	}{
		{0, exam.Listening, listeningTime},
		{listeningTime - tick, exam.Listening, listeningTime},
		{listeningTime, exam.Reading, listeningTime + readingTime},
		{listeningTime + readingTime + time.Hour, exam.Reading, listeningTime + readingTime},
	} {
		now := noon.Add(tc.after)
		if got := a.Section(now); got != tc.section {
			t.Errorf("after %s the section is %q", tc.after, got)
		}
		if got := a.SectionDeadline(now); got == nil || !got.Equal(noon.Add(tc.deadline)) {
			t.Errorf("after %s the section ends at %v", tc.after, got)
		}
	}
}

func TestAnExamOfOneSectionStaysInIt(t *testing.T) {
	for _, part := range []exam.Part{exam.Talks, exam.IncompleteSentences} {
		a := start(t, formOf(part), attempt.ExamMode)
		for _, after := range []time.Duration{-time.Second, 0, time.Hour} { // clocks of two replicas differ
			now := noon.Add(after)
			if got := a.Section(now); got != part.Section() {
				t.Errorf("part %d after %s: section %q", part, after, got)
			}
			if got := a.SectionDeadline(now); !got.Equal(*a.Snapshot().DeadlineAt) {
				t.Errorf("part %d after %s: the section ends at %s", part, after, got)
			}
		}
	}
}

func TestPracticeHasNoSectionAndIsNeverOverdue(t *testing.T) {
	a := start(t, fullForm(), attempt.PracticeMode)
	later := noon.AddDate(10, 0, 0)
	if a.Section(later) != "" || a.SectionDeadline(later) != nil || a.Overdue(later) {
		t.Error("the clock rules a practice attempt")
	}
}

func TestAnAttemptIsOverdueWhenDeadlineAndGraceAreOver(t *testing.T) {
	a := start(t, fullForm(), attempt.ExamMode)
	end := noon.Add(listeningTime + readingTime)
	for after, want := range map[time.Duration]bool{0: false, attempt.Grace - tick: false, attempt.Grace: true} {
		if got := a.Overdue(end.Add(after)); got != want {
			t.Errorf("%s after the deadline overdue = %t", after, got)
		}
	}
}

func TestAdvancingGivesReadingItsFullTime(t *testing.T) {
	a := start(t, fullForm(), attempt.ExamMode)
	want := a.Snapshot()
	want.AdvancedAt, want.DeadlineAt, want.Version = at(10*time.Minute), at(10*time.Minute+readingTime), 2

	now := noon.Add(10 * time.Minute)
	if err := a.Advance(now); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, a.Snapshot()); diff != "" {
		t.Error(diff)
	}
	if got := a.Section(now); got != exam.Reading {
		t.Errorf("section %q", got)
	}
	if got := a.SectionDeadline(now); !got.Equal(*want.DeadlineAt) {
		t.Errorf("the section ends at %s", got)
	}
}

func TestOnceInReadingAdvancingChangesNothing(t *testing.T) {
	advanced := start(t, fullForm(), attempt.ExamMode)
	if err := advanced.Advance(noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		a     *attempt.Attempt
		after time.Duration
	}{
		"advanced by the learner": {advanced, 2 * time.Minute},
		"advanced by the clock":   {start(t, fullForm(), attempt.ExamMode), listeningTime},
		"in the last moment":      {start(t, fullForm(), attempt.ExamMode), listeningTime + readingTime + attempt.Grace - tick},
	} {
		before := tc.a.Snapshot()
		if err := tc.a.Advance(noon.Add(tc.after)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(before, tc.a.Snapshot()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestOnlyAnOpenExamOfBothSectionsAdvances(t *testing.T) {
	submitted := start(t, fullForm(), attempt.ExamMode)
	if _, err := submitted.Submit(noon); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		a     *attempt.Attempt
		after time.Duration
		want  error
	}{
		"practice":       {start(t, fullForm(), attempt.PracticeMode), 0, attempt.ErrNoSections},
		"Listening only": {start(t, formOf(4), attempt.ExamMode), 0, attempt.ErrNoSections},
		"Reading only":   {start(t, formOf(5), attempt.ExamMode), 0, attempt.ErrNoSections},
		"closed":         {submitted, 0, attempt.ErrClosed},
		"overdue":        {start(t, fullForm(), attempt.ExamMode), listeningTime + readingTime + attempt.Grace, attempt.ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			unchanged(t, tc.a, tc.want, func() error { return tc.a.Advance(noon.Add(tc.after)) })
		})
	}
}

func TestEveryStoredRowLoadsAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		moment := rapid.Custom(func(t *rapid.T) time.Time {
			return noon.Add(time.Duration(rapid.Int64Range(-1e18, 1e18).Draw(t, "offset")))
		})
		row := attempt.Snapshot{
			Mode:          attempt.Mode(rapid.SampledFrom([]string{"exam", "practice", "", "of a later version"}).Draw(t, "mode")),
			Status:        attempt.Status(rapid.SampledFrom([]string{"in_progress", "submitted", "expired", "abandoned", "", "paused"}).Draw(t, "status")),
			Taken:         rapid.SliceOf(rapid.Map(rapid.IntRange(-1, 9), func(n int) exam.Span { return exam.Span{Part: exam.Part(n), First: n, Count: n} })).Draw(t, "taken"),
			StartedAt:     moment.Draw(t, "started"),
			ListeningTime: time.Duration(rapid.Int64().Draw(t, "listening")),
			ReadingTime:   time.Duration(rapid.Int64().Draw(t, "reading")),
			AdvancedAt:    rapid.Ptr(moment, true).Draw(t, "advanced"),
			DeadlineAt:    rapid.Ptr(moment, true).Draw(t, "deadline"),
			ClosedAt:      rapid.Ptr(moment, true).Draw(t, "closed"),
			Version:       rapid.Int().Draw(t, "version"),
			Limit:         time.Duration(rapid.Int64().Draw(t, "limit")),
			Granted: attempt.Accommodation{
				MoreTime: rapid.Int().Draw(t, "more time"), Extra: time.Duration(rapid.Int64().Draw(t, "extra")),
				MorePause: rapid.Int().Draw(t, "more pause"), ListeningOmitted: rapid.Bool().Draw(t, "omitted"),
			},
			PausedAt:     rapid.Ptr(moment, true).Draw(t, "paused at"),
			Paused:       time.Duration(rapid.Int64().Draw(t, "paused")),
			Pauses:       rapid.Int().Draw(t, "pauses"),
			Holder:       rapid.Ptr(rapid.Just(user), true).Draw(t, "holder"),
			FormerHolder: rapid.Ptr(rapid.Just(id), true).Draw(t, "former holder"),
			Answered:     rapid.Int().Draw(t, "answered"),
			Position:     rapid.Int64().Draw(t, "position"),
		}
		a := attempt.Restore(row)
		if diff := cmp.Diff(row, a.Snapshot()); diff != "" {
			t.Fatal(diff)
		}
		now := moment.Draw(t, "now")
		a.Section(now)
		a.SectionDeadline(now)
		a.Overdue(now)
		a.Remaining(now)
		a.PausedAt(now)
		_ = a.Pause(now)
		_ = a.Resume(now)
		_ = a.Claim(user, attempt.TakeOver, false, now)
		_ = a.Release(now)
		a.Grant(attempt.Accommodation{MoreTime: 1, ListeningOmitted: true}, now)
	})
}

func TestAnAttemptOfAnUnknownStatusDoesNotChange(t *testing.T) {
	row := start(t, fullForm(), attempt.ExamMode).Snapshot()
	row.Status = "paused"
	a := attempt.Restore(row)
	for name, do := range map[string]func() error{
		"advance": func() error { return a.Advance(noon) },
		"submit":  func() error { _, err := a.Submit(noon); return err },
		"abandon": func() error { _, err := a.Abandon(noon); return err },
		"accept":  func() error { _, err := a.Take(attempt.Sheet{}, nil, noon); return err },
	} {
		t.Run(name, func(t *testing.T) { unchanged(t, a, attempt.ErrClosed, do) })
	}
}

func TestASnapshotSharesNothingWithItsAttempt(t *testing.T) {
	form := fullForm()
	holder := user
	a, err := attempt.Start(id, user, form, attempt.Terms{Mode: attempt.ExamMode, Holder: &holder}, noon)
	if err != nil {
		t.Fatal(err)
	}
	holder = uuid.Nil
	if err := a.Claim(id, attempt.TakeOver, false, noon); err != nil {
		t.Fatal(err)
	}
	if err := a.Advance(noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Submit(noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	paused := a.Snapshot()
	paused.PausedAt = at(time.Minute)
	a = attempt.Restore(paused)
	want := attempt.Snapshot{
		ID: id, UserID: user, ExamID: form.ExamID, RevisionID: form.RevisionID, Mode: attempt.ExamMode, Status: attempt.Submitted,
		Taken: fullForm().Outline, StartedAt: noon, ListeningTime: listeningTime, ReadingTime: readingTime, Version: 4,
		AdvancedAt: at(time.Minute), DeadlineAt: at(time.Minute + readingTime), ClosedAt: at(time.Hour), PausedAt: at(time.Minute),
		Holder: pointer(id), FormerHolder: pointer(user),
	}
	spoil := func(s attempt.Snapshot) {
		s.Taken[0].Count = 999
		*s.AdvancedAt, *s.DeadlineAt, *s.ClosedAt, *s.PausedAt = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		*s.Holder, *s.FormerHolder = uuid.Nil, uuid.Nil
	}
	spoil(a.Snapshot())
	if diff := cmp.Diff(want, a.Snapshot()); diff != "" {
		t.Errorf("a change of a snapshot changed its attempt:\n%s", diff)
	}
	row := a.Snapshot()
	restored := attempt.Restore(row)
	spoil(row)
	*restored.SectionDeadline(noon.Add(time.Hour)) = time.Time{}
	form.Outline[0].Count = 999
	for name, got := range map[string]*attempt.Attempt{"restored": restored, "started": a} {
		if diff := cmp.Diff(want, got.Snapshot()); diff != "" {
			t.Errorf("a change outside changed the %s attempt:\n%s", name, diff)
		}
	}
}
