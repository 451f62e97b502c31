package practice_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/practice"
)

// largestGroup is how many questions share a stimulus at most.
const largestGroup = 5

// bank is all questions of a few forms.
type bank struct {
	items  []exam.Item
	groups map[uuid.UUID][]exam.Item // by question
}

func newBank(t testing.TB, forms ...exam.Form) bank {
	t.Helper()
	b := bank{groups: map[uuid.UUID][]exam.Item{}}
	for i, form := range forms {
		r := exam.Revision{Content: exam.Content{Form: form}, Summary: exam.Summary{
			ExamID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, i)), RevisionID: uuid.NewSHA1(uuid.Max, fmt.Append(nil, i)),
		}}
		items, err := r.Items()
		if err != nil {
			t.Fatal(err)
		}
		b.items = append(b.items, items...)
		for _, p := range form.Parts {
			for _, g := range p.Groups {
				for _, q := range items[:len(g.Questions)] {
					b.groups[q.ID] = items[:len(g.Questions)]
				}
				items = items[len(g.Questions):]
			}
		}
	}
	return b
}

func (b bank) group(c practice.Candidate) ([]exam.Item, error) { return b.groups[c.ID], nil }

// candidates are the questions that keep lets through.
func (b bank) candidates(keep func(exam.Item) bool) []practice.Candidate {
	var out []practice.Candidate
	for _, q := range b.items {
		if keep(q) {
			out = append(out, practice.Candidate{Item: q})
		}
	}
	return out
}

func everyItem(exam.Item) bool { return true }

func (b bank) choose(t testing.TB, seed uint64, count int, candidates []practice.Candidate) []practice.Item {
	t.Helper()
	items, err := practice.Choose(seed, count, candidates, b.group)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

func TestASetHasWholeGroupsOfWhatMatchesAndNothingTwice(t *testing.T) {
	b := newBank(t, examtest.Full(), examtest.Mini())
	rapid.Check(t, func(rt *rapid.T) {
		share := rapid.IntRange(1, 10).Draw(rt, "share")
		candidates := b.candidates(func(q exam.Item) bool { return int(q.ID[0])%10 < share })
		count := rapid.IntRange(1, practice.MaxCount).Draw(rt, "count")
		items := b.choose(t, rapid.Uint64().Draw(rt, "seed"), count, candidates)
		reachable := map[uuid.UUID]bool{}
		for _, c := range candidates {
			for _, q := range b.groups[c.ID] {
				reachable[q.ID] = true
			}
		}
		if n := len(items); n >= count+largestGroup || n < min(count, len(reachable)) {
			rt.Fatalf("%d questions for a count of %d, out of %d", n, count, len(reachable))
		}
		seen := map[uuid.UUID]bool{}
		for i, item := range items {
			if seen[item.Question] || !reachable[item.Question] {
				rt.Fatalf("question %d is there twice, or nothing of its group matches", i+1)
			}
			seen[item.Question] = true
			if i > 0 && (item.Part < items[i-1].Part || item.Group < items[i-1].Group || item.Group > items[i-1].Group+1) {
				rt.Fatalf("question %d is out of order: %+v after %+v", i+1, item, items[i-1])
			}
		}
		for i := 0; i < len(items); {
			group := b.groups[items[i].Question]
			for _, q := range group {
				if items[i].Question != q.ID || items[i].Number != q.Number {
					rt.Fatalf("the group of question %d is not whole or not in order", i+1)
				}
				i++
			}
		}
	})
}

func TestTheSameSeedGivesTheSameSetWhateverTheOrderOfTheCandidates(t *testing.T) {
	b := newBank(t, examtest.Full())
	candidates := b.candidates(everyItem)
	want := b.choose(t, 7, 50, candidates)
	slices.Reverse(candidates)
	if diff := cmp.Diff(want, b.choose(t, 7, 50, candidates)); diff != "" {
		t.Error(diff)
	}
	if cmp.Equal(want, b.choose(t, 8, 50, candidates)) {
		t.Error("another seed gives the same set")
	}
}

func TestThePartsAreBalancedAsFarAsTheyReach(t *testing.T) {
	b := newBank(t, examtest.Full(), examtest.Mini())
	has := map[exam.Part]int{}
	for _, q := range b.items {
		has[q.Part]++
	}
	for seed := range uint64(200) {
		got := map[exam.Part]int{}
		for _, item := range b.choose(t, seed, 70, b.candidates(everyItem)) {
			got[item.Part]++
		}
		most := slices.Max([]int{got[1], got[2], got[3], got[4], got[5], got[6], got[7]})
		for _, p := range exam.Parts() {
			if got[p] < has[p] && got[p] < most-largestGroup {
				t.Fatalf("seed %d: part %d has %d questions of %d, another has %d", seed, p, got[p], has[p], most)
			}
		}
	}
}

func TestEveryQuestionOfAPartIsEquallyLikely(t *testing.T) {
	b := newBank(t, examtest.Full())
	const sets = 6000
	drawn := map[uuid.UUID]int{}
	for seed := range uint64(sets) {
		for _, item := range b.choose(t, seed*0x9e3779b97f4a7c15+1, 21, b.candidates(everyItem)) {
			drawn[item.Question]++
		}
	}
	total, items := map[exam.Part]int{}, map[exam.Part]int{}
	for _, q := range b.items {
		total[q.Part] += drawn[q.ID]
		items[q.Part]++
	}
	for _, q := range b.items {
		p := float64(total[q.Part]) / float64(items[q.Part]) / sets
		deviation := math.Sqrt(sets * p * (1 - p))
		// Of 200 questions none is five standard deviations off by chance; the draws are the same in every run.
		if off := math.Abs(float64(drawn[q.ID])-sets*p) / deviation; off > 5 {
			t.Errorf("question %d of part %d was drawn %d times, %.1f standard deviations from %.0f", q.Number, q.Part, drawn[q.ID], off, sets*p)
		}
	}
}

func TestDueQuestionsComeFirst(t *testing.T) {
	b := newBank(t, examtest.Full())
	for seed := range uint64(100) {
		candidates := b.candidates(everyItem)
		due := map[uuid.UUID]bool{}
		for i := range candidates {
			if candidates[i].Part == exam.ReadingComprehension && candidates[i].Number%9 == 0 {
				candidates[i].Due, due[candidates[i].ID] = true, true
			}
		}
		candidates = slices.DeleteFunc(candidates, func(c practice.Candidate) bool { return c.Part != exam.ReadingComprehension })
		found := 0
		for _, item := range b.choose(t, seed, 30, candidates) {
			if due[item.Question] {
				found++
			}
		}
		if found != len(due) {
			t.Fatalf("seed %d: %d of %d due questions are in the set", seed, found, len(due))
		}
	}
}

func TestNothingToChooseFromGivesNothingAndAFailureIsPassedOn(t *testing.T) {
	b := newBank(t, examtest.Mini())
	if items := b.choose(t, 1, 10, nil); len(items) != 0 {
		t.Errorf("%d questions", len(items))
	}
	broken := errors.New("broken")
	_, err := practice.Choose(1, 10, b.candidates(everyItem), func(practice.Candidate) ([]exam.Item, error) { return nil, broken })
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestCriteriaThatCannotBeAreNamed(t *testing.T) {
	good := practice.Criteria{
		Count: 100, Parts: exam.Parts(), Abilities: exam.Abilities(), Difficulty: &practice.Range{Min: 0.5, Max: 0.5}, Pool: practice.WrongBefore,
	}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, c := range map[string]practice.Criteria{
		"count":      {Pool: practice.AnyQuestion},
		"parts":      {Count: 1, Pool: practice.AnyQuestion, Parts: []exam.Part{8}},
		"abilities":  {Count: 1, Pool: practice.AnyQuestion, Abilities: []exam.Ability{"L6"}},
		"difficulty": {Count: 1, Pool: practice.AnyQuestion, Difficulty: &practice.Range{Min: 0.6, Max: 0.5}},
		"pool":       {Count: 101 - 1, Pool: "none"},
	} {
		if got := fieldNames(c.Check(), practice.ErrInvalid); !slices.Equal(got, []string{name}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	for _, r := range []practice.Range{{Min: -0.1, Max: 1}, {Max: 1.1}, {Min: math.NaN(), Max: 1}, {Max: math.NaN()}} {
		c := good
		c.Difficulty = &r
		if c.Check() == nil {
			t.Errorf("%+v is let through", r)
		}
	}
}
