package attemptapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/score"
)

type resultReply struct {
	Listening         sectionReply     `json:"listening"`
	Reading           sectionReply     `json:"reading"`
	Total             *int             `json:"total" description:"10 to 990; null unless both sections were taken whole."`
	TotalBand         *band            `json:"total_band" description:"The total less and plus one standard error of measurement."`
	Colour            *score.Colour    `json:"colour" description:"Colour of the certificate for such a total."`
	Percentile        *percentileReply `json:"percentile" description:"null without a norm for such scores, as for shorter forms."`
	Parts             []partReply      `json:"parts"`
	Abilities         []abilityReply   `json:"abilities"`
	ConversionVersion string           `json:"conversion_version" description:"The table that turned raw into scaled scores."`
	Estimate          bool             `json:"estimate" description:"Always true: only the test's makers give official scores."`
}

// band is a lower and an upper scaled score.
type band [2]int

type sectionReply struct {
	Raw    int         `json:"raw" description:"Right answers."`
	Max    int         `json:"max" description:"Items taken."`
	Scaled *int        `json:"scaled" description:"5 to 495 in fives; null unless all parts of the section were taken."`
	CEFR   *score.CEFR `json:"cefr"`
	Band   *band       `json:"band" description:"The score less and plus one standard error of measurement; wider for shorter forms."`
}

type partReply struct {
	Number  exam.Part `json:"number"`
	Correct int       `json:"correct"`
	Total   int       `json:"total"`
}

type abilityReply struct {
	Code    exam.Ability `json:"code"`
	Percent int          `json:"percent"`
	N       int          `json:"n" description:"Items that the percentage rests on."`
}

func toBand(b score.Band) *band { return &band{b.Low, b.High} }

// toSectionReply gives a section that was not taken at all zero of zero, so that clients need not ask for it.
func toSectionReply(r score.Result, s exam.Section) sectionReply {
	section := r.Sections[s]
	out := sectionReply{Raw: section.Raw, Max: section.Items}
	if sc := section.Scaled; sc != nil {
		out.Scaled, out.CEFR, out.Band = &sc.Score, &sc.CEFR, toBand(sc.Band)
	}
	return out
}

func toResultReply(r score.Result) resultReply {
	out := resultReply{
		Listening: toSectionReply(r, exam.Listening), Reading: toSectionReply(r, exam.Reading),
		Parts: make([]partReply, len(r.Parts)), Abilities: make([]abilityReply, len(r.Abilities)),
		ConversionVersion: r.Version, Estimate: true,
	}
	for i, p := range r.Parts {
		out.Parts[i] = partReply{Number: p.Part, Correct: p.Correct, Total: p.Items}
	}
	for i, a := range r.Abilities {
		out.Abilities[i] = abilityReply{Code: a.Ability, Percent: a.Percent, N: a.Items}
	}
	if t := r.Total; t != nil {
		out.Total, out.TotalBand, out.Colour = &t.Score, toBand(t.Band), &t.Colour
	}
	return out
}

func outcomeRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[attemptPath, submitReply]{
		Method: http.MethodPost, Path: one + "/submit", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Submit an attempt", Description: "Closes and scores it, also when it is paused. Again, it gives the same result.",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrAbandoned, attempt.ErrOtherDevice, attempt.ErrTakenOver),
		Handle: func(ctx context.Context, r web.Request, in attemptPath) (submitReply, error) {
			res, err := uc.Submit(ctx, taker(r), in.ID)
			switch {
			case errors.Is(err, attempt.ErrScoreWithheld): // which is no failure of what was asked
				return submitReply{Withheld: true}, nil
			case err != nil:
				return submitReply{}, err
			}
			result := uc.resultReply(res)
			return submitReply{resultReply: &result}, nil
		},
	})
	web.Register(api, web.Endpoint[attemptPath, scoredReply]{
		Method: http.MethodGet, Path: one + "/result", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Read the result of an attempt",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrNotSubmitted, attempt.ErrAbandoned, attempt.ErrScoreWithheld),
		Handle: func(ctx context.Context, r web.Request, in attemptPath) (scoredReply, error) {
			record, err := uc.Result(ctx, r.Actor.UserID, in.ID)
			return uc.scoredReply(record), err
		},
	})
}

// submitReply is the result, or nothing but that it is withheld.
type submitReply struct {
	*resultReply
	Withheld bool `json:"withheld,omitempty" description:"The attempt was scored, but its score is not shown yet. Then nothing else is here."`
}

// resultReply is a result with its rank.
func (uc UseCases) resultReply(res score.Result) resultReply {
	out := toResultReply(res)
	out.Percentile = toPercentileReply(uc.Percentiles(res))
	return out
}
