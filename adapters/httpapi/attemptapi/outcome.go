package attemptapi

import (
	"context"
	"net/http"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/attemptapp"
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

type reviewReply struct {
	Questions []reviewItemReply `json:"questions"`
}

type reviewItemReply struct {
	Number       int                 `json:"number"`
	Part         exam.Part           `json:"part"`
	Prompt       string              `json:"prompt,omitempty"`
	Options      []reviewOptionReply `json:"options"`
	Choice       *string             `json:"choice" description:"null when the question was left blank."`
	Key          string              `json:"key"`
	Correct      bool                `json:"correct"`
	Ability      exam.Ability        `json:"ability"`
	Explanation  string              `json:"explanation"`
	Transcript   []turnReply         `json:"transcript,omitempty" description:"Listening: what is said."`
	Descriptions []string            `json:"descriptions,omitempty" description:"What the pictures of the group show."`
	ElapsedMs    int64               `json:"elapsed_ms" description:"Milliseconds spent on the item, as the client measured them."`
}

type reviewOptionReply struct {
	optionReply
	Rationale string `json:"rationale,omitempty" description:"Wrong options: why they attract and why they are wrong."`
}

type turnReply struct {
	Speaker string `json:"speaker,omitempty" description:"W or M, and the accent."`
	Text    string `json:"text"`
}

func toReviewReply(items []attemptapp.ReviewItem) reviewReply {
	out := reviewReply{Questions: make([]reviewItemReply, len(items))}
	for i, item := range items {
		q := item.Question
		reply := reviewItemReply{
			Number: q.Number, Part: item.Part, Prompt: q.Prompt, Key: q.Key, Correct: item.Correct, Ability: q.Ability,
			Explanation: q.Explanation, Descriptions: item.Descriptions, ElapsedMs: item.Answer.Elapsed,
		}
		reply.Choice = letter(item.Answer.Choice)
		for j, o := range q.Options {
			option := optionReply{Label: exam.Label(j).String(), Text: o.Text}
			reply.Options = append(reply.Options, reviewOptionReply{optionReply: option, Rationale: o.Rationale})
		}
		for _, turn := range item.Transcript {
			reply.Transcript = append(reply.Transcript, turnReply(turn))
		}
		out.Questions[i] = reply
	}
	return out
}

func outcomeRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[attemptPath, resultReply]{
		Method: http.MethodPost, Path: one + "/submit", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Submit an attempt", Description: "Closes and scores it, also when it is paused. Again, it gives the same result.",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrAbandoned, attempt.ErrOtherDevice, attempt.ErrTakenOver),
		Handle: func(ctx context.Context, r web.Request, in attemptPath) (resultReply, error) {
			result, err := uc.Submit(ctx, taker(r), in.ID)
			return uc.resultReply(result), err
		},
	})
	web.Register(api, web.Endpoint[attemptPath, resultReply]{
		Method: http.MethodGet, Path: one + "/result", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Read the result of an attempt",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrNotSubmitted, attempt.ErrAbandoned),
		Handle: func(ctx context.Context, r web.Request, in attemptPath) (resultReply, error) {
			result, err := uc.Result(ctx, r.Actor.UserID, in.ID)
			return uc.resultReply(result), err
		},
	})
	web.Register(api, web.Endpoint[partQuery, reviewReply]{
		Method: http.MethodGet, Path: one + "/review", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Review a scored attempt", Description: "Keys, explanations, rationales and transcripts.",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrNotSubmitted, attempt.ErrAbandoned, attempt.ErrReviewLocked),
		Handle: func(ctx context.Context, r web.Request, in partQuery) (reviewReply, error) {
			items, err := uc.Review(ctx, r.Actor.UserID, in.ID, in.part())
			return toReviewReply(items), err
		},
	})
}

// resultReply is a result with its rank.
func (uc UseCases) resultReply(res score.Result) resultReply {
	out := toResultReply(res)
	out.Percentile = toPercentileReply(uc.Percentiles(res))
	return out
}
