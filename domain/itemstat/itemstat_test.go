package itemstat_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/itemstat"
)

// sheet reads the choices of one taker, one letter an item and a blank where there is a dot.
func sheet(letters string) []itemstat.Response {
	var out []itemstat.Response
	for i, c := range []byte(letters) {
		if c != '.' {
			out = append(out, itemstat.Response{Number: i + 1, Choice: exam.Choice(c), Elapsed: int64(1000 * (i + 1))})
		}
	}
	return out
}

// analyse reports on takers of Reading with four options and the key A throughout.
func analyse(sheets ...string) itemstat.Report {
	if len(sheets) == 0 {
		return itemstat.NewSample(items(3, 4)).Report()
	}
	n := len(sheets[0])
	sample := itemstat.NewSample(items(n, 4))
	for _, s := range sheets {
		sample.Add(taken(n), sheet(s))
	}
	return sample.Report()
}

func many(n int, letters string) []string { return slices.Repeat([]string{letters}, n) }

func TestWhatIsNotDefinedIsNilAndNeverNaN(t *testing.T) {
	shapes := map[string]itemstat.Report{
		"nobody":                 analyse(),
		"one taker":              analyse("AAB"),
		"one item":               analyse("A", "B", "A"),
		"all right":              analyse("AAA", "AAA"),
		"all wrong":              analyse("BBB", "BBB"),
		"all alike":              analyse("AAB", "AAB", "AAB"),
		"two items, one decides": analyse("AA", "AB"),
		"all blank":              analyse("...", "..."),
		"no item":                itemstat.NewSample(nil).Report(),
	}
	for name, r := range shapes {
		if b, err := json.Marshal(r); err != nil || strings.Contains(string(b), "NaN") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r := shapes["nobody"]; r.Form.Mean != nil || r.Items[0].P != nil || r.Sections[0].Finished != nil || r.Sections[0].KR20 != nil {
		t.Errorf("nobody: %+v", r)
	}
	if r := shapes["one taker"]; *r.Form.Mean != 2 || r.Form.SD != nil || r.Form.SEM != nil || *r.Items[0].P != 1 || r.Items[0].PointBiserial != nil {
		t.Errorf("one taker: %+v", r)
	}
	if r := shapes["one item"]; r.Form.KR20 != nil || *r.Items[0].PointBiserial != 1 || r.Items[0].Corrected != nil || r.Items[0].AlphaIfDeleted != nil {
		t.Errorf("one item: %+v", r)
	}
	if r := shapes["all alike"]; *r.Form.SD != 0 || r.Form.KR20 != nil || r.Form.SEM != nil {
		t.Errorf("all alike: %+v", r.Form)
	}
	if r := shapes["two items, one decides"]; r.Items[0].Corrected != nil || *r.Items[1].PointBiserial != 1 || r.Items[1].Corrected != nil || r.Items[0].AlphaIfDeleted != nil {
		t.Errorf("two items: %+v", r.Items)
	}
}

func TestABlankIsNotReachedWhenNothingFollowsIt(t *testing.T) {
	r := analyse("A.AB", ".A..", "....", "AAAA")
	var got []string
	for _, i := range r.Items {
		got = append(got, fmt.Sprintf("%d omitted, %d not reached, %s ms", i.Omitted, i.NotReached, printed(i.MeanElapsed, 0)))
	}
	want := []string{"1 omitted, 1 not reached, 1000 ms", "1 omitted, 1 not reached, 2000 ms", "0 omitted, 2 not reached, 3000 ms", "0 omitted, 2 not reached, 4000 ms"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s := r.Sections[0]
	if *s.Finished != 0.5 || *s.ThreeQuarters != 0.5 || *s.NotReached != 6.0/16 {
		t.Errorf("finished %v, three quarters %v, not reached %v", *s.Finished, *s.ThreeQuarters, *s.NotReached)
	}
}

func TestFlagsAreRaisedAtTheirThresholds(t *testing.T) {
	// A hundred takers; the first item is varied, and the others tell ten kinds of takers apart.
	flagsOf := func(sheets ...[]string) []itemstat.Flag { return analyse(slices.Concat(sheets...)...).Items[0].Flags }
	has := func(name string, want bool, f itemstat.Flag, got []itemstat.Flag) {
		t.Helper()
		if slices.Contains(got, f) != want {
			t.Errorf("%s: %s in %v, want %v", name, f, got, want)
		}
	}
	good, weak := "AAAAA", "BBBBA"
	has("19 of 100", true, itemstat.TooHard, flagsOf(many(19, "AAAAA"), many(81, "BAAAA")))
	has("20 of 100", false, itemstat.TooHard, flagsOf(many(20, "AAAAA"), many(80, "BAAAA")))
	has("95 of 100", false, itemstat.TooEasy, flagsOf(many(95, good), many(5, weak)))
	has("96 of 100", true, itemstat.TooEasy, flagsOf(many(96, good), many(4, weak)))
	backwards := flagsOf(many(50, "BAAAA"), many(50, "ABBBB"))
	has("the weak get it right", true, itemstat.NegativeDiscr, backwards)
	has("the weak get it right", false, itemstat.LowDiscrimination, backwards)
	chance := flagsOf(many(25, "AAAAA"), many(25, "ABBBB"), many(25, "BAAAA"), many(25, "BBBBB"))
	has("it is by chance", true, itemstat.LowDiscrimination, chance)
	has("it is by chance", false, itemstat.NegativeDiscr, chance)
	has("it discriminates", false, itemstat.LowDiscrimination, flagsOf(many(50, good), many(50, weak)))
	has("the best choose C", true, itemstat.WrongKey, flagsOf(many(30, "CAAAA"), many(70, "ABBBB")))
	has("the best choose the key", false, itemstat.WrongKey, flagsOf(many(30, "AAAAA"), many(70, "CBBBB")))
	has("the best are undecided", false, itemstat.WrongKey, flagsOf(many(15, "AAAAB"), many(15, "CAAAA"), many(70, "BBBBB")))
	used := [][]string{many(2, "BBBBB"), many(2, "CBBBB"), many(2, "DBBBB"), many(94, good)}
	has("2 % choose each distractor", false, itemstat.UnusedDistractor, flagsOf(used...))
	has("1 % choose one", true, itemstat.UnusedDistractor, flagsOf(many(2, "BBBBB"), many(2, "CBBBB"), many(1, "DBBBB"), many(95, good)))
	has("99 takers", true, itemstat.SmallSample, flagsOf(many(99, good)))
	has("100 takers", false, itemstat.SmallSample, flagsOf(many(100, good)))
	for finished, want := range map[int]bool{79: true, 80: false} {
		r := analyse(slices.Concat(many(finished, good), many(100-finished, "AAAA."))...)
		has(fmt.Sprintf("%d %% finish", finished), want, itemstat.Speeded, r.Items[4].Flags)
		has(fmt.Sprintf("%d %% finish", finished), want, itemstat.Speeded, r.Sections[0].Flags)
		has("the item before", false, itemstat.Speeded, r.Items[3].Flags)
	}
}

func itemsOf(t testing.TB, form exam.Form) []itemstat.Item {
	t.Helper()
	all, err := itemstat.Items(exam.Revision{Content: exam.Content{Form: form}})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestASectionThatWasNotTakenCountsForNobody(t *testing.T) {
	form := examtest.Mini()
	all := itemsOf(t, form)
	sample := itemstat.NewSample(all)
	right := make([]itemstat.Response, len(all))
	for i, item := range all {
		right[i] = itemstat.Response{Number: item.Number, Choice: item.Key, Elapsed: 500}
	}
	outline := form.Outline()
	sample.Add(outline, right)
	sample.Add(outline.Only([]exam.Part{5, 6, 7}), right[outline.Count(exam.Listening):])
	sample.Add(outline.Only([]exam.Part{5}), right)
	r := sample.Report()
	if r.Form.Takers != 1 || r.Sections[0].Takers != 1 || r.Sections[1].Takers != 2 {
		t.Errorf("takers: %d of all, %d of Listening, %d of Reading", r.Form.Takers, r.Sections[0].Takers, r.Sections[1].Takers)
	}
	if len(r.Items) != len(all) || r.Items[0].Takers != 1 || r.Items[len(all)-1].Takers != 2 || *r.Form.Mean != float64(len(all)) {
		t.Errorf("items %d, %+v", len(r.Items), r.Form)
	}
	for i, item := range r.Items {
		if item.Number != i+1 || *item.P != 1 || len(item.Options) != item.OptionCount {
			t.Errorf("item %d: %+v", i+1, item)
		}
	}
}

func TestResponsesThatNoItemHasAreIgnored(t *testing.T) {
	sample := itemstat.NewSample(items(1, 3))
	sample.Add(taken(1), []itemstat.Response{{Number: 9, Choice: 'A', Elapsed: 5}, {Number: 1, Choice: 'D'}})
	if r := sample.Report(); r.Items[0].Blank.Chosen != 1 || *r.Items[0].P != 0 {
		t.Errorf("%+v", r.Items[0])
	}
}

// drawSheets draws takers of the same few items.
func drawSheets(t *rapid.T) []string {
	n := rapid.IntRange(1, 6).Draw(t, "items")
	one := rapid.StringOfN(rapid.SampledFrom([]rune("AAABCD.")), n, n, n)
	return rapid.SliceOfN(one, 1, 40).Draw(t, "sheets")
}

func TestTheOrderOfTheTakersDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sheets := drawSheets(t)
		other := rapid.Permutation(sheets).Draw(t, "order")
		if diff := cmp.Diff(analyse(sheets...), analyse(other...)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestEveryFigureFollowsFromItsDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sheets := drawSheets(t)
		n, k := len(sheets), len(sheets[0])
		right := make([][]float64, k)
		totals := make([]float64, n)
		for i := range right {
			right[i] = make([]float64, n)
			for j, s := range sheets {
				if s[i] == 'A' {
					right[i][j] = 1
					totals[j]++
				}
			}
		}
		r := analyse(sheets...)
		unexplained := 0.0
		for i, x := range right {
			rest := make([]float64, n)
			for j := range rest {
				rest[j] = totals[j] - x[j]
			}
			unexplained += variance(x, 0)
			item := r.Items[i]
			close(t, "p", item.P, mean(x))
			close(t, "point-biserial", item.PointBiserial, pearson(x, totals))
			close(t, "corrected", item.Corrected, pearson(x, rest))
			addsUp(t, item, n)
		}
		close(t, "mean", r.Form.Mean, mean(totals))
		close(t, "sd", r.Form.SD, math.Sqrt(variance(totals, 1)))
		kr20 := float64(k) / float64(k-1) * (1 - unexplained/variance(totals, 0))
		close(t, "KR-20", r.Form.KR20, kr20)
	})
}

func addsUp(t *rapid.T, item itemstat.ItemReport, takers int) {
	chosen := item.Blank.Chosen
	for o, option := range item.Options {
		chosen += option.Chosen
		inFifths := 0
		for _, f := range item.Fifths {
			inFifths += f.Chosen[o]
		}
		if inFifths != option.Chosen {
			t.Fatalf("option %d: %d in the fifths, %d in all", o, inFifths, option.Chosen)
		}
	}
	if chosen != takers || item.Omitted < 0 || item.NotReached < 0 || item.Omitted+item.NotReached != item.Blank.Chosen {
		t.Fatalf("of %d takers: %+v", takers, item)
	}
}

// close compares a figure with the same one computed otherwise; what has no value has none.
func close(t *rapid.T, name string, got *float64, want float64) {
	defined := !math.IsNaN(want) && !math.IsInf(want, 0)
	if (got != nil) != defined || (defined && math.Abs(*got-want) > 1e-9) {
		t.Fatalf("%s: %v, want %v", name, printed(got, 12), want)
	}
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// variance divides by what is left of n after ddof; all values here are small whole numbers, so that alike ones give 0.
func variance(x []float64, ddof int) float64 {
	m, sum := mean(x), 0.0
	if slices.Min(x) == slices.Max(x) && len(x) > ddof {
		return 0
	}
	for _, v := range x {
		sum += (v - m) * (v - m)
	}
	return sum / float64(len(x)-ddof)
}

func pearson(x, y []float64) float64 {
	mx, my, sum := mean(x), mean(y), 0.0
	for i := range x {
		sum += (x[i] - mx) * (y[i] - my)
	}
	if variance(x, 0) == 0 || variance(y, 0) == 0 {
		return math.NaN()
	}
	return sum / float64(len(x)) / math.Sqrt(variance(x, 0)*variance(y, 0))
}

func TestStatisticsAreStaleAfterACorrectionManyAttemptsOrADay(t *testing.T) {
	noon := time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)
	hourAgo, dayAgo := noon.Add(-time.Hour), noon.Add(-24*time.Hour)
	for name, c := range map[string]struct {
		p    itemstat.Progress
		want bool
	}{
		"nothing to compute":         {itemstat.Progress{}, false},
		"never computed":             {itemstat.Progress{Scored: 1}, true},
		"no news":                    {itemstat.Progress{Scored: 50, Takers: 50, ComputedAt: &dayAgo}, false},
		"a few new ones":             {itemstat.Progress{Scored: 69, Takers: 50, ComputedAt: &hourAgo}, false},
		"twenty new ones":            {itemstat.Progress{Scored: 70, Takers: 50, ComputedAt: &hourAgo}, true},
		"twenty among very many":     {itemstat.Progress{Scored: 1020, Takers: 1000, ComputedAt: &hourAgo}, false},
		"a twentieth of very many":   {itemstat.Progress{Scored: 1050, Takers: 1000, ComputedAt: &hourAgo}, true},
		"twenty erased":              {itemstat.Progress{Scored: 30, Takers: 50, ComputedAt: &hourAgo}, true},
		"one new one after a day":    {itemstat.Progress{Scored: 51, Takers: 50, ComputedAt: &dayAgo}, true},
		"a key was corrected":        {itemstat.Progress{Scored: 50, Takers: 50, ComputedAt: &dayAgo, CorrectedAt: hourAgo}, true},
		"a key was corrected before": {itemstat.Progress{Scored: 50, Takers: 50, ComputedAt: &hourAgo, CorrectedAt: dayAgo}, false},
	} {
		if got := c.p.Stale(noon); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// BenchmarkTenThousandTakersOfAFullForm counts 10,000 sheets of 200 answers and analyses them.
func BenchmarkTenThousandTakersOfAFullForm(b *testing.B) {
	form := examtest.Full()
	all, outline := itemsOf(b, form), form.Outline()
	sheets := make([][]itemstat.Response, 50)
	for i := range sheets {
		for j, item := range all {
			sheets[i] = append(sheets[i], itemstat.Response{Number: item.Number, Choice: exam.Label((i + j*j) % item.OptionCount), Elapsed: 1000})
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		sample := itemstat.NewSample(all)
		for i := range 10_000 {
			sample.Add(outline, sheets[i%len(sheets)])
		}
		if r := sample.Report(); r.Form.Takers != 10_000 {
			b.Fatal(r.Form.Takers)
		}
	}
}

func TestTheDifficultyOfAnItemIsToldWhenEnoughTookIt(t *testing.T) {
	for takers, want := range map[int]int{itemstat.MinTakers - 1: 0, itemstat.MinTakers: 1} {
		form := examtest.Mini()
		all := itemsOf(t, form)
		sample := itemstat.NewSample(all)
		for range takers {
			sample.Add(form.Outline(), nil)
		}
		got := sample.Report().Difficulties()
		if len(got) != want*len(all) {
			t.Errorf("%d takers: the difficulty of %d items", takers, len(got))
		}
		for id, p := range got {
			if p != 0 || id == (exam.Item{}).ID {
				t.Errorf("item %s has difficulty %v", id, p)
			}
		}
	}
}
