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

// Explanation is everything that a result follows from.
type Explanation struct {
	Result    score.Result
	StartedAt time.Time
	ClosedAt  time.Time
	ScoredAt  time.Time // when the result in force was made
	Regraded  bool
	Table     score.StoredTable
	// Activation is what made the table score the exam; nil when the form itself names it.
	Activation *score.Activation
	Sections   map[exam.Section]SectionExplanation // those that have a scaled score
	KeysShown  bool
	Items      []ExplainedItem // in test order
}

// SectionExplanation is how a section's scaled score, its band and its level came about.
type SectionExplanation struct {
	Lookup  score.Lookup
	Error   score.ErrorTerms
	Reached *score.Cut // nil below all levels
	Next    *score.Cut // nil above all
}

// ExplainedItem is one answer as it was counted.
type ExplainedItem struct {
	Number  int
	Part    exam.Part
	Choice  exam.Choice
	Key     exam.Choice // NoChoice while it is hidden
	Correct *bool       // nil while it is hidden
}

// Explain tells why a result is what it is.
type Explain struct {
	Reads     ports.AttemptReads
	Scores    ports.ScoreReads
	Revisions ports.Revisions
	History   ports.ConversionHistory
	Review    Review
}

// Execute returns keys only where the review of the attempt may be seen, and every other figure of any result.
// Failures are attempt.ErrNotFound, attempt.ErrNotSubmitted, attempt.ErrAbandoned and attempt.ErrScoreWithheld.
func (uc Explain) Execute(ctx context.Context, user, id uuid.UUID) (Explanation, error) {
	a, err := scored(ctx, uc.Reads, user, id)
	if err != nil {
		return Explanation{}, err
	}
	head := a.Snapshot()
	if err := uc.Review.Sight.Score(ctx, head); err != nil {
		return Explanation{}, err
	}
	record, err := uc.Scores.Record(ctx, id)
	if err != nil {
		return Explanation{}, err
	}
	out := Explanation{
		Result: record.Result, StartedAt: head.StartedAt, ClosedAt: *head.ClosedAt, ScoredAt: record.At, Regraded: record.Regraded,
		Sections: map[exam.Section]SectionExplanation{},
	}
	if out.Table, err = uc.History.Stored(ctx, record.Result.Version); err != nil {
		return out, fmt.Errorf("load conversion table %s: %w", record.Result.Version, err)
	}
	for code, s := range record.Result.Sections {
		if s.Scaled == nil {
			continue
		}
		section := SectionExplanation{Lookup: out.Table.Lookup(code, s.Raw, s.Items), Error: score.ErrorOf(s.Items)}
		section.Reached, section.Next = score.CutOf(code, s.Scaled.Score)
		out.Sections[code] = section
	}
	if out.Activation, err = uc.activation(ctx, head, record.Result.Version); err != nil {
		return out, err
	}
	out.Items, out.KeysShown, err = uc.items(ctx, head)
	return out, err
}

// activation finds what made the table score the exam when the attempt was closed. A later correction of a key keeps
// the table.
func (uc Explain) activation(ctx context.Context, head attempt.Snapshot, version string) (*score.Activation, error) {
	history, err := uc.History.Activations(ctx, head.ExamID)
	if err != nil {
		return nil, err
	}
	for _, a := range history {
		if a.Version == version && !a.At.After(*head.ClosedAt) {
			return &a, nil
		}
	}
	return nil, nil //nolint:nilnil // nothing was activated, which is no failure
}

// items lists the answers, with keys where the review shows them.
func (uc Explain) items(ctx context.Context, head attempt.Snapshot) ([]ExplainedItem, bool, error) {
	var out []ExplainedItem
	reviewed, err := uc.Review.Execute(ctx, head.UserID, head.ID, 0)
	if err == nil {
		shown := false
		for _, item := range reviewed.Items {
			out = append(out, ExplainedItem{Number: item.Number, Part: item.Part, Choice: item.Answer.Choice, Key: item.Key, Correct: item.Correct})
			shown = shown || item.Key != exam.NoChoice
		}
		return out, shown, nil
	}
	if !errors.Is(err, attempt.ErrReviewLocked) {
		return nil, false, err
	}
	sheet, err := uc.Reads.Sheet(ctx, head.ID)
	if err != nil {
		return nil, false, err
	}
	for _, span := range head.Taken {
		for n := span.First; n < span.First+span.Count; n++ {
			out = append(out, ExplainedItem{Number: n, Part: span.Part, Choice: sheet[n].Choice})
		}
	}
	return out, false, nil
}
