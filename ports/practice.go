package ports

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/practice"
)

// Seeds makes numbers that nobody foresees, to draw questions with.
type Seeds interface {
	New() uint64
}

// PracticeSets stores practice sets.
type PracticeSets interface {
	Add(ctx context.Context, s *practice.Set) error
	// ForChange returns a set that nobody else may touch until the unit of work ends; practice.ErrNotFound.
	ForChange(ctx context.Context, id uuid.UUID) (*practice.Set, error)
	// Save stores a changed set whose Version is one more than the stored one; ErrStale when it is not.
	Save(ctx context.Context, s *practice.Set) error
}

// PracticeAnswers stores the newest answer to each question of a set.
type PracticeAnswers interface {
	// Put stores answers in place of those to the same questions. No question may occur twice.
	Put(ctx context.Context, set uuid.UUID, answers []practice.Answer) error
	Sheet(ctx context.Context, set uuid.UUID) (practice.Sheet, error)
}

// Histories stores what learners did with questions.
type Histories interface {
	// ForChange returns what a learner did with these questions so far, nothing for those never seen, and lets nobody
	// else change any history of the learner until the unit of work ends. It reports false when there is no such learner.
	ForChange(ctx context.Context, user uuid.UUID, questions []uuid.UUID) (map[uuid.UUID]practice.History, bool, error)
	// Put stores the histories of a learner by question.
	Put(ctx context.Context, user uuid.UUID, histories map[uuid.UUID]practice.History) error
}

// CountedAttempts remembers which attempts are in the histories of their learners.
type CountedAttempts interface {
	// Claim notes that a scored attempt is counted, and reports false when it was before or is not there.
	Claim(ctx context.Context, attempt uuid.UUID, at time.Time) (bool, error)
}

// QuestionIndex stores what identifies questions. Publication does so for each revision; this is for revisions that
// were published before questions had identifiers.
type QuestionIndex interface {
	// AddMissing stores questions of a revision that are not stored, as questions of the past.
	AddMissing(ctx context.Context, items []exam.Item) error
	// MakeCurrent stores the questions of a revision as those that its exam has now.
	MakeCurrent(ctx context.Context, items []exam.Item) error
}

// PracticeRepos is what a unit of work on practice may touch.
type PracticeRepos struct {
	Sets      PracticeSets
	Answers   PracticeAnswers
	Histories Histories
	Counted   CountedAttempts
	Questions QuestionIndex
}

// PracticeView is a set with what else is told about it.
type PracticeView struct {
	practice.Snapshot
	Answered int // questions with a choice
}

// PracticeReads reads practice sets without holding them.
type PracticeReads interface {
	// Set returns practice.ErrNotFound when there is none.
	Set(ctx context.Context, id uuid.UUID) (PracticeView, error)
	// List returns a learner's sets, newest first.
	List(ctx context.Context, user uuid.UUID, page Page) (Slice[PracticeView], error)
	Sheet(ctx context.Context, set uuid.UUID) (practice.Sheet, error)
}

// QuestionPool finds questions to practise.
type QuestionPool interface {
	// Candidates returns the questions that published exams have now and that match the criteria for a learner, none
	// of them of the exams in without.
	Candidates(ctx context.Context, user uuid.UUID, c practice.Criteria, without []uuid.UUID, now time.Time) ([]practice.Candidate, error)
}

// OpenExams tells what a learner must not be told about.
type OpenExams interface {
	// OpenExams returns the exams on which the learner has an attempt in exam mode in progress.
	OpenExams(ctx context.Context, user uuid.UUID) ([]uuid.UUID, error)
}

// BookEntry is a question with its history.
type BookEntry struct {
	exam.Item
	practice.History
}

// HistoryFilter selects histories of one learner.
type HistoryFilter struct {
	User    uuid.UUID
	Part    exam.Part   // 0 for all
	InBook  bool        // only questions in the book that an exam has now, so that they can be answered right
	Without []uuid.UUID // exams to leave out
}

// PracticeTally is what a learner did with the questions of one part, or of one ability.
type PracticeTally struct {
	Part    exam.Part
	Ability exam.Ability
	Seen    int // questions
	Answers int // to them, blanks included
	Right   int // of these
	InBook  int // questions, see HistoryFilter
}

// HistoryReads reads histories without holding them.
type HistoryReads interface {
	// Histories lists histories by when the learner first met their questions; the questions' identifiers are the keys.
	Histories(ctx context.Context, which HistoryFilter, page Page) (Slice[BookEntry], error)
	// Progress sums up all histories of a learner, other than those of the exams in without, for each combination of part
	// and ability that occurs.
	Progress(ctx context.Context, user uuid.UUID, without []uuid.UUID) ([]PracticeTally, error)
}

// QuestionGaps finds exams that were published before questions had identifiers.
type QuestionGaps interface {
	// Unindexed returns the current revisions of exams of which no question can be found.
	Unindexed(ctx context.Context) ([]uuid.UUID, error)
}

// PracticeGaps finds what was stored before there was practice.
type PracticeGaps interface {
	// Uncounted returns scored attempts that no history holds, oldest first, beginning after one.
	Uncounted(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error)
}
