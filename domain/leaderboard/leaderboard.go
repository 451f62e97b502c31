// Package leaderboard lets learners who want to compare their best results under a name of their choice. Nobody is on
// a leaderboard who did not ask to be, and nothing but that name, the score, the rank and the day is shown.
package leaderboard

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/fault"
)

// The failures of this context.
var (
	ErrInvalidPseudonym = fault.New(fault.Invalid, "leaderboard.invalid_pseudonym", "The pseudonym breaks a rule.")
	ErrPseudonymTaken   = fault.New(fault.Conflict, "leaderboard.pseudonym_taken", "Somebody has that pseudonym, or one that looks like it.")
	ErrNotJoined        = fault.New(fault.NotFound, "leaderboard.not_joined", "This account is not on leaderboards.")
)

// Entry is a learner who wants to be on leaderboards.
type Entry struct {
	ID        uuid.UUID
	UserID    uuid.UUID
	Pseudonym Pseudonym
	JoinedAt  time.Time
}

// Window is how far back results count.
type Window string

// The windows.
const (
	Week    Window = "7d"
	Month   Window = "30d"
	AllTime Window = "all"
)

// Windows lists all of them.
func Windows() []Window { return []Window{Week, Month, AllTime} }

const day = 24 * time.Hour

// Since returns the moment from which on results count; the zero time for all. Windows begin with a full hour, so that a
// leaderboard is the same for all who look at it within that hour.
func (w Window) Since(now time.Time) time.Time {
	switch w {
	case Week:
		return now.Add(-7 * day).Truncate(time.Hour)
	case Month:
		return now.Add(-30 * day).Truncate(time.Hour)
	default:
		return time.Time{}
	}
}

// Score is one verified result: of an attempt in exam mode on the whole form, scored by the server.
type Score struct {
	Attempt  uuid.UUID
	User     uuid.UUID
	Total    int
	ClosedAt time.Time
}

// compare orders scores from the best: the higher total, then the earlier closing time. The identifier, which grows
// with time, decides what the clock cannot.
func (s Score) compare(o Score) int {
	return cmp.Or(cmp.Compare(o.Total, s.Total), s.ClosedAt.Compare(o.ClosedAt), bytes.Compare(s.Attempt[:], o.Attempt[:]))
}

// Place is the best score of one learner.
type Place struct {
	Score
	Rank int // from 1, and no two are equal
}

// Rank gives each learner the place of their best score.
func Rank(scores []Score) []Place {
	ordered := slices.SortedFunc(slices.Values(scores), Score.compare)
	seen := map[uuid.UUID]bool{}
	var out []Place
	for _, s := range ordered {
		if !seen[s.User] {
			seen[s.User] = true
			out = append(out, Place{Score: s, Rank: len(out) + 1})
		}
	}
	return out
}

// Row is one line of a leaderboard.
type Row struct {
	Place
	Pseudonym string
}
