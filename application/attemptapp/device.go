package attemptapp

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// Claim makes a device the one that holds an attempt in exam mode, as far as the policy of the exam allows.
type Claim struct {
	Clock    ports.Clock
	Policies ports.Policies
	Work     ports.UnitOfWork[ports.AttemptRepos]
	Reads    ports.AttemptReads
}

// Execute returns attempt.ErrNotFound, attempt.ErrClosed and attempt.ErrDeviceLocked. Again, it changes nothing.
func (uc Claim) Execute(ctx context.Context, by Taker, id uuid.UUID) (View, error) {
	head, err := snapshot(ctx, uc.Reads, by.User, id)
	if err != nil {
		return View{}, err
	}
	policy, err := uc.Policies.Policy(ctx, head.ExamID)
	if err != nil {
		return View{}, err
	}
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.AttemptRepos) error {
		a, err := repos.Attempts.ForChange(ctx, id)
		if a, err = owned(a, err, by.User); err != nil {
			return err
		}
		now := uc.Clock.Now()
		gone := false
		if holder := a.Snapshot().Holder; holder != nil && *holder != uuid.Nil { // API tokens are never gone
			live, err := repos.Sessions.Live(ctx, *holder, now)
			if err != nil {
				return err
			}
			gone = !live
		}
		return saved(ctx, repos, a, func(a *attempt.Attempt) error {
			return a.Claim(by.Session, attempt.DevicePolicy(policy.Device), gone, now)
		})
	})
	if err != nil {
		return View{}, err
	}
	return view(ctx, uc.Reads, by.User, id, uc.Clock.Now())
}

// Release takes an attempt from the device that holds it, on behalf of a teacher, so that another one can claim it. It
// is recorded in the audit log.
type Release struct {
	Clock    ports.Clock
	Recorder ports.Recorder
	Work     ports.UnitOfWork[ports.AttemptRepos]
}

// heldState is what the audit log keeps of who holds an attempt.
type heldState struct {
	Holder *uuid.UUID `json:"session_id"`
}

// Execute returns attempt.ErrNotFound, attempt.ErrClosed and attempt.ErrNotHeld.
func (uc Release) Execute(ctx context.Context, by identity.Caller, id uuid.UUID) error {
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.AttemptRepos) error {
		a, err := repos.Attempts.ForChange(ctx, id)
		if err != nil {
			return err
		}
		before := heldState{a.Snapshot().Holder}
		if err := a.Release(uc.Clock.Now()); err != nil {
			return err
		}
		if err := repos.Attempts.Save(ctx, a); err != nil {
			return err
		}
		return uc.Recorder.Record(ctx, repos.Audit, by, audit.AttemptReleased, "attempt:"+id.String(), before, heldState{})
	})
}
