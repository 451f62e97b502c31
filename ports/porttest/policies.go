package porttest

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

func policyTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"AnExamWithoutRulesHasTheUsualOnes":          usualPolicy,
		"RulesComeBackAsTheyWereStored":              policyRoundTrip,
		"OfManyWhoSetTheFirstRulesAtOnceOneSucceeds": firstPolicies,
		"RulesDecidedOnOldOnesAreNotStored":          stalePolicy,
	}
}

func (f *fixture) policy(fn func(context.Context, ports.PolicyDesk) error) error {
	return f.store.PolicyWork().Do(f.ctx, func(ctx context.Context, r ports.PolicyRepos) error { return fn(ctx, r.Policies) })
}

// change makes rules anew and stores them.
func (f *fixture) change(id uuid.UUID, review exam.ReviewRules, device exam.DeviceRule, closes *time.Time) (exam.Policy, error) {
	f.Helper()
	var out exam.Policy
	err := f.policy(func(ctx context.Context, d ports.PolicyDesk) error {
		before, err := d.ForChange(ctx, id)
		if err != nil {
			return err
		}
		if out, err = before.Changed(review, device, closes, noon); err != nil {
			return err
		}
		return d.Save(ctx, out)
	})
	return out, err
}

func usualPolicy(f *fixture) {
	id := f.id()
	got, err := f.store.Policies().Policy(f.ctx, id)
	f.must(err)
	f.equal("rules", got, exam.DefaultPolicy(id))
	f.must(f.policy(func(ctx context.Context, d ports.PolicyDesk) error {
		got, err := d.ForChange(ctx, id)
		f.equal("rules for change", got, exam.DefaultPolicy(id))
		return err
	}))
}

func policyRoundTrip(f *fixture) {
	id, closes := f.exam().ExamID, noon.Add(time.Hour).In(time.FixedZone("east", 9*3600))
	review := exam.ReviewRules{During: exam.Visible{Transcript: true, Others: true}, AfterSubmit: exam.Visible{Score: true, ChoiceMarks: true}, AfterClose: exam.Everything()}
	for _, at := range []*time.Time{&closes, nil} {
		want, err := f.change(id, review, exam.RefuseMore, at)
		f.must(err)
		got, err := f.store.Policies().Policy(f.ctx, id)
		f.must(err)
		f.equal("rules", got, want)
	}
	other, err := f.store.Policies().Policy(f.ctx, f.exam().ExamID)
	f.must(err)
	f.equal("version of another exam's", other.Version, 1)
}

func firstPolicies(f *fixture) {
	id := f.exam().ExamID
	first := exam.DefaultPolicy(id)
	next, err := first.Changed(exam.ReviewRules{}, exam.AnyDevice, nil, noon)
	f.must(err)
	won := f.together(8, func(int) bool {
		err := f.policy(func(ctx context.Context, d ports.PolicyDesk) error { return d.Save(ctx, next) })
		if err != nil && !errors.Is(err, ports.ErrStale) {
			f.Error(err)
		}
		return err == nil
	})
	f.equal("first rules", won, 1)
}

func stalePolicy(f *fixture) {
	id := f.exam().ExamID
	old, err := f.change(id, exam.ReviewRules{}, exam.AnyDevice, nil)
	f.must(err)
	_, err = f.change(id, exam.ReviewRules{}, exam.TakeOver, nil)
	f.must(err)
	late, err := old.Changed(exam.ReviewRules{}, exam.RefuseMore, nil, noon)
	f.must(err)
	f.wants(f.policy(func(ctx context.Context, d ports.PolicyDesk) error { return d.Save(ctx, late) }), ports.ErrStale)
	got, err := f.store.Policies().Policy(f.ctx, id)
	f.must(err)
	f.equal("rules in force", got.Device, exam.TakeOver)
}
