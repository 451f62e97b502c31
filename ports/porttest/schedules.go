package porttest

import (
	"context"
	"time"

	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

func scheduleTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"PlanningAgainOnlyBringsForward":      planning,
		"OneOfManyProcessesBeginsARun":        beginning,
		"ARunBeginsInItsTimeUnlessUrgent":     waiting,
		"ARunWhoseProcessDiedIsBegunAgain":    beginningAgain,
		"WhatIsBroughtForwardStaysSo":         bringingForward,
		"ARunThatIsGivenUpIsAnybodys":         givingUp,
		"ARunTellsHowItEnded":                 ending,
		"WhoLostARunSaysNothingAboutTheNext":  losingRuns,
		"AScheduleKeepsOneRowHoweverOftenRun": recurring,
	}
}

func (f *fixture) plan(first time.Time) {
	f.Helper()
	f.must(f.store.Schedules().Plan(f.ctx, "sweep", first, first.Add(time.Hour)))
}

func (f *fixture) begin(at time.Time, urgent bool) (job.Schedule, bool) {
	f.Helper()
	s, begun, err := f.store.Schedules().Claim(f.ctx, "sweep", at, at.Add(lease), urgent)
	f.must(err)
	return s, begun
}

func (f *fixture) planned() job.Schedule {
	f.Helper()
	all, err := f.store.Schedules().All(f.ctx)
	f.must(err)
	f.equal("schedules", len(all), 1)
	return all[0]
}

func planning(f *fixture) {
	f.together(8, func(int) bool { f.plan(noon); return true })
	f.equal("planned", f.planned(), job.Schedule{Name: "sweep", NextAt: noon})
	f.plan(noon.Add(-30 * time.Minute))
	f.equal("again", f.planned().NextAt, noon)
	f.plan(noon.Add(-2 * time.Hour)) // its rhythm has become faster
	f.equal("brought forward", f.planned().NextAt, noon.Add(-time.Hour))
}

func beginning(f *fixture) {
	f.plan(noon)
	won := f.together(8, func(int) bool { _, begun := f.begin(noon, false); return begun })
	f.equal("processes that began", won, 1)
	f.equal("runs", f.planned().Runs, int64(1))
	_, begun, err := f.store.Schedules().Claim(f.ctx, "nothing", noon, noon.Add(lease), true)
	f.must(err)
	f.equal("what was not planned", begun, false)
}

func waiting(f *fixture) {
	f.plan(noon)
	if _, begun := f.begin(noon.Add(-time.Microsecond), false); begun {
		f.Error("it began too early")
	}
	s, begun := f.begin(noon.Add(-time.Microsecond), true)
	f.equal("urgent", begun, true)
	f.equal("begun", []any{s.Name, s.Runs, *s.BeganAt, *s.LeasedUntil, s.NextAt},
		[]any{"sweep", int64(1), noon.Add(-time.Microsecond), noon.Add(lease - time.Microsecond), noon})
	if _, begun := f.begin(noon, true); begun {
		f.Error("it began twice at the same time")
	}
}

func beginningAgain(f *fixture) {
	f.plan(noon)
	s, _ := f.begin(noon, false)
	f.must(f.store.Schedules().Extend(f.ctx, s, noon.Add(2*lease)))
	if _, begun := f.begin(noon.Add(2*lease-time.Microsecond), false); begun {
		f.Error("it began within the lease")
	}
	again, begun := f.begin(noon.Add(2*lease), false)
	f.equal("after the lease", []any{begun, again.Runs}, []any{true, int64(2)})
	f.wants(f.store.Schedules().Extend(f.ctx, s, noon.Add(9*lease)), job.ErrLeaseLost)
}

func bringingForward(f *fixture) {
	f.plan(noon)
	bring := func(name string, at time.Time) (s job.Schedule, err error) {
		err = f.desk(func(ctx context.Context, r ports.JobRepos) (err error) {
			s, err = r.Schedules.BringForward(ctx, name, at)
			return err
		})
		return s, err
	}
	run, _ := f.begin(noon, false)
	before, err := bring("sweep", noon.Add(time.Second))
	f.must(err)
	f.equal("before", before.NextAt, noon)
	f.must(f.store.Schedules().Finish(f.ctx, run, noon, noon.Add(24*time.Hour), ""))
	f.equal("after the run that was under way", f.planned().NextAt, noon.Add(time.Second))
	_, err = bring("nothing", noon)
	f.wants(err, job.ErrNoSchedule)
}

func givingUp(f *fixture) {
	f.plan(noon)
	run, _ := f.begin(noon, false)
	f.must(f.store.Schedules().Release(f.ctx, run))
	if _, begun := f.begin(noon, false); !begun {
		f.Error("nobody may begin it")
	}
}

func ending(f *fixture) {
	f.plan(noon)
	run, _ := f.begin(noon, false)
	f.must(f.store.Schedules().Finish(f.ctx, run, noon.Add(time.Second), noon.Add(time.Minute), ""))
	at := noon.Add(time.Second)
	f.equal("well", f.planned(), job.Schedule{Name: "sweep", NextAt: noon.Add(time.Minute), BeganAt: &run.NextAt, SucceededAt: &at, Runs: 1})
	run, _ = f.begin(noon.Add(time.Minute), false)
	f.must(f.store.Schedules().Finish(f.ctx, run, noon.Add(2*time.Minute), noon.Add(3*time.Minute), "no room"))
	s := f.planned()
	f.equal("badly", []any{s.LastError, *s.SucceededAt, s.NextAt, s.LeasedUntil == nil}, []any{"no room", at, noon.Add(3 * time.Minute), true})
}

func losingRuns(f *fixture) {
	f.plan(noon)
	slow, _ := f.begin(noon, false)
	f.begin(noon.Add(lease), false)
	f.must(f.store.Schedules().Finish(f.ctx, slow, noon, noon.Add(time.Hour), "too slow"))
	f.must(f.store.Schedules().Release(f.ctx, slow))
	s := f.planned()
	f.equal("of the other", []any{s.LastError, s.NextAt, s.LeasedUntil != nil}, []any{"", noon, true})
}

func recurring(f *fixture) {
	f.plan(noon)
	for i := range 20 {
		at := noon.Add(time.Duration(i) * time.Minute)
		run, begun := f.begin(at, false)
		f.equal("begun", begun, true)
		f.must(f.store.Schedules().Finish(f.ctx, run, at, at.Add(time.Minute), ""))
	}
	f.equal("runs", f.planned().Runs, int64(20))
}
