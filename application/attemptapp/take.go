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

// View is an attempt as its learner sees it at one moment.
type View struct {
	ports.AttemptView
	Now             time.Time
	Section         exam.Section // "" in practice mode and when the attempt is closed
	SectionDeadline *time.Time   // nil likewise
}

func viewOf(v ports.AttemptView, now time.Time) View {
	view := View{AttemptView: v, Now: now}
	if v.Status == attempt.InProgress {
		a := attempt.Restore(v.Snapshot)
		view.Section, view.SectionDeadline = a.Section(now), a.SectionDeadline(now)
	}
	return view
}

// owned returns attempt.ErrNotFound unless the attempt is the user's, so that identifiers cannot be probed.
func owned(a *attempt.Attempt, err error, user uuid.UUID) (*attempt.Attempt, error) {
	switch {
	case err != nil:
		return nil, err
	case !a.Owned(user):
		return nil, attempt.ErrNotFound
	}
	return a, nil
}

// StartCommand asks for a new attempt.
type StartCommand struct {
	User  uuid.UUID
	Exam  uuid.UUID
	Mode  attempt.Mode
	Parts []exam.Part // practice mode: the parts to take, all when empty
}

// Start begins an attempt on the current revision of an exam.
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
	now := uc.Clock.Now()
	if err := uc.admit(ctx, cmd, now); err != nil {
		return View{}, err
	}
	a, err := attempt.Start(uc.IDs.New(), cmd.User, form, cmd.Mode, cmd.Parts, now)
	if err != nil {
		return View{}, err
	}
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.AttemptRepos) error {
		return repos.Attempts.Add(ctx, a)
	})
	return viewOf(ports.AttemptView{Snapshot: a.Snapshot(), Revision: form.Revision}, now), err
}

// admit returns exam.ErrClosed for an attempt in exam mode on an exam that is closed; practice is always open.
func (uc Start) admit(ctx context.Context, cmd StartCommand, now time.Time) error {
	if cmd.Mode != attempt.ExamMode {
		return nil
	}
	policy, err := uc.Policies.Policy(ctx, cmd.Exam)
	if err == nil && policy.Closed(now) {
		err = exam.ErrClosed
	}
	return err
}

// Advance leaves Listening for Reading.
type Advance struct {
	Clock ports.Clock
	Work  ports.UnitOfWork[ports.AttemptRepos]
	Reads ports.AttemptReads
}

// Execute returns attempt.ErrNotFound, attempt.ErrClosed and attempt.ErrNoSections. Again, it changes nothing.
func (uc Advance) Execute(ctx context.Context, user, id uuid.UUID) (View, error) {
	err := change(ctx, uc.Work, user, id, func(a *attempt.Attempt) error { return a.Advance(uc.Clock.Now()) })
	if err != nil {
		return View{}, err
	}
	return view(ctx, uc.Reads, user, id, uc.Clock.Now())
}

// Abandon gives an attempt up without a result.
type Abandon struct {
	Clock ports.Clock
	Work  ports.UnitOfWork[ports.AttemptRepos]
	Reads ports.AttemptReads
}

// Execute returns attempt.ErrNotFound and attempt.ErrClosed. Again, it changes nothing.
func (uc Abandon) Execute(ctx context.Context, user, id uuid.UUID) (View, error) {
	err := change(ctx, uc.Work, user, id, func(a *attempt.Attempt) error {
		_, err := a.Abandon(uc.Clock.Now())
		return err
	})
	if err != nil {
		return View{}, err
	}
	return view(ctx, uc.Reads, user, id, uc.Clock.Now())
}

// change runs fn on a learner's attempt and stores it if fn changed it.
func change(ctx context.Context, work ports.UnitOfWork[ports.AttemptRepos], user, id uuid.UUID, fn func(*attempt.Attempt) error) error {
	return work.Do(ctx, func(ctx context.Context, repos ports.AttemptRepos) error {
		a, err := repos.Attempts.ForChange(ctx, id)
		if a, err = owned(a, err, user); err != nil {
			return err
		}
		before := a.Snapshot().Version
		if err := fn(a); err != nil {
			return err
		}
		if a.Snapshot().Version == before {
			return nil
		}
		return repos.Attempts.Save(ctx, a)
	})
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
