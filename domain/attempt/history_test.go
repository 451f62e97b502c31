package attempt_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
)

// logged is a line of the log of item 1.
func logged(seq int64, c exam.Choice, outcome attempt.Outcome) attempt.Change {
	return attempt.Change{Answer: attempt.Answer{Number: 1, Choice: c, Seq: seq, At: noon}, Outcome: outcome}
}

func story(history []attempt.Change) []string {
	var out []string
	for _, c := range history {
		out = append(out, fmt.Sprintf("%s>%s", c.Replaced, c.Choice))
	}
	return out
}

func TestTheHistoryIsInTheOrderOfMakingWhateverArrivedWhen(t *testing.T) {
	log := []attempt.Change{
		logged(2, 'A', attempt.Applied), logged(9, 'D', attempt.Applied), logged(4, 'B', attempt.Superseded), logged(5, 'B', attempt.Superseded),
		logged(7, exam.NoChoice, attempt.Superseded), logged(10, 'C', attempt.Late), logged(1, exam.NoChoice, attempt.Superseded),
	}
	rapid.Check(t, func(t *rapid.T) {
		got := story(attempt.History(rapid.Permutation(log).Draw(t, "arrival")))
		if diff := cmp.Diff([]string{">A", "A>B", "B>", ">D"}, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestSwingsCountChangesOfChoiceByWhatTheyDid(t *testing.T) {
	for letters, want := range map[string]attempt.Swings{
		"":      {},
		"A":     {},
		"BA":    {WrongToRight: 1},
		"AB":    {RightToWrong: 1},
		"BC":    {WrongToWrong: 1},
		"A.":    {},
		"B.A":   {WrongToRight: 1}, // cleared in between
		"A.A":   {},
		"BCABA": {WrongToWrong: 1, WrongToRight: 2, RightToWrong: 1},
	} {
		var log []attempt.Change
		for i, c := range []byte(letters) {
			choice := exam.Choice(c)
			if c == '.' {
				choice = exam.NoChoice
			}
			log = append(log, logged(int64(i+1), choice, attempt.Applied))
		}
		var got attempt.Swings
		got.Count(attempt.History(log), 'A')
		if got != want {
			t.Errorf("%q: %+v, want %+v", letters, got, want)
		}
	}
}
