package practiceapp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/toeic-app/toeic/application/practiceapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ports"
)

func TestWithImmediateFeedbackTheFirstAnswerIsJudgedAtOnceAndStays(t *testing.T) {
	r := enter(t)
	v := r.draw(practice.Immediate, 4, exam.QuestionResponse, exam.IncompleteSentences)
	first, err := r.put(v, choose(1, key(v, 1), 1), choose(2, wrong(v, 2), 1))
	r.must(err)
	if first.Accepted != 2 || first.Ignored != 0 || first.Answered != 2 || len(first.Feedback) != 2 {
		t.Fatalf("%+v", first)
	}
	one, two := first.Feedback[0], first.Feedback[1]
	if !one.Correct || !one.Counted || one.Question.Key != key(v, 1).String() || len(one.Transcript) == 0 || two.Correct || !two.Counted {
		t.Errorf("%+v\n%+v", one, two)
	}
	again, err := r.put(v, choose(1, key(v, 1), 1), choose(2, wrong(v, 2), 1))
	r.must(err)
	if diff := cmp.Diff(first.Feedback, again.Feedback); diff != "" || again.Accepted != 0 || again.Ignored != 2 {
		t.Errorf("the same again: %+v\n%s", again, diff)
	}
	changed, err := r.put(v, choose(2, key(v, 2), 2), choose(3, exam.NoChoice, 1))
	r.must(err)
	if len(changed.Feedback) != 1 || changed.Feedback[0].Correct || changed.Feedback[0].Counted || changed.Ignored != 2 {
		t.Errorf("another answer when the key is known: %+v", changed)
	}
	if got := r.stats(); got != [3]int{2, 1, 1} {
		t.Errorf("answers, right, in book: %v", got)
	}
	reviewed, err := r.review.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	if len(reviewed) != 2 {
		t.Errorf("the review of an open set has %d questions", len(reviewed))
	}
	out, err := r.finish.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	if out.Summary.Tally != (practice.Tally{Total: 4, Answered: 2, Correct: 1}) || r.stats() != [3]int{2, 1, 1} {
		t.Errorf("%+v, %v", out.Summary, r.stats())
	}
}

func TestWithFinalFeedbackNothingIsToldOrCountedBeforeTheEnd(t *testing.T) {
	r := enter(t)
	v := r.draw(practice.Final, 4, exam.QuestionResponse, exam.IncompleteSentences)
	got, err := r.put(v, choose(1, wrong(v, 1), 1), choose(2, wrong(v, 2), 1), choose(3, key(v, 3), 1))
	r.must(err)
	if len(got.Feedback) != 0 || r.stats() != [3]int{} {
		t.Errorf("%+v, %v", got, r.stats())
	}
	_, err = r.review.Execute(t.Context(), r.learner, v.ID)
	r.wants(err, practice.ErrNotFinished)
	_, err = r.put(v, choose(1, key(v, 1), 2), choose(3, exam.NoChoice, 2), choose(2, wrong(v, 2), 1))
	r.must(err)
	first, err := r.finish.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	r.clock.advance(48 * time.Hour)
	again, err := r.finish.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
	if first.Summary.Tally != (practice.Tally{Total: 4, Answered: 2, Correct: 1}) || first.Answered != 2 || first.Status != practice.Finished {
		t.Errorf("%+v", first)
	}
	if got := r.stats(); got != [3]int{2, 1, 1} {
		t.Errorf("answers, right, in book: %v", got)
	}
	_, err = r.put(v, choose(4, 'A', 1))
	r.wants(err, practice.ErrFinished)
	reviewed, err := r.review.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	if len(reviewed) != 4 || !reviewed[0].Correct || reviewed[3].Correct {
		t.Errorf("%+v", reviewed)
	}
}

func TestTheBookGivesUpAQuestionThatIsAnsweredRightOnTwoDays(t *testing.T) {
	r := enter(t)
	v := r.draw(practice.Immediate, 2, exam.IncompleteSentences)
	_, err := r.put(v, choose(1, wrong(v, 1), 1), choose(2, wrong(v, 2), 1))
	r.must(err)
	r.clock.advance(time.Hour)
	for day := range 2 {
		set := r.drawFrom(practice.WrongBefore, practice.Immediate, 1)
		for range 2 { // twice a day is one day
			_, err = r.put(set, choose(1, key(set, 1), 1))
			r.must(err)
		}
		book := r.inBook()
		if day == 0 && (len(book) != 2 || r.stats()[2] != 2) {
			t.Fatalf("after one day: %+v", book)
		}
		if day == 0 { // the other one is due, and therefore comes first
			next := r.drawFrom(practice.WrongBefore, practice.Immediate, 1)
			if next.Items[0].Question == set.Items[0].Question {
				t.Error("what was answered right today is drawn before what was not")
			}
			if i := slices.IndexFunc(book, func(b practiceapp.BookItem) bool { return b.ID == set.Items[0].Question }); book[i].Due || book[i].RightDays != 1 || book[1-i].RightDays != 0 || !book[1-i].Due {
				t.Errorf("%+v", book)
			}
			_, err = r.put(next, choose(1, key(next, 1), 1))
			r.must(err)
		}
		r.clock.advance(24 * time.Hour)
	}
	if book := r.inBook(); len(book) != 1 {
		t.Errorf("after two days: %+v", book)
	}
}

func TestASetIsFoundByItsLearnerAlone(t *testing.T) {
	r := enter(t)
	v := r.draw(practice.Immediate, 3)
	ctx := t.Context()
	for name, do := range map[string]func() error{
		"get":       func() error { _, err := r.get.Execute(ctx, r.other, v.ID); return err },
		"questions": func() error { _, err := r.questions.Execute(ctx, r.other, v.ID); return err },
		"answer": func() error {
			_, err := r.answer.Execute(ctx, practiceapp.AnswerCommand{User: r.other, Set: v.ID, Answers: []practice.Answer{choose(1, 'A', 1)}})
			return err
		},
		"finish": func() error { _, err := r.finish.Execute(ctx, r.other, v.ID); return err },
		"review": func() error { _, err := r.review.Execute(ctx, r.other, v.ID); return err },
	} {
		if err := do(); !errors.Is(err, practice.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	theirs, err := r.list.Execute(ctx, r.other, ports.Page{Limit: 10})
	r.must(err)
	mine, err := r.list.Execute(ctx, r.learner, ports.Page{Limit: 10})
	r.must(err)
	if len(theirs.Items) != 0 || len(mine.Items) != 1 || mine.Items[0].Answered != 0 || mine.Items[0].Status != practice.Open {
		t.Errorf("%+v, %+v", theirs, mine)
	}
}

func TestTheQuestionsGiveNothingAwayAndAreNumberedThroughTheSet(t *testing.T) {
	r := enter(t)
	v := r.draw(practice.Final, 100)
	if len(v.Items) != 22 {
		t.Fatalf("%d questions of 22", len(v.Items))
	}
	sheet, err := r.questions.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	shown, err := json.Marshal(sheet)
	r.must(err)
	if strings.Contains(strings.ToUpper(string(shown)), "CANARY") {
		t.Errorf("the questions give a secret away: %s", shown)
	}
	next := 1
	for _, g := range sheet.Groups {
		for _, q := range g.Questions {
			if q.Number != next || len(q.Options) != g.Part.Options() || (g.Part.Printed() == (q.Options[0] == "")) {
				t.Errorf("question %d of group %s: %+v", next, g.ID, q)
			}
			if g.Part == exam.TextCompletion && strings.Count(g.Stimuli[0].Text, fmt.Sprintf("[[%d]]", next)) != 1 {
				t.Errorf("the text of group %s has no blank %d: %s", g.ID, next, g.Stimuli[0].Text)
			}
			next++
		}
	}
	if next != 23 {
		t.Errorf("%d questions are shown", next-1)
	}
	_, err = r.finish.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	items, err := r.review.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	all, err := json.Marshal(items)
	r.must(err)
	for _, canary := range []string{"CANARY-DESCRIPTION-1", "CANARY-TRANSCRIPT", "CANARY-EXPLANATION", "CANARY-RATIONALE", "CANARY-SPOKEN"} {
		if !strings.Contains(string(all), canary) {
			t.Errorf("the review lacks %s", canary)
		}
	}
}

// open starts an attempt of the learner.
func (r *study) open(mode attempt.Mode, form exam.Summary) *attempt.Attempt {
	r.t.Helper()
	a, err := attempt.Start(ids{}.New(), r.learner, form, attempt.Terms{Mode: mode}, r.clock.Now())
	r.must(err)
	r.must(r.store.Attempts().Do(r.t.Context(), func(ctx context.Context, repos ports.AttemptRepos) error { return repos.Attempts.Add(ctx, a) }))
	return a
}

// end closes an attempt in some way and stores it.
func (r *study) end(a *attempt.Attempt, how func(*attempt.Attempt, time.Time) (bool, error)) {
	r.t.Helper()
	r.must(r.store.Attempts().Do(r.t.Context(), func(ctx context.Context, repos ports.AttemptRepos) error {
		stored, err := repos.Attempts.ForChange(ctx, a.Snapshot().ID)
		if err != nil {
			return err
		}
		if _, err := how(stored, r.clock.Now()); err != nil {
			return err
		}
		return repos.Attempts.Save(ctx, stored)
	}))
}

func TestNothingIsToldAboutAnExamThatIsBeingTaken(t *testing.T) {
	r := enter(t)
	immediate, final, done := r.draw(practice.Immediate, 3), r.draw(practice.Final, 3), r.draw(practice.Immediate, 3)
	_, err := r.put(immediate, choose(1, wrong(immediate, 1), 1))
	r.must(err)
	_, err = r.finish.Execute(t.Context(), r.learner, done.ID)
	r.must(err)
	before := r.stats()
	a := r.open(attempt.ExamMode, r.exam)

	locked := func(err error) {
		t.Helper()
		r.wants(err, attempt.ErrReviewLocked)
	}
	_, err = r.put(immediate, choose(1, wrong(immediate, 1), 1)) // also what was told before
	locked(err)
	_, err = r.put(immediate, choose(2, 'A', 1))
	locked(err)
	for _, v := range []ports.PracticeView{immediate, final, done} {
		_, err = r.finish.Execute(t.Context(), r.learner, v.ID)
		locked(err)
	}
	for _, v := range []ports.PracticeView{immediate, done} {
		_, err = r.review.Execute(t.Context(), r.learner, v.ID)
		locked(err)
	}
	got, err := r.put(final, choose(1, 'A', 1)) // which tells nothing
	r.must(err)
	if got.Accepted != 1 || len(got.Feedback) != 0 {
		t.Errorf("%+v", got)
	}
	if book := r.inBook(); len(book) != 0 {
		t.Errorf("the book shows %+v", book)
	}
	_, err = r.create.Execute(t.Context(), practiceapp.CreateCommand{
		User: r.learner, Feedback: practice.Final, Criteria: practice.Criteria{Count: 5, Pool: practice.AnyQuestion},
	})
	r.wants(err, practice.ErrNothingMatches)
	second := r.publish("second")
	for _, item := range r.draw(practice.Final, 100).Items {
		if item.Exam != second.ExamID {
			t.Fatal("a question of the exam that is being taken was drawn")
		}
	}
	if after := r.stats(); after != before {
		t.Errorf("the progress went from %v to %v", before, after)
	}

	r.end(a, (*attempt.Attempt).Submit)
	if book := r.inBook(); len(book) != 1 {
		t.Errorf("afterwards the book shows %+v", book)
	}
	_, err = r.put(immediate, choose(2, 'A', 1))
	r.must(err)
	_, err = r.finish.Execute(t.Context(), r.learner, final.ID)
	r.must(err)
	_, err = r.review.Execute(t.Context(), r.learner, done.ID)
	r.must(err)
}

func TestAnAttemptInPracticeModeLocksNothing(t *testing.T) {
	r := enter(t)
	v := r.draw(practice.Immediate, 3)
	r.open(attempt.PracticeMode, r.exam)
	_, err := r.put(v, choose(1, 'A', 1))
	r.must(err)
}

func TestOneAnswerSentManyTimesAtOnceCountsOnce(t *testing.T) {
	r := enter(t)
	v := r.draw(practice.Immediate, 3)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := r.put(v, choose(1, wrong(v, 1), 1)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := r.stats(); got != [3]int{1, 0, 1} {
		t.Errorf("answers, right, in book: %v", got)
	}
}

func TestTheExportHoldsSetsAndHistories(t *testing.T) {
	r := enter(t)
	v := r.draw(practice.Immediate, 3)
	_, err := r.put(v, choose(1, wrong(v, 1), 1))
	r.must(err)
	got, err := r.export.Execute(t.Context(), r.learner)
	r.must(err)
	text, err := json.Marshal(got)
	r.must(err)
	for _, want := range []string{v.ID.String(), v.Items[0].Question.String(), `"choice":"` + wrong(v, 1).String() + `"`, `"wrong":1`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the export lacks %s: %s", want, text)
		}
	}
	nothing, err := r.export.Execute(t.Context(), r.other)
	r.must(err)
	if text, _ := json.Marshal(nothing); string(text) != `{"sets":[],"questions":[]}` {
		t.Errorf("the other's export: %s", text)
	}
}
