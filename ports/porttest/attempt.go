package porttest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

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
		"TheHighestSeqWinsInAnyOrder":                  highestSeq,
		"TheHighestSeqWinsAmongWritersAtOnce":          highestSeqAtOnce,
		"AFullBatchIsOneWrite":                         fullBatch,
		"NoAnswerIsStoredOnceTheAttemptIsClosed":       closedMeansClosed,
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
		_, err := r.Attempts.ForAnswers(ctx, f.id())
		f.wants(err, attempt.ErrNotFound)
		_, err = r.Attempts.ForChange(ctx, f.id())
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

func (f *fixture) put(id uuid.UUID, batch []attempt.Answer) (n int, err error) {
	err = f.attempts(func(ctx context.Context, r ports.AttemptRepos) error {
		n, err = r.Answers.Put(ctx, id, batch)
		return err
	})
	return n, err
}

func highestSeq(f *fixture) {
	form := f.exam()
	u := f.user().ID
	rapid.Check(f.T, func(rt *rapid.T) {
		a := f.start(u, form, attempt.PracticeMode)
		id := a.Snapshot().ID
		want := attempt.Sheet{}
		for range rapid.IntRange(1, 8).Draw(rt, "batches") {
			batch := map[int]attempt.Answer{}
			for range rapid.IntRange(0, 6).Draw(rt, "answers") {
				n := rapid.IntRange(1, 6).Draw(rt, "item")
				batch[n] = attempt.Answer{
					Number: n, Choice: rapid.SampledFrom([]exam.Choice{exam.NoChoice, 'A', 'B', 'C'}).Draw(rt, "choice"),
					Seq: rapid.Int64Range(1, 12).Draw(rt, "seq"), Elapsed: rapid.Int64Range(0, attempt.MaxElapsed).Draw(rt, "elapsed"), At: noon,
				}
			}
			list := slices.Collect(maps.Values(batch))
			taken := want.Merge(list)
			n, err := f.put(id, list)
			if err != nil || n != taken {
				rt.Fatalf("stored %d of %v, want %d, error %v", n, list, taken, err)
			}
		}
		got, err := f.store.AttemptReads().Sheet(f.ctx, id)
		if err != nil || !maps.Equal(got, want) {
			rt.Fatalf("sheet %v, want %v, error %v", got, want, err)
		}
		view, err := f.store.AttemptReads().Attempt(f.ctx, id)
		if err != nil || view.Answered != want.Answered() {
			rt.Fatalf("%d answered, want %d, error %v", view.Answered, want.Answered(), err)
		}
		if _, err := a.Abandon(noon); err != nil {
			rt.Fatal(err)
		}
		if err := f.save(a); err != nil {
			rt.Fatal(err)
		}
	})
}

func highestSeqAtOnce(f *fixture) {
	id := f.start(f.user().ID, f.exam(), attempt.PracticeMode).Snapshot().ID
	const writers, items = 16, 5
	total := 0
	accepted := make([]int, writers)
	f.together(writers, func(i int) bool {
		var batch []attempt.Answer
		for n := items; n > 0; n-- { // all in one order, as Accept gives them, would hide a deadlock
			batch = append(batch, attempt.Answer{Number: n, Choice: 'A', Seq: int64(i + 1), At: noon})
		}
		if i%2 == 0 {
			slices.Reverse(batch)
		}
		var err error
		if accepted[i], err = f.put(id, batch); err != nil {
			f.Error(err)
		}
		return true
	})
	for _, n := range accepted {
		total += n
	}
	sheet, err := f.store.AttemptReads().Sheet(f.ctx, id)
	f.must(err)
	for n, a := range sheet {
		if a.Seq != writers {
			f.Errorf("item %d has seq %d", n, a.Seq)
		}
	}
	if len(sheet) != items || total < items || total > writers*items {
		f.Errorf("%d items, %d accepted", len(sheet), total)
	}
}

func fullBatch(f *fixture) {
	id := f.start(f.user().ID, f.exam(), attempt.PracticeMode).Snapshot().ID
	batch := make([]attempt.Answer, attempt.MaxBatch)
	for i := range batch {
		batch[i] = attempt.Answer{Number: i + 1, Choice: 'D', Seq: attempt.MaxSeq, Elapsed: attempt.MaxElapsed, At: noon}
	}
	n, err := f.put(id, batch)
	f.must(err)
	f.equal("stored", n, len(batch))
	n, err = f.put(id, batch)
	f.must(err)
	f.equal("stored again", n, 0)
	n, err = f.put(id, nil)
	f.must(err)
	f.equal("stored of nothing", n, 0)
}

// closedMeansClosed: whoever holds an attempt for answers and whoever closes it exclude each other.
func closedMeansClosed(f *fixture) {
	id := f.start(f.user().ID, f.exam(), attempt.PracticeMode).Snapshot().ID
	var atClose attempt.Sheet
	f.together(17, func(i int) bool {
		if i == 8 {
			f.must(f.attempts(func(ctx context.Context, r ports.AttemptRepos) error {
				a, err := r.Attempts.ForChange(ctx, id)
				f.must(err)
				_, err = a.Submit(noon)
				f.must(err)
				atClose, err = r.Answers.Sheet(ctx, id)
				f.must(err)
				return r.Attempts.Save(ctx, a)
			}))
			return true
		}
		err := f.attempts(func(ctx context.Context, r ports.AttemptRepos) error {
			a, err := r.Attempts.ForAnswers(ctx, id)
			if err != nil {
				return err
			}
			batch, err := a.Accept([]attempt.Answer{{Number: i%7 + 1, Choice: 'A', Seq: int64(i + 1)}}, noon)
			if err != nil {
				return err
			}
			_, err = r.Answers.Put(ctx, id, batch)
			return err
		})
		if err != nil && !errors.Is(err, attempt.ErrClosed) {
			f.Error(err)
		}
		return err == nil
	})
	after, err := f.store.AttemptReads().Sheet(f.ctx, id)
	f.must(err)
	if !maps.Equal(atClose, after) {
		f.Errorf("the sheet changed after it was closed: %v, then %v", atClose, after)
	}
}

func resultOnce(f *fixture) {
	id := f.start(f.user().ID, f.exam(), attempt.PracticeMode).Snapshot().ID
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
		return f.attempts(func(ctx context.Context, r ports.AttemptRepos) error { return r.Results.Add(ctx, id, want, noon) })
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
