package attemptapp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

// Scoring closes attempts and scores them, each exactly once.
type Scoring struct {
	Clock       ports.Clock
	Revisions   ports.Revisions
	Conversions ports.Conversions
	Reads       ports.AttemptReads
	Closings    ports.Closings
	Work        ports.UnitOfWork[ports.AttemptRepos]
}

// material is what an attempt is scored with. It is loaded before the unit of work, which must not wait for
// a second connection while it holds one.
type material struct {
	form  *exam.Revision
	table score.Table
}

// material loads a revision and the conversion table of that version, or for "" the one that the form names.
func (s Scoring) material(ctx context.Context, revision uuid.UUID, version string) (material, error) {
	form, err := s.Revisions.Revision(ctx, revision)
	if err != nil {
		return material{}, fmt.Errorf("load revision %s: %w", revision, err)
	}
	if version == "" {
		version = form.Content.Form.Conversion
	}
	table, err := s.Conversions.Table(ctx, version)
	if err != nil {
		return material{}, fmt.Errorf("load the conversion table %s of %s: %w", version, form.Slug, err)
	}
	return material{form: form, table: table}, nil
}

// score judges a sheet.
func (m material) score(a *attempt.Attempt, sheet attempt.Sheet) score.Result {
	return score.Compute(m.table, m.form.Outline, a.Marks(m.form.Content.Form, sheet))
}

// maxTries bounds how often an attempt is closed anew because a revision of its exam was published meanwhile, which may
// have corrected a key.
const maxTries = 5

// close submits an attempt that guard lets through and stores its result. For one that was scored before it
// returns the stored result.
func (s Scoring) close(ctx context.Context, c ports.Closing, guard func(*attempt.Attempt, time.Time) error) (score.Result, error) {
	for try := 1; ; try++ {
		out, err := s.closeBy(ctx, c, guard)
		if try == maxTries || !errors.Is(err, ports.ErrStale) {
			return out, err
		}
		if c, err = s.Closings.Closing(ctx, c.Attempt.ID); err != nil {
			return score.Result{}, err
		}
	}
}

// closeBy closes an attempt by the keys and the table that were found for it.
func (s Scoring) closeBy(ctx context.Context, c ports.Closing, guard func(*attempt.Attempt, time.Time) error) (score.Result, error) {
	id := c.Attempt.ID
	m, err := s.material(ctx, c.Keys, c.Table)
	if err != nil {
		return score.Result{}, err
	}
	var (
		out  score.Result
		done bool
	)
	err = s.Work.Do(ctx, func(ctx context.Context, repos ports.AttemptRepos) error {
		a, err := repos.Attempts.ForChange(ctx, id)
		if err != nil {
			return err
		}
		now := s.Clock.Now()
		if err := guard(a, now); err != nil {
			return err
		}
		if done, err = a.Submit(now); err != nil || !done {
			return err
		}
		sheet, err := repos.Answers.Sheet(ctx, id)
		if err != nil {
			return err
		}
		out = m.score(a, sheet)
		if err := repos.Attempts.Save(ctx, a); err != nil {
			return err
		}
		added := ports.NewResult{Attempt: id, Exam: c.Attempt.ExamID, Result: out, Keys: c.Keys, Current: c.Current, At: now}
		return countLater(ctx, repos, id, now, repos.Results.Add(ctx, added))
	})
	if err == nil && !done {
		return s.Reads.Result(ctx, id)
	}
	return out, err
}

// Submit closes an attempt on its learner's behalf and scores it.
type Submit struct {
	Scoring Scoring
	Sight   Sight
}

// Execute returns the result; of an attempt that was scored before, the same result again. Failures are
// attempt.ErrNotFound, attempt.ErrAbandoned, and attempt.ErrOtherDevice or attempt.ErrTakenOver on a device that does
// not hold the attempt. A paused attempt can be submitted. With attempt.ErrScoreWithheld the attempt is closed and
// scored, but its score is not shown yet.
func (uc Submit) Execute(ctx context.Context, by Taker, id uuid.UUID) (score.Result, error) {
	c, err := uc.Scoring.Closings.Closing(ctx, id)
	switch {
	case err != nil:
		return score.Result{}, err
	case c.Attempt.UserID != by.User:
		return score.Result{}, attempt.ErrNotFound
	}
	out, err := uc.Scoring.close(ctx, c, func(a *attempt.Attempt, _ time.Time) error { return a.HeldBy(by.Session) })
	if err != nil {
		return score.Result{}, err
	}
	head := c.Attempt
	head.Status = attempt.Submitted // if the clock closed it, all the same is shown of it
	if visible, _ := uc.Sight.under(c.Policy, head); !visible.Score {
		return score.Result{}, attempt.ErrScoreWithheld
	}
	return out, nil
}

// Expire scores the attempts whose time is over, on the server's own account. Any number of replicas may do so
// at once, and whenever: each attempt is scored once.
type Expire struct{ Scoring Scoring }

// errNotOverdue says that an attempt was advanced or closed after it was listed.
var errNotOverdue = errors.New("the attempt is not overdue any more")

// Execute returns how many attempts it scored. One that cannot be scored does not keep it from the others;
// the error joins all that went wrong.
func (uc Expire) Execute(ctx context.Context) (int, error) {
	var (
		scored int
		failed []error
	)
	page := ports.Page{Limit: 100}
	for {
		due, err := uc.Scoring.Reads.List(ctx, ports.AttemptFilter{OverdueAt: uc.Scoring.Clock.Now()}, page)
		if err != nil {
			return scored, errors.Join(append(failed, err)...)
		}
		for _, v := range due.Items {
			err := uc.one(ctx, v.ID)
			switch {
			case err == nil:
				scored++
			case !errors.Is(err, errNotOverdue):
				failed = append(failed, fmt.Errorf("expire attempt %s: %w", v.ID, err))
			}
		}
		if due.Next == uuid.Nil {
			return scored, errors.Join(failed...)
		}
		page.After = due.Next
	}
}

func (uc Expire) one(ctx context.Context, id uuid.UUID) error {
	c, err := uc.Scoring.Closings.Closing(ctx, id)
	if err != nil {
		return err
	}
	_, err = uc.Scoring.close(ctx, c, func(a *attempt.Attempt, now time.Time) error {
		if a.Scored() || !a.Overdue(now) {
			return errNotOverdue
		}
		return nil
	})
	return err
}
