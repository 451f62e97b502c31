package attemptapp

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

// countLater orders that an attempt is counted in its learner's practice, in the unit of work that stores its result, so
// that there is never one without the other. It passes on the failure of what came before.
func countLater(ctx context.Context, repos ports.AttemptRepos, id uuid.UUID, now time.Time, before error) error {
	if before != nil {
		return before
	}
	_, err := repos.Jobs.Add(ctx, job.ToCountAttempt(id, now))
	return err
}
