package porttest

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ports"
)

// candidates asks the pool of a learner and returns the identifiers in order.
func (f *fixture) candidates(user uuid.UUID, c practice.Criteria, without ...uuid.UUID) []practice.Candidate {
	f.Helper()
	got, err := f.store.QuestionPool().Candidates(f.ctx, user, c, without, noon.Add(time.Hour))
	f.must(err)
	return got
}

// ids returns the sorted identifiers of questions.
func ids[T any](list []T, id func(T) uuid.UUID) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = id(v).String()
	}
	slices.Sort(out)
	return out
}

func pools(f *fixture) {
	user, one, two := f.user().ID, f.exam(), f.exam()
	all := append(f.items(one), f.items(two)...)
	f.must(f.answer(user, all[0].ID, false, noon))
	f.must(f.answer(user, all[1].ID, true, noon))
	f.must(f.answer(user, all[2].ID, false, noon))
	f.must(f.answer(user, all[2].ID, true, noon))
	f.must(f.answer(f.user().ID, all[3].ID, false, noon))
	only := func(keep func(exam.Item) bool) []exam.Item {
		return slices.DeleteFunc(slices.Clone(all), func(q exam.Item) bool { return !keep(q) })
	}
	for name, c := range map[string]struct {
		criteria practice.Criteria
		without  []uuid.UUID
		want     []exam.Item
	}{
		"any":         {practice.Criteria{Pool: practice.AnyQuestion}, nil, all},
		"one exam":    {practice.Criteria{Pool: practice.AnyQuestion, Exam: one.ExamID}, nil, f.items(one)},
		"without one": {practice.Criteria{Pool: practice.AnyQuestion}, []uuid.UUID{one.ExamID}, f.items(two)},
		"without all": {practice.Criteria{Pool: practice.AnyQuestion}, []uuid.UUID{one.ExamID, two.ExamID}, nil},
		"unseen":      {practice.Criteria{Pool: practice.Unseen}, nil, all[3:]},
		"wrong":       {practice.Criteria{Pool: practice.WrongBefore}, nil, []exam.Item{all[0], all[2]}},
		"parts":       {practice.Criteria{Pool: practice.AnyQuestion, Parts: []exam.Part{2, 6}}, nil, only(func(q exam.Item) bool { return q.Part == 2 || q.Part == 6 })},
		"abilities": {
			practice.Criteria{Pool: practice.AnyQuestion, Abilities: []exam.Ability{exam.DetailsExtended}},
			nil,
			only(func(q exam.Item) bool { return q.Ability == exam.DetailsExtended }),
		},
		"known difficulty": {practice.Criteria{Pool: practice.AnyQuestion, Difficulty: &practice.Range{Max: 1}}, nil, nil},
		"any difficulty":   {practice.Criteria{Pool: practice.AnyQuestion, Difficulty: &practice.Range{Max: 1, Unknown: true}}, nil, all},
	} {
		got := f.candidates(user, c.criteria, c.without...)
		f.equal(name, ids(got, func(q practice.Candidate) uuid.UUID { return q.ID }), ids(c.want, func(q exam.Item) uuid.UUID { return q.ID }))
		for _, q := range got {
			i := slices.IndexFunc(all, func(want exam.Item) bool { return want.ID == q.ID })
			f.equal(name+": question", q.Item, all[i])
			f.equal(name+": due", q.Due, c.criteria.Pool == practice.WrongBefore && i == 0)
		}
	}
}

func currentQuestions(f *fixture) {
	first := f.exam()
	user := f.user().ID
	gone := f.items(first)[0]
	f.must(f.answer(user, gone.ID, false, noon))
	form := examtest.Mini()
	form.Slug = first.Slug
	form.Parts[0].Groups[0].Questions[0].Options[0].Text = "Another question altogether"
	form.Parts[1].Groups[0].Questions[0].Key = "C"
	second, encoded := f.revision(form, 2, first.ExamID)
	f.must(f.publish(func(ctx context.Context, p ports.Publication) error { return p.Publish(ctx, second, encoded) }))
	got := f.candidates(user, practice.Criteria{Pool: practice.AnyQuestion})
	f.equal("questions", ids(got, func(q practice.Candidate) uuid.UUID { return q.ID }), ids(f.items(second.Summary), func(q exam.Item) uuid.UUID { return q.ID }))
	for _, q := range got {
		f.equal("revision", q.Revision, second.RevisionID)
	}
	f.equal("in the book", len(f.candidates(user, practice.Criteria{Pool: practice.WrongBefore})), 0)
	for inBook, want := range map[bool]int{true: 0, false: 1} {
		list, err := f.store.HistoryReads().Histories(f.ctx, ports.HistoryFilter{User: user, InBook: inBook}, ports.Page{Limit: 10})
		f.must(err)
		f.equal("histories", len(list.Items), want)
	}
	sums, err := f.store.HistoryReads().Progress(f.ctx, user, nil)
	f.must(err)
	f.equal("progress", sums, []ports.PracticeTally{{Part: 1, Ability: exam.DetailsShort, Seen: 1, Answers: 1}})
}

func listingTheBook(f *fixture) {
	user, one, two := f.user().ID, f.exam(), f.exam()
	items := append(f.items(one), f.items(two)...)
	var want, part5, second []uuid.UUID
	for i, q := range items {
		f.must(f.answer(user, q.ID, i%3 == 0, noon))
		f.must(f.answer(f.user().ID, q.ID, false, noon))
		if i%3 == 0 {
			continue
		}
		want = append(want, q.ID)
		if q.Part == 5 {
			part5 = append(part5, q.ID)
		}
		if q.ExamID == two.ExamID {
			second = append(second, q.ID)
		}
	}
	list := func(limit int, which ports.HistoryFilter) []uuid.UUID {
		return pages(f, limit, func(p ports.Page) (ports.Slice[ports.BookEntry], error) {
			return f.store.HistoryReads().Histories(f.ctx, which, p)
		},
			func(e ports.BookEntry) uuid.UUID { return e.ID })
	}
	for _, limit := range []int{1, 7, 100} {
		f.equal("the book", list(limit, ports.HistoryFilter{User: user, InBook: true}), want)
	}
	f.equal("part 5", list(1, ports.HistoryFilter{User: user, InBook: true, Part: 5}), part5)
	f.equal("without one exam", list(5, ports.HistoryFilter{User: user, InBook: true, Without: []uuid.UUID{one.ExamID}}), second)
	f.equal("all histories", len(list(10, ports.HistoryFilter{User: user})), len(items))
	got, err := f.store.HistoryReads().Histories(f.ctx, ports.HistoryFilter{User: user, InBook: true}, ports.Page{Limit: 1})
	f.must(err)
	since := noon
	f.equal("entry", got.Items[0], ports.BookEntry{Item: items[1], History: practice.History{Seen: 1, Wrong: 1, LastAt: noon, InBookSince: &since}})

	// Where a stretch ended is found again though the question left the book meanwhile.
	f.must(f.answer(user, want[0], true, noon.Add(24*time.Hour)))
	f.must(f.answer(user, want[0], true, noon.Add(48*time.Hour)))
	next, err := f.store.HistoryReads().Histories(f.ctx, ports.HistoryFilter{User: user, InBook: true}, ports.Page{Limit: 1, After: want[0]})
	f.must(err)
	f.equal("next", next.Items[0].ID, want[1])
}

func progress(f *fixture) {
	user := f.user().ID
	items := f.items(f.exam())
	sums, err := f.store.HistoryReads().Progress(f.ctx, user, nil)
	f.must(err)
	f.equal("of nothing", len(sums), 0)
	f.must(f.answer(user, items[0].ID, true, noon))  // part 1
	f.must(f.answer(user, items[1].ID, false, noon)) // part 2
	f.must(f.answer(user, items[1].ID, true, noon))
	f.must(f.answer(user, items[2].ID, true, noon)) // part 2
	f.must(f.answer(f.user().ID, items[0].ID, false, noon))
	sums, err = f.store.HistoryReads().Progress(f.ctx, user, nil)
	f.must(err)
	slices.SortFunc(sums, func(x, y ports.PracticeTally) int { return int(x.Part - y.Part) })
	f.equal("progress", sums, []ports.PracticeTally{
		{Part: 1, Ability: exam.DetailsShort, Seen: 1, Answers: 1, Right: 1},
		{Part: 2, Ability: exam.DetailsShort, Seen: 2, Answers: 3, Right: 2, InBook: 1},
	})
	other := f.items(f.exam())[0]
	f.must(f.answer(user, other.ID, false, noon)) // part 1
	sums, err = f.store.HistoryReads().Progress(f.ctx, user, []uuid.UUID{items[0].ExamID, f.id()})
	f.must(err)
	f.equal("without one exam", sums, []ports.PracticeTally{{Part: 1, Ability: exam.DetailsShort, Seen: 1, Answers: 1, InBook: 1}})
}

func indexing(f *fixture) {
	form := f.exam()
	user := f.user().ID
	items := f.items(form)
	old := exam.Item{ID: f.id(), ExamID: form.ExamID, Revision: form.RevisionID, Number: 1, Part: 5, Ability: exam.Grammar}
	claimed := items[0]
	claimed.Number = 99 // what is known is not changed
	add := func() error {
		return f.practice(func(ctx context.Context, r ports.PracticeRepos) error {
			f.must(r.Questions.AddMissing(ctx, nil))
			return r.Questions.AddMissing(ctx, []exam.Item{claimed, old})
		})
	}
	f.must(add())
	f.must(add())
	f.must(f.answer(user, old.ID, false, noon))
	f.must(f.answer(user, claimed.ID, false, noon))
	list, err := f.store.HistoryReads().Histories(f.ctx, ports.HistoryFilter{User: user}, ports.Page{Limit: 10})
	f.must(err)
	f.equal("questions", []exam.Item{list.Items[0].Item, list.Items[1].Item}, []exam.Item{old, items[0]})
	f.equal("to practise", len(f.candidates(user, practice.Criteria{Pool: practice.AnyQuestion})), len(items))
}

func unindexed(f *fixture) {
	form := f.exam()
	find := func() []uuid.UUID {
		got, err := f.store.QuestionGaps().Unindexed(f.ctx)
		f.must(err)
		return got
	}
	f.equal("of an indexed exam", len(find()), 0)
	items := f.items(form)
	next := examtest.Mini()
	next.Slug = form.Slug
	next.Parts = next.Parts[:1]
	second, encoded := f.revision(next, 2, form.ExamID)
	f.must(f.publish(func(ctx context.Context, p ports.Publication) error { return p.Publish(ctx, second, encoded) }))
	f.equal("to practise in the second revision", len(f.candidates(f.user().ID, practice.Criteria{Pool: practice.AnyQuestion})), 1)
	f.must(f.practice(func(ctx context.Context, r ports.PracticeRepos) error {
		f.must(r.Questions.MakeCurrent(ctx, nil))
		return r.Questions.MakeCurrent(ctx, items)
	}))
	f.equal("to practise", len(f.candidates(f.user().ID, practice.Criteria{Pool: practice.AnyQuestion})), len(items))
}
