package porttest

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

func listTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"EachItemIsListedOnceInOrderWhateverTheLimit": paging,
		"AFilterSelectsWhatItSays":                    filtering,
		"AnAttemptIsOverdueWhenItsGraceIsOver":        overdue,
		"ExamsAreListedByKind":                        examKinds,
	}
}

// pages walks a list to its end and returns what it gave.
func pages[T any](f *fixture, limit int, list func(ports.Page) (ports.Slice[T], error), id func(T) uuid.UUID) []uuid.UUID {
	f.Helper()
	var out []uuid.UUID
	page := ports.Page{Limit: limit}
	for {
		got, err := list(page)
		f.must(err)
		if len(got.Items) > limit {
			f.Fatalf("%d items for a limit of %d", len(got.Items), limit)
		}
		for _, item := range got.Items {
			out = append(out, id(item))
		}
		if got.Next == uuid.Nil {
			return out
		}
		page.After = got.Next
	}
}

func paging(f *fixture) {
	form := f.exam()
	u := f.user().ID
	var attempts, sessions, exams []uuid.UUID
	exams = append(exams, form.ExamID)
	for range 7 {
		a := f.start(u, form, attempt.PracticeMode)
		_, err := a.Abandon(noon)
		f.must(err)
		f.must(f.save(a))
		attempts = append([]uuid.UUID{a.Snapshot().ID}, attempts...)
		sessions = append([]uuid.UUID{f.session(u, "192.0.2.1").ID}, sessions...)
		exams = append(exams, f.exam().ExamID)
	}
	for _, limit := range []int{1, 3, 7, 100} {
		f.equal("attempts, newest first", pages(f, limit, func(p ports.Page) (ports.Slice[ports.AttemptView], error) {
			return f.store.AttemptReads().List(f.ctx, ports.AttemptFilter{User: u}, p)
		}, func(v ports.AttemptView) uuid.UUID { return v.ID }), attempts)
		f.equal("sessions, newest first", pages(f, limit, func(p ports.Page) (ports.Slice[identity.Session], error) {
			return f.store.Sessions().List(f.ctx, ports.SessionFilter{User: u}, p)
		}, func(s identity.Session) uuid.UUID { return s.ID }), sessions)
		f.equal("exams, oldest first", pages(f, limit, func(p ports.Page) (ports.Slice[exam.Summary], error) {
			return f.store.Catalogue().List(f.ctx, ports.ExamFilter{}, p)
		}, func(s exam.Summary) uuid.UUID { return s.ExamID }), exams)
	}
}

func filtering(f *fixture) {
	one, two := f.exam(), f.exam()
	ann, bob := f.user().ID, f.user().ID
	a, b, c := f.start(ann, one, attempt.ExamMode), f.start(ann, two, attempt.PracticeMode), f.start(bob, one, attempt.ExamMode)
	_, err := f.hand(b.ID(), attempt.Answer{Number: 1, Choice: 'A', Seq: 1}, attempt.Answer{Number: 2, Seq: 1})
	f.must(err)
	_, err = b.Submit(noon)
	f.must(err)
	f.must(f.save(b))
	for _, test := range []struct {
		which ports.AttemptFilter
		want  []*attempt.Attempt
	}{
		{ports.AttemptFilter{}, []*attempt.Attempt{c, b, a}},
		{ports.AttemptFilter{User: ann}, []*attempt.Attempt{b, a}},
		{ports.AttemptFilter{User: ann, Exam: one.ExamID}, []*attempt.Attempt{a}},
		{ports.AttemptFilter{Mode: attempt.ExamMode}, []*attempt.Attempt{c, a}},
		{ports.AttemptFilter{Status: attempt.Submitted}, []*attempt.Attempt{b}},
		{ports.AttemptFilter{Scored: true}, nil},
	} {
		got, err := f.store.AttemptReads().List(f.ctx, test.which, ports.Page{Limit: 10})
		f.must(err)
		var ids, want []uuid.UUID
		for _, v := range got.Items {
			ids = append(ids, v.ID)
			if v.ID == b.Snapshot().ID && v.Answered != 1 {
				f.Errorf("%d answered of one choice and one blank", v.Answered)
			}
		}
		for _, w := range test.want {
			want = append(want, w.Snapshot().ID)
		}
		if !slices.Equal(ids, want) {
			f.Errorf("%+v gives %v, want %v", test.which, ids, want)
		}
	}
}

func overdue(f *fixture) {
	form := f.exam()
	a := f.start(f.user().ID, form, attempt.ExamMode)
	f.start(f.user().ID, form, attempt.PracticeMode) // has no deadline
	deadline := *a.Snapshot().DeadlineAt
	count := func(at time.Time) int {
		got, err := f.store.AttemptReads().List(f.ctx, ports.AttemptFilter{OverdueAt: at}, ports.Page{Limit: 10})
		f.must(err)
		return len(got.Items)
	}
	f.equal("overdue at the deadline", count(deadline), 0)
	f.equal("overdue before the end of the grace", count(deadline.Add(attempt.Grace-time.Microsecond)), 0)
	f.equal("overdue at the end of the grace", count(deadline.Add(attempt.Grace)), 1)
	f.equal("overdue in another zone", count(deadline.Add(attempt.Grace).In(time.FixedZone("west", -8*3600))), 1)
	f.equal("overdue in another zone, before", count(deadline.In(time.FixedZone("east", 9*3600))), 0)
	_, err := a.Submit(deadline.Add(time.Hour))
	f.must(err)
	f.must(f.save(a))
	f.equal("overdue once it is closed", count(deadline.Add(24*time.Hour)), 0)
}

func examKinds(f *fixture) {
	f.exam()
	for kind, want := range map[exam.Kind]int{"": 1, exam.Mini: 1, exam.Full: 0} {
		got, err := f.store.Catalogue().List(f.ctx, ports.ExamFilter{Kind: kind}, ports.Page{Limit: 10})
		f.must(err)
		f.equal("exams of kind "+string(kind), len(got.Items), want)
	}
}
