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

// take hands in a batch on an empty sheet.
func take(a *attempt.Attempt, now time.Time, batch ...attempt.Answer) (attempt.Sheet, attempt.Taken, error) {
	sheet := attempt.Sheet{}
	taken, err := a.Take(sheet, batch, now)
	return sheet, taken, err
}

func TestABatchIsTakenInItemOrderWithTheServersTime(t *testing.T) {
	a := start(t, fullForm(), attempt.PracticeMode)
	before := a.Snapshot()
	now, made := noon.Add(time.Minute), noon.Add(-time.Hour)
	sheet, taken, err := take(a, now,
		attempt.Answer{Number: 200, Choice: 'D', Seq: 1, Elapsed: 1500, At: made, MadeAt: &made}, choose(1, exam.NoChoice, 3), choose(7, 'C', attempt.MaxSeq))
	if err != nil {
		t.Fatal(err)
	}
	want := attempt.Sheet{
		1:   {Number: 1, Seq: 3, At: now, Position: 1},
		7:   {Number: 7, Choice: 'C', Seq: attempt.MaxSeq, At: now, Position: 2},
		200: {Number: 200, Choice: 'D', Seq: 1, Elapsed: 1500, At: now, MadeAt: &made, Position: 3},
	}
	if diff := cmp.Diff(want, sheet); diff != "" {
		t.Error(diff)
	}
	wantTaken := attempt.Taken{Accepted: 3, Changes: []attempt.Change{
		{Answer: want[1], Outcome: attempt.Applied}, {Answer: want[7], Outcome: attempt.Applied}, {Answer: want[200], Outcome: attempt.Applied},
	}}
	if diff := cmp.Diff(wantTaken, taken); diff != "" {
		t.Error(diff)
	}
	before.Answered, before.Position = 2, 3
	if diff := cmp.Diff(before, a.Snapshot()); diff != "" {
		t.Errorf("an answer changed more than the progress of the attempt:\n%s", diff)
	}
}

func TestAnEmptyBatchTakesNothing(t *testing.T) {
	sheet, taken, err := take(start(t, fullForm(), attempt.ExamMode), noon)
	if err != nil || len(sheet) != 0 || taken.Accepted+taken.Ignored+taken.Late+len(taken.Changes) != 0 {
		t.Errorf("%v, %+v, %v", sheet, taken, err)
	}
}

func TestTheHighestSeqOfAnItemWinsInsideABatchAndTheLogHasThemAll(t *testing.T) {
	changes := []attempt.Answer{choose(1, 'A', 5), choose(1, 'B', 9), choose(1, exam.NoChoice, 7), choose(1, 'B', 9)}
	rapid.Check(t, func(t *rapid.T) {
		batch := rapid.Permutation(changes).Draw(t, "order")
		sheet, taken, err := take(start(t, fullForm(), attempt.ExamMode), noon, batch...)
		if err != nil || len(sheet) != 1 || sheet[1].Choice != 'B' || sheet[1].Seq != 9 || taken.Accepted != 1 || taken.Ignored != 3 {
			t.Fatalf("%+v, %+v, %v", sheet, taken, err)
		}
		var story []string
		for _, c := range taken.Changes {
			story = append(story, fmt.Sprintf("%q to %q", c.Replaced.String(), c.Choice.String()))
		}
		if diff := cmp.Diff([]string{`"" to "A"`, `"A" to ""`, `"" to "B"`}, story); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestEveryBadAnswerOfABatchIsNamedAndNoneIsStored(t *testing.T) {
	a := start(t, fullForm(), attempt.ExamMode)
	sheet, taken, err := take(a, noon, []attempt.Answer{
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
	}...)
	if len(sheet)+len(taken.Changes) != 0 || !errors.Is(err, attempt.ErrAnswersDenied) {
		t.Errorf("%v, %+v, %v", sheet, taken, err)
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
		sheet, _, err := take(start(t, fullForm(), attempt.ExamMode), noon, batch...)
		if len(sheet) != 0 || !errors.Is(err, attempt.ErrAnswersDenied) {
			t.Fatalf("%v, %v", sheet, err)
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
		_, _, err := take(a, noon, choose(n, 'A', 1))
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
			_, _, err := take(a, noon, choose(span.First, c, 1))
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
		listening, _, _ := take(a, now, choose(100, 'A', 1))
		reading, _, _ := take(a, now, choose(101, 'A', 1))
		if (len(listening) == 1) != tc.listening || (len(reading) == 1) != tc.reading {
			t.Errorf("%+v: Listening %v, Reading %v", tc, listening, reading)
		}
	}
}

func TestAnExamOfListeningAloneTakesAnswersUntilItsDeadlineAndGrace(t *testing.T) {
	a := start(t, formOf(exam.Talks), attempt.ExamMode)
	end := *a.Snapshot().DeadlineAt
	if _, _, err := take(a, end.Add(attempt.Grace-tick), choose(1, 'A', 1)); err != nil {
		t.Error(err)
	}
	if _, _, err := take(a, end.Add(attempt.Grace), choose(1, 'A', 1)); !errors.Is(err, attempt.ErrClosed) {
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
		if sheet, taken, err := take(a, noon, choose(1, 'A', 1)); len(sheet)+len(taken.Changes) != 0 || !errors.Is(err, attempt.ErrClosed) {
			t.Errorf("%s: %v, %+v, %v", name, sheet, taken, err)
		}
	}
}

func TestLateAnswersAreLoggedAndKeepNothingElseFromBeingTaken(t *testing.T) {
	a := start(t, fullForm(), attempt.ExamMode)
	now := noon.Add(listeningTime + attempt.Grace)
	sheet, taken, err := take(a, now, choose(100, 'A', 1), choose(101, 'B', 1), choose(3, 'C', 2))
	if err != nil || len(sheet) != 1 || sheet[101].Choice != 'B' || taken.Accepted != 1 || taken.Late != 2 || taken.Ignored != 0 {
		t.Fatalf("%v, %+v, %v", sheet, taken, err)
	}
	var outcomes []attempt.Outcome
	for _, c := range taken.Changes {
		outcomes = append(outcomes, c.Outcome)
	}
	if diff := cmp.Diff([]attempt.Outcome{attempt.Late, attempt.Late, attempt.Applied}, outcomes); diff != "" {
		t.Error(diff)
	}
}

func TestWhatComesWhenTimeIsUpIsLoggedForADay(t *testing.T) {
	a := start(t, fullForm(), attempt.ExamMode)
	end := *a.Snapshot().DeadlineAt
	for after, want := range map[time.Duration]int{attempt.Grace: 1, 24*time.Hour - tick: 1, 24 * time.Hour: 0} {
		sheet, taken, err := take(a, end.Add(after), choose(101, 'A', 1))
		if len(sheet) != 0 || len(taken.Changes) != want || !errors.Is(err, attempt.ErrClosed) {
			t.Errorf("after %s: %v, %+v, %v", after, sheet, taken, err)
		}
	}
	if answered, position := a.Progress(); answered != 0 || position != 0 {
		t.Errorf("late answers moved the progress to %d, %d", answered, position)
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
		logged := map[[2]int64]bool{}
		for _, ans := range done { // in order, once: the later change replaces the earlier
			want[ans.Number] = ans
			logged[[2]int64{int64(ans.Number), ans.Seq}] = true
		}
		doubled := append(slices.Clone(done), rapid.SliceOfN(rapid.SampledFrom(append(done, choose(1, 'A', 0))), 0, 5).Draw(t, "duplicates")...)
		doubled = slices.DeleteFunc(doubled, func(a attempt.Answer) bool { return a.Seq == 0 })

		a, got := start(t, fullForm(), attempt.PracticeMode), attempt.Sheet{}
		now, accepted := noon, 0
		for _, batch := range batches(t, rapid.Permutation(doubled).Draw(t, "order")) {
			for i := range batch { // a client's clock may be hours off, in either direction
				made := noon.Add(time.Duration(rapid.Int64Range(-1e13, 1e13).Draw(t, "skew")))
				batch[i].MadeAt = &made
			}
			now = now.Add(time.Minute)
			taken, err := a.Take(got, batch, now)
			if err != nil || taken.Accepted+taken.Ignored != len(batch) || taken.Late != 0 {
				t.Fatalf("%+v, %v", taken, err)
			}
			accepted += taken.Accepted
			for _, c := range taken.Changes {
				delete(logged, [2]int64{int64(c.Number), c.Seq})
			}
		}
		onlyWhatWasChosen := cmp.FilterPath(func(p cmp.Path) bool {
			return slices.Contains([]string{"At", "MadeAt", "Position"}, p.Last().String()[min(1, len(p.Last().String())):])
		}, cmp.Ignore())
		if diff := cmp.Diff(want, got, onlyWhatWasChosen); diff != "" {
			t.Fatal(diff)
		}
		if answered, position := a.Progress(); answered != got.Answered() || position < int64(len(got)) || accepted < len(got) {
			t.Fatalf("%d answered of %v, position %d, %d accepted", answered, got, position, accepted)
		}
		if len(logged) != 0 {
			t.Fatalf("the log lacks %v", logged)
		}
	})
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
