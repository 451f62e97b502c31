package attemptapi

import (
	"context"
	"net/http"
	"time"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// scoredReply is a result in force.
type scoredReply struct {
	resultReply
	RegradedAt *time.Time `json:"regraded_at" description:"When a key was corrected which changed the result; null for the first one. What it was before is in the list of former results."`
}

func (uc UseCases) scoredReply(r ports.ScoreRecord) scoredReply {
	out := scoredReply{resultReply: uc.resultReply(r.Result)}
	if r.Regraded {
		out.RegradedAt = &r.At
	}
	return out
}

type formerReply struct {
	resultReply
	ScoredAt   time.Time `json:"scored_at"`
	ReplacedAt time.Time `json:"replaced_at"`
}

type formersReply struct {
	Items []formerReply `json:"items"`
}

func formerRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[attemptPath, formersReply]{
		Method: http.MethodGet, Path: one + "/results", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "List the former results of an attempt", Description: "Those that were replaced because a key was corrected, newest first.",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrNotSubmitted, attempt.ErrAbandoned, attempt.ErrScoreWithheld),
		Handle: func(ctx context.Context, r web.Request, in attemptPath) (formersReply, error) {
			list, err := uc.Former(ctx, r.Actor.UserID, in.ID)
			out := formersReply{Items: make([]formerReply, len(list))}
			for i, f := range list {
				out.Items[i] = formerReply{resultReply: uc.resultReply(f.Result), ScoredAt: f.At, ReplacedAt: f.ReplacedAt}
			}
			return out, err
		},
	})
}
