package attemptapp

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/ports"
)

// Pause stops the clock of a practice attempt.
type Pause struct {
	Clock ports.Clock
	Work  ports.UnitOfWork[ports.AttemptRepos]
	Reads ports.AttemptReads
}

// Execute returns attempt.ErrNotFound, attempt.ErrClosed, attempt.ErrNoPauses and attempt.ErrPausesUsedUp. During a
// pause it changes nothing.
func (uc Pause) Execute(ctx context.Context, by Taker, id uuid.UUID) (View, error) {
	err := change(ctx, uc.Work, by, id, func(a *attempt.Attempt) error { return a.Pause(uc.Clock.Now()) })
	if err != nil {
		return View{}, err
	}
	return view(ctx, uc.Reads, by.User, id, uc.Clock.Now())
}

// Resume lets the clock of a practice attempt go on.
type Resume struct {
	Clock ports.Clock
	Work  ports.UnitOfWork[ports.AttemptRepos]
	Reads ports.AttemptReads
}

// Execute returns attempt.ErrNotFound and attempt.ErrClosed. When the clock runs it changes nothing.
func (uc Resume) Execute(ctx context.Context, by Taker, id uuid.UUID) (View, error) {
	err := change(ctx, uc.Work, by, id, func(a *attempt.Attempt) error { return a.Resume(uc.Clock.Now()) })
	if err != nil {
		return View{}, err
	}
	return view(ctx, uc.Reads, by.User, id, uc.Clock.Now())
}
