package content_test

import (
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/toeic-app/toeic/content"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
)

// each reads every shipped file of a kind.
func each[T any](t *testing.T, files fs.FS, pattern string, read func(name string, f fs.File) (T, error)) map[string]T {
	t.Helper()
	names, err := fs.Glob(files, pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("there are no files %s (%v)", pattern, err)
	}
	out := map[string]T{}
	for _, name := range names {
		f, err := files.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		version := strings.TrimSuffix(path.Base(name), ".csv")
		if out[version], err = read(version, f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_ = f.Close()
	}
	return out
}

func tables(t *testing.T) map[string]score.Table {
	t.Helper()
	return each(t, content.Conversions, "conversion/*.csv", func(version string, f fs.File) (score.Table, error) { return score.ReadTable(version, f) })
}

func norms(t *testing.T) map[string]score.Norm {
	t.Helper()
	return each(t, content.Norms, "norms/*.csv", func(id string, f fs.File) (score.Norm, error) { return score.ReadNorm(id, f) })
}

func TestEveryShippedTableIsSound(t *testing.T) {
	for version, table := range tables(t) {
		if err := table.Check(); err != nil {
			t.Errorf("%s: %v", version, err)
		}
		for name, column := range map[string][]int{"listening": table.Listening[:], "reading": table.Reading[:]} {
			if len(column) != 101 || !slices.IsSorted(column) || column[0] != 5 || column[100] != 495 {
				t.Errorf("%s %s: from %d to %d in %d rows, sorted %v", version, name, column[0], column[100], len(column), slices.IsSorted(column))
			}
			if i := slices.IndexFunc(column, func(scaled int) bool { return scaled%5 != 0 }); i >= 0 {
				t.Errorf("%s %s: %d right give %d", version, name, i, column[i])
			}
		}
	}
}

// The figures are those that circulate, not merely some that are sound.
func TestTheShippedTablesHaveTheFiguresThatCirculate(t *testing.T) {
	for _, want := range []struct {
		version          string
		raw              int
		listening, reads int // 0 for not known
	}{
		{"circulated-a-1", 17, 0, 5},
		{"circulated-a-1", 52, 0, 195},
		{"circulated-a-1", 76, 395, 0},
		{"circulated-a-1", 93, 495, 0},
		{"circulated-a-1", 50, 225, 0},
		{"circulated-a-1", 75, 0, 330},
		{"circulated-a-1", 100, 495, 495},
		{"circulated-b-1", 50, 260, 245},
		{"circulated-b-1", 75, 385, 370},
		{"circulated-b-1", 76, 395, 375},
		{"circulated-b-1", 96, 495, 475},
		{"circulated-d-1", 50, 245, 0},
		{"circulated-d-1", 75, 0, 375},
	} {
		table, shipped := tables(t)[want.version]
		if !shipped {
			t.Fatalf("%s is not shipped", want.version)
		}
		if got := table.Listening[want.raw]; want.listening != 0 && got != want.listening {
			t.Errorf("%s: %d right in Listening give %d, want %d", want.version, want.raw, got, want.listening)
		}
		if got := table.Reading[want.raw]; want.reads != 0 && got != want.reads {
			t.Errorf("%s: %d right in Reading give %d, want %d", want.version, want.raw, got, want.reads)
		}
	}
	steps := tables(t)["circulated-b-1"]
	for raw, scaled := range steps.Reading {
		if scaled != max(5, 5*(raw-1)) {
			t.Errorf("circulated-b-1: %d right in Reading give %d", raw, scaled)
		}
	}
}

// ofTotal ranks one full result by a norm.
func ofTotal(n score.Norm, listening, reading, total int) *score.Percentiles {
	section := func(scaled int) score.SectionResult {
		return score.SectionResult{Raw: 50, Items: 100, Scaled: &score.Scaled{Score: scaled}}
	}
	return n.Of(score.Result{
		Sections: map[exam.Section]score.SectionResult{exam.Listening: section(listening), exam.Reading: section(reading)},
		Total:    &score.Total{Score: total},
	})
}

func TestTheShippedNormsHaveThePrintedRanks(t *testing.T) {
	all := norms(t)
	got := func(p *float64) float64 {
		if p == nil {
			return -1
		}
		return *p
	}
	for _, want := range []struct {
		norm                                     string
		listening, reading, total                int
		listeningBelow, readingBelow, totalBelow float64 // −1 where the norm does not tell
	}{
		{"iibc-public-263", 470, 470, 895, 94.4, 98.8, 95.2},
		{"iibc-public-263", 445, 420, 745, 88.1, 92.5, 73.4},
		{"iibc-public-263", 465, 495, 740, 88.1, 98.8, 63.5}, // within a class
		{"iibc-public-263", 245, 240, 495, 14.0, -1, 23.1},
		{"iibc-public-263", 240, 245, 490, -1, 32.3, -1}, // the rows below are missing
		{"iibc-public-309", 470, 470, 895, -1, -1, 96.7},
		{"iibc-public-309", 470, 470, 990, -1, -1, 96.7},
		{"iibc-public-309", 470, 470, 545, -1, -1, 38.9},
	} {
		p := ofTotal(all[want.norm], want.listening, want.reading, want.total)
		if p == nil {
			t.Fatalf("%s has nothing for %d", want.norm, want.total)
		}
		if l, r, sum := got(p.Listening), got(p.Reading), got(p.Total); l != want.listeningBelow || r != want.readingBelow || sum != want.totalBelow {
			t.Errorf("%s %d, %d, %d: %v, %v, %v, want %v, %v, %v", want.norm, want.listening, want.reading, want.total, l, r, sum,
				want.listeningBelow, want.readingBelow, want.totalBelow)
		}
		if p.Norm != want.norm || p.Takers < 30_000 {
			t.Errorf("norm %s of %d takers", p.Norm, p.Takers)
		}
	}
	if p := ofTotal(all["iibc-public-309"], 470, 470, 540); p != nil {
		t.Errorf("a missing row was made up: %+v", p)
	}
}

// The printed percentages follow from the printed counts, so a slip of the pen in either would be found.
func TestCountsAndPercentagesOfANormAgree(t *testing.T) {
	for id, n := range norms(t) {
		scales := map[string][]score.NormClass{"total": n.Total}
		for s, classes := range n.Sections {
			scales[string(s)] = classes
		}
		for scale, classes := range scales {
			above := 0
			for _, c := range classes {
				above += c.Count
				if exact := 100 - 100*float64(above)/float64(n.Takers); math.Abs(exact-c.Below) > 0.0501 {
					t.Errorf("%s %s %d: %.2f %% by the counts, %.1f %% printed", id, scale, c.From, exact, c.Below)
				}
			}
		}
	}
}
