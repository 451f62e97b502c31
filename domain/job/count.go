package job

import (
	"time"

	"github.com/google/uuid"
)

// CountAttempt brings what a scored attempt tells about its learner into their practice.
const CountAttempt Kind = "count_attempt"

// ToCountAttempt orders that. The job has the identifier of its attempt, so that it cannot be ordered twice.
func ToCountAttempt(attempt uuid.UUID, now time.Time) Job {
	return New(attempt, CountAttempt, []byte(attempt.String()), now, now)
}
