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
)

type reviewReply struct {
	Phase     exam.Phase        `json:"phase" enum:"during,after_submit,after_close" description:"The row of the exam's visibility matrix that decided what is here."`
	Swings    *swingsReply      `json:"answer_changes,omitempty" description:"What changing answers did, for the questions listed."`
	Questions []reviewItemReply `json:"questions"`
}

type swingsReply struct {
	WrongToRight int `json:"wrong_to_right"`
	RightToWrong int `json:"right_to_wrong"`
	WrongToWrong int `json:"wrong_to_wrong"`
}

type reviewItemReply struct {
	Number       int                 `json:"number"`
	Part         exam.Part           `json:"part"`
	Prompt       string              `json:"prompt,omitempty"`
	Options      []reviewOptionReply `json:"options"`
	Choice       *string             `json:"choice" description:"null when the question was left blank."`
	Key          string              `json:"key,omitempty"`
	Correct      *bool               `json:"correct,omitempty"`
	Ability      exam.Ability        `json:"ability"`
	Explanation  string              `json:"explanation,omitempty"`
	Transcript   []turnReply         `json:"transcript,omitempty" description:"Listening: what is said."`
	Descriptions []string            `json:"descriptions,omitempty" description:"What the pictures of the group show."`
	ElapsedMs    int64               `json:"elapsed_ms" description:"Milliseconds spent on the item, as the client measured them."`
	Changes      []changeReply       `json:"changes" description:"Every choice, in the order in which it was made."`
	Others       *othersReply        `json:"others,omitempty" description:"How others answered, once 30 have."`
}

type reviewOptionReply struct {
	optionReply
	Rationale string   `json:"rationale,omitempty" description:"Wrong options: why they attract and why they are wrong."`
	Chosen    *float64 `json:"chosen_percent,omitempty" description:"Of those who took the question, how many chose this."`
}

type turnReply struct {
	Speaker string `json:"speaker,omitempty" description:"W or M, and the accent."`
	Text    string `json:"text"`
}

type changeReply struct {
	Choice   *string    `json:"choice" description:"null when the answer was cleared."`
	Replaced *string    `json:"replaced" description:"The choice before; null for none."`
	At       time.Time  `json:"at" description:"When the server took it."`
	ClientAt *time.Time `json:"client_at" description:"When it was made, by the client's clock."`
}

type othersReply struct {
	Takers       int     `json:"takers"`
	BlankPercent float64 `json:"blank_percent"`
}

// percent keeps one digit after the point.
func percent(part, of int) float64 { return math.Round(1000*float64(part)/float64(of)) / 10 }

func toReviewReply(r attemptapp.Reviewed) reviewReply {
	out := reviewReply{Phase: r.Phase, Questions: make([]reviewItemReply, len(r.Items))}
	if s := r.Swings; s != nil {
		out.Swings = &swingsReply{WrongToRight: s.WrongToRight, RightToWrong: s.RightToWrong, WrongToWrong: s.WrongToWrong}
	}
	for i, item := range r.Items {
		out.Questions[i] = toReviewItemReply(item)
	}
	return out
}

func toReviewItemReply(item attemptapp.ReviewItem) reviewItemReply {
	reply := reviewItemReply{
		Number: item.Number, Part: item.Part, Prompt: item.Prompt, Choice: letter(item.Answer.Choice), Key: item.Key.String(), Correct: item.Correct,
		Ability: item.Ability, Explanation: item.Explanation, Descriptions: item.Descriptions, ElapsedMs: item.Answer.Elapsed,
		Options: make([]reviewOptionReply, len(item.Options)), Changes: make([]changeReply, len(item.Changes)),
	}
	for i, o := range item.Options {
		reply.Options[i] = reviewOptionReply{optionReply: optionReply{Label: exam.Label(i).String(), Text: o.Text}, Rationale: o.Rationale}
	}
	if o := item.Others; o != nil {
		reply.Others = &othersReply{Takers: o.Takers, BlankPercent: percent(o.Blank, o.Takers)}
		for i, n := range o.Chosen {
			share := percent(n, o.Takers)
			reply.Options[i].Chosen = &share
		}
	}
	for _, turn := range item.Transcript {
		reply.Transcript = append(reply.Transcript, turnReply(turn))
	}
	for i, c := range item.Changes {
		reply.Changes[i] = changeReply{Choice: letter(c.Choice), Replaced: letter(c.Replaced), At: c.At, ClientAt: c.MadeAt}
	}
	return reply
}

func reviewRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[partQuery, reviewReply]{
		Method: http.MethodGet, Path: one + "/review", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Review an attempt",
		Description: "Choices and their changes; and keys, explanations, rationales, transcripts and how others answered, as far as the exam shows them: " +
			"what it hides is absent. An attempt in exam mode shows nothing before it was scored.",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrNotSubmitted, attempt.ErrAbandoned, attempt.ErrReviewLocked),
		Handle: func(ctx context.Context, r web.Request, in partQuery) (reviewReply, error) {
			reviewed, err := uc.Review(ctx, r.Actor.UserID, in.ID, in.part())
			return toReviewReply(reviewed), err
		},
	})
}
