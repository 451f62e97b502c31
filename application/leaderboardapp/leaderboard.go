// Package leaderboardapp holds the use cases of leaderboards.
package leaderboardapp

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/leaderboard"
	"github.com/toeic-app/toeic/ports"
)

// Join puts a learner on the leaderboards of the exams they took.
type Join struct {
	Clock      ports.Clock
	IDs        ports.IDs
	Writing    ports.Writing
	Pseudonyms ports.Pseudonyms
}

// Execute gives the learner a pseudonym, or another one. It returns leaderboard.ErrInvalidPseudonym and
// leaderboard.ErrPseudonymTaken.
func (uc Join) Execute(ctx context.Context, user uuid.UUID, pseudonym string) (leaderboard.Entry, error) {
	p, err := leaderboard.ParsePseudonym(pseudonym, uc.Writing.Compatible, uc.Writing.Fold)
	if err != nil {
		return leaderboard.Entry{}, err
	}
	e := leaderboard.Entry{ID: uc.IDs.New(), UserID: user, Pseudonym: p, JoinedAt: uc.Clock.Now()}
	if err := uc.Pseudonyms.Put(ctx, e); err != nil {
		return leaderboard.Entry{}, err
	}
	return uc.Pseudonyms.Of(ctx, user)
}

// Membership reads whether a learner is on leaderboards.
type Membership struct{ Pseudonyms ports.Pseudonyms }

// Execute returns leaderboard.ErrNotJoined for a learner who is not.
func (uc Membership) Execute(ctx context.Context, user uuid.UUID) (leaderboard.Entry, error) {
	return uc.Pseudonyms.Of(ctx, user)
}

// Leave takes a learner off all leaderboards.
type Leave struct{ Pseudonyms ports.Pseudonyms }

// Execute does nothing for a learner who is on none.
func (uc Leave) Execute(ctx context.Context, user uuid.UUID) error {
	return uc.Pseudonyms.Remove(ctx, user)
}

// Size is how many places a leaderboard shows.
const Size = 100

// Board is the leaderboard of an exam as one person sees it.
type Board struct {
	Rows []leaderboard.Row // the first hundred places
	Mine *leaderboard.Row  // the person's own place, wherever it is; nil without one
}

// Show reads the leaderboard of an exam.
type Show struct {
	Clock     ports.Clock
	Catalogue ports.Catalogue
	Policies  ports.Policies
	Boards    ports.Leaderboards
}

// Execute returns exam.ErrNotFound when there is no such exam. Where the rules of the exam withhold scores, nobody is on
// its board.
func (uc Show) Execute(ctx context.Context, user, exam uuid.UUID, window leaderboard.Window) (Board, error) {
	if _, err := uc.Catalogue.Exam(ctx, exam); err != nil {
		return Board{}, err
	}
	now := uc.Clock.Now()
	policy, err := uc.Policies.Policy(ctx, exam)
	if err != nil || !policy.Visible(false, policy.Phase(true, now)).Score {
		return Board{}, err
	}
	rows, err := uc.Boards.Board(ctx, ports.BoardQuery{Exam: exam, Since: window.Since(now), Limit: Size, User: user})
	if err != nil {
		return Board{}, err
	}
	out := Board{Rows: rows}
	for i := range rows {
		if rows[i].User == user {
			out.Mine = &rows[i]
		}
		if rows[i].Rank > Size {
			out.Rows = rows[:i]
		}
	}
	return out, nil
}

// Export gathers what leaderboards hold of a learner.
type Export struct{ Pseudonyms ports.Pseudonyms }

// exported is an entry in an export.
type exported struct {
	Pseudonym string    `json:"pseudonym"`
	JoinedAt  time.Time `json:"joined_at"`
}

// Execute returns nil for a learner who is on no leaderboard.
func (uc Export) Execute(ctx context.Context, user uuid.UUID) (any, error) {
	e, err := uc.Pseudonyms.Of(ctx, user)
	switch {
	case errors.Is(err, leaderboard.ErrNotJoined):
		return nil, nil //nolint:nilnil // which the file says as null
	case err != nil:
		return nil, err
	}
	return exported{Pseudonym: e.Pseudonym.Shown, JoinedAt: e.JoinedAt}, nil
}
