package attemptapp

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/ports"
)

// AnswerCommand hands in choices.
type AnswerCommand struct {
	User    uuid.UUID
	Attempt uuid.UUID
	Answers []attempt.Answer
}

// Answered is what became of a batch of answers.
type Answered struct {
	Accepted   int // stored as the newest of their items
	Ignored    int // older than, or the same as, what was stored
	Answered   int // items of the attempt that have a choice now
	Now        time.Time
	DeadlineAt *time.Time
}

// Answer stores choices. What it acknowledges is committed.
type Answer struct {
	Clock ports.Clock
	Work  ports.UnitOfWork[ports.AttemptRepos]
}

// Execute returns attempt.ErrNotFound, attempt.ErrClosed, and attempt.ErrAnswersDenied naming each answer that
// cannot be accepted; then none of the batch is stored.
func (uc Answer) Execute(ctx context.Context, cmd AnswerCommand) (Answered, error) {
	var out Answered
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.AttemptRepos) error {
		a, err := repos.Attempts.ForAnswers(ctx, cmd.Attempt)
		if a, err = owned(a, err, cmd.User); err != nil {
			return err
		}
		now := uc.Clock.Now() // after the wait for the attempt, so that nothing is taken late
		batch, err := a.Accept(cmd.Answers, now)
		if err != nil {
			return err
		}
		stored, err := repos.Answers.Put(ctx, cmd.Attempt, batch)
		if err != nil {
			return err
		}
		answered, err := repos.Answers.Answered(ctx, cmd.Attempt)
		out = Answered{
			Accepted: stored, Ignored: len(cmd.Answers) - stored, Answered: answered, Now: now, DeadlineAt: a.Snapshot().DeadlineAt,
		}
		return err
	})
	return out, err
}
