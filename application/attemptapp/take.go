// Package attemptapp holds the use cases of taking a test: starting, answering, closing, and seeing the outcome.
package attemptapp

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

// Taker is a learner on one of their devices.
type Taker struct {
	User    uuid.UUID
	Session uuid.UUID // the nil UUID for API tokens
}

// View is an attempt as its learner sees it at one moment.
type View struct {
	ports.AttemptView
	Now             time.Time
	Section         exam.Section   // "" in practice mode and when the attempt is closed
	SectionDeadline *time.Time     // nil likewise
	Remaining       *time.Duration // on the clock, whether it runs or stands; nil without one and when the attempt is closed
	PausedSince     *time.Time     // nil unless the clock stands
}

// Held reports whether a session may change the attempt, as far as the device goes.
func (v View) Held(session uuid.UUID) bool { return attempt.Restore(v.Snapshot).HeldBy(session) == nil }

func viewOf(v ports.AttemptView, now time.Time) View {
	view := View{AttemptView: v, Now: now}
	if v.Status == attempt.InProgress {
		a := attempt.Restore(v.Snapshot)
		view.Section, view.SectionDeadline = a.Section(now), a.SectionDeadline(now)
		view.Remaining, view.PausedSince = a.Remaining(now), a.PausedAt(now)
	}
	return view
}

// owned returns attempt.ErrNotFound unless the attempt is the user's, so that identifiers cannot be probed.
func owned(a *attempt.Attempt, err error, user uuid.UUID) (*attempt.Attempt, error) {
	switch {
	case err != nil:
		return nil, err
	case a == nil, !a.Owned(user):
		return nil, attempt.ErrNotFound
	}
	return a, nil
}

// StartCommand asks for a new attempt.
type StartCommand struct {
	User    uuid.UUID
	Session uuid.UUID // the nil UUID for API tokens
	Exam    uuid.UUID
	Mode    attempt.Mode
	Parts   []exam.Part   // practice mode: the parts to take, all when empty
	Limit   time.Duration // practice mode: time for all of them, 0 for any
}

// Start begins an attempt on the current revision of an exam, under what is granted to the learner.
type Start struct {
	Clock     ports.Clock
	IDs       ports.IDs
	Catalogue ports.Catalogue
	Policies  ports.Policies
	Work      ports.UnitOfWork[ports.AttemptRepos]
}

// Execute returns exam.ErrNotFound, exam.ErrClosed, attempt.ErrInvalid and attempt.ErrAlreadyOpen.
func (uc Start) Execute(ctx context.Context, cmd StartCommand) (View, error) {
	form, err := uc.Catalogue.Exam(ctx, cmd.Exam)
	if err != nil {
		return View{}, err
	}
	policy, err := uc.Policies.Policy(ctx, cmd.Exam)
	if err != nil {
		return View{}, err
	}
	if cmd.Mode == attempt.ExamMode && policy.Closed(uc.Clock.Now()) { // practice is always open
		return View{}, exam.ErrClosed
	}
	if err != nil {
		return View{}, err
	}
	id := uc.IDs.New()
	var (
		a   *attempt.Attempt
		now time.Time
	)
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.AttemptRepos) error {
		grant, err := repos.Accommodations.ForStart(ctx, cmd.User)
		if err != nil {
			return err
		}
		now = uc.Clock.Now() // after the wait for the account, so that none of the time is lost to it
		a, err = attempt.Start(id, cmd.User, form, attempt.Terms{
			Mode: cmd.Mode, Parts: cmd.Parts, Limit: cmd.Limit, Granted: grant.Accommodation, Holder: attempt.DevicePolicy(policy.Device).Holder(cmd.Session),
		}, now)
		if err != nil {
			return err
		}
		return repos.Attempts.Add(ctx, a)
	})
	if err != nil {
		return View{}, err
	}
	return viewOf(ports.AttemptView{Snapshot: a.Snapshot(), Revision: form.Revision}, now), nil
}

// Advance leaves Listening for Reading.
type Advance struct {
	Clock ports.Clock
	Work  ports.UnitOfWork[ports.AttemptRepos]
	Reads ports.AttemptReads
}

// Execute returns attempt.ErrNotFound, attempt.ErrClosed, attempt.ErrNoSections, and attempt.ErrOtherDevice or
// attempt.ErrTakenOver on a device that does not hold the attempt. Again, it changes nothing.
func (uc Advance) Execute(ctx context.Context, by Taker, id uuid.UUID) (View, error) {
	err := change(ctx, uc.Work, by, id, func(a *attempt.Attempt) error { return a.Advance(uc.Clock.Now()) })
	if err != nil {
		return View{}, err
	}
	return view(ctx, uc.Reads, by.User, id, uc.Clock.Now())
}

// Abandon gives an attempt up without a result.
type Abandon struct {
	Clock ports.Clock
	Work  ports.UnitOfWork[ports.AttemptRepos]
	Reads ports.AttemptReads
}

// Execute returns attempt.ErrNotFound, attempt.ErrClosed, and attempt.ErrOtherDevice or attempt.ErrTakenOver on a
// device that does not hold the attempt. Again, it changes nothing.
func (uc Abandon) Execute(ctx context.Context, by Taker, id uuid.UUID) (View, error) {
	err := change(ctx, uc.Work, by, id, func(a *attempt.Attempt) error {
		_, err := a.Abandon(uc.Clock.Now())
		return err
	})
	if err != nil {
		return View{}, err
	}
	return view(ctx, uc.Reads, by.User, id, uc.Clock.Now())
}

// change runs fn on a learner's attempt, on the device that holds it, and stores it if fn changed it.
func change(ctx context.Context, work ports.UnitOfWork[ports.AttemptRepos], by Taker, id uuid.UUID, fn func(*attempt.Attempt) error) error {
	return work.Do(ctx, func(ctx context.Context, repos ports.AttemptRepos) error {
		a, err := repos.Attempts.ForChange(ctx, id)
		if a, err = owned(a, err, by.User); err != nil {
			return err
		}
		if err := a.HeldBy(by.Session); err != nil {
			return err
		}
		return saved(ctx, repos, a, fn)
	})
}

// saved runs fn on an attempt and stores it if fn changed it.
func saved(ctx context.Context, repos ports.AttemptRepos, a *attempt.Attempt, fn func(*attempt.Attempt) error) error {
	before := a.Snapshot().Version
	if err := fn(a); err != nil {
		return err
	}
	if a.Snapshot().Version == before {
		return nil
	}
	return repos.Attempts.Save(ctx, a)
}

// view reads a learner's attempt.
func view(ctx context.Context, reads ports.AttemptReads, user, id uuid.UUID, now time.Time) (View, error) {
	v, err := reads.Attempt(ctx, id)
	switch {
	case err != nil:
		return View{}, err
	case v.UserID != user:
		return View{}, attempt.ErrNotFound
	}
	return viewOf(v, now), nil
}
