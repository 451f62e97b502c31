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
