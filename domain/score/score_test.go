package score_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
)

// linear gives 5 points a right answer, shifted so that both ends of the scale are reached.
func linear() score.Table {
	t := score.Table{Version: "linear"}
	for raw := range t.Listening {
		t.Listening[raw] = min(495, max(5, 5*raw))
		t.Reading[raw] = min(495, max(5, 5*(raw-1)))
	}
	return t
}

func fullOutline() exam.Outline {
	return exam.Outline{{Part: 1, First: 1, Count: 6}, {Part: 2, First: 7, Count: 25}, {Part: 3, First: 32, Count: 39}, {Part: 4, First: 71, Count: 30}, {Part: 5, First: 101, Count: 30}, {Part: 6, First: 131, Count: 16}, {Part: 7, First: 147, Count: 54}}
}

// marks judges every item of the outline right or wrong as right says.
func marks(o exam.Outline, right func(n int) bool) []score.Mark {
	var out []score.Mark
	for _, s := range o {
		for n := s.First; n < s.First+s.Count; n++ {
			a := exam.LocateDetail
			if s.Part.Section() == exam.Listening {
				a = exam.DetailsShort
			}
			out = append(out, score.Mark{Part: s.Part, Ability: a, Correct: right(n)})
		}
	}
	return out
}

func TestNothingRightIsTenAndEverythingRightIsTheTop(t *testing.T) {
	none := score.Compute(linear(), fullOutline(), marks(fullOutline(), func(int) bool { return false }))
	if none.Total.Score != 10 || none.Total.Colour != score.Orange || none.Total.Band != (score.Band{Low: 10, High: 45}) {
		t.Errorf("nothing right: %+v", none.Total)
	}
	all := score.Compute(linear(), fullOutline(), marks(fullOutline(), func(int) bool { return true }))
	if all.Total.Score != 990 || all.Total.Colour != score.Gold || all.Total.Band.High != 990 {
		t.Errorf("everything right: %+v", all.Total)
	}
}

func TestAFullFormHasTheMakersStandardError(t *testing.T) {
	r := score.Compute(linear(), fullOutline(), marks(fullOutline(), func(n int) bool { return n%2 == 0 }))
	want := &score.Scaled{Score: 250, Band: score.Band{Low: 225, High: 275}, CEFR: score.A2}
	if diff := cmp.Diff(want, r.Sections[exam.Listening].Scaled); diff != "" {
		t.Error(diff)
	}
	if b := r.Total.Band; b.High-r.Total.Score != 35 {
		t.Errorf("total band %+v of %d, want ±35 (25·√2)", b, r.Total.Score)
	}
}

func TestShorterFormsAreLessCertain(t *testing.T) {
	if se := score.StandardError(100); math.Abs(se-25) > 1e-9 {
		t.Errorf("full section: %v", se)
	}
	// Spearman–Brown by hand for a quarter: r' = .225/.325 = .6923; 79.057·√.3077 = 43.85.
	if se := score.StandardError(25); math.Abs(se-43.85) > 0.01 {
		t.Errorf("quarter section: %v", se)
	}
	for n := 1; n < 100; n++ {
		if score.StandardError(n) <= score.StandardError(n+1) {
			t.Fatalf("%d items are no less certain than %d", n, n+1)
		}
	}
}

func TestASectionOfWhichPartsAreMissingIsNotScaled(t *testing.T) {
	taken := fullOutline().Only([]exam.Part{5, 6})
	r := score.Compute(linear(), fullOutline(), marks(taken, func(int) bool { return true }))
	s := r.Sections[exam.Reading]
	if s.Scaled != nil || r.Total != nil || s.Raw != 46 || s.Items != 46 {
		t.Errorf("%+v, total %v", s, r.Total)
	}
	if _, taken := r.Sections[exam.Listening]; taken {
		t.Error("a section of which nothing was taken has a result")
	}
	reading := fullOutline().Only([]exam.Part{5, 6, 7})
	r = score.Compute(linear(), fullOutline(), marks(reading, func(int) bool { return true }))
	if r.Sections[exam.Reading].Scaled == nil || r.Total != nil {
		t.Error("a whole section has a scaled score but no total without the other")
	}
}

func TestScalingIsMonotoneOnTheScaleAndExactForFullForms(t *testing.T) {
	table := linear()
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.IntRange(1, 100).Draw(t, "items")
		section := rapid.SampledFrom(exam.Sections()).Draw(t, "section")
		previous := 0
		for raw := 0; raw <= items; raw++ {
			s := table.Scale(section, raw, items)
			if s < previous || s < 5 || s > 495 || s%5 != 0 {
				t.Fatalf("%d of %d = %d after %d", raw, items, s, previous)
			}
			previous = s
		}
		column := table.Reading
		if section == exam.Listening {
			column = table.Listening
		}
		if table.Scale(section, 0, items) != column[0] || table.Scale(section, items, items) != column[100] {
			t.Fatal("the ends of the table are not reached")
		}
		raw := rapid.IntRange(0, 100).Draw(t, "raw")
		if table.Scale(section, raw, 100) != column[raw] {
			t.Fatalf("raw %d of 100 is not the table's own figure", raw)
		}
	})
}

func TestAResultDependsOnlyOnTheMarksNotTheirOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		right := rapid.SliceOfN(rapid.Bool(), 201, 201).Draw(t, "right")
		m := marks(fullOutline(), func(n int) bool { return right[n] })
		shuffled := rapid.Permutation(m).Draw(t, "order")
		a, b := score.Compute(linear(), fullOutline(), m), score.Compute(linear(), fullOutline(), shuffled)
		if diff := cmp.Diff(a, b); diff != "" {
			t.Fatal(diff)
		}
		raw, correct, items := 0, 0, 0
		for _, s := range a.Sections {
			raw += s.Raw
		}
		for _, p := range a.Parts {
			correct += p.Correct
			items += p.Items
		}
		if raw != correct || items != 200 {
			t.Fatalf("sections have %d right, parts %d of %d", raw, correct, items)
		}
		if a.Total.Score != a.Sections[exam.Listening].Scaled.Score+a.Sections[exam.Reading].Scaled.Score {
			t.Fatal("the total is not the sum of its sections")
		}
	})
}

func TestAbilitiesWithoutItemsAreHidden(t *testing.T) {
	o := exam.Outline{{Part: 5, First: 1, Count: 3}}
	m := marks(o, func(n int) bool { return n == 1 })
	r := score.Compute(linear(), o, m)
	if diff := cmp.Diff([]score.AbilityResult{{Ability: exam.LocateDetail, Percent: 33, Items: 3}}, r.Abilities); diff != "" {
		t.Error(diff)
	}
}

func TestLevelsBeginAtTheirCutScores(t *testing.T) {
	for _, tc := range []struct {
		section exam.Section
		scaled  int
		want    score.CEFR
	}{
		{exam.Listening, 55, score.BelowA1},
		{exam.Listening, 60, score.A1},
		{exam.Listening, 110, score.A2},
		{exam.Listening, 270, score.A2},
		{exam.Listening, 275, score.B1},
		{exam.Listening, 400, score.B2},
		{exam.Listening, 485, score.B2},
		{exam.Listening, 490, score.C1},
		{exam.Reading, 110, score.A1},
		{exam.Reading, 115, score.A2},
		{exam.Reading, 275, score.B1},
		{exam.Reading, 380, score.B1},
		{exam.Reading, 385, score.B2},
		{exam.Reading, 455, score.C1},
	} {
		if got := score.Level(tc.section, tc.scaled); got != tc.want {
			t.Errorf("%s %d = %s, want %s", tc.section, tc.scaled, got, tc.want)
		}
	}
}

func TestColoursBeginAtTheirTotals(t *testing.T) {
	for total, want := range map[int]score.Colour{
		10: score.Orange, 215: score.Orange, 220: score.Brown, 465: score.Brown, 470: score.Green, 725: score.Green,
		730: score.Blue, 855: score.Blue, 860: score.Gold, 990: score.Gold,
	} {
		if got := score.ColourOf(total); got != want {
			t.Errorf("%d = %s, want %s", total, got, want)
		}
	}
}

func TestABrokenTableIsRefused(t *testing.T) {
	good := func() []string {
		rows := []string{"raw,listening_scaled,reading_scaled"}
		for raw := range 101 {
			rows = append(rows, fmt.Sprintf("%d,%d,%d", raw, min(495, 5+5*raw), max(5, 5*raw-5)))
		}
		return rows
	}
	if _, err := score.ReadTable("good", strings.NewReader(strings.Join(good(), "\n"))); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(rows []string) []string{
		"too short":     func(rows []string) []string { return rows[:100] },
		"not a number":  func(rows []string) []string { rows[3] = "2,x,5"; return rows },
		"not in order":  func(rows []string) []string { rows[3] = "9,15,5"; return rows },
		"falls":         func(rows []string) []string { rows[3] = "2,5,5"; return rows },
		"not in fives":  func(rows []string) []string { rows[3] = "2,16,5"; return rows },
		"off the scale": func(rows []string) []string { rows[101] = "100,500,495"; return rows },
	} {
		_, err := score.ReadTable("bad", strings.NewReader(strings.Join(change(good()), "\n")))
		if !errors.Is(err, score.ErrInvalidTable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
