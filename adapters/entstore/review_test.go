package entstore_test

import (
	"testing"
	"time"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
)

func TestTheLogOfAnswersAndTheRulesOfTheNewestEraAreRead(t *testing.T) {
	withEra(t, func(t *testing.T, s *entstore.Store) {
		execute(t, s, `INSERT INTO answer_changes (id, attempt_id, number, replaced, choice, seq, elapsed_ms, outcome, client_at, server_at)
			VALUES (1001, '01939000-0006-7000-8000-000000000002', 1, 'A', '', 7, 250, 'superseded', '2026-12-01 09:30:00.123456+00:00', '2026-12-01 10:30:00+00:00');
			INSERT INTO answer_changes (id, attempt_id, number, replaced, choice, seq, elapsed_ms, outcome, server_at)
			VALUES (1002, '01939000-0006-7000-8000-000000000002', 1, '', 'D', 6, 0, 'late', '2026-12-02 09:30:00.5+00:00');`)
		got, err := s.AnswerLog().Changes(t.Context(), row(6, 2))
		want := []attempt.Change{
			{Answer: attempt.Answer{Number: 1, Seq: 7, Elapsed: 250, MadeAt: &early, At: later}, Replaced: 'A', Outcome: attempt.Superseded},
			{Answer: attempt.Answer{Number: 1, Choice: 'D', Seq: 6, At: last}, Outcome: attempt.Late},
		}
		same(t, got, err, want)
		none, err := s.AnswerLog().Changes(t.Context(), row(6, 9))
		same(t, len(none), err, 0)

		policy, err := s.Policies().Policy(t.Context(), row(4, 1))
		closes := last.Truncate(time.Microsecond)
		same(t, policy, err, exam.Policy{ExamID: row(4, 1), Device: exam.TakeOver, ClosesAt: &closes, UpdatedAt: later, Version: 2})
		statistics, err := s.Statistics().OfForm(t.Context(), row(5, 1))
		same(t, statistics.Takers, err, 31)
	})
}
