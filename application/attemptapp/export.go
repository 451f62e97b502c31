package attemptapp

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

// Export gathers a learner's attempts, with every answer and the score report, as they gave and got them.
type Export struct {
	Reads ports.AttemptReads
	Sight Sight
}

// exported is an attempt in an export.
type exported struct {
	ID        uuid.UUID        `json:"id"`
	Exam      uuid.UUID        `json:"exam_id"`
	Revision  int              `json:"revision"`
	Mode      attempt.Mode     `json:"mode"`
	Status    attempt.Status   `json:"status"`
	StartedAt time.Time        `json:"started_at"`
	ClosedAt  *time.Time       `json:"closed_at"`
	Answers   []exportedAnswer `json:"answers"`
	Result    *exportedResult  `json:"result"`
}

type exportedAnswer struct {
	Number  int       `json:"number"`
	Choice  string    `json:"choice"` // "" for an answer that was cleared
	Elapsed int64     `json:"elapsed_ms"`
	At      time.Time `json:"answered_at"`
}

type exportedResult struct {
	Conversion string                           `json:"conversion_version"`
	Total      *int                             `json:"total"`
	Sections   map[exam.Section]exportedSection `json:"sections"`
}

type exportedSection struct {
	Raw    int  `json:"raw"`
	Max    int  `json:"max"`
	Scaled *int `json:"scaled"`
}

func exportResult(r score.Result) *exportedResult {
	out := &exportedResult{Conversion: r.Version, Sections: map[exam.Section]exportedSection{}}
	if r.Total != nil {
		out.Total = &r.Total.Score
	}
	for code, s := range r.Sections {
		section := exportedSection{Raw: s.Raw, Max: s.Items}
		if s.Scaled != nil {
			section.Scaled = &s.Scaled.Score
		}
		out.Sections[code] = section
	}
	return out
}

// Execute returns the attempts, newest first.
func (uc Export) Execute(ctx context.Context, user uuid.UUID) (any, error) {
	out := []exported{}
	page := ports.Page{Limit: 100}
	for {
		rows, err := uc.Reads.List(ctx, ports.AttemptFilter{User: user}, page)
		if err != nil {
			return nil, err
		}
		for _, v := range rows.Items {
			e, err := uc.one(ctx, v)
			if err != nil {
				return nil, err
			}
			out = append(out, e)
		}
		if rows.Next == uuid.Nil {
			return out, nil
		}
		page.After = rows.Next
	}
}

func (uc Export) one(ctx context.Context, v ports.AttemptView) (exported, error) {
	e := exported{
		ID: v.ID, Exam: v.ExamID, Revision: v.Revision, Mode: v.Mode, Status: v.Status, StartedAt: v.StartedAt, ClosedAt: v.ClosedAt,
		Answers: []exportedAnswer{},
	}
	sheet, err := uc.Reads.Sheet(ctx, v.ID)
	if err != nil {
		return e, err
	}
	for _, n := range slices.Sorted(maps.Keys(sheet)) {
		a := sheet[n]
		e.Answers = append(e.Answers, exportedAnswer{Number: n, Choice: a.Choice.String(), Elapsed: a.Elapsed, At: a.At})
	}
	e.Result, err = uc.result(ctx, v)
	return e, err
}

// result returns nil where there is none, or none that is shown yet.
func (uc Export) result(ctx context.Context, v ports.AttemptView) (*exportedResult, error) {
	result, err := uc.Reads.Result(ctx, v.ID)
	if err == nil {
		err = uc.Sight.Score(ctx, v.Snapshot)
	}
	switch {
	case errors.Is(err, attempt.ErrNotSubmitted), errors.Is(err, attempt.ErrScoreWithheld):
		return nil, nil //nolint:nilnil // the export shows null then
	case err != nil:
		return nil, err
	}
	return exportResult(result), nil
}
