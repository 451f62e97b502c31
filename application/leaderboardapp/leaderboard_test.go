package leaderboardapp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/application/leaderboardapp"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/leaderboard"
	"github.com/toeic-app/toeic/ports"
)

var noon = time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)

type clock struct{}

func (clock) Now() time.Time { return noon }

// hall has one exam, and so many learners on its board as asked for, the learner n at place n.
type hall struct {
	exam  uuid.UUID
	size  int
	asked ports.BoardQuery

	withheld bool
}

func learner(n int) uuid.UUID { return uuid.UUID{14: byte(n >> 8), 15: byte(n)} }

func (h *hall) List(context.Context, ports.ExamFilter, ports.Page) (ports.Slice[exam.Summary], error) {
	return ports.Slice[exam.Summary]{}, errors.New("nobody asks for a list")
}

func (h *hall) Exam(_ context.Context, id uuid.UUID) (exam.Summary, error) {
	if id != h.exam {
		return exam.Summary{}, exam.ErrNotFound
	}
	return exam.Summary{ExamID: id}, nil
}

func (h *hall) Policy(_ context.Context, id uuid.UUID) (exam.Policy, error) {
	policy := exam.DefaultPolicy(id)
	policy.Review.AfterSubmit.Score = !h.withheld
	return policy, nil
}

func TestABoardThatWouldTellWithheldScoresIsEmpty(t *testing.T) {
	h := &hall{exam: learner(1), size: 3, withheld: true}
	got, err := leaderboardapp.Show{Clock: clock{}, Catalogue: h, Policies: h, Boards: h}.Execute(t.Context(), learner(2), h.exam, leaderboard.Week)
	if err != nil || len(got.Rows) != 0 || got.Mine != nil || h.asked.Limit != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func (h *hall) Board(_ context.Context, q ports.BoardQuery) ([]leaderboard.Row, error) {
	h.asked = q
	var out []leaderboard.Row
	for n := 1; n <= h.size; n++ {
		if n <= q.Limit || learner(n) == q.User {
			out = append(out, leaderboard.Row{Place: leaderboard.Place{Rank: n, Score: leaderboard.Score{User: learner(n)}}})
		}
	}
	return out, nil
}

func TestABoardHasAHundredPlacesAndOnesOwn(t *testing.T) {
	for _, tc := range []struct{ size, me, rows, mine int }{
		{0, 1, 0, 0}, {3, 2, 3, 2}, {3, 9, 3, 0}, {100, 100, 100, 100}, {300, 101, 100, 101}, {300, 300, 100, 300}, {300, 999, 100, 0},
	} {
		h := &hall{exam: learner(1000), size: tc.size}
		got, err := leaderboardapp.Show{Clock: clock{}, Catalogue: h, Policies: h, Boards: h}.Execute(t.Context(), learner(tc.me), h.exam, leaderboard.Week)
		if err != nil {
			t.Fatal(err)
		}
		mine := 0
		if got.Mine != nil {
			mine = got.Mine.Rank
		}
		if len(got.Rows) != tc.rows || mine != tc.mine {
			t.Errorf("%+v: %d rows, own place %d", tc, len(got.Rows), mine)
		}
		if !h.asked.Since.Equal(noon.AddDate(0, 0, -7)) || h.asked.Exam != h.exam {
			t.Errorf("asked for %+v", h.asked)
		}
	}
}

func TestAnUnknownExamHasNoBoard(t *testing.T) {
	h := &hall{exam: learner(1000)}
	_, err := leaderboardapp.Show{Clock: clock{}, Catalogue: h, Policies: h, Boards: h}.Execute(t.Context(), learner(1), learner(2), leaderboard.AllTime)
	if !errors.Is(err, exam.ErrNotFound) {
		t.Errorf("error %v", err)
	}
}
