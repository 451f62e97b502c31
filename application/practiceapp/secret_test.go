package practiceapp_test

import (
	"context"
	"testing"

	"github.com/toeic-app/toeic/application/practiceapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ports"
)

func TestNothingIsToldAboutAnExamWhoseRulesHideIt(t *testing.T) {
	r := enter(t)
	before := r.draw(practice.Immediate, 3)
	closes := noon.AddDate(0, 0, 7)
	r.must(r.store.PolicyWork().Do(t.Context(), func(ctx context.Context, repos ports.PolicyRepos) error {
		p, err := repos.Policies.ForChange(ctx, r.exam.ExamID)
		if err != nil {
			return err
		}
		rules := exam.ReviewRules{AfterSubmit: exam.Visible{Score: true}, AfterClose: exam.Everything()}
		if p, err = p.Changed(rules, exam.TakeOver, &closes, noon); err != nil {
			return err
		}
		return repos.Policies.Save(ctx, p)
	}))
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
