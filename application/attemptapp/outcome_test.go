package attemptapp_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/ports"
)

func TestTheQuestionsGiveNothingAwayAndTheReviewShowsAll(t *testing.T) {
	r := enter(t)
	v := r.begin(attempt.PracticeMode)
	sheet, err := r.questions.Execute(t.Context(), r.learner, v.ID, 0)
	r.must(err)
	shown, err := json.Marshal(sheet)
	r.must(err)
	if strings.Contains(strings.ToUpper(string(shown)), "CANARY") {
		t.Errorf("the questions give a secret away: %s", shown)
	}
	_, err = r.review.Execute(t.Context(), r.learner, v.ID, 0)
	r.wants(err, attempt.ErrNotSubmitted)
	_, err = r.submit.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	reviewed, err := r.review.Execute(t.Context(), r.learner, v.ID, 0)
	r.must(err)
	all, err := json.Marshal(reviewed)
	r.must(err)
	for _, canary := range []string{"CANARY-DESCRIPTION-1", "CANARY-TRANSCRIPT", "CANARY-EXPLANATION", "CANARY-RATIONALE"} {
		if !strings.Contains(string(all), canary) {
			t.Errorf("the review lacks %s", canary)
		}
	}
	for _, item := range reviewed.Items {
		if (item.Part.Section() == exam.Listening) != (len(item.Transcript) > 0) {
			t.Errorf("question %d of part %d has %d turns of transcript", item.Number, item.Part, len(item.Transcript))
		}
	}
}

func TestTheReviewOfAnOldAttemptIsLockedDuringTheNextExam(t *testing.T) {
	r := enter(t)
	old := r.begin(attempt.PracticeMode)
	_, err := r.submit.Execute(t.Context(), r.learner, old.ID)
	r.must(err)
	next := r.begin(attempt.ExamMode)
	_, err = r.review.Execute(t.Context(), r.learner, old.ID, 0)
	r.wants(err, attempt.ErrReviewLocked)
	if _, err := r.result.Execute(t.Context(), r.learner, old.ID); err != nil {
		t.Errorf("the result, which gives no key away, is locked too: %v", err)
	}
	_, err = r.submit.Execute(t.Context(), r.learner, next.ID)
	r.must(err)
	if _, err := r.review.Execute(t.Context(), r.learner, old.ID, 0); err != nil {
		t.Errorf("the review stays locked: %v", err)
	}
}

func TestPracticeOfSomePartsShowsAndScoresThoseAlone(t *testing.T) {
	r := enter(t)
	v := r.begin(attempt.PracticeMode, exam.IncompleteSentences, exam.TextCompletion)
	sheet, err := r.questions.Execute(t.Context(), r.learner, v.ID, 0)
	r.must(err)
	var parts []exam.Part
	var items []int
	for _, g := range sheet.Groups {
		parts = append(parts, g.Part)
		for _, q := range g.Questions {
			items = append(items, q.Number)
		}
	}
	if slices.Min(parts) != exam.IncompleteSentences || slices.Max(parts) != exam.TextCompletion {
		t.Errorf("parts %v are shown", parts)
	}
	_, err = r.put(v.ID, 1, 'A', 1)
	r.wants(err, attempt.ErrAnswersDenied)
	if _, err = r.put(v.ID, 1, 'A', items...); err != nil {
		t.Fatal(err)
	}
	res, err := r.submit.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	reading := res.Sections[exam.Reading]
	if reading.Items != len(items) || reading.Scaled != nil || res.Total != nil || len(res.Sections) != 1 {
		t.Errorf("result %+v", res)
	}
	review, err := r.review.Execute(t.Context(), r.learner, v.ID, exam.TextCompletion)
	r.must(err)
	for _, item := range review.Items {
		if item.Part != exam.TextCompletion {
			t.Errorf("part %d in the review of part 6", item.Part)
		}
	}
}

func TestNothingOfARefusedBatchIsStored(t *testing.T) {
	r := enter(t)
	v := r.begin(attempt.PracticeMode)
	_, err := r.put(v.ID, 1, 'A', 1, 2, 999)
	r.wants(err, attempt.ErrAnswersDenied)
	got, err := r.get.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	if got.Answered != 0 {
		t.Errorf("%d answers of a refused batch were stored", got.Answered)
	}
}

func TestAnAbandonedAttemptHasNoResultAndLeavesRoomForAnother(t *testing.T) {
	r := enter(t)
	v := r.begin(attempt.ExamMode)
	_, err := r.start.Execute(t.Context(), attemptapp.StartCommand{User: r.learner, Exam: r.exam.ExamID, Mode: attempt.ExamMode})
	r.wants(err, attempt.ErrAlreadyOpen)
	for range 2 { // again, it changes nothing
		got, err := r.abandon.Execute(t.Context(), r.learner, v.ID)
		r.must(err)
		if got.Status != attempt.Abandoned || got.Section != "" || got.SectionDeadline != nil {
			t.Errorf("abandoned: %+v", got)
		}
	}
	_, err = r.submit.Execute(t.Context(), r.learner, v.ID)
	r.wants(err, attempt.ErrAbandoned)
	_, err = r.result.Execute(t.Context(), r.learner, v.ID)
	r.wants(err, attempt.ErrAbandoned)
	r.begin(attempt.ExamMode)
}

func TestStoredResultsFollowFromStoredAnswers(t *testing.T) {
	r := enter(t)
	v := r.begin(attempt.PracticeMode)
	if _, err := r.put(v.ID, 1, 'A', 1, 2, 3); err != nil {
		t.Fatal(err)
	}
	_, err := r.submit.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	open := r.begin(attempt.PracticeMode)
	r.wants(r.rescore.Execute(t.Context(), open.ID, func(attemptapp.Rescored) error { return nil }), attempt.ErrNotSubmitted)

	check := func(same bool) {
		t.Helper()
		seen := 0
		r.must(r.rescore.Execute(t.Context(), uuid.Nil, func(got attemptapp.Rescored) error {
			seen++
			if got.Same() != same {
				t.Errorf("same = %v: %s", got.Same(), cmp.Diff(got.Stored, got.Computed))
			}
			return nil
		}))
		if seen != 1 {
			t.Errorf("%d attempts were scored again, want 1", seen)
		}
	}
	check(true)
	// Break the promise on purpose: an answer that changes behind the result's back is found.
	r.must(r.store.AnswerSheets().Do(t.Context(), func(ctx context.Context, repos ports.AnswerRepos) error {
		held, err := repos.Sheets.Hold(ctx, []uuid.UUID{v.ID})
		if err != nil {
			return err
		}
		return repos.Sheets.Store(ctx, []ports.SheetChange{{
			Attempt: held[v.ID], Answers: []attempt.Answer{{Number: 1, Choice: examtest.Key(exam.Photographs, 1), Seq: 2, At: noon}},
		}})
	}))
	check(false)
}

// Whatever a network does to a client's requests, the sheet is the one that the client meant.
func TestAnyOrderOfRepeatedBatchesGivesTheSameSheet(t *testing.T) {
	r := enter(t)
	rapid.Check(t, func(rt *rapid.T) {
		v := r.begin(attempt.PracticeMode)
		defer func() {
			if _, err := r.abandon.Execute(t.Context(), r.learner, v.ID); err != nil {
				rt.Fatal(err)
			}
		}()
		history := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) attempt.Answer {
			return attempt.Answer{Number: rapid.IntRange(1, 5).Draw(rt, "item"), Choice: exam.Label(rapid.IntRange(0, 2).Draw(rt, "choice"))}
		}), 1, 20).Draw(rt, "history")
		want := attempt.Sheet{}
		for i := range history { // the client counts up
			history[i].Seq = int64(i + 1)
			want[history[i].Number] = history[i]
		}
		sent := slices.Concat(history, rapid.SliceOfN(rapid.SampledFrom(history), 0, 10).Draw(rt, "repeated"))
		sent = rapid.Permutation(sent).Draw(rt, "order")
		for len(sent) > 0 {
			n := rapid.IntRange(1, len(sent)).Draw(rt, "batch")
			_, err := r.hand(t.Context(), attemptapp.AnswerCommand{User: r.learner, Attempt: v.ID, Answers: sent[:n]})
			if err != nil {
				rt.Fatal(err)
			}
			sent = sent[n:]
		}
		got, err := r.store.AttemptReads().Sheet(t.Context(), v.ID)
		if err != nil {
			rt.Fatal(err)
		}
		for number, a := range got {
			a.At, a.Position = want[number].At, 0
			got[number] = a
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("the sheet differs: %s", diff)
		}
	})
}
