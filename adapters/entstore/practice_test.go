package entstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ports"
)

// practiceEra is the first era of practice.
const practiceEra = 20261125171023

// readPractice reads what was practised, or finds what an era before practice left to be filled in.
func readPractice(t *testing.T, s *entstore.Store, era int64) {
	t.Helper()
	if era < practiceEra {
		gaps, err := s.QuestionGaps().Unindexed(t.Context())
		same(t, gaps, err, []uuid.UUID{row(5, 1)})
		gaps, err = s.PracticeGaps().Uncounted(t.Context(), uuid.Nil, 10)
		same(t, gaps, err, []uuid.UUID{row(6, 1)})
		return
	}
	view, err := s.PracticeReads().Set(t.Context(), row(0x15, 1))
	same(t, view, err, ports.PracticeView{Answered: 1, Snapshot: practice.Snapshot{
		ID: row(0x15, 1), UserID: row(1, 1), Status: practice.Finished, Feedback: practice.Final, Items: []practice.Item{}, CreatedAt: early, FinishedAt: &later, Version: 2,
	}})
	sheet, err := s.PracticeReads().Sheet(t.Context(), row(0x15, 1))
	same(t, sheet, err, practice.Sheet{1: {Number: 1, Choice: 'A', Seq: 1, Elapsed: 1500, At: later}})
	item := exam.Item{ID: row(0x11, 1), ExamID: row(4, 1), Revision: row(5, 1), Number: 1, Part: 5, Ability: "R4"}
	book, err := s.HistoryReads().Histories(t.Context(), ports.HistoryFilter{User: row(1, 1), InBook: true}, ports.Page{Limit: 10})
	same(t, book.Items, err, []ports.BookEntry{{Item: item, History: practice.History{
		Seen: 3, Wrong: 2, LastCorrect: true, LastAt: later, RightDays: 1, RightOn: "2026-12-01", InBookSince: &early,
	}}})
	for _, c := range []struct {
		rule practice.Range
		want int
	}{
		{practice.Range{Min: 0.75, Max: 1}, 1},
		{practice.Range{Min: 0, Max: 0.75}, 1},
		{practice.Range{Min: 0.8, Max: 1}, 0},
		{practice.Range{Min: 0, Max: 0.7}, 0},
		{practice.Range{Min: 0.8, Max: 1, Unknown: true}, 0}, // it is known, and another one
	} {
		got, err := s.QuestionPool().Candidates(t.Context(), row(1, 1), practice.Criteria{Pool: practice.WrongBefore, Difficulty: &c.rule}, nil, later)
		same(t, len(got), err, c.want)
	}
	for day, due := range map[time.Time]bool{later: false, last: true} {
		got, err := s.QuestionPool().Candidates(t.Context(), row(1, 1), practice.Criteria{Pool: practice.WrongBefore}, nil, day)
		same(t, got, err, []practice.Candidate{{Item: item, Due: due}})
	}
	must(t, s.Practice().Do(t.Context(), func(ctx context.Context, r ports.PracticeRepos) error {
		claimed, err := r.Counted.Claim(ctx, row(6, 1), later)
		same(t, claimed, err, false)
		return nil
	}))
}
