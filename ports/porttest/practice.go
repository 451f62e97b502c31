package porttest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ports"
)

// practiceStore is what a store has for practice.
type practiceStore interface {
	Practice() ports.UnitOfWork[ports.PracticeRepos]
	PracticeReads() ports.PracticeReads
	QuestionPool() ports.QuestionPool
	OpenExams() ports.OpenExams
	HistoryReads() ports.HistoryReads
	PracticeGaps() ports.PracticeGaps
	QuestionGaps() ports.QuestionGaps
}

func practiceTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"ASetComesBackAsItWasMade":                    setRoundTrip,
		"AnAnswerReplacesTheOneBefore":                practiceAnswers,
		"ASetIsChangedByOneAtATime":                   setAtOnce,
		"HistoriesComeBackAsTheyWerePut":              historyRoundTrip,
		"NoAnswerIsLostToAHistoryThatOthersChange":    historiesAtOnce,
		"ALearnerWhoIsGoneHasNoHistory":               historyOfNobody,
		"AThousandHistoriesAndMoreArePutTogether":     manyHistories,
		"AnAttemptIsCountedOnce":                      countingOnce,
		"APoolHoldsWhatMatches":                       pools,
		"OnlyTheNewestQuestionsAreInAPool":            currentQuestions,
		"AnOpenExamIsOneInExamModeInProgress":         openExams,
		"TheBookIsListedStretchByStretch":             listingTheBook,
		"ProgressSumsUpTheHistories":                  progress,
		"QuestionsOfOldRevisionsAreAddedToThePast":    indexing,
		"PracticeGoesWithTheAccount":                  erasingPractice,
		"AFailedUnitOfWorkLeavesNoAnswerAndNoHistory": rollingBackPractice,
		"QuestionsOfTheNewestRevisionAreMadeCurrent":  unindexed,
	}
}

func (f *fixture) practice(fn func(context.Context, ports.PracticeRepos) error) error {
	return f.store.Practice().Do(f.ctx, fn)
}

// items returns the questions of an exam.
func (f *fixture) items(form exam.Summary) []exam.Item {
	f.Helper()
	r, err := f.store.Revisions().Revision(f.ctx, form.RevisionID)
	f.must(err)
	items, err := r.Items()
	f.must(err)
	return items
}

// newSet stores a set of the first questions of an exam.
func (f *fixture) newSet(user uuid.UUID, form exam.Summary) *practice.Set {
	f.Helper()
	var items []practice.Item
	for i, q := range f.items(form)[:5] {
		items = append(items, practice.Item{
			Question: q.ID, Exam: q.ExamID, Revision: q.Revision, Number: q.Number, Part: q.Part, Ability: q.Ability, Group: i + 1,
		})
	}
	c := practice.Criteria{
		Count: 5, Parts: []exam.Part{1, 2}, Abilities: []exam.Ability{exam.GistShort}, Pool: practice.WrongBefore, Exam: form.ExamID,
		Difficulty: &practice.Range{Min: 0.25, Max: 1, Unknown: true},
	}
	set, err := practice.New(f.id(), user, practice.Final, c, 1<<64-1, items, noon)
	f.must(err)
	f.must(f.practice(func(ctx context.Context, r ports.PracticeRepos) error { return r.Sets.Add(ctx, set) }))
	return set
}

func setRoundTrip(f *fixture) {
	user, form := f.user().ID, f.exam()
	set := f.newSet(user, form)
	other := f.newSet(f.user().ID, form)
	got, err := f.store.PracticeReads().Set(f.ctx, set.Snapshot().ID)
	f.must(err)
	f.equal("set", got.Snapshot, set.Snapshot())
	_, err = f.store.PracticeReads().Set(f.ctx, f.id())
	f.wants(err, practice.ErrNotFound)
	set.Finish(noon.Add(time.Hour))
	save := func(s *practice.Set) error {
		return f.practice(func(ctx context.Context, r ports.PracticeRepos) error { return r.Sets.Save(ctx, s) })
	}
	f.must(save(set))
	f.wants(save(set), ports.ErrStale)
	f.must(f.practice(func(ctx context.Context, r ports.PracticeRepos) error {
		got, err := r.Sets.ForChange(ctx, set.Snapshot().ID)
		f.must(err)
		f.equal("finished set", got.Snapshot(), set.Snapshot())
		_, err = r.Sets.ForChange(ctx, f.id())
		f.wants(err, practice.ErrNotFound)
		return nil
	}))
	newer := f.newSet(user, form)
	for _, limit := range []int{1, 2, 100} {
		ids := pages(f, limit, func(p ports.Page) (ports.Slice[ports.PracticeView], error) {
			return f.store.PracticeReads().List(f.ctx, user, p)
		},
			func(v ports.PracticeView) uuid.UUID { return v.ID })
		f.equal("newest first, and none of "+other.Snapshot().ID.String(), ids, []uuid.UUID{newer.Snapshot().ID, set.Snapshot().ID})
	}
}

func practiceAnswers(f *fixture) {
	user := f.user().ID
	id := f.newSet(user, f.exam()).Snapshot().ID
	put := func(answers ...practice.Answer) {
		f.must(f.practice(func(ctx context.Context, r ports.PracticeRepos) error { return r.Answers.Put(ctx, id, answers) }))
	}
	put()
	put(practice.Answer{Number: 1, Choice: 'A', Seq: 1, At: noon}, practice.Answer{Number: 2, Choice: 'B', Seq: 1, Elapsed: 1500, At: noon})
	last := practice.Answer{Number: 1, Seq: practice.MaxSeq, Elapsed: practice.MaxElapsed, At: noon.Add(time.Second)}
	put(last)
	sheet, err := f.store.PracticeReads().Sheet(f.ctx, id)
	f.must(err)
	f.equal("sheet", sheet, practice.Sheet{1: last, 2: {Number: 2, Choice: 'B', Seq: 1, Elapsed: 1500, At: noon}})
	view, err := f.store.PracticeReads().Set(f.ctx, id)
	f.must(err)
	f.equal("answered", view.Answered, 1)
	list, err := f.store.PracticeReads().List(f.ctx, user, ports.Page{Limit: 1})
	f.must(err)
	f.equal("answered in the list", list.Items[0].Answered, 1)
}

// setAtOnce: of many who finish a set one does, and whoever answers does so before or not at all.
func setAtOnce(f *fixture) {
	id := f.newSet(f.user().ID, f.exam()).Snapshot().ID
	var atFinish practice.Sheet
	finished := f.together(12, func(i int) bool {
		var done bool
		err := f.practice(func(ctx context.Context, r ports.PracticeRepos) error {
			set, err := r.Sets.ForChange(ctx, id)
			if err != nil {
				return err
			}
			if i%2 == 0 {
				if done = set.Finish(noon); !done {
					return nil
				}
				if atFinish, err = r.Answers.Sheet(ctx, id); err != nil {
					return err
				}
				return r.Sets.Save(ctx, set)
			}
			batch, err := set.Accept([]practice.Answer{{Number: i%5 + 1, Choice: 'A', Seq: int64(i)}}, nil, noon)
			if err != nil {
				return err
			}
			return r.Answers.Put(ctx, id, batch)
		})
		if err != nil && !errors.Is(err, practice.ErrFinished) {
			f.Error(err)
		}
		return done && err == nil
	})
	f.equal("finished", finished, 1)
	sheet, err := f.store.PracticeReads().Sheet(f.ctx, id)
	f.must(err)
	f.equal("sheet after it was finished", sheet, atFinish)
}

// answer tells the history of one question of one more answer.
func (f *fixture) answer(user, question uuid.UUID, correct bool, at time.Time) error {
	return f.practice(func(ctx context.Context, r ports.PracticeRepos) error {
		all, there, err := r.Histories.ForChange(ctx, user, []uuid.UUID{question})
		if err != nil || !there {
			return err
		}
		all[question] = all[question].Answered(correct, at)
		return r.Histories.Put(ctx, user, all)
	})
}

func historyRoundTrip(f *fixture) {
	user, items := f.user().ID, f.items(f.exam())
	ids := []uuid.UUID{items[0].ID, items[1].ID, items[2].ID}
	f.must(f.answer(user, ids[0], true, noon))
	f.must(f.answer(user, ids[1], false, noon))
	f.must(f.answer(user, ids[1], true, noon.Add(time.Hour)))
	f.must(f.answer(f.user().ID, ids[2], false, noon))
	f.must(f.practice(func(ctx context.Context, r ports.PracticeRepos) error {
		got, there, err := r.Histories.ForChange(ctx, user, ids)
		f.must(err)
		since := noon
		f.equal("histories", got, map[uuid.UUID]practice.History{
			ids[0]: {Seen: 1, LastCorrect: true, LastAt: noon},
			ids[1]: {Seen: 2, Wrong: 1, LastCorrect: true, LastAt: noon.Add(time.Hour), RightDays: 1, RightOn: "2027-03-14", InBookSince: &since},
		})
		f.equal("there", there, true)
		return r.Histories.Put(ctx, user, nil)
	}))
	f.must(f.answer(user, ids[1], true, noon.Add(24*time.Hour)))
	book, err := f.store.HistoryReads().Histories(f.ctx, ports.HistoryFilter{User: user, InBook: true}, ports.Page{Limit: 10})
	f.must(err)
	f.equal("book after a second day", len(book.Items), 0)
}

func historiesAtOnce(f *fixture) {
	user, items := f.user().ID, f.items(f.exam())
	const writers = 16
	f.together(writers, func(i int) bool {
		if err := f.answer(user, items[i%2].ID, i%4 > 1, noon); err != nil {
			f.Error(err)
		}
		return true
	})
	all, err := f.store.HistoryReads().Histories(f.ctx, ports.HistoryFilter{User: user}, ports.Page{Limit: 10})
	f.must(err)
	for _, e := range all.Items {
		f.equal("seen and wrong", []int{e.Seen, e.Wrong}, []int{writers / 2, writers / 4})
	}
	f.equal("questions", len(all.Items), 2)
}

func historyOfNobody(f *fixture) {
	f.must(f.practice(func(ctx context.Context, r ports.PracticeRepos) error {
		got, there, err := r.Histories.ForChange(ctx, f.id(), []uuid.UUID{f.id()})
		f.equal("nobody", []any{len(got), there}, []any{0, false})
		return err
	}))
}

func manyHistories(f *fixture) {
	user := f.user().ID
	form := f.exam()
	var items []exam.Item
	for n := range 2500 {
		items = append(items, exam.Item{ID: f.id(), ExamID: form.ExamID, Revision: form.RevisionID, Number: n + 1, Part: 5, Ability: "R5"})
	}
	all := map[uuid.UUID]practice.History{}
	var ids []uuid.UUID
	for _, q := range items {
		ids = append(ids, q.ID)
		all[q.ID] = practice.History{}.Answered(false, noon)
	}
	f.must(f.practice(func(ctx context.Context, r ports.PracticeRepos) error {
		for some := range slices.Chunk(items, 200) {
			f.must(r.Questions.AddMissing(ctx, some))
		}
		f.must(r.Histories.Put(ctx, user, all))
		got, _, err := r.Histories.ForChange(ctx, user, ids)
		f.equal("histories", len(got), len(all))
		return err
	}))
}

func countingOnce(f *fixture) {
	form := f.exam()
	a := f.start(f.user().ID, form, attempt.PracticeMode)
	id := a.Snapshot().ID
	claim := func(id uuid.UUID) (won bool, err error) {
		err = f.practice(func(ctx context.Context, r ports.PracticeRepos) error {
			won, err = r.Counted.Claim(ctx, id, noon)
			return err
		})
		return won, err
	}
	for what, id := range map[string]uuid.UUID{"an open attempt": id, "none": f.id()} {
		won, err := claim(id)
		f.must(err)
		f.equal(what, won, false)
	}
	_, err := a.Submit(noon)
	f.must(err)
	f.must(f.save(a))
	uncounted := func(after uuid.UUID) []uuid.UUID {
		ids, err := f.store.PracticeGaps().Uncounted(f.ctx, after, 10)
		f.must(err)
		return ids
	}
	f.equal("uncounted", uncounted(uuid.Nil), []uuid.UUID{id})
	f.equal("uncounted after it", len(uncounted(id)), 0)
	f.wants(f.practice(func(ctx context.Context, r ports.PracticeRepos) error {
		won, err := r.Counted.Claim(ctx, id, noon)
		f.must(err)
		f.equal("won", won, true)
		return errChanged
	}), errChanged)
	f.equal("uncounted after a failure", uncounted(uuid.Nil), []uuid.UUID{id})
	won := f.together(10, func(int) bool {
		won, err := claim(id)
		if err != nil {
			f.Error(err)
		}
		return won
	})
	f.equal("times counted", won, 1)
	f.equal("uncounted in the end", len(uncounted(uuid.Nil)), 0)
}

func openExams(f *fixture) {
	user := f.user().ID
	taking, practising, done := f.exam(), f.exam(), f.exam()
	f.start(user, taking, attempt.ExamMode)
	f.start(user, practising, attempt.PracticeMode)
	f.start(f.user().ID, done, attempt.ExamMode)
	a := f.start(user, done, attempt.ExamMode)
	_, err := a.Submit(noon)
	f.must(err)
	f.must(f.save(a))
	got, err := f.store.OpenExams().OpenExams(f.ctx, user)
	f.must(err)
	f.equal("open", got, []uuid.UUID{taking.ExamID})
}

func erasingPractice(f *fixture) {
	user, form := f.user().ID, f.exam()
	id := f.newSet(user, form).Snapshot().ID
	f.must(f.practice(func(ctx context.Context, r ports.PracticeRepos) error {
		return r.Answers.Put(ctx, id, []practice.Answer{{Number: 1, Choice: 'A', Seq: 1, At: noon}})
	}))
	f.must(f.answer(user, f.items(form)[0].ID, false, noon))
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.Erasures.Erase(ctx, user, noon) }))
	_, err := f.store.PracticeReads().Set(f.ctx, id)
	f.wants(err, practice.ErrNotFound)
	sheet, err := f.store.PracticeReads().Sheet(f.ctx, id)
	f.must(err)
	all, err := f.store.HistoryReads().Histories(f.ctx, ports.HistoryFilter{User: user}, ports.Page{Limit: 10})
	f.must(err)
	f.equal("left", []int{len(sheet), len(all.Items)}, []int{0, 0})
}

func rollingBackPractice(f *fixture) {
	user, form := f.user().ID, f.exam()
	set, question := f.newSet(user, form), f.items(form)[0].ID
	f.wants(f.practice(func(ctx context.Context, r ports.PracticeRepos) error {
		f.must(r.Answers.Put(ctx, set.Snapshot().ID, []practice.Answer{{Number: 1, Choice: 'A', Seq: 1, At: noon}}))
		f.must(r.Histories.Put(ctx, user, map[uuid.UUID]practice.History{question: practice.History{}.Answered(false, noon)}))
		return errChanged
	}), errChanged)
	sheet, err := f.store.PracticeReads().Sheet(f.ctx, set.Snapshot().ID)
	f.must(err)
	all, err := f.store.HistoryReads().Histories(f.ctx, ports.HistoryFilter{User: user}, ports.Page{Limit: 10})
	f.must(err)
	f.equal("left", []int{len(sheet), len(all.Items)}, []int{0, 0})
}
