package attempt_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
)

var half = attempt.Accommodation{MoreTime: 50} // time and a half

func granted(t require, g attempt.Accommodation) *attempt.Attempt {
	t.Helper()
	return begin(t, attempt.Terms{Mode: attempt.ExamMode, Granted: g})
}

// accommodation draws one that keeps the rules.
func accommodation(t *rapid.T) attempt.Accommodation {
	return attempt.Accommodation{
		MoreTime:  rapid.IntRange(0, attempt.MaxMore).Draw(t, "more time"),
		Extra:     time.Duration(rapid.IntRange(0, 60).Draw(t, "extra")) * time.Minute,
		MorePause: rapid.IntRange(0, attempt.MaxMore).Draw(t, "more pause"),
	}
}

func TestAnAccommodationKeepsItsBounds(t *testing.T) {
	for name, tc := range map[string]struct {
		a    attempt.Accommodation
		want []string
	}{
		"nothing":        {attempt.Accommodation{}, nil},
		"all":            {attempt.Accommodation{MoreTime: 200, Extra: attempt.MaxExtra, MorePause: 200, ListeningOmitted: true}, nil},
		"too much":       {attempt.Accommodation{MoreTime: 201, Extra: attempt.MaxExtra + time.Minute, MorePause: 201}, []string{"time_factor range", "extra_minutes range", "pause_factor range"}},
		"less":           {attempt.Accommodation{MoreTime: -1, Extra: -time.Minute, MorePause: -1}, []string{"time_factor range", "extra_minutes range", "pause_factor range"}},
		"a split second": {attempt.Accommodation{Extra: time.Millisecond}, []string{"extra_minutes range"}},
	} {
		err := tc.a.Check()
		if diff := cmp.Diff(tc.want, fieldCodes(err)); diff != "" || (err != nil) != errors.Is(err, attempt.ErrInvalidAccommodation) {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestTheFactorScalesEachSectionAndExtraTimeIsAddedToEach(t *testing.T) {
	for name, tc := range map[string]struct {
		g                  attempt.Accommodation
		listening, reading time.Duration
	}{
		"nothing":       {attempt.Accommodation{}, 45 * time.Minute, 75 * time.Minute},
		"1.25":          {attempt.Accommodation{MoreTime: 25}, 56*time.Minute + 15*time.Second, 93*time.Minute + 45*time.Second},
		"1.5":           {half, 67*time.Minute + 30*time.Second, 112*time.Minute + 30*time.Second},
		"2":             {attempt.Accommodation{MoreTime: 100}, 90 * time.Minute, 150 * time.Minute},
		"ten minutes":   {attempt.Accommodation{Extra: 10 * time.Minute}, 55 * time.Minute, 85 * time.Minute},
		"both":          {attempt.Accommodation{MoreTime: 50, Extra: 10 * time.Minute}, 77*time.Minute + 30*time.Second, 122*time.Minute + 30*time.Second},
		"longer pauses": {attempt.Accommodation{MorePause: 100}, 67*time.Minute + 30*time.Second, 75 * time.Minute},
		"rounded up":    {attempt.Accommodation{MoreTime: 1}, 45*time.Minute + 27*time.Second, 75*time.Minute + 45*time.Second},
	} {
		a := granted(t, tc.g)
		if got := a.SectionDeadline(noon); !got.Equal(noon.Add(tc.listening)) {
			t.Errorf("%s: Listening ends after %s, want %s", name, got.Sub(noon), tc.listening)
		}
		now := noon.Add(tc.listening)
		if got := a.SectionDeadline(now); a.Section(now) != exam.Reading || !got.Equal(now.Add(tc.reading)) {
			t.Errorf("%s: Reading has %s, want %s", name, got.Sub(now), tc.reading)
		}
		_, late, _ := take(a, now.Add(attempt.Grace), choose(100, 'A', 1))
		_, _, early := take(a, now.Add(-tick), choose(101, 'A', 1))
		_, _, right := take(a, now.Add(tc.reading), choose(101, 'A', 1))
		if late.Late != 1 || early == nil || right != nil {
			t.Errorf("%s: late %+v, early %v, right %v", name, late, early, right)
		}
		b := granted(t, tc.g)
		must(t, b.Advance(noon.Add(time.Minute)))
		if got := b.Snapshot().DeadlineAt; !got.Equal(noon.Add(time.Minute + tc.reading)) {
			t.Errorf("%s: after advancing Reading ends after %s", name, got.Sub(noon))
		}
	}
}

// The pauses of any form take at most the share of a Listening section that the section is made longer for.
func TestAListeningSectionHoldsItsLongerPauses(t *testing.T) {
	p := attempt.DefaultAudioPauses()
	set := 2*p.AfterQuestion[exam.Talks] + p.AfterGraphic + p.NextPage + p.LeadIn
	pauses := map[exam.Part]time.Duration{1: p.AfterQuestion[1], 2: p.AfterQuestion[2], 3: set / 3, 4: set / 3}
	for part, pause := range pauses {
		for more := range attempt.MaxMore + 1 {
			g := attempt.Accommodation{MorePause: more}
			a, err := attempt.Start(id, user, formOf(part), attempt.Terms{Mode: attempt.ExamMode, Granted: g}, noon)
			must(t, err)
			longer := a.Snapshot().DeadlineAt.Sub(noon) - a.Snapshot().ListeningTime
			if need := 10 * pause * time.Duration(more) / 100; longer < need {
				t.Fatalf("part %d: %d%% longer pauses need %s, the section is %s longer", part, more, need, longer)
			}
		}
	}
}

func TestALimitSetInPracticeIsScaledToo(t *testing.T) {
	a := begin(t, attempt.Terms{Mode: attempt.PracticeMode, Limit: limit, Granted: attempt.Accommodation{MoreTime: 50, Extra: time.Minute, ListeningOmitted: true}})
	s := a.Snapshot()
	if !s.DeadlineAt.Equal(noon.Add(16*time.Minute)) || s.Limit != limit || len(s.Taken) != 7 || s.Granted.ListeningOmitted {
		t.Errorf("%+v", s)
	}
}

func TestWithListeningOmittedAnExamIsReadingAlone(t *testing.T) {
	omit := attempt.Accommodation{ListeningOmitted: true}
	a := granted(t, omit)
	if s := a.Snapshot(); s.ListeningTime != 0 || !s.DeadlineAt.Equal(noon.Add(readingTime)) || a.Section(noon) != exam.Reading {
		t.Errorf("%+v", s)
	}
	if diff := cmp.Diff(fullForm().Outline.Only([]exam.Part{5, 6, 7}), a.Snapshot().Taken); diff != "" {
		t.Error(diff)
	}
	if _, _, err := take(a, noon, choose(1, 'A', 1)); !errors.Is(err, attempt.ErrAnswersDenied) {
		t.Error(err)
	}
	unchanged(t, a, attempt.ErrNoSections, func() error { return a.Advance(noon) })
	_, err := attempt.Start(id, user, formOf(exam.Talks), attempt.Terms{Mode: attempt.ExamMode, Granted: omit}, noon)
	if diff := cmp.Diff([]string{"exam_id only_listening"}, fieldCodes(err)); diff != "" {
		t.Error(diff)
	}
}

func TestAGrantDuringAnAttemptCountsFromWhereItsSectionBegan(t *testing.T) {
	now := noon.Add(20 * time.Minute)
	a := start(t, fullForm(), attempt.ExamMode)
	if !a.Grant(half, now) {
		t.Fatal("nothing changed")
	}
	want := granted(t, half).Snapshot()
	want.Version = 2
	if diff := cmp.Diff(want, a.Snapshot()); diff != "" {
		t.Errorf("granted in Listening: %s", diff)
	}
	if a.Grant(half, now) || a.Snapshot().Version != 2 {
		t.Error("the same grant changes something")
	}
	if !a.Grant(attempt.Accommodation{}, now) {
		t.Error("nothing is taken back")
	}
	want = start(t, fullForm(), attempt.ExamMode).Snapshot()
	want.Version = 3
	if diff := cmp.Diff(want, a.Snapshot()); diff != "" {
		t.Errorf("taken back in Listening: %s", diff)
	}
}

func TestASectionThatIsOverIsNotOpenedAgain(t *testing.T) {
	reading := noon.Add(listeningTime + 10*time.Minute)
	byClock, byHand := start(t, fullForm(), attempt.ExamMode), start(t, fullForm(), attempt.ExamMode)
	must(t, byHand.Advance(noon.Add(listeningTime)))
	for name, a := range map[string]*attempt.Attempt{"by the clock": byClock, "by hand": byHand} {
		a.Grant(half, reading)
		if got := a.SectionDeadline(reading); a.Section(reading) != exam.Reading || !got.Equal(noon.Add(listeningTime+readingTime*3/2)) {
			t.Errorf("%s: %s until %s", name, a.Section(reading), got)
		}
		a.Grant(attempt.Accommodation{}, reading)
		if got := a.SectionDeadline(reading); a.Section(reading) != exam.Reading || !got.Equal(noon.Add(listeningTime+readingTime)) {
			t.Errorf("%s, taken back: %s until %s", name, a.Section(reading), got)
		}
	}
}

func TestALimitCutBelowWhatHasPassedLeavesTheNotice(t *testing.T) {
	inListening, inReading := granted(t, half), granted(t, half)
	now := noon.Add(50 * time.Minute) // 17 minutes 30 before the end of Listening, 5 past the usual one
	inListening.Grant(attempt.Accommodation{}, now)
	if got := inListening.SectionDeadline(now); inListening.Section(now) != exam.Listening || !got.Equal(now.Add(attempt.Notice)) {
		t.Errorf("Listening: %s until %s", inListening.Section(now), got)
	}
	if _, _, err := take(inListening, now.Add(attempt.Notice-tick), choose(1, 'A', 1)); err != nil {
		t.Error(err)
	}
	end := now.Add(attempt.Notice)
	if got := inListening.SectionDeadline(end); inListening.Section(end) != exam.Reading || !got.Equal(end.Add(readingTime)) {
		t.Errorf("then Reading until %s", got)
	}
	must(t, inReading.Advance(noon))
	now = noon.Add(readingTime + 10*time.Minute)
	inReading.Grant(attempt.Accommodation{}, now)
	if got := inReading.Snapshot().DeadlineAt; !got.Equal(now.Add(attempt.Notice)) {
		t.Errorf("Reading until %s", got)
	}
	last := *inReading.Snapshot().DeadlineAt
	now = last.Add(-time.Second) // which is all that is left
	inReading.Grant(attempt.Accommodation{MorePause: 10}, now)
	if got := inReading.Snapshot().DeadlineAt; !got.Equal(last) {
		t.Errorf("a cut made the section longer: %s, then %s", last, got)
	}
	only := begin(t, attempt.Terms{Mode: attempt.ExamMode, Granted: attempt.Accommodation{MoreTime: 50, ListeningOmitted: true}})
	now = noon.Add(readingTime + time.Minute)
	only.Grant(attempt.Accommodation{}, now)
	if got := only.Snapshot(); !got.DeadlineAt.Equal(now.Add(attempt.Notice)) || !got.Granted.ListeningOmitted {
		t.Errorf("Reading alone: %+v", got)
	}
}

func TestOmittingListeningDuringAnAttemptMovesItToReading(t *testing.T) {
	omit := attempt.Accommodation{MoreTime: 50, ListeningOmitted: true}
	now := noon.Add(10 * time.Minute)
	a := start(t, fullForm(), attempt.ExamMode)
	a.Grant(omit, now)
	if got := a.SectionDeadline(now); a.Section(now) != exam.Reading || !got.Equal(now.Add(readingTime*3/2)) {
		t.Errorf("%s until %s", a.Section(now), got)
	}
	if got := a.Snapshot().Taken.Count(""); got != 100 {
		t.Errorf("%d items are taken", got)
	}
	a.Grant(attempt.Accommodation{}, now)
	if got := a.Snapshot(); !got.Granted.ListeningOmitted || got.Taken.HasPart(exam.Photographs) || !got.DeadlineAt.Equal(now.Add(readingTime)) {
		t.Errorf("taken back: %+v", got)
	}
	late := start(t, fullForm(), attempt.ExamMode) // in Reading already: its time is as it was
	late.Grant(attempt.Accommodation{ListeningOmitted: true}, noon.Add(listeningTime+time.Minute))
	if got := late.Snapshot(); !got.DeadlineAt.Equal(noon.Add(listeningTime+readingTime)) || got.Taken.HasPart(exam.Talks) {
		t.Errorf("in Reading: %+v", got)
	}
	only, err := attempt.Start(id, user, formOf(exam.Talks), attempt.Terms{Mode: attempt.ExamMode}, noon)
	must(t, err)
	if only.Grant(attempt.Accommodation{ListeningOmitted: true}, now) {
		t.Error("nothing is left of an exam of Listening alone")
	}
}

func TestAGrantDuringAPauseIsThereWhenTheClockGoesOn(t *testing.T) {
	a := practise(t)
	must(t, a.Pause(noon.Add(4*time.Minute)))
	a.Grant(half, noon.Add(time.Hour))
	if got := *a.Remaining(noon.Add(2 * time.Hour)); got != 11*time.Minute {
		t.Errorf("%s remain", got)
	}
	must(t, a.Resume(noon.Add(3*time.Hour)))
	if got := *a.Remaining(noon.Add(3 * time.Hour)); got != 11*time.Minute {
		t.Errorf("%s remain", got)
	}
	b := begin(t, attempt.Terms{Mode: attempt.PracticeMode, Limit: limit, Granted: half})
	must(t, b.Pause(noon.Add(12*time.Minute)))
	b.Grant(attempt.Accommodation{}, noon.Add(time.Hour))
	must(t, b.Resume(noon.Add(3*time.Hour)))
	if got := *b.Remaining(noon.Add(3 * time.Hour)); got != attempt.Notice {
		t.Errorf("%s remain of a limit that was cut during a pause", got)
	}
}

func TestNothingIsGrantedToWhatIsOver(t *testing.T) {
	closed, overdue := start(t, fullForm(), attempt.ExamMode), start(t, fullForm(), attempt.ExamMode)
	if _, err := closed.Submit(noon); err != nil {
		t.Fatal(err)
	}
	if closed.Grant(half, noon) || overdue.Grant(half, overdue.Snapshot().DeadlineAt.Add(attempt.Grace)) {
		t.Error("an attempt that is over changes")
	}
}

// Whatever is granted and taken back, whenever: no section that a learner is in ends before it has been told, what is
// over stays over, and once nothing is granted that was cut, the limits are the usual ones.
func TestWhateverIsGrantedNoDeadlineShrinksBelowWhatHasPassed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a *attempt.Attempt
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			a = begin(t, attempt.Terms{Mode: attempt.ExamMode, Granted: accommodation(t)})
		case 1:
			a = begin(t, attempt.Terms{Mode: attempt.ExamMode, Granted: attempt.Accommodation{ListeningOmitted: true}})
		default:
			a = begin(t, attempt.Terms{Mode: attempt.PracticeMode, Limit: limit, Granted: accommodation(t)})
		}
		now := noon
		for range rapid.IntRange(1, 8).Draw(t, "edits") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(40*time.Minute)).Draw(t, "passed")) / tick * tick)
			if a.Overdue(now) {
				return
			}
			section, left, whole := a.Section(now), now, *a.Remaining(now)
			if end := a.SectionDeadline(now); end != nil {
				left = *end
			}
			version := a.Snapshot().Version
			g := accommodation(t)
			g.ListeningOmitted = rapid.IntRange(0, 5).Draw(t, "omit") == 0
			changed := a.Grant(g, now)
			if changed != (a.Snapshot().Version == version+1) {
				t.Fatal("the version does not tell whether something changed")
			}
			if section == exam.Reading && a.Section(now) != exam.Reading {
				t.Fatal("Listening is open again")
			}
			if a.Overdue(now) && whole > 0 || *a.Remaining(now) < min(whole, attempt.Notice) {
				t.Fatalf("%s were left, now %s", whole, *a.Remaining(now))
			}
			if end := a.SectionDeadline(now); end != nil && a.Section(now) == section {
				if least := min(left.Sub(now), attempt.Notice); end.Sub(now) < least {
					t.Fatalf("the section ends in %s, before the notice of %s", end.Sub(now), least)
				}
			}
		}
	})
}

func TestGrantingAndTakingBackBeforeAnythingIsCutIsAsIfNothingHappened(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := noon.Add(time.Duration(rapid.Int64Range(0, int64(listeningTime-attempt.Notice)).Draw(t, "passed")) / tick * tick)
		a := start(t, fullForm(), attempt.ExamMode)
		a.Grant(accommodation(t), now)
		a.Grant(accommodation(t), now)
		a.Grant(attempt.Accommodation{}, now)
		want := start(t, fullForm(), attempt.ExamMode).Snapshot()
		want.Version = a.Snapshot().Version
		if diff := cmp.Diff(want, a.Snapshot()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestAGrantIsVersionedAndOnlyWhatWasGrantedIsWithdrawn(t *testing.T) {
	none := attempt.Grant{UserID: user}
	if _, err := none.Withdrawn(noon); !errors.Is(err, attempt.ErrNoAccommodation) {
		t.Error(err)
	}
	g, err := none.Changed(half, noon)
	if want := (attempt.Grant{UserID: user, Accommodation: half, UpdatedAt: noon, Version: 1}); err != nil || g != want {
		t.Errorf("%+v, %v", g, err)
	}
	if g, err = g.Withdrawn(noon.Add(time.Hour)); err != nil || g.Accommodation != (attempt.Accommodation{}) || g.Version != 2 {
		t.Errorf("%+v, %v", g, err)
	}
	if _, err := none.Changed(attempt.Accommodation{MoreTime: 201}, noon); !errors.Is(err, attempt.ErrInvalidAccommodation) {
		t.Error(err)
	}
}

func TestTheAudioPausesAreThoseOfThePartsTakenAndAsLongAsGranted(t *testing.T) {
	sec := func(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
	full := fullForm().Outline
	for name, tc := range map[string]struct {
		taken exam.Outline
		more  int
		want  attempt.AudioPauses
	}{
		"usual": {full, 0, attempt.AudioPauses{
			AfterQuestion: map[exam.Part]time.Duration{1: sec(5), 2: sec(5), 3: sec(8), 4: sec(8)}, AfterGraphic: sec(12), NextPage: sec(6), LeadIn: sec(4),
		}},
		"half as long again": {full.Only([]exam.Part{2, 3, 5}), 50, attempt.AudioPauses{
			AfterQuestion: map[exam.Part]time.Duration{2: sec(7.5), 3: sec(12)}, AfterGraphic: sec(18), NextPage: sec(9), LeadIn: sec(6),
		}},
		"three times": {full.Only([]exam.Part{4}), 200, attempt.AudioPauses{
			AfterQuestion: map[exam.Part]time.Duration{4: sec(24)}, AfterGraphic: sec(36), NextPage: sec(18), LeadIn: sec(12),
		}},
	} {
		got := attempt.DefaultAudioPauses().For(tc.taken, attempt.Accommodation{MorePause: tc.more})
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
