package score_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/score"
)

func TestALookupShowsTheRowsThatWereRead(t *testing.T) {
	table := linear()
	for _, tc := range []struct {
		raw, items int
		want       score.Lookup
	}{
		{52, 100, score.Lookup{Position: 52, Rows: []score.Row{{Raw: 52, Scaled: 260}}, Exact: 260, Scaled: 260}},
		{5, 10, score.Lookup{Position: 50, Rows: []score.Row{{Raw: 50, Scaled: 250}}, Exact: 250, Scaled: 250}},
		{3, 8, score.Lookup{Position: 37.5, Rows: []score.Row{{Raw: 37, Scaled: 185}, {Raw: 38, Scaled: 190}}, Exact: 187.5, Scaled: 190}},
		{8, 8, score.Lookup{Position: 100, Rows: []score.Row{{Raw: 100, Scaled: 495}}, Exact: 495, Scaled: 495}},
	} {
		if diff := cmp.Diff(tc.want, table.Lookup(exam.Listening, tc.raw, tc.items)); diff != "" {
			t.Errorf("%d of %d: %s", tc.raw, tc.items, diff)
		}
	}
}

func TestAnExplanationAgreesWithTheScoreForAnyTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table score.Table
		for _, column := range []*[101]int{&table.Listening, &table.Reading} {
			steps := rapid.SliceOfN(rapid.IntRange(1, 99), 101, 101).Draw(t, "steps")
			slices.Sort(steps)
			for raw := range column {
				column[raw] = 5 * steps[raw]
			}
		}
		items := rapid.IntRange(1, 100).Draw(t, "items")
		raw := rapid.IntRange(0, items).Draw(t, "raw")
		section := rapid.SampledFrom(exam.Sections()).Draw(t, "section")
		got := table.Lookup(section, raw, items)
		if got.Scaled != table.Scale(section, raw, items) || math.Abs(got.Exact-float64(got.Scaled)) > 2.5+1e-9 {
			t.Fatalf("%d of %d: %+v", raw, items, got)
		}
		low, high := got.Rows[0], got.Rows[len(got.Rows)-1]
		if float64(low.Raw) > got.Position || float64(high.Raw) < got.Position || float64(low.Scaled) > got.Exact+1e-9 || float64(high.Scaled) < got.Exact-1e-9 {
			t.Fatalf("%d of %d is not between its rows: %+v", raw, items, got)
		}
	})
}

func TestTheErrorOfMeasurementFollowsFromItsTerms(t *testing.T) {
	full := score.ErrorOf(100)
	if full.Length != 1 || math.Abs(full.Reliability-0.9) > 1e-9 || math.Abs(full.Error-25) > 1e-9 {
		t.Errorf("full section: %+v", full)
	}
	quarter := score.ErrorOf(25)
	if math.Abs(quarter.Reliability-.6923) > 1e-4 || math.Abs(quarter.Deviation*math.Sqrt(1-quarter.Reliability)-quarter.Error) > 1e-9 {
		t.Errorf("quarter: %+v", quarter)
	}
}

func TestTheCutsAroundAScoreAreTold(t *testing.T) {
	for _, tc := range []struct {
		scaled        int
		reached, next *score.Cut
	}{
		{55, nil, &score.Cut{Level: score.A1, Least: 60}},
		{275, &score.Cut{Level: score.B1, Least: 275}, &score.Cut{Level: score.B2, Least: 400}},
		{495, &score.Cut{Level: score.C1, Least: 490}, nil},
	} {
		reached, next := score.CutOf(exam.Listening, tc.scaled)
		if diff := cmp.Diff([]*score.Cut{tc.reached, tc.next}, []*score.Cut{reached, next}); diff != "" {
			t.Errorf("%d: %s", tc.scaled, diff)
		}
	}
}

func TestAnImportNamesEveryRuleThatATableBreaks(t *testing.T) {
	now := time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)
	good := linear()
	got, err := score.Import("mine-1", " a note ", good.Listening[:], good.Reading[:], now)
	if err != nil || got.Listening != good.Listening || got.Reading != good.Reading || got.Note != "a note" || !got.CreatedAt.Equal(now) {
		t.Fatalf("%+v, %v", got, err)
	}
	bent := slices.Clone(good.Listening[:])
	bent[10], bent[20] = 51, 5
	for _, tc := range []struct {
		name, version, note string
		listening           []int
		want                []string
	}{
		{"nothing", "", "", nil, []string{"version format", "listening length"}},
		{"a name that is none", "Mine_1", "", good.Listening[:], []string{"version format"}},
		{"a long note", "mine-1", strings.Repeat("é", 501), good.Listening[:], []string{"note too_long"}},
		{"one row too many", "mine-1", "", append(slices.Clone(good.Listening[:]), 495), []string{"listening length"}},
		{"bent figures", "mine-1", "", bent, []string{"listening[10] off_scale", "listening[20] falls"}},
	} {
		_, err := score.Import(tc.version, tc.note, tc.listening, good.Reading[:], now)
		var f *fault.Error
		if !errors.As(err, &f) || !errors.Is(err, score.ErrInvalidTable) {
			t.Fatalf("%s: %v", tc.name, err)
		}
		var fields []string
		for _, field := range f.Fields {
			fields = append(fields, field.Name+" "+field.Code)
		}
		if diff := cmp.Diff(tc.want, fields); diff != "" {
			t.Errorf("%s: %s", tc.name, diff)
		}
	}
}
