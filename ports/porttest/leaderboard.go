package porttest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/leaderboard"
	"github.com/toeic-app/toeic/ports"
)

func leaderboardTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"APseudonymIsOnePersons":                        onePseudonym,
		"ALearnerMayChangeTheirPseudonym":               renaming,
		"WhoLeavesIsGoneAtOnce":                         leaving,
		"OnlyVerifiedWholeResultsOfTheExamCount":        verified,
		"SuspendedAndClosedAccountsAreNotShown":         hiddenAccounts,
		"OnlyResultsWithinTheWindowCount":               windows,
		"OnesOwnPlaceIsToldWhereverItIs":                ownPlace,
		"AnyResultsAreRankedByTheRuleOfTheDomain":       anyResults,
		"AnErasedAccountLeavesNothingOnTheLeaderboards": erasedEntry,
	}
}

func (f *fixture) joins(user uuid.UUID, name string) leaderboard.Entry {
	f.Helper()
	e := leaderboard.Entry{ID: f.id(), UserID: user, Pseudonym: leaderboard.Pseudonym{Shown: name, Folded: name}, JoinedAt: noon}
	f.must(f.store.Pseudonyms().Put(f.ctx, e))
	return e
}

func (f *fixture) board(q ports.BoardQuery) []leaderboard.Row {
	f.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	rows, err := f.store.Leaderboards().Board(f.ctx, q)
	f.must(err)
	return rows
}

// names lists who is on a board, in order.
func names(rows []leaderboard.Row) []string {
	out := []string{}
	for _, r := range rows {
		out = append(out, fmt.Sprintf("%d %s %d", r.Rank, r.Pseudonym, r.Total))
	}
	return out
}

func onePseudonym(f *fixture) {
	var people [8]uuid.UUID
	for i := range people {
		people[i] = f.user().ID
	}
	won := f.together(len(people), func(i int) bool {
		e := leaderboard.Entry{ID: f.id(), UserID: people[i], Pseudonym: leaderboard.Pseudonym{Shown: "Owl", Folded: "owl"}, JoinedAt: noon}
		err := f.store.Pseudonyms().Put(f.ctx, e)
		if err != nil && !errors.Is(err, leaderboard.ErrPseudonymTaken) {
			f.Error(err)
		}
		return err == nil
	})
	f.equal("who got it", won, 1)
}

func renaming(f *fixture) {
	u := f.user().ID
	_, err := f.store.Pseudonyms().Of(f.ctx, u)
	f.wants(err, leaderboard.ErrNotJoined)
	e := f.joins(u, "owl")
	other := f.joins(f.user().ID, "eagle")
	again := leaderboard.Entry{ID: f.id(), UserID: u, Pseudonym: leaderboard.Pseudonym{Shown: "Hawk", Folded: "hawk"}, JoinedAt: noon.Add(time.Hour)}
	f.must(f.store.Pseudonyms().Put(f.ctx, again))
	got, err := f.store.Pseudonyms().Of(f.ctx, u)
	f.must(err)
	e.Pseudonym = again.Pseudonym
	f.equal("entry", got, e)
	again.Pseudonym = other.Pseudonym
	f.wants(f.store.Pseudonyms().Put(f.ctx, again), leaderboard.ErrPseudonymTaken)
	f.joins(f.user().ID, "owl") // which is free now
}

func leaving(f *fixture) {
	u, e := f.user().ID, f.exam()
	f.joins(u, "owl")
	f.scores(u, e, attempt.ExamMode, 500, noon)
	f.equal("before", names(f.board(ports.BoardQuery{Exam: e.ExamID})), []string{"1 owl 500"})
	for range 2 { // again does nothing
		f.must(f.store.Pseudonyms().Remove(f.ctx, u))
	}
	f.equal("after", f.board(ports.BoardQuery{Exam: e.ExamID, User: u}), []leaderboard.Row{})
}

func verified(f *fixture) {
	ann, bob, e, other := f.user().ID, f.user().ID, f.exam(), f.exam()
	f.joins(ann, "ann")
	f.scores(ann, e, attempt.PracticeMode, 990, noon)
	f.scores(ann, e, attempt.ExamMode, 0, noon) // a form without a total
	f.scores(ann, other, attempt.ExamMode, 980, noon)
	f.scores(bob, e, attempt.ExamMode, 970, noon) // who did not ask to be shown
	f.equal("nobody", f.board(ports.BoardQuery{Exam: e.ExamID, User: bob}), []leaderboard.Row{})
	f.scores(ann, e, attempt.ExamMode, 500, noon.Add(time.Minute))
	best, _ := f.scores(ann, e, attempt.ExamMode, 600, noon.Add(2*time.Minute))
	f.scores(ann, e, attempt.ExamMode, 600, noon.Add(3*time.Minute))
	want := leaderboard.Row{Pseudonym: "ann", Place: leaderboard.Place{Rank: 1, Score: leaderboard.Score{Attempt: best, User: ann, Total: 600, ClosedAt: noon.Add(2 * time.Minute)}}}
	f.equal("the best, first reached", f.board(ports.BoardQuery{Exam: e.ExamID}), []leaderboard.Row{want})
}

func hiddenAccounts(f *fixture) {
	e := f.exam()
	for i, hide := range []func(identity.User) identity.User{
		func(u identity.User) identity.User { return u },
		func(u identity.User) identity.User { u.SuspendedAt = new(noon); u.Version++; return u },
		func(u identity.User) identity.User { u.DeletedAt = new(noon); u.Version++; return u },
	} {
		u := f.user()
		f.joins(u.ID, fmt.Sprintf("name-%d", i))
		f.scores(u.ID, e, attempt.ExamMode, 500+10*i, noon)
		if hidden := hide(u); hidden.Version != u.Version {
			f.must(f.store.Users().Save(f.ctx, hidden))
			f.equal("their own view", f.board(ports.BoardQuery{Exam: e.ExamID, User: u.ID, Limit: 1})[0].Pseudonym, "name-0")
		}
	}
	f.equal("shown", names(f.board(ports.BoardQuery{Exam: e.ExamID})), []string{"1 name-0 500"})
}

func windows(f *fixture) {
	u, e := f.user().ID, f.exam()
	f.joins(u, "owl")
	f.scores(u, e, attempt.ExamMode, 700, noon.Add(-time.Microsecond))
	f.scores(u, e, attempt.ExamMode, 600, noon)
	f.equal("within", names(f.board(ports.BoardQuery{Exam: e.ExamID, Since: noon})), []string{"1 owl 600"})
	f.equal("all", names(f.board(ports.BoardQuery{Exam: e.ExamID})), []string{"1 owl 700"})
	f.equal("none", names(f.board(ports.BoardQuery{Exam: e.ExamID, Since: noon.Add(time.Microsecond)})), []string{})
}

func ownPlace(f *fixture) {
	e := f.exam()
	var last uuid.UUID
	for i := range 5 {
		last = f.user().ID
		f.joins(last, fmt.Sprintf("name-%d", i))
		f.scores(last, e, attempt.ExamMode, 900-10*i, noon)
	}
	f.equal("first two and one's own", names(f.board(ports.BoardQuery{Exam: e.ExamID, Limit: 2, User: last})), []string{"1 name-0 900", "2 name-1 890", "5 name-4 860"})
	f.equal("first two", len(f.board(ports.BoardQuery{Exam: e.ExamID, Limit: 2})), 2)
}

func anyResults(f *fixture) {
	people := make([]uuid.UUID, 5)
	for i := range people {
		people[i] = f.user().ID
		f.joins(people[i], fmt.Sprintf("name-%d", i))
	}
	rapid.Check(f.T, func(rt *rapid.T) {
		e := f.exam()
		var scores []leaderboard.Score
		for range rapid.IntRange(0, 12).Draw(rt, "results") {
			s := leaderboard.Score{
				User:     rapid.SampledFrom(people).Draw(rt, "who"),
				Total:    rapid.SampledFrom([]int{490, 495, 500}).Draw(rt, "total"),
				ClosedAt: noon.Add(time.Duration(rapid.IntRange(0, 2).Draw(rt, "later")) * 500 * time.Millisecond),
			}
			s.Attempt, _ = f.scores(s.User, e, attempt.ExamMode, s.Total, s.ClosedAt)
			scores = append(scores, s)
		}
		var got []leaderboard.Place
		for _, row := range f.board(ports.BoardQuery{Exam: e.ExamID}) {
			got = append(got, row.Place)
		}
		f.equal("places", got, leaderboard.Rank(scores))
	})
}

func erasedEntry(f *fixture) {
	u, e := f.user().ID, f.exam()
	f.joins(u, "owl")
	f.scores(u, e, attempt.ExamMode, 500, noon)
	f.must(f.identity(func(ctx context.Context, r ports.IdentityRepos) error { return r.Erasures.Erase(ctx, u, noon) }))
	f.equal("left", f.board(ports.BoardQuery{Exam: e.ExamID}), []leaderboard.Row{})
	_, err := f.store.Pseudonyms().Of(f.ctx, u)
	f.wants(err, leaderboard.ErrNotJoined)
	f.joins(f.user().ID, "owl") // the name is free
}
