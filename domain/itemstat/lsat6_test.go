package itemstat_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/itemstat"
)

// lsat6 reads the takers of testdata, whose right answers are A and whose wrong ones are B.
func lsat6(t *testing.T) itemstat.Report {
	t.Helper()
	f, err := os.Open("testdata/lsat6.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	sample := itemstat.NewSample(items(5, 2))
	for _, row := range rows[1:] {
		var given []itemstat.Response
		for i, right := range row[:5] {
			choice := exam.Choice('B')
			if right == "1" {
				choice = 'A'
			}
			given = append(given, itemstat.Response{Number: i + 1, Choice: choice})
		}
		n, err := strconv.Atoi(row[5])
		if err != nil {
			t.Fatal(err)
		}
		for range n {
			sample.Add(taken(5), given)
		}
	}
	return sample.Report()
}

// items are so many items of Reading whose keys are all A.
func items(n, options int) []itemstat.Item {
	out := make([]itemstat.Item, n)
	for i := range out {
		out[i] = itemstat.Item{Number: i + 1, Section: exam.Reading, OptionCount: options, Key: 'A'}
	}
	return out
}

func taken(n int) exam.Outline {
	return exam.Outline{{Part: exam.IncompleteSentences, First: 1, Count: n}}
}

// printed writes a figure with so many digits, as a program would print it.
func printed(v *float64, digits int) string {
	if v == nil {
		return "-"
	}
	return strconv.FormatFloat(*v, 'f', digits, 64)
}

func TestTheFiguresOfLSAT6AreThePublishedOnes(t *testing.T) {
	r := lsat6(t)
	section := r.Sections[0]
	if diff := cmp.Diff([]int{3, 20, 85, 237, 357, 298}, section.Frequencies); diff != "" {
		t.Errorf("score frequencies:\n%s", diff)
	}
	column := func(figure func(itemstat.ItemReport) string) []string {
		var out []string
		for _, i := range r.Items {
			out = append(out, figure(i))
		}
		return out
	}
	for name, got := range map[string]struct{ got, want []string }{
		"p":              {column(func(i itemstat.ItemReport) string { return printed(i.P, 3) }), []string{"0.924", "0.709", "0.553", "0.763", "0.870"}},
		"point-biserial": {column(func(i itemstat.ItemReport) string { return printed(i.PointBiserial, 4) }), []string{"0.3620", "0.5668", "0.6184", "0.5344", "0.4354"}},
		"corrected":      {column(func(i itemstat.ItemReport) string { return printed(i.Corrected, 4) }), []string{"0.1128", "0.1532", "0.1728", "0.1444", "0.1216"}},
		"alpha if item deleted": {
			column(func(i itemstat.ItemReport) string { return printed(i.AlphaIfDeleted, 4) }), []string{"0.2754", "0.2376", "0.2168", "0.2459", "0.2663"},
		},
		"KR-20, mean, sd": {[]string{printed(section.KR20, 4), printed(section.Mean, 3), printed(section.SD, 4)}, []string{"0.2950", "3.819", "1.0350"}},
	} {
		if diff := cmp.Diff(got.want, got.got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	if section.Takers != 1000 || r.Form.Takers != 1000 || printed(r.Form.KR20, 4) != "0.2950" {
		t.Errorf("a form of one section has the figures of the section: %+v", r.Form)
	}
	if sem := printed(section.SEM, 4); sem != "0.8691" { // 1.0350 times the root of 1 - 0.2950
		t.Errorf("SEM %s", sem)
	}
}

func TestTheDistractorTableOfLSAT6AddsUp(t *testing.T) {
	item := lsat6(t).Items[2]
	var sizes []int
	for _, f := range item.Fifths {
		sizes = append(sizes, f.Takers)
		if f.Chosen[0]+f.Chosen[1]+f.Blank != f.Takers {
			t.Errorf("%+v does not add up", f)
		}
	}
	// Scores 0 to 2, 3, 4, none, and 5: a score is never split between fifths.
	if diff := cmp.Diff([]int{108, 237, 357, 0, 298}, sizes); diff != "" {
		t.Errorf("sizes of the fifths:\n%s", diff)
	}
	if item.Options[0].Chosen != 553 || item.Options[1].Chosen != 447 || item.Blank.Chosen != 0 || item.Blank.MeanScore != nil {
		t.Errorf("options %+v, blank %+v", item.Options, item.Blank)
	}
	if best := item.Fifths[4]; best.Chosen[0] != 298 {
		t.Errorf("of those with all right, %d have it right", best.Chosen[0])
	}
	mean := func(o itemstat.OptionReport) float64 { return *o.MeanScore * float64(o.Chosen) }
	if total := fmt.Sprintf("%.6f", mean(item.Options[0])+mean(item.Options[1])); total != "3819.000000" {
		t.Errorf("the scores of those who chose each option add up to %s", total)
	}
	if slices.Contains(item.Flags, itemstat.UnusedDistractor) || slices.Contains(item.Flags, itemstat.SmallSample) {
		t.Errorf("flags %v", item.Flags)
	}
}
