package ports

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
)

// AnswerLog reads the log of answers.
type AnswerLog interface {
	// Changes returns every change of an attempt in the order of arrival, those that changed nothing included.
	Changes(ctx context.Context, id uuid.UUID) ([]attempt.Change, error)
}

// Policies reads the rules of exams.
type Policies interface {
	// Policy returns exam.DefaultPolicy where nobody set one, also for an exam that does not exist.
	Policy(ctx context.Context, examID uuid.UUID) (exam.Policy, error)
}

// PolicyList lists the rules that somebody set.
type PolicyList interface {
	All(ctx context.Context) ([]exam.Policy, error)
}

// PolicyDesk changes the rules of exams.
type PolicyDesk interface {
	// ForChange returns the same as Policies, and keeps what it returned from changing until the unit of work ends.
	ForChange(ctx context.Context, examID uuid.UUID) (exam.Policy, error)
	// Save stores a policy whose Version is one more than the stored one, or the default one; ErrStale when it is not.
	Save(ctx context.Context, p exam.Policy) error
}

// PolicyRepos is what a unit of work on the rules of exams may touch.
type PolicyRepos struct {
	Policies PolicyDesk
	Audit    AuditLog
}
