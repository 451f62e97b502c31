package practiceapp_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/application/practiceapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

// submitted takes the exam with the first questions right, the next one wrong and the rest blank, and submits it.
func (r *study) submitted(right int) uuid.UUID {
	r.t.Helper()
	a := r.open(attempt.PracticeMode, r.exam)
	id := a.Snapshot().ID
	form := examtest.Mini()
	var answers []attempt.Answer
	form.Each(func(p exam.Part, _ exam.Group, q exam.Question) {
		c := examtest.Key(p, q.Number)
		switch {
		case q.Number > right+1:
			return
		case q.Number > right:
			c = exam.Label((c.Index() + 1) % p.Options())
		}
		answers = append(answers, attempt.Answer{Number: q.Number, Choice: c, Seq: 1})
	})
	verdicts, err := attemptapp.Answer{Clock: r.clock, Work: r.store.AnswerSheets()}.Execute(r.t.Context(), []attemptapp.AnswerCommand{
		{User: r.learner, Attempt: id, Answers: answers},
	}, func() {})
	r.must(err)
	r.must(verdicts[0].Err)
	r.end(a, (*attempt.Attempt).Submit)
	return id
}

func TestAScoredAttemptIsCountedOnceHoweverOftenItIsTried(t *testing.T) {
	r := enter(t)
	id := r.submitted(5)
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
		won  int
	)
	for range 6 {
		wait.Go(func() {
			counted, err := r.count.Attempt(context.WithoutCancel(t.Context()), id)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if counted {
				won++
			}
		})
	}
	wait.Wait()
	r.must(r.count.Execute(t.Context(), job.ToCountAttempt(id, noon)))
	if got := r.stats(); won != 1 || got != [3]int{22, 5, 17} {
		t.Errorf("counted %d times; answers, right, in book: %v", won, got)
	}
	for _, b := range r.inBook() {
		if b.Wrong != 1 || !b.InBookSince.Equal(noon) || !b.Due {
			t.Errorf("%+v", b)
		}
	}
}

func TestOnlyWhatWasTakenIsCounted(t *testing.T) {
	r := enter(t)
	a, err := attempt.Start(ids{}.New(), r.learner, r.exam, attempt.Terms{Mode: attempt.PracticeMode, Parts: []exam.Part{exam.IncompleteSentences}}, noon)
	r.must(err)
	r.must(r.store.Attempts().Do(t.Context(), func(ctx context.Context, repos ports.AttemptRepos) error { return repos.Attempts.Add(ctx, a) }))
	r.end(a, (*attempt.Attempt).Submit)
	_, err = r.count.Attempt(t.Context(), a.Snapshot().ID)
	r.must(err)
	p, err := r.progress.Execute(t.Context(), r.learner)
	r.must(err)
	if len(p.Parts) != 7 || len(p.Abilities) != 10 || p.Parts[4].Seen != 2 || p.Seen != 2 || p.Percent() != 0 {
		t.Errorf("%+v", p)
	}
}

func TestAnAttemptWithoutAResultIsNotCounted(t *testing.T) {
	r := enter(t)
	a := r.open(attempt.ExamMode, r.exam)
	for _, id := range []uuid.UUID{a.Snapshot().ID, ids{}.New()} {
		if counted, err := r.count.Attempt(t.Context(), id); counted || err != nil {
			t.Errorf("%t, %v", counted, err)
		}
	}
	r.end(a, (*attempt.Attempt).Abandon)
	if counted, err := r.count.Attempt(t.Context(), a.Snapshot().ID); counted || err != nil {
		t.Errorf("abandoned: %t, %v", counted, err)
	}
	err := r.count.Execute(t.Context(), job.New(ids{}.New(), job.CountAttempt, []byte("x"), noon, noon))
	if !errors.Is(err, job.ErrHopeless) {
		t.Errorf("an unreadable payload: %v", err)
	}
}

func TestAPracticeAnswerAfterAnAttemptIsJudgedByItsOwnTime(t *testing.T) {
	r := enter(t)
	id := r.submitted(0)
	r.clock.advance(24 * time.Hour)
	v := r.draw(practice.Immediate, 1, exam.Photographs)
	_, err := r.put(v, choose(1, key(v, 1), 1))
	r.must(err)
	_, err = r.count.Attempt(t.Context(), id) // a day late
	r.must(err)
	for _, b := range r.inBook() {
		if want := b.ID == v.Items[0].Question; (b.RightDays == 1) != want || b.Due == want {
			t.Errorf("%+v", b)
		}
	}
}

var errBroken = errors.New("broken")

// interrupted is a unit of work that fails after all was done, as when the process is killed before the commit.
type interrupted struct {
	ports.UnitOfWork[ports.PracticeRepos]
}

func (w interrupted) Do(ctx context.Context, fn func(context.Context, ports.PracticeRepos) error) error {
	return w.UnitOfWork.Do(ctx, func(ctx context.Context, repos ports.PracticeRepos) error {
		if err := fn(ctx, repos); err != nil {
			return err
		}
		return errBroken
	})
}

func TestACountThatIsInterruptedChangesNothingAndIsDoneLater(t *testing.T) {
	r := enter(t)
	id := r.submitted(5)
	broken := r.count
	broken.Work = interrupted{r.count.Work}
	counted, err := broken.Attempt(t.Context(), id)
	if counted || !errors.Is(err, errBroken) || r.stats() != [3]int{} {
		t.Fatalf("%t, %v, %v", counted, err, r.stats())
	}
	done, err := r.fill.Execute(t.Context())
	r.must(err)
	if done != (practiceapp.Filled{Attempts: 1}) || r.stats() != [3]int{22, 5, 17} {
		t.Errorf("%+v, %v", done, r.stats())
	}
	done, err = r.fill.Execute(t.Context())
	r.must(err)
	if done != (practiceapp.Filled{}) {
		t.Errorf("again: %+v", done)
	}
}

func TestOneAttemptThatCannotBeCountedDoesNotHoldUpTheOthers(t *testing.T) {
	r := enter(t)
	r.submitted(1)
	r.submitted(2)
	fill := r.fill
	fill.Count.Attempts = failingOnce{r.store.AttemptReads(), new(sync.Once)}
	done, err := fill.Execute(t.Context())
	if done.Attempts != 1 || !errors.Is(err, errBroken) {
		t.Errorf("%+v, %v", done, err)
	}
}

// failingOnce reads attempts, but not the first one.
type failingOnce struct {
	ports.AttemptReads
	once *sync.Once
}

func (f failingOnce) Snapshot(ctx context.Context, id uuid.UUID) (attempt.Snapshot, error) {
	var err error
	f.once.Do(func() { err = errBroken })
	if err != nil {
		return attempt.Snapshot{}, err
	}
	return f.AttemptReads.Snapshot(ctx, id)
}

func TestScoringOrdersTheCount(t *testing.T) {
	r := enter(t)
	r.must(r.store.Publication().Do(t.Context(), func(ctx context.Context, repos ports.PublicationRepos) error {
		table := score.Table{Version: examtest.Mini().Conversion}
		for raw := range table.Listening {
			table.Listening[raw], table.Reading[raw] = min(495, 5+5*raw), min(495, 5+5*raw)
		}
		_, err := repos.Publication.PutTable(ctx, table)
		return err
	}))
	a := r.open(attempt.ExamMode, r.exam)
	scoring := attemptapp.Scoring{
		Clock: r.clock, Revisions: r.store.Revisions(), Conversions: r.store.Conversions(), Reads: r.store.AttemptReads(), Closings: r.store.Closings(), Work: r.store.Attempts(),
	}
	for range 2 {
		_, err := attemptapp.Submit{Scoring: scoring, Sight: attemptapp.Sight{Clock: r.clock, Policies: r.store.Policies()}}.Execute(t.Context(), attemptapp.Taker{User: r.learner}, a.Snapshot().ID)
		r.must(err)
	}
	jobs, err := r.store.Queue().Claim(t.Context(), r.clock.Now(), time.Minute, 10)
	r.must(err)
	if len(jobs) != 1 || jobs[0].Kind != job.CountAttempt {
		t.Fatalf("jobs %+v", jobs)
	}
	r.must(r.count.Execute(t.Context(), jobs[0]))
	if got := r.stats(); got != [3]int{22, 0, 22} {
		t.Errorf("answers, right, in book: %v", got)
	}
}
