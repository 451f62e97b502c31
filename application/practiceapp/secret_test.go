package practiceapp_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/toeic-app/toeic/application/practiceapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ports"
)

// hide lets the exam show nothing of scored attempts before it closes, other than what is said here.
func (r *study) hide(but exam.Visible, closes time.Time) {
	r.t.Helper()
	r.must(r.store.PolicyWork().Do(r.t.Context(), func(ctx context.Context, repos ports.PolicyRepos) error {
		p, err := repos.Policies.ForChange(ctx, r.exam.ExamID)
		if err != nil {
			return err
		}
		rules := exam.ReviewRules{AfterSubmit: but, AfterClose: exam.Everything()}
		if p, err = p.Changed(rules, exam.TakeOver, &closes, noon); err != nil {
			return err
		}
		return repos.Policies.Save(ctx, p)
	}))
}

func TestNothingIsToldAboutAnExamWhoseRulesHideIt(t *testing.T) {
	r := enter(t)
	before := r.draw(practice.Immediate, 3)
	closes := noon.AddDate(0, 0, 7)
	r.hide(exam.Visible{Score: true}, closes)
	_, err := r.put(before, choose(1, 'A', 1))
	r.wants(err, attempt.ErrReviewLocked)
	_, err = r.create.Execute(t.Context(), practiceapp.CreateCommand{
		User: r.learner, Feedback: practice.Final, Criteria: practice.Criteria{Count: 3, Pool: practice.AnyQuestion},
	})
	r.wants(err, practice.ErrNothingMatches)
	r.clock.now = closes // when the exam is closed, its rules show everything
	_, err = r.put(before, choose(1, 'A', 1))
	r.must(err)
}

// What is counted of an attempt whose score is withheld would tell its raw score, by part, by ability and by question.
func TestWhatIsCountedDoesNotTellAScoreThatIsWithheld(t *testing.T) {
	r := enter(t)
	closes := noon.AddDate(0, 0, 7)
	r.hide(exam.Visible{}, closes)
	counted, err := r.count.Attempt(t.Context(), r.submitted(5))
	r.must(err)
	if !counted {
		t.Fatal("the attempt was not counted")
	}
	told := func() string {
		t.Helper()
		got, err := r.export.Execute(t.Context(), r.learner)
		r.must(err)
		text, err := json.Marshal(got)
		r.must(err)
		return string(text)
	}
	if got := r.stats(); got != [3]int{} {
		t.Errorf("answers, right, in book: %v", got)
	}
	if text := told(); strings.Count(text, `"wrong":null,`) != 22 || strings.Count(text, `"in_book_since":null`) != 22 {
		t.Errorf("the export tells what was right: %s", text)
	}
	r.clock.now = closes
	if got := r.stats(); got != [3]int{22, 5, 17} {
		t.Errorf("once it is shown: answers, right, in book: %v", got)
	}
	if n := strings.Count(told(), `"wrong":1,`); n != 17 {
		t.Errorf("once it is shown: %d wrong answers, want 17", n)
	}
}
