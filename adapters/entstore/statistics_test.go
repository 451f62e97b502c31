package entstore_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/domain/itemstat"
	"github.com/toeic-app/toeic/ports"
)

// publish stores a form as the first revision of an exam.
func publish(tb testing.TB, s *entstore.Store, form exam.Form) *exam.Revision {
	tb.Helper()
	content := exam.Content{Form: form, Media: map[string]exam.Media{}}
	encoded, err := content.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	r := exam.Revision{Content: content, Summary: exam.Summary{
		ExamID: uuid.Must(uuid.NewV7()), RevisionID: uuid.Must(uuid.NewV7()), Revision: 1, Slug: form.Slug, Title: form.Title, Kind: form.Kind,
		Format: form.Format, Hash: exam.Hash(encoded), Outline: form.Outline(), PublishedAt: noon,
	}}
	err = s.Publication().Do(tb.Context(), func(ctx context.Context, repos ports.PublicationRepos) error {
		return repos.Publication.Publish(ctx, r, encoded)
	})
	if err != nil {
		tb.Fatal(err)
	}
	return &r
}

// reportOn analyses takers who all answered A throughout.
func reportOn(tb testing.TB, r *exam.Revision, takers int) itemstat.Statistics {
	tb.Helper()
	items, err := itemstat.Items(*r)
	if err != nil {
		tb.Fatal(err)
	}
	given := make([]itemstat.Response, len(items))
	for i, item := range items {
		given[i] = itemstat.Response{Number: item.Number, Choice: 'A'}
	}
	sample := itemstat.NewSample(items)
	for range takers {
		sample.Add(r.Outline, given)
	}
	return itemstat.Statistics{Form: r.FormID(), Exam: r.ExamID, Revision: r.RevisionID, Takers: takers, ComputedAt: noon, Report: sample.Report()}
}

func TestTheDifficultyOfQuestionsIsStoredOnceEnoughPeopleTookThem(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *entstore.Store) {
		r := publish(t, s, examtest.Mini())
		difficulties := func() (known, unknown int) {
			t.Helper()
			row := s.DB().QueryRowContext(t.Context(), "SELECT COUNT(difficulty), COUNT(*) - COUNT(difficulty) FROM questions WHERE difficulty IS NULL OR difficulty IN (0, 1)")
			must(t, row.Scan(&known, &unknown))
			return known, unknown
		}
		for _, step := range []struct{ takers, known int }{{29, 0}, {30, 22}, {5, 0}} {
			must(t, s.Statistics().Put(t.Context(), reportOn(t, r, step.takers)))
			if known, unknown := difficulties(); known != step.known || known+unknown != 22 {
				t.Errorf("%d takers: %d difficulties are known, %d are not", step.takers, known, unknown)
			}
		}
	})
}

// BenchmarkStatisticsOfTenThousandTakers reads, counts and stores what 10,000 takers answered to 200 items.
func BenchmarkStatisticsOfTenThousandTakers(b *testing.B) {
	const many = 10_000
	for name, open := range map[string]func(testing.TB) *entstore.Store{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			s := open(b)
			r := publish(b, s, examtest.Full())
			sit(b, s, r, many)
			for b.Loop() {
				items, err := itemstat.Items(*r)
				if err != nil {
					b.Fatal(err)
				}
				sample := itemstat.NewSample(items)
				err = s.Takers().Each(b.Context(), r.ExamID, r.FormID(), func(taken exam.Outline, given []itemstat.Response) error {
					sample.Add(taken, given)
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
				st := itemstat.Statistics{Form: r.FormID(), Exam: r.ExamID, Takers: many, ComputedAt: noon, Report: sample.Report()}
				if st.Report.Form.Takers != many {
					b.Fatalf("%d takers", st.Report.Form.Takers)
				}
				if err := s.Statistics().Put(b.Context(), st); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// sit stores submitted attempts with an answer to every item.
func sit(b *testing.B, s *entstore.Store, r *exam.Revision, many int) {
	b.Helper()
	u := learner("ann@example.com")
	err := s.Users().Add(b.Context(), u)
	if err == nil {
		err = s.Attempts().Do(b.Context(), func(ctx context.Context, repos ports.AttemptRepos) error {
			for range many {
				a, err := attempt.Start(uuid.Must(uuid.NewV7()), u.ID, r.Summary, attempt.Terms{Mode: attempt.ExamMode}, noon)
				if err != nil {
					return err
				}
				if _, err := a.Submit(noon); err != nil {
					return err
				}
				if err := repos.Attempts.Add(ctx, a); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err == nil {
		_, err = s.DB().ExecContext(b.Context(), `WITH RECURSIVE items(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM items WHERE number < 200)
			INSERT INTO answers (attempt_id, number, choice, seq, elapsed_ms, answered_at)
			SELECT attempts.id, items.number, CASE WHEN items.number % 3 = 0 THEN 'A' ELSE 'C' END, 1, 1000, attempts.started_at FROM attempts, items`)
	}
	if err == nil {
		_, err = s.DB().ExecContext(b.Context(), "ANALYZE") // as either database does in time by itself
	}
	if err != nil {
		b.Fatal(err)
	}
}
