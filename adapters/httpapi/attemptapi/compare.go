package attemptapi

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/score"
)

type comparisonReply struct {
	Items []comparedReply `json:"items" description:"Earlier attempts in the same mode on forms of the same kind, newest first, at most 20."`
}

type comparedReply struct {
	AttemptID uuid.UUID        `json:"attempt_id"`
	ExamID    uuid.UUID        `json:"exam_id"`
	ClosedAt  time.Time        `json:"closed_at"`
	SameExam  bool             `json:"same_exam" description:"The questions were not new any more, which alone may have changed the score."`
	SameTable bool             `json:"same_conversion" description:"Both results were made with the same conversion table."`
	Listening *differenceReply `json:"listening" description:"null unless both attempts have a scaled score of the section."`
	Reading   *differenceReply `json:"reading"`
	Total     *differenceReply `json:"total" description:"null unless both attempts have a total."`
}

type differenceReply struct {
	Difference    int           `json:"difference" description:"This score less the earlier one."`
	StandardError float64       `json:"standard_error" description:"Of the difference; both scores bring in their own error of measurement."`
	Exceeds       bool          `json:"exceeds_standard_error"`
	Threshold     float64       `json:"threshold_95" description:"1.96 standard errors."`
	Significant   bool          `json:"significant_95"`
	Verdict       score.Verdict `json:"verdict" enum:"within_error,beyond_error,significant" description:"within_error: no change is shown. beyond_error: a change is possible, but chance makes such a difference more than one time in twenty. significant: chance alone makes it less often."`
}

func toDifferenceReply(d *score.Difference) *differenceReply {
	if d == nil {
		return nil
	}
	return &differenceReply{
		Difference: d.Points, StandardError: tenth(d.StandardError), Threshold: tenth(d.Threshold),
		Exceeds: d.Verdict != score.WithinError, Significant: d.Verdict == score.Significant, Verdict: d.Verdict,
	}
}

// tenth rounds to one decimal, which is more than the figures are good for.
func tenth(x float64) float64 { return math.Round(10*x) / 10 }

func toComparedReply(c attemptapp.Compared) comparedReply {
	out := comparedReply{
		AttemptID: c.Attempt, ExamID: c.Exam, ClosedAt: c.ClosedAt, SameExam: c.SameExam, SameTable: c.SameTable,
		Total: toDifferenceReply(c.Comparison.Total),
	}
	if d, ok := c.Comparison.Sections[exam.Listening]; ok {
		out.Listening = toDifferenceReply(&d)
	}
	if d, ok := c.Comparison.Sections[exam.Reading]; ok {
		out.Reading = toDifferenceReply(&d)
	}
	return out
}

func compareRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[attemptPath, comparisonReply]{
		Method: http.MethodGet, Path: one + "/comparison", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Compare a result with earlier ones", Description: "Says of each difference whether it exceeds the standard error of the difference.",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrNotSubmitted, attempt.ErrAbandoned, attempt.ErrScoreWithheld),
		Handle: func(ctx context.Context, r web.Request, in attemptPath) (comparisonReply, error) {
			rows, err := uc.Compare(ctx, r.Actor.UserID, in.ID)
			out := comparisonReply{Items: make([]comparedReply, len(rows))}
			for i, row := range rows {
				out.Items[i] = toComparedReply(row)
			}
			return out, err
		},
	})
}
