package regradeapp_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/application/regradeapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
	"github.com/toeic-app/toeic/tests/private"
)

func TestMain(m *testing.M) { private.Main(m) }

type clock struct{}

func (clock) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

type ids struct{}

func (ids) New() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// recorder counts what is recorded.
type recorder struct {
	mu   sync.Mutex
	seen int
}

func (r *recorder) Record(_ context.Context, _ ports.AuditLog, _ identity.Caller, what audit.Action, _ string, _, _ any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if what == audit.QuestionRegraded {
		r.seen++
	}
	return nil
}

// desk is a store with a published form and the use cases around a wrong key.
type desk struct {
	store    *entstore.Store
	exam     exam.Summary
	items    []exam.Item
	log      *recorder
	regrade  regradeapp.Regrade
	question regradeapp.ShowQuestion
	history  regradeapp.History
	scoring  attemptapp.Scoring
	submit   attemptapp.Submit
	rescore  attemptapp.Rescore
}

func open(t *testing.T, s *entstore.Store) *desk {
	t.Helper()
	d := &desk{store: s, log: &recorder{}}
	secrecy := regradeapp.Secrecy{Attempts: s.AttemptReads()}
	d.regrade = regradeapp.Regrade{
		Clock: clock{}, IDs: ids{}, Questions: s.Questions(), Catalogue: s.Catalogue(), Revisions: s.Revisions(), Conversions: s.Conversions(),
		Scored: s.ScoredAttempts(), Recorder: d.log, Work: s.Regrading(), Secrecy: secrecy,
	}
	d.question = regradeapp.ShowQuestion{Questions: s.Questions(), Catalogue: s.Catalogue(), Revisions: s.Revisions(), Secrecy: secrecy}
	d.history = regradeapp.History{Catalogue: s.Catalogue(), Regrades: s.RegradeReads(), Secrecy: secrecy}
	d.scoring = attemptapp.Scoring{
		Clock: clock{}, Revisions: s.Revisions(), Conversions: s.Conversions(), Reads: s.AttemptReads(), Closings: s.Closings(), Work: s.Attempts(),
	}
	d.submit = attemptapp.Submit{Scoring: d.scoring, Sight: attemptapp.Sight{Clock: clock{}, Policies: s.Policies()}}
	d.rescore = attemptapp.Rescore{Scoring: d.scoring, Scores: s.ScoreReads()}
	d.publish(t, examtest.Mini(), 1, ids{}.New())
	return d
}

// publish makes a form the current one of an exam.
func (d *desk) publish(t *testing.T, form exam.Form, number int, id uuid.UUID) {
	t.Helper()
	content := exam.Content{Form: form, Media: map[string]exam.Media{}}
	encoded, err := content.Encode()
	must(t, err)
	r := exam.Revision{Content: content, Summary: exam.Summary{
		ExamID: id, RevisionID: ids{}.New(), Revision: number, Slug: form.Slug, Title: form.Title, Kind: form.Kind, Format: form.Format,
		Hash: exam.Hash(encoded), Outline: form.Outline(), PublishedAt: clock{}.Now(),
	}}
	d.exam = r.Summary
	d.items, err = r.Items()
	must(t, err)
	must(t, d.store.Publication().Do(t.Context(), func(ctx context.Context, repos ports.PublicationRepos) error {
		if _, err := repos.Publication.PutTable(ctx, steps(form.Conversion)); err != nil {
			return err
		}
		return repos.Publication.Publish(ctx, r, encoded)
	}))
}

// steps is a table of equal steps.
func steps(version string) score.Table {
	t := score.Table{Version: version}
	for raw := range t.Listening {
		t.Listening[raw], t.Reading[raw] = min(495, 5+5*raw), min(495, 5+5*raw)
	}
	return t
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func (d *desk) learner(t *testing.T) uuid.UUID {
	t.Helper()
	id := ids{}.New()
	u, err := identity.Register(id, identity.Email(id.String()+"@example.com"), "-", identity.Profile{DisplayName: "Ann", Locale: "en"}, []identity.Role{identity.Learner}, clock{}.Now())
	must(t, err)
	must(t, d.store.Users().Add(t.Context(), u))
	return id
}

// begin starts an attempt of somebody new on the current form with some answers given.
func (d *desk) begin(t *testing.T, mode attempt.Mode, parts []exam.Part, choices map[int]exam.Choice) (user, id uuid.UUID) {
	t.Helper()
	user = d.learner(t)
	current, err := d.store.Catalogue().Exam(t.Context(), d.exam.ExamID)
	must(t, err)
	a, err := attempt.Start(ids{}.New(), user, current, attempt.Terms{Mode: mode, Parts: parts}, clock{}.Now())
	must(t, err)
	must(t, d.store.Attempts().Do(t.Context(), func(ctx context.Context, r ports.AttemptRepos) error { return r.Attempts.Add(ctx, a) }))
	given := make([]attempt.Answer, 0, len(choices))
	for n, c := range choices {
		given = append(given, attempt.Answer{Number: n, Choice: c, Seq: 1, At: clock{}.Now()})
	}
	if len(given) == 0 {
		return user, a.ID()
	}
	must(t, d.store.AnswerSheets().Do(t.Context(), func(ctx context.Context, r ports.AnswerRepos) error {
		held, err := r.Sheets.Hold(ctx, []uuid.UUID{a.ID()})
		if err != nil {
			return err
		}
		return r.Sheets.Store(ctx, []ports.SheetChange{{Attempt: held[a.ID()], Answers: given}})
	}))
	return user, a.ID()
}

func (d *desk) close(t *testing.T, user, id uuid.UUID) score.Result {
	t.Helper()
	res, err := d.submit.Execute(t.Context(), attemptapp.Taker{User: user}, id)
	must(t, err)
	return res
}

func (d *desk) sit(t *testing.T, mode attempt.Mode, choices map[int]exam.Choice) (uuid.UUID, score.Result) {
	t.Helper()
	user, id := d.begin(t, mode, nil, choices)
	return id, d.close(t, user, id)
}

func (d *desk) fix(number int, key exam.Choice, dry bool) regradeapp.Command {
	return regradeapp.Command{Question: d.items[number-1].ID, DryRun: dry, Correction: exam.Correction{Key: key, Reason: "It was wrong."}}
}

func (d *desk) record(t *testing.T, id uuid.UUID) ports.ScoreRecord {
	t.Helper()
	r, err := d.store.ScoreReads().Record(t.Context(), id)
	must(t, err)
	return r
}

// agrees checks that every stored result follows from its answers, and returns how many there are.
func (d *desk) agrees(t *testing.T) int {
	t.Helper()
	n := 0
	must(t, d.rescore.Execute(t.Context(), uuid.Nil, func(r attemptapp.Rescored) error {
		n++
		if !r.Same() {
			t.Errorf("attempt %s: %s", r.Attempt, cmp.Diff(r.Stored, r.Computed))
		}
		return nil
	}))
	return n
}

func TestACorrectionChangesWhoChoseTheOldOrTheNewKeyAndKeepsTheFormerResult(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *entstore.Store) {
		d := open(t, s)
		old := examtest.Key(exam.Photographs, 1) // B
		gains, before := d.sit(t, attempt.ExamMode, map[int]exam.Choice{1: 'C'})
		loses, _ := d.sit(t, attempt.PracticeMode, map[int]exam.Choice{1: old})
		neither, _ := d.sit(t, attempt.ExamMode, map[int]exam.Choice{1: 'A'})
		_, elsewhere := d.begin(t, attempt.PracticeMode, []exam.Part{exam.IncompleteSentences}, nil)
		user, late := d.begin(t, attempt.ExamMode, nil, map[int]exam.Choice{1: 'C'})

		preview, err := d.regrade.Execute(t.Context(), d.fix(1, 'C', true))
		must(t, err)
		if d.log.seen != 0 || d.record(t, gains).Regraded || preview.ToRevision != uuid.Nil {
			t.Fatalf("a dry run changed something: %+v", preview)
		}
		done, err := d.regrade.Execute(t.Context(), d.fix(1, 'C', false))
		must(t, err)
		if diff := cmp.Diff(preview.Changes, done.Changes); diff != "" {
			t.Errorf("the dry run said otherwise: %s", diff)
		}
		if done.Attempts != 3 || done.Changed != 2 || len(done.Changes) != 2 || done.Changes[0].Attempt != gains || done.Changes[1].Attempt != loses || done.Revision != 2 || d.log.seen != 1 {
			t.Fatalf("done: %+v", done)
		}
		g, l, n := d.record(t, gains), d.record(t, loses), d.record(t, neither)
		if g.Result.Sections[exam.Listening].Raw != 1 || l.Result.Sections[exam.Listening].Raw != 0 || !g.Regraded || !l.Regraded || n.Regraded {
			t.Errorf("results: %+v, %+v, %+v", g, l, n)
		}
		for _, r := range []ports.ScoreRecord{g, l, n} {
			if r.Revision != done.ToRevision {
				t.Errorf("judged by %s, want %s", r.Revision, done.ToRevision)
			}
		}
		former, err := s.RegradeReads().Former(t.Context(), gains)
		must(t, err)
		if len(former) != 1 || cmp.Diff(before, former[0].Result) != "" || !former[0].ReplacedAt.Equal(g.At) {
			t.Errorf("former: %+v", former)
		}
		if res := d.close(t, user, late); res.Sections[exam.Listening].Raw != 1 || d.record(t, late).Revision != done.ToRevision || d.record(t, late).Regraded {
			t.Errorf("an attempt that was open meanwhile: %+v", d.record(t, late))
		}
		if _, err := s.ScoreReads().Record(t.Context(), elsewhere); !errors.Is(err, attempt.ErrNotSubmitted) {
			t.Errorf("an open attempt has a result: %v", err)
		}
		if n := d.agrees(t); n != 4 {
			t.Errorf("%d results", n)
		}
		got, changes, err := d.history.One(t.Context(), uuid.Nil, done.ID)
		must(t, err)
		if diff := cmp.Diff(done.Regrade, got); diff != "" || cmp.Diff(done.Changes, changes) != "" {
			t.Errorf("history: %s%s", diff, cmp.Diff(done.Changes, changes))
		}

		// What is corrected back is told apart: each regrade remembers its own change.
		back, err := d.regrade.Execute(t.Context(), d.fix(1, old, false))
		must(t, err)
		if _, again, err := d.history.One(t.Context(), uuid.Nil, done.ID); err != nil || cmp.Diff(done.Changes, again) != "" {
			t.Errorf("the first regrade after the second: %v %s", err, cmp.Diff(done.Changes, again))
		}
		if back.Changed != 3 || back.FromRevision != done.ToRevision { // the late one loses what it had
			t.Errorf("back: %+v", back.Regrade)
		}
		rows, err := d.history.OfExam(t.Context(), uuid.Nil, d.exam.ExamID, ports.Page{Limit: 1})
		must(t, err)
		if len(rows.Items) != 1 || rows.Items[0].ID != back.ID || rows.Next == uuid.Nil {
			t.Errorf("the newest first: %+v", rows)
		}
		q, err := d.question.Execute(t.Context(), uuid.Nil, d.items[0].ID)
		must(t, err)
		if q.Key != old || q.Options != 4 || !q.Current || q.Revision != back.ToRevision {
			t.Errorf("question: %+v", q)
		}
	})
}

func TestACorrectionThatIsNotOneChangesNothing(t *testing.T) {
	d := open(t, storetest.SQLite(t))
	d.sit(t, attempt.ExamMode, map[int]exam.Choice{1: 'C'})
	try := func(cmd regradeapp.Command) error { _, err := d.regrade.Execute(t.Context(), cmd); return err }
	wants(t, try(d.fix(1, 'B', false)), exam.ErrSameKey)
	wants(t, try(d.fix(2, 'D', false)), exam.ErrInvalidCorrection)
	unknown := d.fix(1, 'C', false)
	unknown.Question = ids{}.New()
	wants(t, try(unknown), exam.ErrQuestionNotFound)
	stale := d.fix(1, 'C', true)
	stale.Revision = 2
	wants(t, try(stale), ports.ErrStale)
	taking, _ := d.begin(t, attempt.ExamMode, nil, nil)
	for _, dry := range []bool{true, false} {
		nosy := d.fix(1, 'B', dry)
		nosy.By.Actor.UserID = taking
		wants(t, try(nosy), attempt.ErrReviewLocked)
	}
	_, err := d.question.Execute(t.Context(), taking, d.items[0].ID)
	wants(t, err, attempt.ErrReviewLocked)

	form := examtest.Mini()
	form.Parts[0].Groups[0].Questions[0].Options[0].Text = "Something else is said"
	former := d.items[0].ID
	d.publish(t, form, 2, d.exam.ExamID)
	gone := d.fix(1, 'C', false)
	gone.Question = former
	wants(t, try(gone), exam.ErrQuestionNotOnForm)
	if n := d.agrees(t); n != 1 || d.log.seen != 0 {
		t.Errorf("%d results, %d entries", n, d.log.seen)
	}
	// Whoever took the form before is not judged by the keys of the one after it.
	done, err := d.regrade.Execute(t.Context(), d.fix(5, 'A', false))
	must(t, err)
	if done.Attempts != 0 {
		t.Errorf("attempts on another form were scored again: %+v", done)
	}
}

func TestScoresKeepTheTableThatTheyWereConvertedBy(t *testing.T) {
	d := open(t, storetest.SQLite(t))
	id, _ := d.sit(t, attempt.ExamMode, map[int]exam.Choice{1: 'C'})
	must(t, d.store.Conversion().Do(t.Context(), func(ctx context.Context, r ports.ConversionRepos) error {
		if _, err := r.Tables.Add(ctx, score.StoredTable{Table: steps("later-1")}); err != nil {
			return err
		}
		return r.Tables.Activate(ctx, score.Activation{ID: ids{}.New(), ExamID: d.exam.ExamID, Version: "later-1", At: clock{}.Now()})
	}))
	_, err := d.regrade.Execute(t.Context(), d.fix(1, 'C', false))
	must(t, err)
	if r := d.record(t, id); !r.Regraded || r.Result.Version != "circulated-a-1" {
		t.Errorf("%+v", r)
	}
	if _, res := d.sit(t, attempt.ExamMode, nil); res.Version != "later-1" {
		t.Errorf("a new result by %s", res.Version)
	}
}

// More attempts than a page holds are all scored again, and the list stays bounded while the count does not.
func TestEveryPageIsScoredAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *entstore.Store) {
		d := open(t, s)
		for range 2*regradeapp.PageSize + 1 {
			d.sit(t, attempt.PracticeMode, map[int]exam.Choice{1: 'C'})
		}
		done, err := d.regrade.Execute(t.Context(), d.fix(1, 'C', false))
		must(t, err)
		if want := 2*regradeapp.PageSize + 1; done.Attempts != want || done.Changed != want || d.agrees(t) != want {
			t.Errorf("%d of %d", done.Changed, done.Attempts)
		}
	})
}
