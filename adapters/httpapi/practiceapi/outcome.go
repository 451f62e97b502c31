package practiceapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/practiceapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/practice"
)

type summaryReply struct {
	setReply
	CorrectCount int            `json:"correct_count"`
	Parts        []partReply    `json:"parts"`
	Abilities    []abilityReply `json:"abilities"`
}

type tallyReply struct {
	Correct  int `json:"correct"`
	Answered int `json:"answered"`
	Total    int `json:"total"`
}

type partReply struct {
	Number exam.Part `json:"number"`
	tallyReply
}

type abilityReply struct {
	Code exam.Ability `json:"code"`
	tallyReply
}

func toTallyReply(t practice.Tally) tallyReply {
	return tallyReply{Correct: t.Correct, Answered: t.Answered, Total: t.Total}
}

func toSummaryReply(o practiceapp.Outcome) summaryReply {
	out := summaryReply{setReply: toSetReply(o.PracticeView), CorrectCount: o.Summary.Correct, Parts: []partReply{}, Abilities: []abilityReply{}}
	for _, p := range o.Summary.Parts {
		out.Parts = append(out.Parts, partReply{p.Part, toTallyReply(p.Tally)})
	}
	for _, a := range o.Summary.Abilities {
		out.Abilities = append(out.Abilities, abilityReply{a.Ability, toTallyReply(a.Tally)})
	}
	return out
}

type reviewReply struct {
	Questions []reviewItemReply `json:"questions"`
}

type reviewItemReply struct {
	Number       int                 `json:"number"`
	QuestionID   uuid.UUID           `json:"question_id"`
	ExamID       uuid.UUID           `json:"exam_id"`
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
	ElapsedMs    int64               `json:"elapsed_ms" description:"Milliseconds spent on the question, as the client measured them."`
}

type reviewOptionReply struct {
	optionReply
	Rationale string `json:"rationale,omitempty" description:"Wrong options: why they attract and why they are wrong."`
}

func toReviewItemReply(i practiceapp.ReviewItem) reviewItemReply {
	q := i.Question
	out := reviewItemReply{
		Number: i.Place, QuestionID: i.Item.Question, ExamID: i.Exam, Part: i.Part, Prompt: q.Prompt, Key: q.Key, Correct: i.Correct, Ability: q.Ability,
		Explanation: q.Explanation, Transcript: toTurnReplies(i.Transcript), Descriptions: i.Descriptions, ElapsedMs: i.Answer.Elapsed,
	}
	if c := i.Answer.Choice; c != exam.NoChoice {
		letter := c.String()
		out.Choice = &letter
	}
	for j, o := range q.Options {
		out.Options = append(out.Options, reviewOptionReply{optionReply{Label: exam.Label(j).String(), Text: o.Text}, o.Rationale})
	}
	return out
}

func outcomeRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[setPath, summaryReply]{
		Method: http.MethodPost, Path: one + "/finish", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Finish a practice set", Description: "Again, it gives the same summary. Questions without an answer do not count as wrong. " +
			"It waits for an exam that the learner is taking in exam mode and that has one of the questions.",
		Faults: web.Faults(practice.ErrNotFound, attempt.ErrReviewLocked),
		Handle: func(ctx context.Context, r web.Request, in setPath) (summaryReply, error) {
			o, err := uc.Finish(ctx, r.Actor.UserID, in.ID)
			return toSummaryReply(o), err
		},
	})
	web.Register(api, web.Endpoint[setPath, reviewReply]{
		Method: http.MethodGet, Path: one + "/review", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Review a practice set", Description: "All questions of a finished set; with immediate feedback, before that those that are answered.",
		Faults: web.Faults(practice.ErrNotFound, practice.ErrNotFinished, attempt.ErrReviewLocked),
		Handle: func(ctx context.Context, r web.Request, in setPath) (reviewReply, error) {
			items, err := uc.Review(ctx, r.Actor.UserID, in.ID)
			out := reviewReply{Questions: make([]reviewItemReply, len(items))}
			for i, item := range items {
				out.Questions[i] = toReviewItemReply(item)
			}
			return out, err
		},
	})
}
