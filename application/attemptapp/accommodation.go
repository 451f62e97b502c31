package attemptapp

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// Granted is what a learner is granted, and the attempts on which it has an effect now.
type Granted struct {
	attempt.Grant
	Open []View
}

// Accommodations reads and changes what learners are granted. A change is in force on their open attempts as soon as it
// is stored, because it is stored with them; it is recorded in the audit log.
type Accommodations struct {
	Clock    ports.Clock
	Stored   ports.AccommodationReads
	Reads    ports.AttemptReads
	Recorder ports.Recorder
	Work     ports.UnitOfWork[ports.AttemptRepos]
}

// Own returns what a learner is granted.
func (uc Accommodations) Own(ctx context.Context, user uuid.UUID) (attempt.Grant, error) {
	return uc.Stored.Grant(ctx, user)
}

// Get returns identity.ErrUserNotFound when there is no such account.
func (uc Accommodations) Get(ctx context.Context, user uuid.UUID) (Granted, error) {
	g, err := uc.Stored.Grant(ctx, user)
	if err != nil {
		return Granted{}, err
	}
	return uc.withOpen(ctx, g)
}

// GrantCommand changes what a learner is granted.
type GrantCommand struct {
	By      identity.Caller
	User    uuid.UUID
	To      attempt.Accommodation
	Version int // of the grant that the change was decided on; zero for any
}

// Grant returns identity.ErrUserNotFound, attempt.ErrInvalidAccommodation and ports.ErrStale.
func (uc Accommodations) Grant(ctx context.Context, cmd GrantCommand) (Granted, error) {
	g, err := uc.change(ctx, cmd, audit.AccommodationsChanged, func(g attempt.Grant, now time.Time) (attempt.Grant, error) {
		return g.Changed(cmd.To, now)
	})
	if err != nil {
		return Granted{}, err
	}
	return uc.withOpen(ctx, g)
}

// Withdraw returns identity.ErrUserNotFound, attempt.ErrNoAccommodation and ports.ErrStale.
func (uc Accommodations) Withdraw(ctx context.Context, cmd GrantCommand) error {
	_, err := uc.change(ctx, cmd, audit.AccommodationsWithdrawn, attempt.Grant.Withdrawn)
	return err
}

func (uc Accommodations) change(ctx context.Context, cmd GrantCommand, what audit.Action, fn func(attempt.Grant, time.Time) (attempt.Grant, error)) (attempt.Grant, error) {
	var out attempt.Grant
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.AttemptRepos) error {
		before, err := repos.Accommodations.ForChange(ctx, cmd.User)
		if err != nil {
			return err
		}
		if cmd.Version != 0 && cmd.Version != before.Version {
			return ports.ErrStale
		}
		open, err := repos.Attempts.OpenOf(ctx, cmd.User)
		if err != nil {
			return err
		}
		now := uc.Clock.Now() // after the wait for the attempts, so that none is left less than was decided here
		if out, err = fn(before, now); err != nil {
			return err
		}
		if err := repos.Accommodations.Save(ctx, out); err != nil {
			return err
		}
		for _, a := range open {
			if !a.Grant(out.Accommodation, now) {
				continue
			}
			if err := repos.Attempts.Save(ctx, a); err != nil {
				return err
			}
		}
		return uc.Recorder.Record(ctx, repos.Audit, cmd.By, what, "user:"+cmd.User.String(), recorded(before), recorded(out))
	})
	return out, err
}

// withOpen adds the learner's attempts in progress, each exam having one at most.
func (uc Accommodations) withOpen(ctx context.Context, g attempt.Grant) (Granted, error) {
	rows, err := uc.Reads.List(ctx, ports.AttemptFilter{User: g.UserID, Status: attempt.InProgress}, ports.Page{Limit: 100})
	if err != nil {
		return Granted{}, err
	}
	out, now := Granted{Grant: g, Open: make([]View, len(rows.Items))}, uc.Clock.Now()
	for i, v := range rows.Items {
		out.Open[i] = viewOf(v, now)
	}
	return out, nil
}

// grantState is what the audit log keeps of a grant.
type grantState struct {
	MoreTime         int   `json:"more_time_percent"`
	Extra            int64 `json:"extra_seconds"`
	MorePause        int   `json:"more_pause_percent"`
	ListeningOmitted bool  `json:"listening_omitted"`
}

func stateOf(a attempt.Accommodation) grantState {
	return grantState{a.MoreTime, int64(a.Extra / time.Second), a.MorePause, a.ListeningOmitted}
}

// recorded is a grant as the audit log has it; nil for nothing.
func recorded(g attempt.Grant) any {
	if g.Accommodation == (attempt.Accommodation{}) {
		return nil
	}
	return stateOf(g.Accommodation)
}

// exportedGrant is what a learner is granted, in an export of their data.
type exportedGrant struct {
	grantState
	UpdatedAt time.Time `json:"updated_at"`
}

// ExportAccommodations gathers what a learner was granted, for the export of their data.
type ExportAccommodations struct{ Stored ports.AccommodationReads }

// Execute returns a list of one grant, or of none.
func (uc ExportAccommodations) Execute(ctx context.Context, user uuid.UUID) (any, error) {
	g, err := uc.Stored.Grant(ctx, user)
	if err != nil || g.Version == 0 {
		return []exportedGrant{}, err
	}
	return []exportedGrant{{stateOf(g.Accommodation), g.UpdatedAt}}, nil
}
