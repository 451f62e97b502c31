package entstore_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/exam/examtest"
	"github.com/toeic-app/toeic/ports"
)

// sitting stores a form, a learner, and a practice attempt of theirs that takes ten minutes.
func sitting(t *testing.T, s *entstore.Store) *attempt.Attempt {
	t.Helper()
	form := examtest.Mini()
	content := exam.Content{Form: form, Media: map[string]exam.Media{}}
	encoded, err := content.Encode()
	must(t, err)
	summary := exam.Summary{
		ExamID: uuid.Must(uuid.NewV7()), RevisionID: uuid.Must(uuid.NewV7()), Revision: 1, Slug: form.Slug, Title: form.Title, Kind: form.Kind,
		Format: form.Format, Hash: exam.Hash(encoded), Outline: form.Outline(), PublishedAt: noon,
	}
	must(t, s.Publication().Do(t.Context(), func(ctx context.Context, r ports.PublicationRepos) error {
		return r.Publication.Publish(ctx, exam.Revision{Summary: summary, Content: content}, encoded)
	}))
	ann := learner("ann@example.com")
	must(t, s.Users().Add(t.Context(), ann))
	a, err := attempt.Start(uuid.Must(uuid.NewV7()), ann.ID, summary, attempt.Terms{Mode: attempt.PracticeMode, Limit: 10 * time.Minute}, noon)
	must(t, err)
	must(t, s.Attempts().Do(t.Context(), func(ctx context.Context, r ports.AttemptRepos) error { return r.Attempts.Add(ctx, a) }))
	return a
}

// pauses reads the log, as seconds after noon; -1 for a pause that lasts.
func pauses(t *testing.T, s *entstore.Store) [][2]int {
	t.Helper()
	rows, err := s.DB().QueryContext(t.Context(), "SELECT paused_at, resumed_at FROM attempt_pauses ORDER BY id")
	must(t, err)
	defer rows.Close()
	var out [][2]int
	for rows.Next() {
		var began time.Time
		var ended sql.NullTime
		must(t, rows.Scan(&began, &ended))
		pause := [2]int{int(began.Sub(noon) / time.Second), -1}
		if ended.Valid {
			pause[1] = int(ended.Time.Sub(noon) / time.Second)
		}
		out = append(out, pause)
	}
	must(t, rows.Err())
	return out
}

func TestEveryPauseIsLoggedHoweverItEnds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *entstore.Store) {
		id := sitting(t, s).Snapshot().ID
		after := func(d time.Duration) time.Time { return noon.Add(d) }
		day := int(attempt.MaxPause / time.Second)
		for _, step := range []struct {
			do   func(*attempt.Attempt) error
			want [][2]int
		}{
			{func(a *attempt.Attempt) error { return a.Pause(after(time.Second)) }, [][2]int{{1, -1}}},
			{func(a *attempt.Attempt) error {
				a.Grant(attempt.Accommodation{MoreTime: 1}, after(2*time.Second))
				return nil
			}, [][2]int{{1, -1}}},
			{func(a *attempt.Attempt) error { return a.Resume(after(3 * time.Second)) }, [][2]int{{1, 3}}},
			{func(a *attempt.Attempt) error { return a.Pause(after(4 * time.Second)) }, [][2]int{{1, 3}, {4, -1}}},
			// This pause ended by itself before the next begins, in one change.
			{func(a *attempt.Attempt) error { return a.Pause(after(attempt.MaxPause + 5*time.Second)) }, [][2]int{{1, 3}, {4, day + 4}, {day + 5, -1}}},
			{func(a *attempt.Attempt) error {
				_, err := a.Abandon(after(attempt.MaxPause + 6*time.Second))
				return err
			}, [][2]int{{1, 3}, {4, day + 4}, {day + 5, day + 6}}},
		} {
			must(t, s.Attempts().Do(t.Context(), func(ctx context.Context, r ports.AttemptRepos) error {
				a, err := r.Attempts.ForChange(ctx, id)
				must(t, err)
				must(t, step.do(a))
				return r.Attempts.Save(ctx, a)
			}))
			same(t, pauses(t, s), nil, step.want)
		}
	})
}

func TestThePolicyOfAnExamSaysWhichDevicesMayTakeIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *entstore.Store) {
		id := sitting(t, s).Snapshot().ExamID
		execute(t, s, "INSERT INTO exam_policies (exam_id, review, device, updated_at, version) VALUES ('"+id.String()+"', '{}', 'any', '2027-03-14 12:00:00+00:00', 1)")
		for _, want := range []attempt.DevicePolicy{attempt.AnyDevice, attempt.TakeOver, attempt.OneDevice} {
			execute(t, s, "UPDATE exam_policies SET device = '"+string(want)+"'")
			got, err := s.Policies().Policy(t.Context(), id)
			same(t, attempt.DevicePolicy(got.Device), err, want)
		}
	})
}
