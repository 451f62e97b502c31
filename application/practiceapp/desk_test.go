package practiceapp_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/application/practiceapp"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/practice"
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

// seeds counts up.
type seeds struct{ last *uint64 }

func (s seeds) New() uint64 {
	*s.last++
	return *s.last
}

// study is a store with one published form, two learners, and the use cases of practice.
type study struct {
	t         *testing.T
	store     *entstore.Store
	clock     *clock
	exam      exam.Summary
	learner   uuid.UUID
	other     uuid.UUID
	create    practiceapp.Create
	questions practiceapp.Questions
	answer    practiceapp.Answer
	finish    practiceapp.Finish
	review    practiceapp.Review
	get       practiceapp.Get
	list      practiceapp.List
	book      practiceapp.Book
	progress  practiceapp.Progress
	count     practiceapp.Count
	fill      practiceapp.Fill
	export    practiceapp.Export
}

func enter(t *testing.T) *study {
	t.Helper()
	s := storetest.SQLite(t)
	c := &clock{now: noon}
	work, reads, exams, histories := s.Practice(), s.PracticeReads(), practiceapp.Secret{Clock: c, Taking: s.OpenExams(), Policies: s.PolicyList()}, s.HistoryReads()
	count := practiceapp.Count{Clock: c, Attempts: s.AttemptReads(), Revisions: s.Revisions(), Work: work}
	r := &study{
		t: t, store: s, clock: c,
		create: practiceapp.Create{
			Clock: c, IDs: ids{}, Seeds: seeds{new(uint64)}, OpenExams: exams, Pool: s.QuestionPool(), Revisions: s.Revisions(), Work: work,
		},
		questions: practiceapp.Questions{Reads: reads, Revisions: s.Revisions()},
		answer:    practiceapp.Answer{Clock: c, Reads: reads, OpenExams: exams, Revisions: s.Revisions(), Work: work},
		finish:    practiceapp.Finish{Clock: c, Reads: reads, OpenExams: exams, Revisions: s.Revisions(), Work: work},
		review:    practiceapp.Review{Reads: reads, OpenExams: exams, Revisions: s.Revisions()},
		get:       practiceapp.Get{Reads: reads},
		list:      practiceapp.List{Reads: reads},
		book:      practiceapp.Book{Clock: c, OpenExams: exams, Histories: histories},
		progress:  practiceapp.Progress{Histories: histories},
		count:     count,
		fill:      practiceapp.Fill{Gaps: s.PracticeGaps(), Count: count},
		export:    practiceapp.Export{Reads: reads, Histories: histories},
	}
	r.exam = r.publish("first")
	r.learner, r.other = r.account("ann@example.com"), r.account("bob@example.com")
	return r
}

// publish stores a mini form under a slug.
func (r *study) publish(slug string) exam.Summary {
	r.t.Helper()
	form := examtest.Mini()
	form.Slug = slug
	content := exam.Content{Form: form, Media: map[string]exam.Media{}}
	for _, name := range form.MediaFiles() {
		content.Media[name] = exam.Media{Hash: exam.Hash([]byte(name)), Type: "image/svg+xml", Size: int64(len(name))}
	}
	encoded, err := content.Encode()
	r.must(err)
	summary := exam.Summary{
		ExamID: ids{}.New(), RevisionID: ids{}.New(), Revision: 1, Slug: form.Slug, Title: form.Title, Kind: form.Kind,
		Format: form.Format, Hash: exam.Hash(encoded), Outline: form.Outline(), PublishedAt: noon,
	}
	r.must(r.store.Publication().Do(r.t.Context(), func(ctx context.Context, repos ports.PublicationRepos) error {
		return repos.Publication.Publish(ctx, exam.Revision{Summary: summary, Content: content}, encoded)
	}))
	return summary
}

func (r *study) account(email identity.Email) uuid.UUID {
	r.t.Helper()
	u, err := identity.Register(ids{}.New(), email, "-", identity.Profile{DisplayName: "Ann", Locale: "en"}, []identity.Role{identity.Learner}, noon)
	r.must(err)
	r.must(r.store.Users().Add(r.t.Context(), u))
	return u.ID
}

func (r *study) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *study) wants(err, want error) {
	r.t.Helper()
	if !errors.Is(err, want) {
		r.t.Fatalf("error %v, want %v", err, want)
	}
}

// draw makes a set of the learner.
func (r *study) draw(f practice.Feedback, count int, parts ...exam.Part) ports.PracticeView {
	r.t.Helper()
	return r.drawFrom(practice.AnyQuestion, f, count, parts...)
}

func (r *study) drawFrom(pool practice.Pool, f practice.Feedback, count int, parts ...exam.Part) ports.PracticeView {
	r.t.Helper()
	v, err := r.create.Execute(r.t.Context(), practiceapp.CreateCommand{
		User: r.learner, Feedback: f, Criteria: practice.Criteria{Count: count, Parts: parts, Pool: pool},
	})
	r.must(err)
	return v
}

// key is the right choice at a place of a set.
func key(v ports.PracticeView, n int) exam.Choice {
	item := v.Items[n-1]
	return examtest.Key(item.Part, item.Number)
}

// wrong is a wrong one.
func wrong(v ports.PracticeView, n int) exam.Choice {
	return exam.Label((key(v, n).Index() + 1) % v.Items[n-1].Part.Options())
}

func (r *study) put(v ports.PracticeView, answers ...practice.Answer) (practiceapp.Answered, error) {
	return r.answer.Execute(r.t.Context(), practiceapp.AnswerCommand{User: r.learner, Set: v.ID, Answers: answers})
}

func choose(n int, c exam.Choice, seq int64) practice.Answer {
	return practice.Answer{Number: n, Choice: c, Seq: seq}
}

// inBook returns the learner's book.
func (r *study) inBook() []practiceapp.BookItem {
	r.t.Helper()
	got, err := r.book.Execute(r.t.Context(), r.learner, 0, ports.Page{Limit: 100})
	r.must(err)
	return got.Items
}

// stats returns the learner's answers, right answers and questions in the book.
func (r *study) stats() [3]int {
	r.t.Helper()
	p, err := r.progress.Execute(r.t.Context(), r.learner)
	r.must(err)
	return [3]int{p.Answers, p.Right, p.InBook}
}
