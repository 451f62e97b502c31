package ports

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/score"
)

// Attempts stores attempts. The For methods also keep the attempt from changing until the unit of work ends.
type Attempts interface {
	// Add stores a new attempt; attempt.ErrAlreadyOpen when the learner has an open one on that exam.
	Add(ctx context.Context, a *attempt.Attempt) error
	// ForAnswers returns an attempt that others may answer but not close meanwhile; attempt.ErrNotFound.
	ForAnswers(ctx context.Context, id uuid.UUID) (*attempt.Attempt, error)
	// ForChange returns an attempt that nobody else may touch meanwhile; attempt.ErrNotFound.
	ForChange(ctx context.Context, id uuid.UUID) (*attempt.Attempt, error)
	// OpenOf returns the attempts of a learner that are in progress, as ForChange does, in the order they were started.
	OpenOf(ctx context.Context, user uuid.UUID) ([]*attempt.Attempt, error)
	// Save stores a changed attempt whose Version is one more than the stored one; ErrStale when it is not. It logs a
	// pause that began or ended. Answered and Position belong to Answers and stay as they are.
	Save(ctx context.Context, a *attempt.Attempt) error
}

// Answers stores the newest answer of each item of an attempt.
type Answers interface {
	// Put stores each answer whose Seq is higher than the stored one's and returns how many that were.
	// No item may occur twice.
	Put(ctx context.Context, id uuid.UUID, answers []attempt.Answer) (int, error)
	// Answered counts the items with a choice.
	Answered(ctx context.Context, id uuid.UUID) (int, error)
	Sheet(ctx context.Context, id uuid.UUID) (attempt.Sheet, error)
}

// Results stores score reports.
type Results interface {
	// Add stores the one result of an attempt.
	Add(ctx context.Context, id uuid.UUID, r score.Result, at time.Time) error
}

// AttemptRepos is what a unit of work on attempts may touch.
type AttemptRepos struct {
	Attempts Attempts
	Answers  Answers
	Results  Results
	Jobs     Jobs
	Audit    AuditLog

	Accommodations Accommodations
	Sessions       LiveSessions
}

// AttemptView is an attempt with what else is told about it.
type AttemptView struct {
	attempt.Snapshot
	Revision int // number of the exam's revision that is taken
}

// AttemptFilter selects attempts; a zero field selects all.
type AttemptFilter struct {
	User   uuid.UUID
	Exam   uuid.UUID
	Mode   attempt.Mode
	Status attempt.Status
	// OverdueAt selects attempts in progress whose deadline and grace were over then.
	OverdueAt time.Time
	// Scored selects attempts that have a result.
	Scored bool
}

// AttemptReads reads attempts without holding them.
type AttemptReads interface {
	// Snapshot returns attempt.ErrNotFound when there is none.
	Snapshot(ctx context.Context, id uuid.UUID) (attempt.Snapshot, error)
	// Attempt returns attempt.ErrNotFound when there is none.
	Attempt(ctx context.Context, id uuid.UUID) (AttemptView, error)
	// List returns attempts, newest first.
	List(ctx context.Context, which AttemptFilter, page Page) (Slice[AttemptView], error)
	Sheet(ctx context.Context, id uuid.UUID) (attempt.Sheet, error)
	// Result returns attempt.ErrNotSubmitted when there is none.
	Result(ctx context.Context, id uuid.UUID) (score.Result, error)
}
