package porttest

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

func answerTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"TheHighestSeqWinsInAnyOrder":                     highestSeq,
		"NothingIsLostAmongWritersAtOnce":                 writersAtOnce,
		"TheGreatestBatchOfManyAttemptsIsStored":          greatestBatch,
		"NoAnswerIsStoredOnceTheAttemptIsClosed":          closedMeansClosed,
		"WhatChangedSinceTheLastAnswerCounts":             changedBetween,
		"AnAttemptThatDoesNotExistIsNotHeld":              holdNothing,
		"WhatWasTakenAfterAPositionComesBackInThatOrder":  sinceAPosition,
		"TheLogKeepsEachChangeOnceAndLosesNoneOfThem":     loggedOnce,
		"AUnitOfWorkThatFailsLeavesNeitherAnswersNorALog": failedAnswers,
	}
}

// hand hands in a batch for one attempt, as the use case does.
func (f *fixture) hand(id uuid.UUID, batch ...attempt.Answer) (taken attempt.Taken, err error) {
	return taken, f.store.AnswerSheets().Do(f.ctx, func(ctx context.Context, r ports.AnswerRepos) error {
		taken, err = takeIn(ctx, r, id, batch)
		return err
	})
}

func takeIn(ctx context.Context, r ports.AnswerRepos, id uuid.UUID, batch []attempt.Answer) (attempt.Taken, error) {
	held, err := r.Sheets.Hold(ctx, []uuid.UUID{id})
	if err != nil {
		return attempt.Taken{}, err
	}
	var items []ports.SheetItem
	for _, a := range batch {
		items = append(items, ports.SheetItem{Attempt: id, Number: a.Number})
	}
	sheets, err := r.Sheets.Stored(ctx, items)
	if err != nil {
		return attempt.Taken{}, err
	}
	sheet := sheets[id]
	if sheet == nil {
		sheet = attempt.Sheet{}
	}
	taken, err := held[id].Take(sheet, batch, noon)
	if err != nil {
		return taken, err
	}
	return taken, r.Sheets.Store(ctx, []ports.SheetChange{changeOf(held[id], taken)})
}

// store stores changes without regard to any rule.
func store(ctx context.Context, r ports.AnswerRepos, changes []ports.SheetChange) error {
	ids := make([]uuid.UUID, len(changes))
	for i, c := range changes {
		ids[i] = c.Attempt.ID()
	}
	if _, err := r.Sheets.Hold(ctx, ids); err != nil {
		return err
	}
	return r.Sheets.Store(ctx, changes)
}

func changeOf(a *attempt.Attempt, taken attempt.Taken) ports.SheetChange {
	change := ports.SheetChange{Attempt: a}
	newest := map[int]attempt.Answer{}
	for _, c := range taken.Changes {
		change.Changes = append(change.Changes, ports.LoggedChange{Change: c})
		if c.Outcome == attempt.Applied {
			newest[c.Number] = c.Answer
		}
	}
	for _, a := range newest {
		change.Answers = append(change.Answers, a)
	}
	return change
}

func highestSeq(f *fixture) {
	form := f.exam()
	u := f.user().ID
	rapid.Check(f.T, func(rt *rapid.T) {
		a := f.start(u, form, attempt.PracticeMode)
		id := a.Snapshot().ID
		want := attempt.Sheet{}
		for range rapid.IntRange(1, 8).Draw(rt, "batches") {
			var batch []attempt.Answer
			seqs := map[[2]int64]bool{}
			for range rapid.IntRange(0, 6).Draw(rt, "answers") {
				a := attempt.Answer{
					Number: rapid.IntRange(1, 6).Draw(rt, "item"), Choice: rapid.SampledFrom([]exam.Choice{exam.NoChoice, 'A', 'B', 'C'}).Draw(rt, "choice"),
					Seq: rapid.Int64Range(1, 12).Draw(rt, "seq"), Elapsed: rapid.Int64Range(0, attempt.MaxElapsed).Draw(rt, "elapsed"),
				}
				key := [2]int64{int64(a.Number), a.Seq}
				if !seqs[key] {
					seqs[key] = true
					batch = append(batch, a)
				}
			}
			taken, err := f.hand(id, batch...)
			if err != nil {
				rt.Fatal(err)
			}
			for _, c := range taken.Changes {
				if c.Outcome == attempt.Applied {
					c.Answer.MadeAt = nil
					want[c.Number] = c.Answer
				}
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

// writersAtOnce: every writer's change is the newest at some moment or known to be older, and the progress is exact.
func writersAtOnce(f *fixture) {
	one, two := f.start(f.user().ID, f.exam(), attempt.PracticeMode).ID(), f.start(f.user().ID, f.exam(), attempt.PracticeMode).ID()
	const writers, items = 16, 5
	accepted := make([]int, writers)
	f.together(writers, func(i int) bool {
		ids := []uuid.UUID{one, two}
		if i%2 == 0 {
			ids = []uuid.UUID{two, one}
		}
		for _, id := range ids {
			var batch []attempt.Answer
			for n := 1; n <= items; n++ {
				batch = append(batch, attempt.Answer{Number: n, Choice: 'A', Seq: int64(i + 1)})
			}
			taken, err := f.hand(id, batch...)
			if err != nil {
				f.Error(err)
			}
			accepted[i] += taken.Accepted
		}
		return true
	})
	total := 0
	for _, n := range accepted {
		total += n
	}
	for _, id := range []uuid.UUID{one, two} {
		sheet, err := f.store.AttemptReads().Sheet(f.ctx, id)
		f.must(err)
		for n, a := range sheet {
			if a.Seq != writers {
				f.Errorf("item %d has seq %d", n, a.Seq)
			}
		}
		now, err := f.store.AttemptReads().Snapshot(f.ctx, id)
		f.must(err)
		f.equal("items and answered", []int{len(sheet), now.Answered}, []int{items, items})
		total -= int(now.Position)
	}
	f.equal("accepted beyond the positions", total, 0)
}

func greatestBatch(f *fixture) {
	var changes []ports.SheetChange
	taken := exam.Outline{{Part: exam.IncompleteSentences, First: 1, Count: attempt.MaxBatch}}
	var ids []uuid.UUID
	for range 3 {
		ids = append(ids, f.start(f.user().ID, f.exam(), attempt.PracticeMode).ID())
	}
	store := func() {
		changes = nil
		f.must(f.store.AnswerSheets().Do(f.ctx, func(ctx context.Context, r ports.AnswerRepos) error {
			held, err := r.Sheets.Hold(ctx, ids)
			if err != nil {
				return err
			}
			for _, id := range ids {
				s := held[id].Snapshot()
				s.Taken = taken
				a := attempt.Restore(s)
				batch := make([]attempt.Answer, attempt.MaxBatch)
				for i := range batch {
					batch[i] = attempt.Answer{Number: i + 1, Choice: 'D', Seq: attempt.MaxSeq, Elapsed: attempt.MaxElapsed}
				}
				done, err := a.Take(attempt.Sheet{}, batch, noon)
				if err != nil {
					return err
				}
				changes = append(changes, changeOf(a, done))
			}
			return r.Sheets.Store(ctx, changes)
		}))
	}
	store()
	store() // which finds everything there
	for _, id := range ids {
		sheet, err := f.store.AttemptReads().Sheet(f.ctx, id)
		f.must(err)
		f.equal("stored", len(sheet), attempt.MaxBatch)
		f.equal("elapsed", sheet[attempt.MaxBatch].Elapsed, int64(attempt.MaxElapsed))
	}
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
		_, err := f.hand(id, attempt.Answer{Number: i%7 + 1, Choice: 'A', Seq: int64(i + 1)})
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
	now, err := f.store.AttemptReads().Snapshot(f.ctx, id)
	f.must(err)
	f.equal("answered", now.Answered, after.Answered())
}

// changedBetween: answers are judged by what the attempt is now, whatever it was when the last ones came.
func changedBetween(f *fixture) {
	id := f.start(f.user().ID, f.exam(), attempt.PracticeMode).Snapshot().ID
	seq := int64(0)
	answers := func(want error) {
		f.Helper()
		seq++
		_, err := f.hand(id, attempt.Answer{Number: 1, Choice: 'A', Seq: seq})
		if !errors.Is(err, want) {
			f.Fatalf("answer %d: error %v, want %v", seq, err, want)
		}
	}
	answers(nil)
	answers(nil)
	f.must(f.alter(id, func(a *attempt.Attempt) error { return a.Pause(noon) }))
	answers(attempt.ErrPaused)
	answers(attempt.ErrPaused)
	f.must(f.alter(id, func(a *attempt.Attempt) error { return a.Resume(noon) }))
	answers(nil)
	answers(nil)
	f.must(f.alter(id, func(a *attempt.Attempt) error { _, err := a.Submit(noon); return err }))
	answers(attempt.ErrClosed)
	answers(attempt.ErrClosed)
	sheet, err := f.store.AttemptReads().Sheet(f.ctx, id)
	f.must(err)
	f.equal("newest", sheet[1].Seq, int64(6))
}

func holdNothing(f *fixture) {
	known := f.start(f.user().ID, f.exam(), attempt.ExamMode)
	f.must(f.store.AnswerSheets().Do(f.ctx, func(ctx context.Context, r ports.AnswerRepos) error {
		held, err := r.Sheets.Hold(ctx, []uuid.UUID{f.id(), known.ID(), f.id()})
		f.must(err)
		f.equal("held", len(held), 1)
		f.equal("attempt", plain(held[known.ID()].Snapshot()), plain(known.Snapshot()))
		sheets, err := r.Sheets.Stored(ctx, nil)
		f.must(err)
		f.equal("sheets", len(sheets), 0)
		sheets, err = r.Sheets.Stored(ctx, []ports.SheetItem{{Attempt: known.ID(), Number: 1}, {Attempt: known.ID(), Number: 1}})
		f.must(err)
		f.equal("sheets", len(sheets), 0)
		return r.Sheets.Store(ctx, nil)
	}))
}

func sinceAPosition(f *fixture) {
	id := f.start(f.user().ID, f.exam(), attempt.PracticeMode).ID()
	for _, a := range []attempt.Answer{{Number: 3, Choice: 'A', Seq: 1}, {Number: 1, Choice: 'B', Seq: 1}, {Number: 3, Seq: 2}} {
		_, err := f.hand(id, a)
		f.must(err)
	}
	for since, want := range map[int64][]int{-1: {1, 3}, 1: {1, 3}, 2: {3}, 3: {}} {
		got, err := f.store.AttemptReads().AnswersSince(f.ctx, id, since)
		f.must(err)
		numbers := []int{}
		for _, a := range got {
			numbers = append(numbers, a.Number)
		}
		f.equal("items", numbers, want)
	}
}

func loggedOnce(f *fixture) {
	id := f.start(f.user().ID, f.exam(), attempt.PracticeMode).ID()
	made := noon.Add(-time.Hour)
	absurd := time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC)
	first := attempt.Answer{Number: 1, Choice: 'A', Seq: 2, MadeAt: &made}
	for _, a := range []attempt.Answer{first, {Number: 1, Choice: 'B', Seq: 1, MadeAt: &absurd}, first, {Number: 1, Choice: 'B', Seq: 1}, {Number: 1, Choice: 'C', Seq: 3}} {
		_, err := f.hand(id, a)
		f.must(err)
	}
	log, err := f.store.AnswerLog().Changes(f.ctx, id)
	f.must(err)
	var got []string
	for _, c := range log {
		got = append(got, string(c.Outcome)+" "+c.Replaced.String()+" to "+c.Choice.String())
	}
	if diff := cmp.Diff([]string{"applied  to A", "superseded A to B", "applied A to C"}, got); diff != "" {
		f.Error(diff)
	}
	if len(log) == 3 && (log[0].MadeAt == nil || !log[0].MadeAt.Equal(made) || log[1].MadeAt != nil || !log[0].At.Equal(noon)) {
		f.Errorf("times %v, %v, %v", log[0].MadeAt, log[1].MadeAt, log[0].At)
	}
}

func failedAnswers(f *fixture) {
	id := f.start(f.user().ID, f.exam(), attempt.PracticeMode).ID()
	broken := errors.New("broken")
	err := f.store.AnswerSheets().Do(f.ctx, func(ctx context.Context, r ports.AnswerRepos) error {
		if _, err := takeIn(ctx, r, id, []attempt.Answer{{Number: 1, Choice: 'A', Seq: 1}}); err != nil {
			return err
		}
		return broken
	})
	f.wants(err, broken)
	sheet, err := f.store.AttemptReads().Sheet(f.ctx, id)
	f.must(err)
	log, err := f.store.AnswerLog().Changes(f.ctx, id)
	f.must(err)
	now, err := f.store.AttemptReads().Snapshot(f.ctx, id)
	f.must(err)
	f.equal("traces", []int{len(sheet), len(log), now.Answered, int(now.Position)}, []int{0, 0, 0, 0})
}
