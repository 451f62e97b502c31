package regradeapp_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
)

// Whatever was answered: to apply a correction changes exactly what the dry run said, and to correct it back restores
// every score.
func TestCorrectingBackRestoresEveryScore(t *testing.T) {
	const most = 20 // attempts: each check reads all of them three times
	d := open(t, storetest.SQLite(t))
	var attempts []uuid.UUID
	rapid.Check(t, func(rt *rapid.T) {
		for range min(rapid.IntRange(0, 2).Draw(rt, "sittings"), most-len(attempts)) {
			choices := map[int]exam.Choice{}
			for n := range rapid.IntRange(0, 8).Draw(rt, "answers") {
				choices[n+1] = exam.Label(rapid.IntRange(0, 2).Draw(rt, "choice"))
			}
			id, _ := d.sit(t, rapid.SampledFrom([]attempt.Mode{attempt.ExamMode, attempt.PracticeMode}).Draw(rt, "mode"), choices)
			attempts = append(attempts, id)
		}
		number := rapid.IntRange(1, 8).Draw(rt, "number")
		q, err := d.question.Execute(t.Context(), uuid.Nil, d.items[number-1].ID)
		must(t, err)
		key := exam.Label((q.Key.Index() + rapid.IntRange(1, q.Options-1).Draw(rt, "shift")) % q.Options)
		before := map[uuid.UUID]score.Result{}
		for _, id := range attempts {
			before[id] = d.record(t, id).Result
		}
		said, err := d.regrade.Execute(t.Context(), d.fix(number, key, true))
		must(t, err)
		done, err := d.regrade.Execute(t.Context(), d.fix(number, key, false))
		must(t, err)
		if diff := cmp.Diff(said.Changes, done.Changes); diff != "" || said.Changed != done.Changed || said.Attempts != len(attempts) {
			rt.Fatalf("said otherwise: %s", diff)
		}
		want := map[uuid.UUID]score.Result{}
		for id, r := range before {
			want[id] = r
		}
		for _, c := range said.Changes {
			want[c.Attempt] = c.After
		}
		for _, id := range attempts {
			if diff := cmp.Diff(want[id], d.record(t, id).Result); diff != "" {
				rt.Fatalf("attempt %s: %s", id, diff)
			}
		}
		_, err = d.regrade.Execute(t.Context(), d.fix(number, q.Key, false))
		must(t, err)
		for _, id := range attempts {
			if diff := cmp.Diff(before[id], d.record(t, id).Result); diff != "" {
				rt.Fatalf("attempt %s was not restored: %s", id, diff)
			}
		}
	})
	d.agrees(t)
}
