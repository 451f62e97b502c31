package itemstatapp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/application/itemstatapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/itemstat"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

var noon = time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

type ids struct{}

func (ids) New() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// recorder remembers what was recorded.
type recorder struct{ entries []string }

func (r *recorder) Record(_ context.Context, _ ports.AuditLog, by identity.Caller, what audit.Action, object string, _, _ any) error {
	r.entries = append(r.entries, string(what)+" "+object+" "+by.RequestID)
	return nil
}

// office is a store with one published form and the use cases of statistics.
type office struct {
	t       *testing.T
	store   *entstore.Store
	clock   *clock
	log     *recorder
	exam    exam.Revision
	compute itemstatapp.Compute
	enqueue itemstatapp.EnqueueStatistics
	refresh itemstatapp.Refresh
	ofExam  itemstatapp.OfExam
	ofItem  itemstatapp.OfQuestion
}

func enter(t *testing.T) *office {
	t.Helper()
	s, c, log := storetest.SQLite(t), &clock{noon}, &recorder{}
	secrecy := itemstatapp.Secrecy{Attempts: s.AttemptReads()}
	o := &office{
		t: t, store: s, clock: c, log: log,
		compute: itemstatapp.Compute{Clock: c, Takers: s.Takers(), Revisions: s.Revisions(), Statistics: s.Statistics()},
		enqueue: itemstatapp.EnqueueStatistics{Clock: c, IDs: ids{}, Takers: s.Takers(), Work: s.Attempts()},
		refresh: itemstatapp.Refresh{Clock: c, IDs: ids{}, Catalogue: s.Catalogue(), Takers: s.Takers(), Recorder: log, Work: s.Attempts()},
		ofExam:  itemstatapp.OfExam{Catalogue: s.Catalogue(), Statistics: s.Statistics(), Secrecy: secrecy},
		ofItem:  itemstatapp.OfQuestion{Questions: s.Questions(), Statistics: s.Statistics(), Secrecy: secrecy},
	}
	o.exam = o.publish(examtest.Mini(), 1, ids{}.New(), uuid.Nil)
	return o
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) wants(err, want error) {
	o.t.Helper()
	if !errors.Is(err, want) {
		o.t.Fatalf("error %v, want %v", err, want)
	}
}

func (o *office) publish(form exam.Form, number int, id, corrects uuid.UUID) exam.Revision {
	o.t.Helper()
	content := exam.Content{Form: form, Media: map[string]exam.Media{}}
	encoded, err := content.Encode()
	o.must(err)
	r := exam.Revision{Content: content, Summary: exam.Summary{
		ExamID: id, RevisionID: ids{}.New(), Revision: number, Slug: form.Slug, Title: form.Title, Kind: form.Kind, Format: form.Format,
		Hash: exam.Hash(encoded), Outline: form.Outline(), PublishedAt: o.clock.now, Corrects: corrects,
	}}
	o.must(o.store.Publication().Do(o.t.Context(), func(ctx context.Context, repos ports.PublicationRepos) error {
		return repos.Publication.Publish(ctx, r, encoded)
	}))
	return r
}

// sit stores scored attempts that answered the first item so.
func (o *office) sit(n int, choice exam.Choice) uuid.UUID {
	o.t.Helper()
	u, err := identity.Register(ids{}.New(), identity.Email(ids{}.New().String()+"@example.com"), "-", identity.Profile{DisplayName: "Ann", Locale: "en"}, nil, noon)
	o.must(err)
	o.must(o.store.Users().Add(o.t.Context(), u))
	var sheets []ports.SheetChange
	o.must(o.store.Attempts().Do(o.t.Context(), func(ctx context.Context, repos ports.AttemptRepos) error {
		sheets = nil
		for range n {
			a, err := attempt.Start(ids{}.New(), u.ID, o.exam.Summary, attempt.Terms{Mode: attempt.ExamMode}, noon)
			o.must(err)
			_, err = a.Submit(noon)
			o.must(err)
			o.must(repos.Attempts.Add(ctx, a))
			sheets = append(sheets, ports.SheetChange{Attempt: a, Answers: []attempt.Answer{{Number: 1, Choice: choice, Seq: 1, At: noon}}})
		}
		return nil
	}))
	o.must(o.store.AnswerSheets().Do(o.t.Context(), func(ctx context.Context, repos ports.AnswerRepos) error {
		held := make([]uuid.UUID, len(sheets))
		for i, c := range sheets {
			held[i] = c.Attempt.ID()
		}
		if _, err := repos.Sheets.Hold(ctx, held); err != nil {
			return err
		}
		return repos.Sheets.Store(ctx, sheets)
	}))
	return u.ID
}

// queued takes every job that waits.
func (o *office) queued() []job.Job {
	o.t.Helper()
	jobs, err := o.store.Queue().Claim(o.t.Context(), o.clock.now, time.Minute, 100)
	o.must(err)
	return jobs
}

func TestStatisticsAreOrderedOnceAndComputedFromEverybody(t *testing.T) {
	o := enter(t)
	if n, err := o.enqueue.Execute(t.Context()); n != 0 || err != nil {
		t.Fatalf("ordered %d before anybody took it, %v", n, err)
	}
	o.sit(3, examtest.Key(exam.Photographs, 1))
	o.sit(1, 'A')
	for range 3 { // as three processes would
		n, err := o.enqueue.Execute(t.Context())
		o.must(err)
		if n != 1 {
			t.Fatalf("%d forms are stale", n)
		}
	}
	jobs := o.queued()
	if len(jobs) != 1 || jobs[0].Kind != job.ItemStatistics {
		t.Fatalf("%d jobs", len(jobs))
	}
	for range 2 { // a job may be done twice
		o.must(o.compute.Do(t.Context(), jobs[0]))
	}
	o.must(o.store.Queue().Done(t.Context(), jobs[0], noon))
	s, err := o.ofExam.Execute(t.Context(), uuid.Nil, o.exam.ExamID, uuid.Nil)
	o.must(err)
	if s.Takers != 4 || *s.Report.Items[0].P != 0.75 || s.Revision != o.exam.RevisionID || !s.ComputedAt.Equal(noon) {
		t.Errorf("%d takers, p %v, of revision %s at %s", s.Takers, s.Report.Items[0].P, s.Revision, s.ComputedAt)
	}
	if n, err := o.enqueue.Execute(t.Context()); n != 0 || err != nil {
		t.Errorf("ordered %d again without news, %v", n, err)
	}
}

func TestACorrectedKeyJudgesTheAnswersOfTheWholeForm(t *testing.T) {
	o := enter(t)
	o.sit(2, 'D')
	o.sit(1, examtest.Key(exam.Photographs, 1))
	_, err := o.compute.Execute(t.Context(), o.exam.FormID())
	o.must(err)
	o.clock.now = noon.Add(time.Hour)
	form := examtest.Mini()
	form.Parts[0].Groups[0].Questions[0].Key = "D"
	corrected := o.publish(form, 2, o.exam.ExamID, o.exam.RevisionID)
	if n, err := o.enqueue.Execute(t.Context()); n != 1 || err != nil {
		t.Fatalf("after a correction %d are stale, %v", n, err)
	}
	for _, j := range o.queued() {
		o.must(o.compute.Do(t.Context(), j))
	}
	s, err := o.ofExam.Execute(t.Context(), uuid.Nil, o.exam.ExamID, uuid.Nil)
	o.must(err)
	if item := s.Report.Items[0]; s.Revision != corrected.RevisionID || s.Form != o.exam.RevisionID || item.Key != 'D' || printed(item.P) != 2.0/3 {
		t.Errorf("%+v of revision %s", item, s.Revision)
	}
	question, forms, err := o.ofItem.Execute(t.Context(), uuid.Nil, s.Report.Items[0].ID)
	o.must(err)
	if question.Number != 1 || len(forms) != 1 || forms[0].Takers != 3 || forms[0].Item.Number != 1 {
		t.Errorf("question %+v on %d forms", question, len(forms))
	}
}

func printed(v *float64) float64 {
	if v == nil {
		return -1
	}
	return *v
}

func TestStatisticsThatAreNotThereAreNotFound(t *testing.T) {
	o := enter(t)
	_, err := o.ofExam.Execute(t.Context(), uuid.Nil, o.exam.ExamID, uuid.Nil)
	o.wants(err, itemstat.ErrNotComputed)
	_, err = o.ofExam.Execute(t.Context(), uuid.Nil, uuid.New(), uuid.Nil)
	o.wants(err, exam.ErrNotFound)
	_, _, err = o.ofItem.Execute(t.Context(), uuid.Nil, uuid.New())
	o.wants(err, exam.ErrQuestionNotFound)
	items, err := itemstat.Items(o.exam)
	o.must(err)
	_, _, err = o.ofItem.Execute(t.Context(), uuid.Nil, items[0].ID)
	o.wants(err, itemstat.ErrNotComputed)
	_, err = o.refresh.Execute(t.Context(), identity.Caller{}, uuid.New())
	o.wants(err, exam.ErrNotFound)
	_, err = o.compute.Execute(t.Context(), o.exam.FormID())
	o.must(err)
	other := examtest.Mini()
	other.Slug = "another"
	second := o.publish(other, 1, ids{}.New(), uuid.Nil)
	_, err = o.ofExam.Execute(t.Context(), uuid.Nil, second.ExamID, o.exam.FormID())
	o.wants(err, itemstat.ErrNotComputed)
}

func TestARefreshOrdersEveryFormOfTheExamAndIsRecorded(t *testing.T) {
	o := enter(t)
	o.sit(1, 'A')
	form := examtest.Mini()
	form.Parts[0].Groups[0].Questions[0].Options[0].Text = "Something else"
	second := o.publish(form, 2, o.exam.ExamID, uuid.Nil)
	for range 2 {
		got, err := o.refresh.Execute(t.Context(), identity.Caller{RequestID: "r"}, o.exam.ExamID)
		o.must(err)
		if len(got) != 2 || got[0] != second.RevisionID || got[1] != o.exam.RevisionID {
			t.Errorf("ordered %v", got)
		}
	}
	if jobs := o.queued(); len(jobs) != 2 {
		t.Errorf("%d jobs", len(jobs))
	}
	if want := "statistics.refresh exam:" + o.exam.ExamID.String() + " r"; len(o.log.entries) != 2 || o.log.entries[0] != want {
		t.Errorf("recorded %v", o.log.entries)
	}
}

// Teachers take exams too: the keys in statistics are kept from them until they are done.
func TestWhoIsTakingTheExamSeesNoStatisticsOfIt(t *testing.T) {
	o := enter(t)
	teacher := o.sit(1, 'A')
	_, err := o.compute.Execute(t.Context(), o.exam.FormID())
	o.must(err)
	items, err := itemstat.Items(o.exam)
	o.must(err)
	a, err := attempt.Start(ids{}.New(), teacher, o.exam.Summary, attempt.Terms{Mode: attempt.ExamMode}, noon)
	o.must(err)
	o.must(o.store.Attempts().Do(t.Context(), func(ctx context.Context, repos ports.AttemptRepos) error { return repos.Attempts.Add(ctx, a) }))
	s, err := o.ofExam.Execute(t.Context(), teacher, o.exam.ExamID, uuid.Nil)
	o.wants(err, attempt.ErrReviewLocked)
	_, forms, err := o.ofItem.Execute(t.Context(), teacher, items[0].ID)
	o.wants(err, attempt.ErrReviewLocked)
	if len(s.Report.Items)+len(forms) != 0 {
		t.Error("statistics come with the refusal")
	}
	_, err = o.ofExam.Execute(t.Context(), uuid.New(), o.exam.ExamID, uuid.Nil)
	o.must(err)
}

func TestAnOrderThatNobodyCanFulfilIsHopeless(t *testing.T) {
	o := enter(t)
	for name, payload := range map[string]string{"no JSON": "x", "an unknown form": `{"form":"` + uuid.NewString() + `"}`} {
		if err := o.compute.Do(t.Context(), job.Job{Payload: []byte(payload)}); !errors.Is(err, job.ErrHopeless) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
