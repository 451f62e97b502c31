package attempt_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/toeic-app/toeic/domain/attempt"
)

func TestSubmittingClosesAsSubmittedWithinTheGraceAndAsExpiredAfterwards(t *testing.T) {
	end := listeningTime + readingTime
	for after, status := range map[time.Duration]attempt.Status{
		0: attempt.Submitted, end: attempt.Submitted, end + attempt.Grace - tick: attempt.Submitted,
		end + attempt.Grace: attempt.Expired, end + 48*time.Hour: attempt.Expired,
	} {
		a := start(t, fullForm(), attempt.ExamMode)
		want := a.Snapshot()
		want.Status, want.ClosedAt, want.Version = status, at(after), 2
		changed, err := a.Submit(noon.Add(after))
		if err != nil || !changed {
			t.Errorf("after %s: %t, %v", after, changed, err)
		}
		if diff := cmp.Diff(want, a.Snapshot()); diff != "" {
			t.Errorf("after %s: %s", after, diff)
		}
		if !a.Scored() {
			t.Errorf("after %s there is no result", after)
		}
	}
}

func TestAPracticeAttemptNeverExpires(t *testing.T) {
	a := start(t, fullForm(), attempt.PracticeMode)
	if _, err := a.Submit(noon.AddDate(1, 0, 0)); err != nil || a.Snapshot().Status != attempt.Submitted {
		t.Errorf("%v, %s", err, a.Snapshot().Status)
	}
}

func TestSubmittingAgainChangesNothing(t *testing.T) {
	for _, first := range []time.Duration{time.Hour, 24 * time.Hour} {
		a := start(t, fullForm(), attempt.ExamMode)
		if _, err := a.Submit(noon.Add(first)); err != nil {
			t.Fatal(err)
		}
		before := a.Snapshot()
		changed, err := a.Submit(noon.Add(48 * time.Hour))
		if changed || err != nil {
			t.Errorf("%s: %t, %v", before.Status, changed, err)
		}
		if diff := cmp.Diff(before, a.Snapshot()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAnAbandonedAttemptCannotBeSubmitted(t *testing.T) {
	a := start(t, fullForm(), attempt.ExamMode)
	if _, err := a.Abandon(noon); err != nil {
		t.Fatal(err)
	}
	unchanged(t, a, attempt.ErrAbandoned, func() error {
		_, err := a.Submit(noon)
		return err
	})
}

func TestAbandoningClosesWithoutAResultAndAgainChangesNothing(t *testing.T) {
	a := start(t, fullForm(), attempt.ExamMode)
	want := a.Snapshot()
	want.Status, want.ClosedAt, want.Version = attempt.Abandoned, at(time.Minute), 2
	for i, expected := range []bool{true, false} {
		changed, err := a.Abandon(noon.Add(time.Duration(i+1) * time.Minute))
		if err != nil || changed != expected {
			t.Errorf("time %d: %t, %v", i+1, changed, err)
		}
		if diff := cmp.Diff(want, a.Snapshot()); diff != "" {
			t.Errorf("time %d: %s", i+1, diff)
		}
	}
	if a.Scored() {
		t.Error("an abandoned attempt has a result")
	}
}

func TestWhatIsOrShouldBeScoredCannotBeAbandoned(t *testing.T) {
	end := listeningTime + readingTime + attempt.Grace
	for name, closing := range map[string]time.Duration{"submitted": 0, "expired": end, "overdue": -1} {
		a := start(t, fullForm(), attempt.ExamMode)
		if closing >= 0 {
			if _, err := a.Submit(noon.Add(closing)); err != nil {
				t.Fatal(err)
			}
		}
		t.Run(name, func(t *testing.T) {
			unchanged(t, a, attempt.ErrClosed, func() error {
				_, err := a.Abandon(noon.Add(end))
				return err
			})
		})
	}
}
