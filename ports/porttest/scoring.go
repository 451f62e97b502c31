package porttest

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

func scoringTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"AnImportedTableIsListedWithItsNoteAndNeverChanges": importedTable,
		"TheTableActivatedLastScoresAnExam":                 activating,
		"ActivationsOfOneExamWaitForEachOther":              activatingTogether,
		"AnActivationThatFailsLeavesNothing":                activatingFails,
		"AResultTellsHowItCameAbout":                        recording,
		"EarlierResultsAreOfTheSameKindAndMode":             earlier,
	}
}

func (f *fixture) conversion(fn func(context.Context, ports.ConversionRepos) error) error {
	return f.store.Conversion().Do(f.ctx, fn)
}

// imports stores a table and reports whether it was new.
func (f *fixture) imports(t score.StoredTable) (added bool, err error) {
	err = f.conversion(func(ctx context.Context, r ports.ConversionRepos) error {
		added, err = r.Tables.Add(ctx, t)
		return err
	})
	return added, err
}

// activates makes a table score an exam; the table must exist.
func (f *fixture) activates(id uuid.UUID, version string) score.Activation {
	f.Helper()
	a := score.Activation{ID: f.id(), ExamID: id, Version: version, Note: "because", By: f.id(), At: noon}
	f.must(f.conversion(func(ctx context.Context, r ports.ConversionRepos) error { return r.Tables.Activate(ctx, a) }))
	return a
}

func importedTable(f *fixture) {
	t := score.StoredTable{Table: table("mine-1"), Note: "From the spring form", CreatedAt: new(noon)}
	won := f.together(8, func(int) bool {
		added, err := f.imports(t)
		if err != nil {
			f.Error(err)
		}
		return added
	})
	f.equal("writers that added it", won, 1)
	again := t
	again.Note = "another note"
	added, err := f.imports(again)
	f.must(err)
	f.equal("added again", added, false)
	other := t
	other.Reading[50] += 5
	_, err = f.imports(other)
	f.wants(err, score.ErrTableChanged)
	got, err := f.store.ConversionHistory().Stored(f.ctx, "mine-1")
	f.must(err)
	f.equal("table", got, t)
	_, err = f.store.ConversionHistory().Stored(f.ctx, "unknown")
	f.wants(err, score.ErrTableNotFound)
	f.exam() // whose table comes without a note
	all, err := f.store.ConversionHistory().Tables(f.ctx)
	f.must(err)
	f.equal("tables", all, []score.StoredTable{{Table: table("circulated-a-1")}, t})
}

func activating(f *fixture) {
	one, two := f.exam(), f.exam()
	for _, version := range []string{"b-1", "c-1"} {
		_, err := f.imports(score.StoredTable{Table: table(version), CreatedAt: new(noon)})
		f.must(err)
	}
	active := func(e exam.Summary) string {
		f.Helper()
		got, err := f.store.Closings().Closing(f.ctx, f.start(f.user().ID, e, attempt.PracticeMode).ID())
		f.must(err)
		return got.Table
	}
	f.equal("before", active(one), "")
	first := f.activates(one.ExamID, "b-1")
	f.equal("activated", active(one), "b-1")
	second := f.activates(one.ExamID, "c-1")
	f.equal("activated after that", active(one), "c-1")
	f.equal("the other exam", active(two), "")

	history, err := f.store.ConversionHistory().Activations(f.ctx, one.ExamID)
	f.must(err)
	f.equal("history", history, []score.Activation{second, first})
	inForce, err := f.store.ConversionHistory().InForce(f.ctx)
	f.must(err)
	f.equal("in force", inForce, map[uuid.UUID]string{one.ExamID: "c-1"})
	f.wants(f.conversion(func(ctx context.Context, r ports.ConversionRepos) error {
		_, err := r.Tables.ForActivation(ctx, f.id())
		return err
	}), exam.ErrNotFound)
}

func activatingTogether(f *fixture) {
	e := f.exam()
	seen := make([]int, 8)
	won := f.together(8, func(i int) bool {
		err := f.conversion(func(ctx context.Context, r ports.ConversionRepos) error {
			history, err := r.Tables.ForActivation(ctx, e.ExamID)
			if err != nil {
				return err
			}
			seen[i] = len(history)
			return r.Tables.Activate(ctx, score.Activation{ID: f.id(), ExamID: e.ExamID, Version: "circulated-a-1", At: noon})
		})
		if err != nil {
			f.Error(err)
		}
		return err == nil
	})
	f.equal("activations", won, 8)
	counts := map[int]bool{}
	for _, n := range seen {
		counts[n] = true
	}
	f.equal("different histories that were seen", len(counts), 8)
}

func activatingFails(f *fixture) {
	e := f.exam()
	err := f.conversion(func(ctx context.Context, r ports.ConversionRepos) error {
		_, err := r.Tables.Add(ctx, score.StoredTable{Table: table("gone-1"), CreatedAt: new(noon)})
		f.must(err)
		f.must(r.Tables.Activate(ctx, score.Activation{ID: f.id(), ExamID: e.ExamID, Version: "gone-1", At: noon}))
		return errChanged
	})
	f.wants(err, errChanged)
	_, err = f.store.Conversions().Table(f.ctx, "gone-1")
	f.wants(err, score.ErrTableNotFound)
	history, err := f.store.ConversionHistory().Activations(f.ctx, e.ExamID)
	f.must(err)
	f.equal("history", len(history), 0)
}

// scores submits an attempt with a total.
func (f *fixture) scores(user uuid.UUID, form exam.Summary, mode attempt.Mode, total int, closed time.Time) (uuid.UUID, score.Result) {
	f.Helper()
	a, err := attempt.Start(f.id(), user, form, attempt.Terms{Mode: mode}, closed.Add(-time.Minute))
	f.must(err)
	f.must(f.add(a))
	res := score.Result{Version: "circulated-a-1", Sections: map[exam.Section]score.SectionResult{exam.Reading: {Raw: 3, Items: 5}}}
	if total > 0 {
		res.Total = &score.Total{Score: total, Colour: score.ColourOf(total)}
	}
	_, err = a.Submit(closed)
	f.must(err)
	f.must(f.attempts(func(ctx context.Context, r ports.AttemptRepos) error {
		if err := r.Attempts.Save(ctx, a); err != nil {
			return err
		}
		return r.Results.Add(ctx, ports.NewResult{
			Attempt: a.ID(), Exam: form.ExamID, Result: res, Keys: form.RevisionID, Current: form.RevisionID, At: closed,
		})
	}))
	return a.Snapshot().ID, res
}

func recording(f *fixture) {
	u, e := f.user(), f.exam()
	open := f.start(u.ID, e, attempt.ExamMode).Snapshot()
	_, err := f.store.ScoreReads().Record(f.ctx, open.ID)
	f.wants(err, attempt.ErrNotSubmitted)
	id, res := f.scores(f.user().ID, e, attempt.ExamMode, 500, noon)
	got, err := f.store.ScoreReads().Record(f.ctx, id)
	f.must(err)
	f.equal("record", got, ports.ScoreRecord{Result: res, At: noon, Revision: e.RevisionID})
}

func earlier(f *fixture) {
	ann, bob, e, other := f.user().ID, f.user().ID, f.exam(), f.exam()
	first, res := f.scores(ann, e, attempt.ExamMode, 500, noon)
	second, _ := f.scores(ann, other, attempt.ExamMode, 600, noon.Add(time.Hour))
	f.scores(ann, e, attempt.PracticeMode, 700, noon)
	f.scores(bob, e, attempt.ExamMode, 800, noon)
	f.scores(ann, e, attempt.ExamMode, 900, noon.Add(2*time.Hour))
	f.start(ann, e, attempt.ExamMode) // which has no result
	which := ports.EarlierScores{User: ann, Before: noon.Add(2 * time.Hour), Kind: exam.Mini, Mode: attempt.ExamMode, Limit: 10}
	got, err := f.store.ScoreReads().Earlier(f.ctx, which)
	f.must(err)
	f.equal("attempts", []uuid.UUID{got[0].Attempt, got[1].Attempt}, []uuid.UUID{second, first})
	f.equal("count", len(got), 2)
	f.equal("the oldest", got[1], ports.EarlierScore{Attempt: first, Exam: e.ExamID, ClosedAt: noon, Result: res})
	which.Limit = 1
	got, err = f.store.ScoreReads().Earlier(f.ctx, which)
	f.must(err)
	f.equal("the newest alone", len(got), 1)
	which.Kind = exam.Full
	got, err = f.store.ScoreReads().Earlier(f.ctx, which)
	f.must(err)
	f.equal("of another kind", len(got), 0)
}
