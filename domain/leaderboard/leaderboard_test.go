package leaderboard_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/leaderboard"
)

var noon = time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)

func id(n byte) uuid.UUID { return uuid.UUID{15: n} }

func TestTheHigherTotalIsAheadAndOfEqualOnesTheEarlier(t *testing.T) {
	score := func(user byte, total int, later time.Duration) leaderboard.Score {
		return leaderboard.Score{Attempt: id(100 + user), User: id(user), Total: total, ClosedAt: noon.Add(later)}
	}
	ann, ben, cho := score(1, 800, 2), score(2, 800, 1), score(3, 805, 9)
	worse := leaderboard.Score{Attempt: id(9), User: id(2), Total: 795, ClosedAt: noon}
	want := []leaderboard.Place{{Score: cho, Rank: 1}, {Score: ben, Rank: 2}, {Score: ann, Rank: 3}}
	if diff := cmp.Diff(want, leaderboard.Rank([]leaderboard.Score{ann, worse, ben, cho})); diff != "" {
		t.Error(diff)
	}
}

func TestRanksFollowFromTheScoresAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var scores []leaderboard.Score
		best := map[uuid.UUID]int{}
		for i := range rapid.IntRange(0, 30).Draw(t, "scores") {
			s := leaderboard.Score{
				Attempt: id(byte(i)), User: id(rapid.Byte().Draw(t, "who") % 6), Total: 5 * rapid.IntRange(2, 6).Draw(t, "total"),
				ClosedAt: noon.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "later")) * time.Second),
			}
			scores = append(scores, s)
			best[s.User] = max(best[s.User], s.Total)
		}
		places := leaderboard.Rank(scores)
		if diff := cmp.Diff(places, leaderboard.Rank(rapid.Permutation(scores).Draw(t, "order"))); diff != "" {
			t.Fatalf("the order of arrival matters: %s", diff)
		}
		if len(places) != len(best) {
			t.Fatalf("%d places for %d people", len(places), len(best))
		}
		for i, p := range places {
			if p.Rank != i+1 || p.Total != best[p.User] {
				t.Fatalf("place %d: %+v, whose best is %d", i+1, p, best[p.User])
			}
			if i > 0 && (p.Total > places[i-1].Total || (p.Total == places[i-1].Total && p.ClosedAt.Before(places[i-1].ClosedAt))) {
				t.Fatalf("%+v is behind %+v", p, places[i-1])
			}
			if slices.ContainsFunc(scores, func(s leaderboard.Score) bool {
				return s.User == p.User && s.Total == p.Total && s.ClosedAt.Before(p.ClosedAt)
			}) {
				t.Fatalf("%+v was reached before", p)
			}
		}
	})
}

func TestAWindowReachesBackThatManyDays(t *testing.T) {
	for window, want := range map[leaderboard.Window]time.Time{
		leaderboard.Week: noon.AddDate(0, 0, -7), leaderboard.Month: noon.AddDate(0, 0, -30), leaderboard.AllTime: {},
	} {
		if got := window.Since(noon); !got.Equal(want) {
			t.Errorf("%s: since %s, want %s", window, got, want)
		}
	}
}
