package practice_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/practice"
)

// fieldNames returns the names of the fields that a failure complains of; nil when it is not the declared one.
func fieldNames(err error, declared *fault.Error) []string {
	var f *fault.Error
	if !errors.Is(err, declared) || !errors.As(err, &f) {
		return nil
	}
	var out []string
	for _, field := range f.Fields {
		out = append(out, field.Name)
	}
	return out
}

var someExam = uuid.MustParse("01890000-0000-7000-8000-0000000000ee")

// newSet makes a set of four questions, the second of part 2, the last of an exam of its own.
func newSet(t testing.TB, f practice.Feedback) *practice.Set {
	t.Helper()
	var items []practice.Item
	for i, p := range []exam.Part{1, 2, 5, 5} {
		items = append(items, practice.Item{Question: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, i)), Part: p, Ability: exam.Grammar, Number: i + 10, Group: i + 1})
	}
	items[3].Exam = someExam
	s, err := practice.New(uuid.Max, uuid.Max, f, practice.Criteria{Count: 4, Pool: practice.AnyQuestion}, 1, items, noon)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func choose(n int, c exam.Choice, seq int64) practice.Answer {
	return practice.Answer{Number: n, Choice: c, Seq: seq}
}

func TestASetNeedsQuestionsAndAKindOfFeedback(t *testing.T) {
	if _, err := practice.New(uuid.Max, uuid.Max, practice.Final, practice.Criteria{}, 1, nil, noon); !errors.Is(err, practice.ErrNothingMatches) {
		t.Error(err)
	}
	_, err := practice.New(uuid.Max, uuid.Max, "later", practice.Criteria{}, 1, []practice.Item{{}}, noon)
	if got := fieldNames(err, practice.ErrInvalid); !slices.Equal(got, []string{"feedback"}) {
		t.Error(err)
	}
}

func TestEveryBadAnswerOfABatchIsNamed(t *testing.T) {
	for _, feedback := range []practice.Feedback{practice.Immediate, practice.Final} {
		got, err := newSet(t, feedback).Accept([]practice.Answer{
			choose(1, 'A', 1), choose(0, 'A', 1), choose(5, 'A', 1), choose(2, 'D', 1), choose(1, 'E', 2), choose(1, '@', 3), choose(3, 'A', 0),
			choose(3, 'A', practice.MaxSeq+1),
			{Number: 4, Seq: 1, Elapsed: -1},
			{Number: 4, Seq: 1, Elapsed: practice.MaxElapsed + 1},
			choose(1, 'B', 1),
		}, nil, noon)
		want := []string{
			"answers[1].number", "answers[2].number", "answers[3].choice", "answers[4].choice", "answers[5].choice", "answers[6].seq",
			"answers[7].seq", "answers[8].elapsed_ms", "answers[9].elapsed_ms", "answers[10].seq",
		}
		if diff := cmp.Diff(want, fieldNames(err, practice.ErrAnswersDenied)); diff != "" || got != nil {
			t.Errorf("%v\n%s", got, diff)
		}
	}
}

// With final feedback a set is like the sheet of an attempt: whatever the order and however often, the highest seq wins.
func TestWithFinalFeedbackTheHighestSeqWins(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newSet(t, practice.Final)
		var sent []practice.Answer
		want := practice.Sheet{}
		for n := 1; n <= 4; n++ {
			for seq := range int64(rapid.IntRange(0, 4).Draw(rt, "changes")) {
				a := choose(n, rapid.SampledFrom([]exam.Choice{exam.NoChoice, 'A', 'B', 'C'}).Draw(rt, "choice"), seq+1)
				sent = append(sent, a)
				a.At = noon
				want[n] = a
			}
		}
		stream := rapid.Permutation(append(slices.Clone(sent), sent...)).Draw(rt, "order") // everything twice
		stored := practice.Sheet{}
		for len(stream) > 0 {
			n := rapid.IntRange(1, len(stream)).Draw(rt, "batch")
			batch, err := s.Accept(stream[:n], stored, noon)
			if err != nil {
				rt.Fatal(err)
			}
			for _, a := range batch {
				stored[a.Number] = a
			}
			stream = stream[n:]
		}
		if !maps.Equal(stored, want) {
			rt.Fatalf("stored %v, want %v", stored, want)
		}
	})
}

func TestWithImmediateFeedbackTheFirstAnswerIsFinal(t *testing.T) {
	s := newSet(t, practice.Immediate)
	later := noon.Add(time.Minute)
	got, err := s.Accept([]practice.Answer{
		choose(1, 'B', 9),                                       // answered before
		choose(2, exam.NoChoice, 9),                             // nothing to clear
		choose(3, 'A', 1), choose(3, 'B', 2), choose(3, 'A', 1), // of one request the newest counts
		choose(4, 'A', 1), choose(4, exam.NoChoice, 2), // changed their mind before anything was told
	}, practice.Sheet{1: choose(1, 'A', 1)}, later)
	if diff := cmp.Diff([]practice.Answer{{Number: 3, Choice: 'B', Seq: 2, At: later}}, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestAFinishedSetTakesNothingMore(t *testing.T) {
	s := newSet(t, practice.Final)
	if !s.Finish(noon) || s.Finish(noon.Add(time.Hour)) || !s.Finished() {
		t.Error("a set is finished once")
	}
	if got := s.Snapshot(); got.Version != 2 || !got.FinishedAt.Equal(noon) {
		t.Errorf("%+v", got)
	}
	if _, err := s.Accept([]practice.Answer{choose(1, 'A', 1)}, nil, noon); !errors.Is(err, practice.ErrFinished) {
		t.Error(err)
	}
}

func TestASetKnowsOfWhichExamsItsQuestionsAre(t *testing.T) {
	s := newSet(t, practice.Final)
	exams := []uuid.UUID{uuid.Max, someExam}
	for want, asked := range map[bool][]bool{
		true:  {s.Asks(exams), s.Asks(exams, 1, 4)},
		false: {s.Asks(nil), s.Asks(exams[:1]), s.Asks(exams, 1, 2, 3), s.Asks(exams, 0, 5)},
	} {
		for i, got := range asked {
			if got != want {
				t.Errorf("%t %d: %t", want, i, got)
			}
		}
	}
}

func TestASummaryCountsByPartAndAbility(t *testing.T) {
	got := practice.Summarise([]practice.Mark{
		{Part: 5, Ability: exam.Grammar, Answered: true, Correct: true},
		{Part: 5, Ability: exam.Vocabulary, Answered: true},
		{Part: 2, Ability: exam.DetailsShort},
		{Part: 6, Ability: exam.Grammar, Answered: true, Correct: true},
	})
	want := practice.Summary{
		Tally: practice.Tally{Total: 4, Answered: 3, Correct: 2},
		Parts: []practice.PartTally{{2, practice.Tally{Total: 1}}, {5, practice.Tally{Total: 2, Answered: 2, Correct: 1}}, {6, practice.Tally{Total: 1, Answered: 1, Correct: 1}}},
		Abilities: []practice.AbilityTally{
			{exam.DetailsShort, practice.Tally{Total: 1}},
			{exam.Vocabulary, practice.Tally{Total: 1, Answered: 1}},
			{exam.Grammar, practice.Tally{Total: 2, Answered: 2, Correct: 2}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
