package attemptapp

import (
	"context"
	"fmt"
	"reflect"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

// Rescored is one attempt scored again from its stored answers.
type Rescored struct {
	Attempt  uuid.UUID
	Stored   score.Result
	Computed score.Result
}

// Same reports whether both scores agree in everything.
func (r Rescored) Same() bool { return reflect.DeepEqual(r.Stored, r.Computed) }

// Rescore proves that stored results follow from stored answers, by the keys and the conversion table that each names. It
// changes nothing.
type Rescore struct {
	Scoring Scoring
	Scores  ports.ScoreReads
}

// Execute computes the results of one attempt, or of all that were scored for a nil id, and gives each to report.
// It returns attempt.ErrNotFound and attempt.ErrNotSubmitted for an id without a result.
func (uc Rescore) Execute(ctx context.Context, id uuid.UUID, report func(Rescored) error) error {
	if id != uuid.Nil {
		head, err := uc.Scoring.Reads.Snapshot(ctx, id)
		if err != nil {
			return err
		}
		return uc.one(ctx, head, report)
	}
	page := ports.Page{Limit: 100}
	for {
		rows, err := uc.Scoring.Reads.List(ctx, ports.AttemptFilter{Scored: true}, page)
		if err != nil {
			return err
		}
		for _, v := range rows.Items {
			if err := uc.one(ctx, v.Snapshot, report); err != nil {
				return fmt.Errorf("rescore attempt %s: %w", v.ID, err)
			}
		}
		if rows.Next == uuid.Nil {
			return nil
		}
		page.After = rows.Next
	}
}

func (uc Rescore) one(ctx context.Context, head attempt.Snapshot, report func(Rescored) error) error {
	stored, err := uc.Scores.Record(ctx, head.ID)
	if err != nil {
		return err
	}
	sheet, err := uc.Scoring.Reads.Sheet(ctx, head.ID)
	if err != nil {
		return err
	}
	m, err := uc.Scoring.material(ctx, stored.Keys(head), stored.Result.Version)
	if err != nil {
		return err
	}
	return report(Rescored{Attempt: head.ID, Stored: stored.Result, Computed: m.score(attempt.Restore(head), sheet)})
}
