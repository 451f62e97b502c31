package attemptapp_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

var noon = time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)

// clock is a clock that tests turn.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type ids struct{}

func (ids) New() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// room is a store with one published form, two learners, and the use cases of an attempt.
type room struct {
	t         *testing.T
	store     *entstore.Store
	clock     *clock
	form      exam.Form
	exam      exam.Summary
	learner   uuid.UUID
	other     uuid.UUID
	start     attemptapp.Start
	answer    attemptapp.Answer
	sync      attemptapp.Sync
	advance   viewed
	abandon   viewed
	get       attemptapp.Get
	list      attemptapp.List
	questions asked
	submit    submitted
	result    attemptapp.Result
	review    attemptapp.Review
	expire    attemptapp.Expire
	rescore   attemptapp.Rescore
}

func enter(t *testing.T) *room {
	t.Helper()
	s := storetest.SQLite(t)
	c := &clock{now: noon}
	work, reads := s.Attempts(), s.AttemptReads()
	scoring := attemptapp.Scoring{Clock: c, Revisions: s.Revisions(), Conversions: s.Conversions(), Reads: reads, Closings: s.Closings(), Work: work}
	sight := attemptapp.Sight{Clock: c, Policies: s.Policies()}
	r := &room{
		t: t, store: s, clock: c, form: examtest.Mini(),
		start:   attemptapp.Start{Clock: c, IDs: ids{}, Catalogue: s.Catalogue(), Policies: s.Policies(), Work: work},
		answer:  attemptapp.Answer{Clock: c, Work: s.AnswerSheets()},
		sync:    attemptapp.Sync{Clock: c, Reads: reads},
		advance: viewed(attemptapp.Advance{Clock: c, Work: work, Reads: reads}.Execute),
		abandon: viewed(attemptapp.Abandon{Clock: c, Work: work, Reads: reads}.Execute),
		get:     attemptapp.Get{Clock: c, Reads: reads},
		list:    attemptapp.List{Clock: c, Reads: reads},
		questions: func(ctx context.Context, by attemptapp.Taker, id uuid.UUID, part exam.Part) (attemptapp.Sheet, error) {
			which, err := attemptapp.Questions{Clock: c, Reads: reads}.Execute(ctx, by, id, part)
			if err != nil {
				return attemptapp.Sheet{}, err
			}
			return attemptapp.Print{Revisions: s.Revisions()}.Execute(ctx, which)
		},
		submit: submitted(attemptapp.Submit{Scoring: scoring, Sight: sight}.Execute),
		result: attemptapp.Result{Reads: reads, Scores: s.ScoreReads(), Sight: sight},
		review: attemptapp.Review{
			Reads: reads, Scores: s.ScoreReads(), Corrections: s.Corrections(), Revisions: s.Revisions(), Log: s.AnswerLog(), Statistics: s.Statistics(), Sight: sight,
		},
		expire:  attemptapp.Expire{Scoring: scoring},
		rescore: attemptapp.Rescore{Scoring: scoring, Scores: s.ScoreReads()},
	}
	r.exam = r.publish(r.form, 1, ids{}.New())
	r.learner, r.other = r.account("ann@example.com"), r.account("bob@example.com")
	return r
}

// hand hands in one command.
func (r *room) hand(ctx context.Context, cmd attemptapp.AnswerCommand) (attemptapp.Answered, error) {
	verdicts, err := r.answer.Execute(ctx, []attemptapp.AnswerCommand{cmd}, func() {})
	if err != nil {
		return attemptapp.Answered{}, err
	}
	return verdicts[0].Answered, verdicts[0].Err
}

// viewed, asked and submitted are use cases called on the device on which begin starts attempts.
type (
	viewed    func(context.Context, attemptapp.Taker, uuid.UUID) (attemptapp.View, error)
	asked     func(context.Context, attemptapp.Taker, uuid.UUID, exam.Part) (attemptapp.Sheet, error)
	submitted func(context.Context, attemptapp.Taker, uuid.UUID) (score.Result, error)
)

func (fn viewed) Execute(ctx context.Context, user, id uuid.UUID) (attemptapp.View, error) {
	return fn(ctx, attemptapp.Taker{User: user}, id)
}

func (fn asked) Execute(ctx context.Context, user, id uuid.UUID, part exam.Part) (attemptapp.Sheet, error) {
	return fn(ctx, attemptapp.Taker{User: user}, id, part)
}

func (fn submitted) Execute(ctx context.Context, user, id uuid.UUID) (score.Result, error) {
	return fn(ctx, attemptapp.Taker{User: user}, id)
}

// publish stores a form as a revision, with the conversion table it names.
func (r *room) publish(form exam.Form, revision int, id uuid.UUID) exam.Summary {
	r.t.Helper()
	content := exam.Content{Form: form, Media: map[string]exam.Media{}}
	for _, name := range form.MediaFiles() {
		content.Media[name] = exam.Media{Hash: exam.Hash([]byte(name)), Type: "image/svg+xml", Size: int64(len(name))}
	}
	encoded, err := content.Encode()
	r.must(err)
	summary := exam.Summary{
		ExamID: id, RevisionID: ids{}.New(), Revision: revision, Slug: form.Slug, Title: form.Title, Kind: form.Kind,
		Format: form.Format, Hash: exam.Hash(encoded), Outline: form.Outline(), PublishedAt: noon,
	}
	r.must(r.store.Publication().Do(r.t.Context(), func(ctx context.Context, repos ports.PublicationRepos) error {
		if _, err := repos.Publication.PutTable(ctx, steps(form.Conversion)); err != nil {
			return err
		}
		return repos.Publication.Publish(ctx, exam.Revision{Summary: summary, Content: content}, encoded)
	}))
	return summary
}

// steps is a table of equal steps.
func steps(version string) score.Table {
	t := score.Table{Version: version}
	for raw := range t.Listening {
		scaled := min(495, 5+5*raw)
		t.Listening[raw], t.Reading[raw] = scaled, scaled
	}
	return t
}

func (r *room) account(email identity.Email) uuid.UUID {
	r.t.Helper()
	u, err := identity.Register(ids{}.New(), email, "-", identity.Profile{DisplayName: "Ann", Locale: "en"}, []identity.Role{identity.Learner}, noon)
	r.must(err)
	r.must(r.store.Users().Add(r.t.Context(), u))
	return u.ID
}

func (r *room) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *room) wants(err, want error) {
	r.t.Helper()
	if !errors.Is(err, want) {
		r.t.Fatalf("error %v, want %v", err, want)
	}
}

// begin starts an attempt of the learner.
func (r *room) begin(mode attempt.Mode, parts ...exam.Part) attemptapp.View {
	r.t.Helper()
	v, err := r.start.Execute(r.t.Context(), attemptapp.StartCommand{User: r.learner, Exam: r.exam.ExamID, Mode: mode, Parts: parts})
	r.must(err)
	return v
}

// put hands in the same choice for items.
func (r *room) put(id uuid.UUID, seq int64, choice exam.Choice, items ...int) (attemptapp.Answered, error) {
	cmd := attemptapp.AnswerCommand{User: r.learner, Attempt: id}
	for _, n := range items {
		cmd.Answers = append(cmd.Answers, attempt.Answer{Number: n, Choice: choice, Seq: seq})
	}
	return r.hand(r.t.Context(), cmd)
}

func TestAnAttemptIsFoundByItsLearnerAlone(t *testing.T) {
	r := enter(t)
	v := r.begin(attempt.ExamMode)
	ctx, stranger := t.Context(), r.other
	_, err := r.get.Execute(ctx, stranger, v.ID)
	r.wants(err, attempt.ErrNotFound)
	_, err = r.questions.Execute(ctx, stranger, v.ID, 0)
	r.wants(err, attempt.ErrNotFound)
	_, err = r.hand(ctx, attemptapp.AnswerCommand{User: stranger, Attempt: v.ID, Answers: []attempt.Answer{{Number: 1, Choice: 'A', Seq: 1}}})
	r.wants(err, attempt.ErrNotFound)
	_, err = r.advance.Execute(ctx, stranger, v.ID)
	r.wants(err, attempt.ErrNotFound)
	_, err = r.abandon.Execute(ctx, stranger, v.ID)
	r.wants(err, attempt.ErrNotFound)
	_, err = r.submit.Execute(ctx, stranger, v.ID)
	r.wants(err, attempt.ErrNotFound)
	_, err = r.result.Execute(ctx, stranger, v.ID)
	r.wants(err, attempt.ErrNotFound)
	_, err = r.review.Execute(ctx, stranger, v.ID, 0)
	r.wants(err, attempt.ErrNotFound)
	mine, err := r.get.Execute(ctx, r.learner, v.ID)
	r.must(err)
	if mine.Status != attempt.InProgress || mine.Answered != 0 || mine.Section != exam.Listening {
		t.Errorf("after all that the attempt is %+v", mine)
	}
	theirs, err := r.list.Execute(ctx, attemptapp.ListQuery{User: stranger, Page: ports.Page{Limit: 20}})
	r.must(err)
	if len(theirs.Items) != 0 {
		t.Errorf("a stranger lists %d attempts", len(theirs.Items))
	}
}

func TestAnAttemptKeepsTheRevisionItBeganWith(t *testing.T) {
	r := enter(t)
	v := r.begin(attempt.PracticeMode)
	changed := examtest.Mini()
	changed.Parts[0].Groups[0].Questions[0].Key = "D"
	if old := r.form.Parts[0].Groups[0].Questions[0].Key; old == "D" {
		t.Fatal("the test needs another key")
	}
	next := r.publish(changed, 2, r.exam.ExamID)
	if _, err := r.put(v.ID, 1, 'D', 1); err != nil {
		t.Fatal(err)
	}
	res, err := r.submit.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	if res.Sections[exam.Listening].Raw != 0 {
		t.Error("the attempt was scored by the keys of a later revision")
	}
	got, err := r.get.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	if got.Revision != 1 || next.Revision != 2 {
		t.Errorf("the attempt says revision %d", got.Revision)
	}
	if again := r.begin(attempt.PracticeMode); again.Revision != 2 {
		t.Errorf("a new attempt takes revision %d", again.Revision)
	}
}

func TestAnOverdueAttemptIsScoredOnceByTheServer(t *testing.T) {
	r := enter(t)
	v := r.begin(attempt.ExamMode)
	right := examtest.Key(exam.Photographs, 1)
	if _, err := r.put(v.ID, 1, right, 1); err != nil {
		t.Fatal(err)
	}
	r.clock.advance(v.DeadlineAt.Sub(noon) + attempt.Grace - time.Microsecond)
	if n, err := r.expire.Execute(t.Context()); n != 0 || err != nil {
		t.Fatalf("within the grace %d were scored, %v", n, err)
	}
	r.clock.advance(time.Microsecond)
	_, err := r.put(v.ID, 2, right, 1)
	r.wants(err, attempt.ErrClosed)

	var wait sync.WaitGroup
	scored := make([]int, 8)
	for i := range scored {
		wait.Go(func() {
			var err error
			if scored[i], err = r.expire.Execute(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	total := 0
	for _, n := range scored {
		total += n
	}
	if total != 1 {
		t.Errorf("eight replicas scored it %d times", total)
	}
	got, err := r.get.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	res, err := r.result.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	if got.Status != attempt.Expired || res.Result.Sections[exam.Listening].Raw != 1 {
		t.Errorf("status %s, result %+v", got.Status, res)
	}
	again, err := r.submit.Execute(t.Context(), r.learner, v.ID)
	r.must(err)
	if again.Total == nil || *again.Total != *res.Result.Total {
		t.Errorf("submitting it then gives %+v", again)
	}
}

func TestOneAttemptThatCannotBeScoredDoesNotHoldUpTheOthers(t *testing.T) {
	r := enter(t)
	broken := r.begin(attempt.ExamMode)
	_, err := r.start.Execute(t.Context(), attemptapp.StartCommand{User: r.other, Exam: r.exam.ExamID, Mode: attempt.ExamMode})
	r.must(err)
	r.clock.advance(24 * time.Hour)
	failing := r.expire
	failing.Scoring.Work = failingFor{r.store.Attempts(), broken.ID}
	n, err := failing.Execute(t.Context())
	if n != 1 || !errors.Is(err, errBroken) {
		t.Errorf("scored %d, error %v", n, err)
	}
}

var errBroken = errors.New("broken")

// failingFor is a unit of work in which one attempt cannot be read.
type failingFor struct {
	ports.UnitOfWork[ports.AttemptRepos]
	id uuid.UUID
}

func (f failingFor) Do(ctx context.Context, fn func(context.Context, ports.AttemptRepos) error) error {
	return f.UnitOfWork.Do(ctx, func(ctx context.Context, repos ports.AttemptRepos) error {
		repos.Attempts = failingAttempts{repos.Attempts, f.id}
		return fn(ctx, repos)
	})
}

type failingAttempts struct {
	ports.Attempts
	id uuid.UUID
}

func (f failingAttempts) ForChange(ctx context.Context, id uuid.UUID) (*attempt.Attempt, error) {
	if id == f.id {
		return nil, errBroken
	}
	return f.Attempts.ForChange(ctx, id)
}
