package porttest

import (
	"context"
	"errors"
	"time"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

func attemptTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"AnAttemptComesBackAsItWasStored":              attemptRoundTrip,
		"OfManyAttemptsOfOneLearnerOnOneExamOneIsOpen": oneOpen,
		"AStaleAttemptIsNotStored":                     staleAttempt,
		"AResultIsStoredOnceAndComesBackWhole":         resultOnce,
	}
}

func attemptRoundTrip(f *fixture) {
	form := f.exam()
	u := f.user().ID
	a := f.start(u, form, attempt.ExamMode)
	got, err := f.store.AttemptReads().Snapshot(f.ctx, a.Snapshot().ID)
	f.must(err)
	f.equal("attempt", plain(got), plain(a.Snapshot()))
	f.must(a.Advance(noon.Add(time.Minute)))
	_, err = a.Submit(noon.Add(2 * time.Minute))
	f.must(err)
	// Advance and Submit are two changes: each has to be stored for the versions to follow.
	f.wants(f.save(a), ports.ErrStale)
	b := f.start(f.user().ID, form, attempt.PracticeMode)
	_, err = b.Submit(noon.Add(time.Minute))
	f.must(err)
	f.must(f.save(b))
	view, err := f.store.AttemptReads().Attempt(f.ctx, b.Snapshot().ID)
	f.must(err)
	f.equal("closed attempt", plain(view.Snapshot), plain(b.Snapshot()))
	f.equal("revision and answers", []int{view.Revision, view.Answered}, []int{1, 0})
	_, err = f.store.AttemptReads().Attempt(f.ctx, f.id())
	f.wants(err, attempt.ErrNotFound)
	_, err = f.store.AttemptReads().Snapshot(f.ctx, f.id())
	f.wants(err, attempt.ErrNotFound)
	f.must(f.attempts(func(ctx context.Context, r ports.AttemptRepos) error {
		_, err := r.Attempts.ForChange(ctx, f.id())
		f.wants(err, attempt.ErrNotFound)
		return nil
	}))
}

// plain replaces pointers by what they point to.
func plain(s attempt.Snapshot) any {
	value := func(t *time.Time) any {
		if t == nil {
			return nil
		}
		return *t
	}
	times := []any{value(s.AdvancedAt), value(s.DeadlineAt), value(s.ClosedAt), value(s.PausedAt)}
	s.AdvancedAt, s.DeadlineAt, s.ClosedAt, s.PausedAt = nil, nil, nil, nil
	return []any{s, times}
}

func (f *fixture) save(a *attempt.Attempt) error {
	return f.attempts(func(ctx context.Context, r ports.AttemptRepos) error { return r.Attempts.Save(ctx, a) })
}

func oneOpen(f *fixture) {
	form, other, u := f.exam(), f.exam(), f.user().ID
	won := f.together(20, func(int) bool {
		a, err := attempt.Start(f.id(), u, form, attempt.Terms{Mode: attempt.ExamMode}, noon)
		if err == nil {
			err = f.add(a)
		}
		if err != nil && !errors.Is(err, attempt.ErrAlreadyOpen) {
			f.Error(err)
		}
		return err == nil
	})
	f.equal("open attempts", won, 1)
	f.start(u, other, attempt.ExamMode)
	f.start(f.user().ID, form, attempt.ExamMode)
	open, err := f.store.AttemptReads().List(f.ctx, ports.AttemptFilter{User: u, Exam: form.ExamID}, ports.Page{Limit: 10})
	f.must(err)
	a := attempt.Restore(open.Items[0].Snapshot)
	_, err = a.Abandon(noon)
	f.must(err)
	f.must(f.save(a))
	f.start(u, form, attempt.PracticeMode)
}

func staleAttempt(f *fixture) {
	a := f.start(f.user().ID, f.exam(), attempt.PracticeMode)
	id := a.Snapshot().ID
	won := f.together(10, func(int) bool {
		var changed bool
		err := f.attempts(func(ctx context.Context, r ports.AttemptRepos) error {
			a, err := r.Attempts.ForChange(ctx, id)
			if err != nil {
				return err
			}
			if changed, err = a.Submit(noon); err != nil || !changed {
				return err
			}
			return r.Attempts.Save(ctx, a)
		})
		if err != nil {
			f.Error(err)
		}
		return changed
	})
	f.equal("submissions that changed something", won, 1)
	_, err := a.Submit(noon) // from before all that
	f.must(err)
	f.wants(f.save(a), ports.ErrStale)
}

func resultOnce(f *fixture) {
	e := f.exam()
	id := f.start(f.user().ID, e, attempt.PracticeMode).Snapshot().ID
	_, err := f.store.AttemptReads().Result(f.ctx, id)
	f.wants(err, attempt.ErrNotSubmitted)
	form, err := f.store.AttemptReads().Snapshot(f.ctx, id)
	f.must(err)
	var marks []score.Mark
	for _, span := range form.Taken {
		for range span.Count {
			marks = append(marks, score.Mark{Part: span.Part, Ability: exam.GistShort, Correct: len(marks)%2 == 0})
		}
	}
	want := score.Compute(table("circulated-a-1"), form.Taken, marks)
	add := func() error {
		return f.attempts(func(ctx context.Context, r ports.AttemptRepos) error {
			return r.Results.Add(ctx, ports.NewResult{Attempt: id, Exam: e.ExamID, Result: want, Keys: e.RevisionID, Current: e.RevisionID, At: noon})
		})
	}
	f.must(add())
	if add() == nil {
		f.Error("an attempt has two results")
	}
	got, err := f.store.AttemptReads().Result(f.ctx, id)
	f.must(err)
	f.equal("total", *got.Total, *want.Total)
	for _, s := range exam.Sections() {
		f.equal(string(s), *got.Sections[s].Scaled, *want.Sections[s].Scaled)
	}
	f.equal("the rest", []any{got.Version, got.Parts, got.Abilities}, []any{want.Version, want.Parts, want.Abilities})
}
