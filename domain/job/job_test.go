package job_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/job"
)

var noon = time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)

func TestAFailedJobIsTriedAgainAfterLongerAndLongerPauses(t *testing.T) {
	j := job.New(uuid.UUID{15: 1}, job.SendLetter, []byte("x"), noon, noon)
	var total, before time.Duration
	for j.Tries = 1; ; j.Tries++ {
		at, again := j.Next(errors.New("down"), noon)
		if !again {
			break
		}
		wait := at.Sub(noon)
		if wait < before || wait > time.Hour || (j.Tries == 1 && wait != 5*time.Second) {
			t.Errorf("after try %d a pause of %s", j.Tries, wait)
		}
		before, total = wait, total+wait
	}
	if j.Tries != job.MaxTries || total < 9*time.Hour || total > 12*time.Hour {
		t.Errorf("given up after %d tries and %s", j.Tries, total)
	}
}

func TestAHopelessJobIsGivenUpAtOnce(t *testing.T) {
	j := job.Job{Tries: 1}
	if _, again := j.Next(fmt.Errorf("no such mailbox: %w", job.ErrHopeless), noon); again {
		t.Error("it is tried again")
	}
}

func TestAJobThatWasGivenUpCanBeTriedAgainFromTheStart(t *testing.T) {
	later := noon.Add(time.Hour)
	for state, j := range map[job.State]job.Job{
		job.Queued: {RunAt: noon}, job.Running: {LeasedUntil: &later}, job.Done: {DoneAt: &noon}, job.Dead: {DeadAt: &noon, Tries: 20},
	} {
		if got := j.State(noon); got != state {
			t.Errorf("state %s, want %s", got, state)
		}
		again, err := j.Revived(later)
		if (err == nil) != (state == job.Dead) || (err != nil && !errors.Is(err, job.ErrNotDead)) {
			t.Errorf("a job that is %s is revived: %v", state, err)
		}
		if err == nil && (again.State(later) != job.Queued || again.Tries != 0 || !again.RunAt.Equal(later)) {
			t.Errorf("revived: %+v", again)
		}
		if err := j.Removable(noon); (err == nil) != (state == job.Dead || state == job.Queued) {
			t.Errorf("a job that is %s is removed: %v", state, err)
		}
	}
	if got := (job.Job{LeasedUntil: &noon}).State(noon); got != job.Queued {
		t.Errorf("a job whose lease ended is %s", got)
	}
}

func TestAJobThatEndsEveryProcessIsExhausted(t *testing.T) {
	if (job.Job{Tries: job.MaxTries}).Exhausted() || !(job.Job{Tries: job.MaxTries + 1}).Exhausted() {
		t.Error("a job has MaxTries tries")
	}
}
