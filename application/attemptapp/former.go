package attemptapp

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/ports"
)

// Former reads the results of an attempt that a later one replaced because a key was corrected.
type Former struct {
	Reads    ports.AttemptReads
	Regrades ports.RegradeReads
	Sight    Sight
}

// Execute returns them newest first; none for an attempt that was scored once. Failures are those of Result.
func (uc Former) Execute(ctx context.Context, user, id uuid.UUID) ([]ports.FormerScore, error) {
	a, err := scored(ctx, uc.Reads, user, id)
	if err != nil {
		return nil, err
	}
	if err := uc.Sight.Score(ctx, a.Snapshot()); err != nil {
		return nil, err
	}
	return uc.Regrades.Former(ctx, id)
}
