package ports

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
)

// Corrections tells which keys are in force.
type Corrections interface {
	// Newest returns the newest correction of the form that a revision belongs to, or the revision itself when its keys
	// were never corrected; exam.ErrNotFound.
	Newest(ctx context.Context, revision uuid.UUID) (uuid.UUID, error)
}

// Closing is an attempt with what it would be scored by now.
type Closing struct {
	Attempt attempt.Snapshot
	Keys    uuid.UUID // the newest correction of the revision that is taken
	Current uuid.UUID // the current revision of the exam, which changes with every correction
	Table   string    // the conversion table that was activated last; "" while the one that the form names scores it
	Policy  exam.Policy
}

// Closings reads what is needed to close an attempt, in one statement: every submission waits for it.
type Closings interface {
	// Closing returns attempt.ErrNotFound when there is no such attempt.
	Closing(ctx context.Context, attempt uuid.UUID) (Closing, error)
}

// NewResult is a result with what it follows from.
type NewResult struct {
	Attempt uuid.UUID
	Exam    uuid.UUID
	Result  score.Result
	Keys    uuid.UUID // the revision whose keys judged the answers
	Current uuid.UUID // the current revision of the exam when it was decided which keys do
	At      time.Time
}

// ScoredAttempt is an attempt with the result in force and the answers that it follows from.
type ScoredAttempt struct {
	Attempt attempt.Snapshot
	Record  ScoreRecord
	Sheet   attempt.Sheet // choices alone
}

// ScoredAttempts reads the attempts of a form that have results.
type ScoredAttempts interface {
	// Page returns those that come after one by their identifiers, the nil UUID for the first, in that order, at most so
	// many. The number of statements does not depend on it. In a unit of work it keeps them from being removed until that ends.
	Page(ctx context.Context, examID, form, after uuid.UUID, limit int) ([]ScoredAttempt, error)
}

// Replacement is a result that takes the place of another one.
type Replacement struct {
	ID      uuid.UUID // of the row that keeps the former one
	Attempt uuid.UUID
	Former  ScoreRecord
	Result  score.Result
}

// Regrades applies corrections.
type Regrades interface {
	ScoredAttempts
	// ForCorrection returns the current revision of an exam; exam.ErrNotFound. Until the unit of work ends nobody publishes
	// a revision of it, and no attempt on it is scored.
	ForCorrection(ctx context.Context, examID uuid.UUID) (exam.Summary, error)
	// Replace puts new results in force, keeps the former ones, and notes that a regrade did so. The number of statements
	// does not depend on how many there are.
	Replace(ctx context.Context, regrade exam.Regrade, all []Replacement) error
	// Judged notes that all results of a form follow from the keys of a revision.
	Judged(ctx context.Context, examID, form, revision uuid.UUID) error
	// Add appends to the history.
	Add(ctx context.Context, r exam.Regrade) error
}

// RegradeRepos is what a unit of work on corrections may touch.
type RegradeRepos struct {
	Publication Publication
	Conversions Conversions
	Regrades    Regrades
	Audit       AuditLog
}

// ScoreChange is what a regrade did to one attempt.
type ScoreChange struct {
	Attempt, User uuid.UUID
	Before, After score.Result
}

// FormerScore is a result that another one replaced.
type FormerScore struct {
	Result     score.Result
	At         time.Time // when it was made
	ReplacedAt time.Time
}

// RegradeReads reads the history of corrections.
type RegradeReads interface {
	// OfExam returns the regrades of an exam, newest first.
	OfExam(ctx context.Context, examID uuid.UUID, page Page) (Slice[exam.Regrade], error)
	// Regrade returns exam.ErrRegradeNotFound when there is none.
	Regrade(ctx context.Context, id uuid.UUID) (exam.Regrade, error)
	// Changes returns what a regrade changed, at most so many attempts. Of accounts that were erased nothing is left.
	Changes(ctx context.Context, id uuid.UUID, limit int) ([]ScoreChange, error)
	// Former returns the former results of an attempt, newest first.
	Former(ctx context.Context, attempt uuid.UUID) ([]FormerScore, error)
}
