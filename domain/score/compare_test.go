package score_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
)

// scaled is a result of two sections of so many items, with a total.
func scaled(listening, reading, items int) score.Result {
	section := func(points int) score.SectionResult {
		return score.SectionResult{Items: items, Scaled: &score.Scaled{Score: points}}
	}
	return score.Result{
		Sections: map[exam.Section]score.SectionResult{exam.Listening: section(listening), exam.Reading: section(reading)},
		Total:    &score.Total{Score: listening + reading},
	}
}

func TestADifferenceIsJudgedByItsStandardError(t *testing.T) {
	earlier := scaled(300, 300, 100)
	for _, tc := range []struct {
		listening, reading           int
		inListening, inReading, both score.Verdict
	}{
		{300, 300, score.WithinError, score.WithinError, score.WithinError},
		{335, 265, score.WithinError, score.WithinError, score.WithinError},
		{340, 260, score.BeyondError, score.BeyondError, score.WithinError},
		{365, 235, score.BeyondError, score.BeyondError, score.WithinError},
		{370, 230, score.Significant, score.Significant, score.WithinError},
		{325, 325, score.WithinError, score.WithinError, score.WithinError}, // 50 is not more than 50
		{330, 325, score.WithinError, score.WithinError, score.BeyondError},
		{350, 345, score.BeyondError, score.BeyondError, score.BeyondError}, // 95 of 98
		{350, 350, score.BeyondError, score.BeyondError, score.Significant},
	} {
		got := score.Compare(scaled(tc.listening, tc.reading, 100), earlier)
		l, r := got.Sections[exam.Listening], got.Sections[exam.Reading]
		if l.Verdict != tc.inListening || r.Verdict != tc.inReading || got.Total.Verdict != tc.both {
			t.Errorf("%d and %d: %s, %s, %s", tc.listening, tc.reading, l.Verdict, r.Verdict, got.Total.Verdict)
		}
		if math.Round(l.StandardError) != 35 || math.Round(got.Total.StandardError) != 50 || math.Round(l.Threshold) != 69 {
			t.Errorf("standard errors %v and %v, threshold %v", l.StandardError, got.Total.StandardError, l.Threshold)
		}
		if l.Points != tc.listening-300 || got.Total.Points != tc.listening+tc.reading-600 {
			t.Errorf("differences %d and %d", l.Points, got.Total.Points)
		}
	}
}

func TestOnlyWhatBothResultsHaveIsCompared(t *testing.T) {
	whole, half, none := scaled(300, 300, 100), scaled(300, 300, 100), score.Result{}
	half.Total = nil
	delete(half.Sections, exam.Reading)
	got := score.Compare(whole, half)
	if _, there := got.Sections[exam.Reading]; there || got.Total != nil || len(got.Sections) != 1 || got.Empty() {
		t.Errorf("compared: %+v", got)
	}
	if !score.Compare(whole, none).Empty() {
		t.Error("something was compared with nothing")
	}
}

func TestAShorterFormNeedsALargerDifference(t *testing.T) {
	full, mini := score.Compare(scaled(370, 300, 100), scaled(300, 300, 100)), score.Compare(scaled(370, 300, 25), scaled(300, 300, 25))
	if full.Sections[exam.Listening].Verdict != score.Significant || mini.Sections[exam.Listening].Verdict == score.Significant {
		t.Errorf("70 points: %+v of full forms, %+v of short ones", full.Sections[exam.Listening], mini.Sections[exam.Listening])
	}
}

func TestToCompareTheOtherWayRoundOnlyTurnsTheSign(t *testing.T) {
	draw := func(t *rapid.T) score.Result {
		step := rapid.IntRange(1, 99)
		return scaled(5*step.Draw(t, "listening"), 5*step.Draw(t, "reading"), rapid.IntRange(1, 100).Draw(t, "items"))
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t), draw(t)
		there, back := score.Compare(a, b), score.Compare(b, a)
		for _, s := range exam.Sections() {
			d, e := there.Sections[s], back.Sections[s]
			if d.Points != -e.Points || d.Verdict != e.Verdict || math.Abs(d.StandardError-e.StandardError) > 1e-9 {
				t.Fatalf("%+v and back %+v", d, e)
			}
		}
		if same := score.Compare(a, a); same.Total.Verdict != score.WithinError {
			t.Fatalf("a result differs from itself: %+v", same.Total)
		}
	})
}
