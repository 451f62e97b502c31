package ports

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/leaderboard"
	"github.com/toeic-app/toeic/domain/score"
)

// ConversionHistory reads what administrators do to the conversion.
type ConversionHistory interface {
	// Tables returns every table, by version.
	Tables(ctx context.Context) ([]score.StoredTable, error)
	// Stored returns score.ErrTableNotFound when there is no table of that version.
	Stored(ctx context.Context, version string) (score.StoredTable, error)
	// Activations returns what was activated for an exam, newest first.
	Activations(ctx context.Context, exam uuid.UUID) ([]score.Activation, error)
	// InForce returns the version that was activated last for each exam for which any was.
	InForce(ctx context.Context) (map[uuid.UUID]string, error)
}

// ConversionTables changes the conversion.
type ConversionTables interface {
	// Add stores a table and reports whether it was new; score.ErrTableChanged when the version exists with other
	// figures. The note of a version that exists stays as it is.
	Add(ctx context.Context, t score.StoredTable) (bool, error)
	// ForActivation returns what was activated for an exam, newest first, and keeps others from activating anything
	// for it until the unit of work ends; exam.ErrNotFound.
	ForActivation(ctx context.Context, exam uuid.UUID) ([]score.Activation, error)
	// Activate appends to the history of an exam. The table must exist.
	Activate(ctx context.Context, a score.Activation) error
}

// ConversionRepos is what a unit of work on the conversion may touch.
type ConversionRepos struct {
	Tables ConversionTables
	Audit  AuditLog
}

// ScoreRecord is a stored result with how it came about.
type ScoreRecord struct {
	Result   score.Result
	At       time.Time // when it was made
	Revision uuid.UUID // whose keys were used; the nil UUID for that of the attempt
	Regraded bool      // a key was corrected after the attempt was scored
}

// Keys is the revision whose keys the result of an attempt follows from. Results that were stored before keys could be
// corrected do not name it.
func (r ScoreRecord) Keys(of attempt.Snapshot) uuid.UUID {
	if r.Revision == uuid.Nil {
		return of.RevisionID
	}
	return r.Revision
}

// EarlierScores selects results of one learner.
type EarlierScores struct {
	User   uuid.UUID
	Before time.Time // closed before then
	Kind   exam.Kind
	Mode   attempt.Mode
	Limit  int
}

// EarlierScore is one result with what it is of.
type EarlierScore struct {
	Attempt  uuid.UUID
	Exam     uuid.UUID
	ClosedAt time.Time
	Result   score.Result
}

// ScoreReads reads results with what is around them.
type ScoreReads interface {
	// Record returns attempt.ErrNotSubmitted when the attempt has no result.
	Record(ctx context.Context, attempt uuid.UUID) (ScoreRecord, error)
	// Earlier returns the results that closed last, newest first.
	Earlier(ctx context.Context, which EarlierScores) ([]EarlierScore, error)
}

// Pseudonyms keeps who is on leaderboards.
type Pseudonyms interface {
	// Put enters a learner, or gives one who is entered another pseudonym and leaves the rest of the entry alone. It
	// returns leaderboard.ErrPseudonymTaken when somebody else has the folded pseudonym.
	Put(ctx context.Context, e leaderboard.Entry) error
	// Of returns leaderboard.ErrNotJoined for a learner who is not entered.
	Of(ctx context.Context, user uuid.UUID) (leaderboard.Entry, error)
	// Remove takes a learner off all leaderboards at once; nothing happens to one who is not entered.
	Remove(ctx context.Context, user uuid.UUID) error
}

// BoardQuery selects a leaderboard.
type BoardQuery struct {
	Exam  uuid.UUID
	Since time.Time // only attempts that closed then or later; the zero time for all
	Limit int
	User  uuid.UUID // whose place is wanted wherever it is
}

// Leaderboards reads leaderboards.
type Leaderboards interface {
	// Board returns the first places by the rule of leaderboard.Rank among the learners who are entered and whose
	// accounts are neither suspended nor closed, and after them the place of the user when it is not one of them.
	Board(ctx context.Context, q BoardQuery) ([]leaderboard.Row, error)
}

// Writing tells which texts are the same to a reader.
type Writing interface {
	// Compatible returns s in the normalization form NFKC.
	Compatible(s string) string
	// Fold takes away differences of case.
	Fold(s string) string
}
