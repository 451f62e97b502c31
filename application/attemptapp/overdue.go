package attemptapp

import (
	"context"

	"github.com/toeic-app/toeic/ports"
)

// Overdue looks whether Expire has something to do. It only reads, from an index that holds open attempts alone.
type Overdue struct {
	Clock ports.Clock
	Reads ports.AttemptReads
}

// Execute reports whether the time of any open attempt is over.
func (uc Overdue) Execute(ctx context.Context) (bool, error) {
	due, err := uc.Reads.List(ctx, ports.AttemptFilter{OverdueAt: uc.Clock.Now()}, ports.Page{Limit: 1})
	return len(due.Items) > 0, err
}
