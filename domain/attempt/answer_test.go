package attempt_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/score"
)

func choose(n int, c exam.Choice, seq int64) attempt.Answer {
	return attempt.Answer{Number: n, Choice: c, Seq: seq}
}

func TestABatchIsReturnedInItemOrderWithTheServersTime(t *testing.T) {
	a := start(t, fullForm(), attempt.PracticeMode)
	before := a.Snapshot()
	now := noon.Add(time.Minute)
	got, err := a.Accept([]attempt.Answer{
		{Number: 200, Choice: 'D', Seq: 1, Elapsed: 1500, At: noon.Add(-time.Hour)}, choose(1, exam.NoChoice, 3), choose(7, 'C', attempt.MaxSeq),
	}, now)
	if err != nil {
		t.Fatal(err)
	}
	want := []attempt.Answer{
		{Number: 1, Seq: 3, At: now}, {Number: 7, Choice: 'C', Seq: attempt.MaxSeq, At: now}, {Number: 200, Choice: 'D', Seq: 1, Elapsed: 1500, At: now},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, a.Snapshot()); diff != "" {
		t.Errorf("an answer changed the attempt itself:\n%s", diff)
	}
}

func TestAnEmptyBatchStoresNothing(t *testing.T) {
	got, err := start(t, fullForm(), attempt.ExamMode).Accept(nil, noon)
	if err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestTheHighestSeqOfAnItemWinsInsideABatch(t *testing.T) {
	changes := []attempt.Answer{choose(1, 'A', 5), choose(1, 'B', 9), choose(1, exam.NoChoice, 7), choose(1, 'B', 9)}
	rapid.Check(t, func(t *rapid.T) {
		batch := rapid.Permutation(changes).Draw(t, "order")
		got, err := start(t, fullForm(), attempt.ExamMode).Accept(batch, noon)
		if err != nil || len(got) != 1 || got[0].Choice != 'B' || got[0].Seq != 9 {
			t.Fatalf("%+v, %v", got, err)
		}
	})
}

func TestEveryBadAnswerOfABatchIsNamedAndNoneIsStored(t *testing.T) {
	a := start(t, fullForm(), attempt.ExamMode)
	got, err := a.Accept([]attempt.Answer{
		choose(1, 'A', 1),
		choose(0, 'A', 1),
		choose(201, 'A', 1),
		choose(101, 'A', 1),
		choose(7, 'D', 1),
		choose(2, 'E', 1),
		choose(2, '@', 1),
		choose(3, 'A', 0),
		choose(3, 'A', attempt.MaxSeq+1),
		{Number: 4, Seq: 1, Elapsed: -1},
		{Number: 4, Seq: 1, Elapsed: attempt.MaxElapsed + 1},
		choose(1, 'B', 1),
		{Number: 5, Choice: 'D', Seq: attempt.MaxSeq, Elapsed: attempt.MaxElapsed},
	}, noon)
	if got != nil || !errors.Is(err, attempt.ErrAnswersDenied) {
		t.Errorf("%v, %v", got, err)
	}
	want := []string{
		"answers[1].number not_in_attempt", "answers[2].number not_in_attempt", "answers[3].number not_in_section",
		"answers[4].choice not_an_option", "answers[5].choice not_an_option", "answers[6].choice not_an_option",
		"answers[7].seq range", "answers[8].seq range", "answers[9].elapsed_ms range", "answers[10].elapsed_ms range",
		"answers[11].seq seq_reused",
	}
	if diff := cmp.Diff(want, fieldCodes(err)); diff != "" {
		t.Error(diff)
	}
}

func TestTwoChoicesUnderOneSeqAreRefusedInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		batch := rapid.Permutation([]attempt.Answer{choose(1, 'A', 5), choose(1, 'B', 5), choose(1, 'C', 7), choose(2, 'B', 5)}).Draw(t, "order")
		got, err := start(t, fullForm(), attempt.ExamMode).Accept(batch, noon)
		if got != nil || !errors.Is(err, attempt.ErrAnswersDenied) {
			t.Fatalf("%v, %v", got, err)
		}
		last := 0
		for i, a := range batch {
			if a.Number == 1 && a.Seq == 5 {
				last = i
			}
		}
		if diff := cmp.Diff([]string{fmt.Sprintf("answers[%d].seq seq_reused", last)}, fieldCodes(err)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestOnlyItemsOfTheTakenPartsAreAccepted(t *testing.T) {
	a := start(t, fullForm(), attempt.PracticeMode, exam.QuestionResponse, exam.ReadingComprehension)
	for n := range exam.MaxNumber + 2 {
		_, err := a.Accept([]attempt.Answer{choose(n, 'A', 1)}, noon)
		taken := (n >= 7 && n <= 31) || (n >= 147 && n <= 200)
		if (err == nil) != taken {
			t.Errorf("item %d: %v", n, err)
		}
	}
}

func TestAnItemHasExactlyTheOptionsOfItsPart(t *testing.T) {
	form := fullForm()
	a := start(t, form, attempt.PracticeMode)
	for _, span := range form.Outline {
		for b := range 256 {
			c := exam.Choice(b)
			_, err := a.Accept([]attempt.Answer{choose(span.First, c, 1)}, noon)
			option := c == exam.NoChoice || (c >= 'A' && int(c) < 'A'+span.Part.Options())
			if (err == nil) != option {
				t.Errorf("part %d, choice %q: %v", span.Part, c, err)
			}
		}
	}
}

func TestEachSectionTakesItsOwnAnswersAndListeningAGraceLonger(t *testing.T) {
	end := listeningTime + readingTime
	for _, tc := range []struct {
		after              time.Duration
		advanced           bool
		listening, reading bool
	}{
		{after: 0, listening: true},
		{after: listeningTime - tick, listening: true},
		{after: listeningTime, listening: true, reading: true},
		{after: listeningTime + attempt.Grace - tick, listening: true, reading: true},
		{after: listeningTime + attempt.Grace, reading: true},
		{after: end, reading: true},
		{after: end + attempt.Grace - tick, reading: true},
		{after: end + attempt.Grace},
		{after: 0, advanced: true, reading: true},
		{after: attempt.Grace - tick, advanced: true, reading: true},
		{after: listeningTime, advanced: true, reading: true},
		{after: readingTime + attempt.Grace - tick, advanced: true, reading: true},
		{after: readingTime + attempt.Grace, advanced: true},
	} {
		a := start(t, fullForm(), attempt.ExamMode)
		if tc.advanced {
			if err := a.Advance(noon); err != nil {
				t.Fatal(err)
			}
		}
		now := noon.Add(tc.after)
		_, listening := a.Accept([]attempt.Answer{choose(100, 'A', 1)}, now)
		_, reading := a.Accept([]attempt.Answer{choose(101, 'A', 1)}, now)
		if (listening == nil) != tc.listening || (reading == nil) != tc.reading {
			t.Errorf("%+v: Listening %v, Reading %v", tc, listening, reading)
		}
	}
}

func TestAnExamOfListeningAloneTakesAnswersUntilItsDeadlineAndGrace(t *testing.T) {
	a := start(t, formOf(exam.Talks), attempt.ExamMode)
	end := *a.Snapshot().DeadlineAt
	if _, err := a.Accept([]attempt.Answer{choose(1, 'A', 1)}, end.Add(attempt.Grace-tick)); err != nil {
		t.Error(err)
	}
	if _, err := a.Accept([]attempt.Answer{choose(1, 'A', 1)}, end.Add(attempt.Grace)); !errors.Is(err, attempt.ErrClosed) {
		t.Error(err)
	}
}

func TestAClosedAttemptTakesNoAnswers(t *testing.T) {
	for name, end := range map[string]func(*attempt.Attempt, time.Time) (bool, error){
		"submitted": (*attempt.Attempt).Submit, "abandoned": (*attempt.Attempt).Abandon,
	} {
		a := start(t, fullForm(), attempt.PracticeMode)
		if _, err := end(a, noon); err != nil {
			t.Fatal(err)
		}
		if got, err := a.Accept([]attempt.Answer{choose(1, 'A', 1)}, noon); got != nil || !errors.Is(err, attempt.ErrClosed) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// history draws what a learner did on a few items: the changes of each, counted up by the client.
func history(t *rapid.T) []attempt.Answer {
	var out []attempt.Answer
	for _, n := range []int{1, 7, 32, 101, 200} {
		seq := int64(0)
		for range rapid.IntRange(0, 6).Draw(t, "changes") {
			seq += rapid.Int64Range(1, 3).Draw(t, "step")
			out = append(out, attempt.Answer{
				Number: n, Seq: seq, Choice: rapid.SampledFrom([]exam.Choice{exam.NoChoice, 'A', 'B', 'C'}).Draw(t, "choice"), Elapsed: 100 * seq,
			})
		}
	}
	return out
}

// batches cuts answers into requests, sends some again because their reply was lost, and shuffles all.
func batches(t *rapid.T, answers []attempt.Answer) [][]attempt.Answer {
	var sent [][]attempt.Answer
	for rest := answers; len(rest) > 0; {
		n := rapid.IntRange(1, len(rest)).Draw(t, "size")
		sent = append(sent, rest[:n])
		rest = rest[n:]
	}
	if len(sent) > 0 {
		again := rapid.SliceOfN(rapid.SampledFrom(sent), 0, 4).Draw(t, "again")
		sent = append(sent, again...)
	}
	return rapid.Permutation(sent).Draw(t, "arrival")
}

func TestHoweverAnswersArriveTheSheetIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		done := history(t)
		want := attempt.Sheet{}
		for _, ans := range done { // in order, once: the later change replaces the earlier
			ans.At = noon
			want[ans.Number] = ans
		}
		doubled := append(slices.Clone(done), rapid.SliceOfN(rapid.SampledFrom(append(done, choose(1, 'A', 0))), 0, 5).Draw(t, "duplicates")...)
		doubled = slices.DeleteFunc(doubled, func(a attempt.Answer) bool { return a.Seq == 0 })

		a, got := start(t, fullForm(), attempt.PracticeMode), attempt.Sheet{}
		for _, batch := range batches(t, rapid.Permutation(doubled).Draw(t, "order")) {
			accepted, err := a.Accept(batch, noon)
			if err != nil {
				t.Fatal(err)
			}
			got.Merge(accepted)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestMergingReportsHowManyAnswersWereNew(t *testing.T) {
	s := attempt.Sheet{1: choose(1, 'A', 5)}
	for _, tc := range []struct {
		batch []attempt.Answer
		want  int
	}{
		{nil, 0},
		{[]attempt.Answer{choose(1, 'B', 4), choose(1, 'B', 5)}, 0},
		{[]attempt.Answer{choose(1, 'C', 6), choose(2, 'A', 1)}, 2},
		{[]attempt.Answer{choose(1, 'C', 6), choose(2, 'A', 1)}, 0},
	} {
		if got := s.Merge(tc.batch); got != tc.want {
			t.Errorf("%+v: %d", tc.batch, got)
		}
	}
	if diff := cmp.Diff(attempt.Sheet{1: choose(1, 'C', 6), 2: choose(2, 'A', 1)}, s); diff != "" {
		t.Error(diff)
	}
}

func TestAClearedItemIsNotAnswered(t *testing.T) {
	s := attempt.Sheet{1: choose(1, 'A', 1), 2: choose(2, exam.NoChoice, 2), 3: choose(3, 'C', 9)}
	if got := s.Answered(); got != 2 {
		t.Errorf("answered = %d", got)
	}
}

func TestBlanksAndItemsOfPartsNotTakenEarnNothing(t *testing.T) {
	form := examtest.Mini()
	a := start(t, exam.Summary{Outline: form.Outline()}, attempt.PracticeMode, exam.QuestionResponse, exam.IncompleteSentences)
	sheet := attempt.Sheet{
		1:  choose(1, examtest.Key(1, 1), 1), // right, but part 1 is not taken
		2:  choose(2, examtest.Key(2, 2), 1),
		3:  choose(3, exam.NoChoice, 2),
		10: choose(10, examtest.Key(5, 11), 1), // the key of its neighbour
	}
	want := []score.Mark{
		{Part: 2, Ability: exam.DetailsShort, Correct: true},
		{Part: 2, Ability: exam.DetailsShort},
		{Part: 5, Ability: exam.LocateDetail},
		{Part: 5, Ability: exam.LocateDetail},
	}
	if diff := cmp.Diff(want, a.Marks(form, sheet)); diff != "" {
		t.Error(diff)
	}
}
