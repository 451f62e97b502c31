package attemptapp

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

// maxCompared bounds how many earlier attempts a result is compared with.
const maxCompared = 20

// Compared is an earlier attempt, and how far the later result is from its own.
type Compared struct {
	ports.EarlierScore
	SameExam   bool // the learner had seen the questions before
	SameTable  bool // both were converted by the same table
	Comparison score.Comparison
}

// Compare sets a result against the learner's earlier ones.
type Compare struct {
	Reads     ports.AttemptReads
	Scores    ports.ScoreReads
	Revisions ports.Revisions
	Sight     Sight
}

// Execute returns the last earlier attempts on forms of the same kind, taken in the same mode, newest first: untimed
// practice and an exam measure different things. An attempt that has no section in common, or whose score is
// withheld, is left out. Failures are attempt.ErrNotFound, attempt.ErrNotSubmitted, attempt.ErrAbandoned and
// attempt.ErrScoreWithheld.
func (uc Compare) Execute(ctx context.Context, user, id uuid.UUID) ([]Compared, error) {
	a, err := scored(ctx, uc.Reads, user, id)
	if err != nil {
		return nil, err
	}
	head := a.Snapshot()
	if err := uc.Sight.Score(ctx, head); err != nil {
		return nil, err
	}
	later, err := uc.Reads.Result(ctx, id)
	if err != nil {
		return nil, err
	}
	r, err := uc.Revisions.Revision(ctx, head.RevisionID)
	if err != nil {
		return nil, fmt.Errorf("load revision %s: %w", head.RevisionID, err)
	}
	rows, err := uc.Scores.Earlier(ctx, ports.EarlierScores{User: user, Before: *head.ClosedAt, Kind: r.Kind, Mode: head.Mode, Limit: maxCompared})
	if err != nil {
		return nil, err
	}
	var out []Compared
	for _, row := range rows {
		switch err := uc.Sight.Score(ctx, attempt.Snapshot{ExamID: row.Exam, Mode: head.Mode, Status: attempt.Submitted}); {
		case errors.Is(err, attempt.ErrScoreWithheld):
			continue
		case err != nil:
			return nil, err
		}
		c := score.Compare(later, row.Result)
		if !c.Empty() {
			out = append(out, Compared{EarlierScore: row, SameExam: row.Exam == head.ExamID, SameTable: row.Result.Version == later.Version, Comparison: c})
		}
	}
	return out, nil
}
