package porttest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/itemstat"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

func statisticsTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"EveryTakerOfAFormIsReadOnce":               takersOnce,
		"ManyTakersWhoFinishAtOnceAreAllRead":       takersAtOnce,
		"AFormIsARevisionAndItsCorrections":         formsAndCorrections,
		"StatisticsComeBackAsTheyWereStored":        statisticsRoundTrip,
		"TheProgressOfAFormTellsWhatIsNew":          formProgress,
		"WorkThatIsOrderedTwiceBeforeItIsDoneIsOne": onceJobs,
	}
}

// sit stores an attempt that ended in some way, with answers.
func (f *fixture) sit(form exam.Summary, mode attempt.Mode, end func(*attempt.Attempt) (bool, error), given ...attempt.Answer) *attempt.Attempt {
	f.Helper()
	a := f.start(f.user().ID, form, mode)
	if len(given) > 0 {
		f.must(f.store.AnswerSheets().Do(f.ctx, func(ctx context.Context, r ports.AnswerRepos) error {
			return store(ctx, r, []ports.SheetChange{{Attempt: a, Answers: slices.Clone(given)}})
		}))
	}
	if end != nil {
		_, err := end(a)
		f.must(err)
		f.must(f.save(a))
	}
	return a
}

// read returns what every taker of a form answered, as text.
func (f *fixture) read(form exam.Summary) []string {
	f.Helper()
	var out []string
	f.must(f.store.Takers().Each(f.ctx, form.ExamID, form.FormID(), func(taken exam.Outline, given []itemstat.Response) error {
		slices.SortFunc(given, func(a, b itemstat.Response) int { return a.Number - b.Number })
		line := fmt.Sprint(taken.Count(""))
		for _, r := range given {
			line += fmt.Sprintf(" %d%s/%d", r.Number, r.Choice, r.Elapsed)
		}
		out = append(out, line)
		return nil
	}))
	return out
}

func takersOnce(f *fixture) {
	form, other := f.exam(), f.exam()
	submit := func(a *attempt.Attempt) (bool, error) { return a.Submit(noon.Add(time.Minute)) }
	expire := func(a *attempt.Attempt) (bool, error) { return a.Submit(noon.Add(24 * time.Hour)) }
	abandon := func(a *attempt.Attempt) (bool, error) { return a.Abandon(noon) }
	answers := []attempt.Answer{{Number: 22, Choice: 'D', Seq: 1, At: noon}, {Number: 1, Seq: 2, Elapsed: 1500, At: noon}, {Number: 7, Choice: 'A', Seq: 3, Elapsed: 7, At: noon}}
	f.sit(form, attempt.ExamMode, expire, answers[0])
	f.sit(form, attempt.ExamMode, submit, answers...)
	f.sit(form, attempt.ExamMode, submit)
	f.sit(form, attempt.ExamMode, nil, answers...)
	f.sit(form, attempt.ExamMode, abandon, answers...)
	f.sit(form, attempt.PracticeMode, submit, answers...)
	f.sit(other, attempt.ExamMode, submit, answers[2])
	got := f.read(form)
	slices.Sort(got)
	f.equal("sheets", got, []string{"22", "22 1/1500 7A/7 22D/0", "22 22D/0"})
	f.equal("of the other exam", f.read(other), []string{"22 7A/7"})
	stop := fmt.Errorf("enough")
	f.wants(f.store.Takers().Each(f.ctx, form.ExamID, form.FormID(), func(exam.Outline, []itemstat.Response) error { return stop }), stop)
}

func takersAtOnce(f *fixture) {
	const many = 403 // more than any page
	form, u := f.exam(), f.user().ID
	var changes []ports.SheetChange
	f.must(f.attempts(func(ctx context.Context, r ports.AttemptRepos) error {
		changes = nil
		for i := range many {
			a, err := attempt.Start(f.id(), u, form, attempt.Terms{Mode: attempt.ExamMode}, noon)
			if err != nil {
				return err
			}
			if _, err := a.Submit(noon.Add(time.Minute)); err != nil {
				return err
			}
			if err := r.Attempts.Add(ctx, a); err != nil {
				return err
			}
			answer := attempt.Answer{Number: 1, Choice: 'A', Seq: 1, Elapsed: int64(i), At: noon}
			changes = append(changes, ports.SheetChange{Attempt: a, Answers: []attempt.Answer{answer}})
		}
		return nil
	}))
	f.must(f.store.AnswerSheets().Do(f.ctx, func(ctx context.Context, r ports.AnswerRepos) error { return store(ctx, r, changes) }))
	got := f.read(form)
	slices.Sort(got)
	f.equal("sheets", []int{len(got), len(slices.Compact(got))}, []int{many, many})
}

// correct publishes a correction of the key of the first question.
func (f *fixture) correct(form exam.Summary, number int) exam.Summary {
	f.Helper()
	changed := examtest.Mini()
	changed.Slug = form.Slug
	changed.Parts[0].Groups[0].Questions[0].Key = "D"
	r, encoded := f.revision(changed, number, form.ExamID)
	r.Corrects, r.PublishedAt = form.FormID(), noon.Add(time.Hour)
	f.must(f.publish(func(ctx context.Context, p ports.Publication) error { return p.Publish(ctx, r, encoded) }))
	return r.Summary
}

func formsAndCorrections(f *fixture) {
	form := f.exam()
	submit := func(a *attempt.Attempt) (bool, error) { return a.Submit(noon) }
	f.sit(form, attempt.ExamMode, submit, attempt.Answer{Number: 1, Choice: 'A', Seq: 1, At: noon})
	corrected := f.correct(form, 2)
	f.sit(corrected, attempt.ExamMode, submit, attempt.Answer{Number: 1, Choice: 'B', Seq: 1, At: noon})
	got := f.read(corrected)
	slices.Sort(got)
	f.equal("sheets of both revisions", got, []string{"22 1A/0", "22 1B/0"})
	newest, err := f.store.Takers().Newest(f.ctx, form.FormID())
	f.must(err)
	f.equal("the revision in force", newest, corrected.RevisionID)
	_, err = f.store.Takers().Newest(f.ctx, f.id())
	f.wants(err, exam.ErrNotFound)
}

// statisticsOf makes statistics of a form that so many took.
func (f *fixture) statisticsOf(form exam.Summary, takers int, at time.Time) itemstat.Statistics {
	f.Helper()
	revision, err := f.store.Revisions().Revision(f.ctx, form.RevisionID)
	f.must(err)
	items, err := itemstat.Items(*revision)
	f.must(err)
	sample := itemstat.NewSample(items)
	for i := range takers {
		sample.Add(form.Outline, []itemstat.Response{{Number: 1, Choice: exam.Label(i % 3), Elapsed: int64(i)}})
	}
	return itemstat.Statistics{
		Form: form.FormID(), Exam: form.ExamID, Revision: form.RevisionID, Takers: takers, ComputedAt: at, Report: sample.Report(),
	}
}

func statisticsRoundTrip(f *fixture) {
	form, store := f.exam(), f.store.Statistics()
	_, err := store.OfForm(f.ctx, form.FormID())
	f.wants(err, itemstat.ErrNotComputed)
	want := f.statisticsOf(form, 40, noon)
	for _, s := range []itemstat.Statistics{f.statisticsOf(form, 3, noon.Add(-time.Hour)), want, f.statisticsOf(form, 5, noon.Add(-time.Microsecond))} {
		f.must(store.Put(f.ctx, s))
	}
	got, err := store.OfForm(f.ctx, form.FormID())
	f.must(err)
	f.equal("statistics, the youngest of three", got, want)
	second := examtest.Mini()
	second.Slug = form.Slug
	second.Parts[0].Groups[0].Questions[0].Options[0].Text = "Another option"
	r, encoded := f.revision(second, 2, form.ExamID)
	f.must(f.publish(func(ctx context.Context, p ports.Publication) error { return p.Publish(ctx, r, encoded) }))
	younger := f.statisticsOf(r.Summary, 1, noon)
	f.must(store.Put(f.ctx, younger))
	all, err := store.OfExam(f.ctx, form.ExamID)
	f.must(err)
	f.equal("all of the exam", all, []itemstat.Statistics{younger, want})
	none, err := store.OfExam(f.ctx, f.exam().ExamID)
	f.must(err)
	f.equal("of another exam", len(none), 0)
}

func formProgress(f *fixture) {
	form, untouched := f.exam(), f.exam()
	progress := func(id uuid.UUID) []itemstat.Progress {
		f.Helper()
		got, err := f.store.Takers().Progress(f.ctx, id)
		f.must(err)
		for i := range got {
			if at := got[i].ComputedAt; at != nil {
				f.equal("computed", *at, noon)
				got[i].ComputedAt = nil
			}
		}
		return got
	}
	f.equal("before anybody took it", len(progress(uuid.Nil)), 0)
	submit := func(a *attempt.Attempt) (bool, error) { return a.Submit(noon) }
	f.sit(form, attempt.ExamMode, submit)
	f.sit(form, attempt.PracticeMode, submit)
	f.sit(form, attempt.ExamMode, nil)
	want := itemstat.Progress{Form: form.FormID(), Exam: form.ExamID, Scored: 1, CorrectedAt: noon}
	f.equal("one taker", progress(uuid.Nil), []itemstat.Progress{want})
	f.must(f.store.Statistics().Put(f.ctx, f.statisticsOf(form, 7, noon)))
	corrected := f.correct(form, 2)
	f.sit(corrected, attempt.ExamMode, submit)
	want.Scored, want.Takers, want.CorrectedAt = 2, 7, noon.Add(time.Hour)
	f.equal("after a correction", progress(form.ExamID), []itemstat.Progress{want})
	f.equal("another exam", len(progress(untouched.ExamID)), 0)
}

func onceJobs(f *fixture) {
	order := func(name string) {
		f.Helper()
		j := job.New(f.id(), job.ItemStatistics, []byte("{}"), noon, noon).OnlyOnce(name)
		f.must(f.attempts(func(ctx context.Context, r ports.AttemptRepos) error { _, err := r.Jobs.Add(ctx, j); return err }))
	}
	order("one")
	order("one")
	order("two")
	byName := map[string]job.Job{}
	for _, j := range f.take(noon, 10) {
		byName[j.Once] = j
	}
	f.equal("names", slices.Sorted(maps.Keys(byName)), []string{"one", "two"})
	order("one")
	f.equal("while it is being done", len(f.take(noon, 10)), 0)
	f.must(f.store.Queue().Done(f.ctx, byName["one"], noon))
	order("one")
	f.equal("once it is done", len(f.take(noon, 10)), 1)
}
