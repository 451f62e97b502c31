package attemptapi

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/score"
)

type explanationReply struct {
	StartedAt  time.Time           `json:"started_at"`
	ClosedAt   time.Time           `json:"closed_at"`
	ScoredAt   time.Time           `json:"scored_at" description:"When the result in force was made."`
	Regraded   bool                `json:"regraded" description:"A key was corrected since the attempt was scored first."`
	Conversion explainedTable      `json:"conversion"`
	Listening  *sectionExplanation `json:"listening" description:"null when nothing of the section was taken."`
	Reading    *sectionExplanation `json:"reading"`
	Total      *int                `json:"total" description:"The sum of both scaled scores; null unless both sections were taken whole."`
	TotalError *float64            `json:"total_standard_error" description:"√(SEM² of Listening + SEM² of Reading)."`
	KeysShown  bool                `json:"keys_shown" description:"false while the review of the attempt is locked; then the answers come without key and correct."`
	Answers    []explainedAnswer   `json:"answers"`
}

type explainedTable struct {
	Version     string     `json:"version"`
	Note        string     `json:"note"`
	ImportedAt  *time.Time `json:"imported_at" description:"null for the tables that the program ships."`
	Origin      string     `json:"origin" enum:"form,activation" description:"form: the form names it. activation: somebody made it score the exam."`
	ActivatedAt *time.Time `json:"activated_at"`
	Reason      string     `json:"activation_note,omitempty"`
}

type sectionExplanation struct {
	sectionReply
	Lookup *lookupReply `json:"lookup" description:"How the table was read; null without a scaled score, and so are the others."`
	Error  *errorReply  `json:"error_of_measurement"`
	Cut    *cutReply    `json:"cefr_cut" description:"The level that was reached; null below all."`
	Next   *cutReply    `json:"cefr_next" description:"The level above; null above all."`
}

type lookupReply struct {
	Position float64    `json:"position" description:"The raw score as it would be of 100 questions."`
	Rows     []rowReply `json:"rows" description:"The row at the position, or the two around it."`
	Exact    float64    `json:"exact" description:"The scaled score on the line between the rows, before it is rounded to a step of five."`
}

type rowReply struct {
	Raw    int `json:"raw"`
	Scaled int `json:"scaled"`
}

type errorReply struct {
	Formula         string  `json:"formula"`
	Length          float64 `json:"k" description:"Questions relative to a full section."`
	FullReliability float64 `json:"r" description:"Reliability of a full section."`
	Reliability     float64 `json:"r_section" description:"Reliability of this section, by Spearman and Brown."`
	Deviation       float64 `json:"sd" description:"Standard deviation of scaled scores that goes with a standard error of 25."`
	StandardError   float64 `json:"standard_error"`
}

// errorFormula says what errorReply's figures make.
const errorFormula = "standard_error = sd·√(1 − r_section), r_section = k·r / (1 + (k − 1)·r)"

type cutReply struct {
	Level score.CEFR `json:"level"`
	Least int        `json:"least" description:"Least scaled score of the level."`
}

type explainedAnswer struct {
	Number  int       `json:"number"`
	Part    exam.Part `json:"part"`
	Choice  *string   `json:"choice" description:"null when the question was left blank, which counts as wrong."`
	Key     string    `json:"key,omitempty"`
	Correct *bool     `json:"correct,omitempty"`
}

// fine rounds to four decimals.
func fine(x float64) float64 { return math.Round(10_000*x) / 10_000 }

func toCutReply(c *score.Cut) *cutReply {
	if c == nil {
		return nil
	}
	return &cutReply{Level: c.Level, Least: c.Least}
}

func toSectionExplanation(e attemptapp.Explanation, s exam.Section) *sectionExplanation {
	if _, taken := e.Result.Sections[s]; !taken {
		return nil
	}
	out := &sectionExplanation{sectionReply: toSectionReply(e.Result, s)}
	section, whole := e.Sections[s]
	if !whole {
		return out
	}
	l, t := section.Lookup, section.Error
	out.Lookup = &lookupReply{Position: fine(l.Position), Exact: fine(l.Exact)}
	for _, row := range l.Rows {
		out.Lookup.Rows = append(out.Lookup.Rows, rowReply(row))
	}
	out.Error = &errorReply{
		Formula: errorFormula, Length: fine(t.Length), FullReliability: t.FullReliability, Reliability: fine(t.Reliability),
		Deviation: fine(t.Deviation), StandardError: fine(t.Error),
	}
	out.Cut, out.Next = toCutReply(section.Reached), toCutReply(section.Next)
	return out
}

func toExplanationReply(e attemptapp.Explanation) explanationReply {
	out := explanationReply{
		StartedAt: e.StartedAt, ClosedAt: e.ClosedAt, ScoredAt: e.ScoredAt, Regraded: e.Regraded,
		Conversion: explainedTable{Version: e.Table.Version, Note: e.Table.Note, ImportedAt: e.Table.CreatedAt, Origin: "form"},
		Listening:  toSectionExplanation(e, exam.Listening), Reading: toSectionExplanation(e, exam.Reading),
		KeysShown: e.KeysShown, Answers: make([]explainedAnswer, len(e.Items)),
	}
	if a := e.Activation; a != nil {
		out.Conversion.Origin, out.Conversion.ActivatedAt, out.Conversion.Reason = "activation", &a.At, a.Note
	}
	if e.Result.Total != nil {
		sem := fine(score.TotalError(e.Result))
		out.Total, out.TotalError = &e.Result.Total.Score, &sem
	}
	for i, item := range e.Items {
		answer := explainedAnswer{Number: item.Number, Part: item.Part, Correct: item.Correct}
		if item.Choice != exam.NoChoice {
			letter := item.Choice.String()
			answer.Choice = &letter
		}
		if item.Key != exam.NoChoice {
			answer.Key = item.Key.String()
		}
		out.Answers[i] = answer
	}
	return out
}

func explainRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[attemptPath, explanationReply]{
		Method: http.MethodGet, Path: one + "/result/explanation", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Explain a result", Description: "Which table, which rows of it, which answers. Keys are shown where the review is.",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrNotSubmitted, attempt.ErrAbandoned, attempt.ErrScoreWithheld),
		Handle: func(ctx context.Context, r web.Request, in attemptPath) (explanationReply, error) {
			e, err := uc.Explain(ctx, r.Actor.UserID, in.ID)
			return toExplanationReply(e), err
		},
	})
}
