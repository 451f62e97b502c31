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
	// ForChange returns an attempt that nobody else may touch meanwhile; attempt.ErrNotFound.
	ForChange(ctx context.Context, id uuid.UUID) (*attempt.Attempt, error)
	// OpenOf returns the attempts of a learner that are in progress, as ForChange does, in the order they were started.
	OpenOf(ctx context.Context, user uuid.UUID) ([]*attempt.Attempt, error)
	// Save stores a changed attempt whose Version is one more than the stored one; ErrStale when it is not. It logs a
	// pause that began or ended. Answered and Position belong to Answers and stay as they are.
	Save(ctx context.Context, a *attempt.Attempt) error
}

// Answers reads answers in a unit of work.
type Answers interface {
	Sheet(ctx context.Context, id uuid.UUID) (attempt.Sheet, error)
}

// SheetItem names an item of an attempt.
type SheetItem struct {
	Attempt uuid.UUID
	Number  int
}

// LoggedChange is a change with the session that it came from; the nil UUID for none.
type LoggedChange struct {
	attempt.Change
	Session uuid.UUID
}

// SheetChange is what changed about the answers of one attempt.
type SheetChange struct {
	Attempt *attempt.Attempt // whose progress is stored
	Answers []attempt.Answer // each newer than the stored one; no item twice
	Changes []LoggedChange   // for the log; one that is in the log already is left alone
}

// AnswerSheets stores the answers of many attempts at once, in a number of steps that does not grow with theirs.
type AnswerSheets interface {
	// Hold returns those of the attempts that exist, as they are when the unit of work ends: until then nobody else answers
	// or changes them, or else nothing is stored and the unit of work runs again.
	Hold(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*attempt.Attempt, error)
	// Stored returns the stored answers of some items, by attempt. An item may be asked for twice.
	Stored(ctx context.Context, items []SheetItem) (map[uuid.UUID]attempt.Sheet, error)
	// Store stores changes of attempts that are held, each once.
	Store(ctx context.Context, changes []SheetChange) error
}

// AnswerRepos is what a unit of work on answers may touch.
type AnswerRepos struct {
	Sheets AnswerSheets
}

// Results stores score reports.
type Results interface {
	// Add stores the one result of an attempt. It returns ErrStale when another revision of the exam was published since it
	// was decided which keys judge the answers, and keeps the next one from being published until the unit of work ends.
	Add(ctx context.Context, r NewResult) error
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
	// AnswersSince returns the answers that were taken after a position, in that order.
	AnswersSince(ctx context.Context, id uuid.UUID, position int64) ([]attempt.Answer, error)
	// Result returns attempt.ErrNotSubmitted when there is none.
	Result(ctx context.Context, id uuid.UUID) (score.Result, error)
}
