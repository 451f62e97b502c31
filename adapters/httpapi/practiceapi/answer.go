package practiceapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/swaggest/jsonschema-go"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/practiceapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/practice"
)

type answersRequest struct {
	setPath
	Answers []answerRequest `json:"answers" validate:"required,min=1,max=800,dive"`
}

type answerRequest struct {
	Number  int    `json:"number" validate:"required,min=1,max=200"`
	Choice  choice `json:"choice" validate:"required,oneof=A B C D null" description:"null clears the answer, where it can still be changed; it cannot be left out."`
	Seq     int64  `json:"seq" validate:"required,min=1,max=9007199254740991" description:"Counted up by the client with every change of the question; the highest wins, whatever the order of arrival."`
	Elapsed int64  `json:"elapsed_ms,omitempty" validate:"omitempty,min=0,max=86400000" description:"Milliseconds spent on the question so far."`
}

func (a answerRequest) answer() practice.Answer {
	out := practice.Answer{Number: a.Number, Seq: a.Seq, Elapsed: a.Elapsed}
	if a.Choice != cleared {
		out.Choice, _ = exam.ParseChoice(string(a.Choice)) // the validator let letters through only
	}
	return out
}

// choice is a letter or cleared; "" when it was left out, so that a slip of a client clears nothing.
type choice string

const cleared choice = "null"

// UnmarshalJSON takes null for cleared. What is no string keeps its JSON, which the validator refuses by name.
func (c *choice) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil || bytes.Equal(b, []byte(cleared)) || s == string(cleared) {
		s = string(b)
	}
	*c = choice(s)
	return nil
}

// JSONSchema documents the type; the letters follow from the rule of the field.
func (choice) JSONSchema() (jsonschema.Schema, error) {
	var s jsonschema.Schema
	s.AddType(jsonschema.String)
	s.AddType(jsonschema.Null)
	return s, nil
}

type answersReply struct {
	Accepted      int             `json:"accepted" description:"Answers that were stored."`
	Ignored       int             `json:"ignored" description:"Answers that were not newer than what was stored, or came after the first with immediate feedback."`
	AnsweredCount int             `json:"answered_count"`
	ServerNow     time.Time       `json:"server_now"`
	Feedback      []feedbackReply `json:"feedback,omitempty" description:"With immediate feedback: what is right, for each question that was named and is answered."`
}

type feedbackReply struct {
	Number      int              `json:"number"`
	Counted     bool             `json:"counted" description:"false when the question had been answered before, so that the answer of this request was ignored."`
	Choice      string           `json:"choice" description:"The answer that counts."`
	Correct     bool             `json:"correct"`
	Key         string           `json:"key"`
	Explanation string           `json:"explanation"`
	Rationales  []rationaleReply `json:"rationales" description:"Why the wrong options attract and why they are wrong."`
	Transcript  []turnReply      `json:"transcript,omitempty" description:"Listening: what is said."`
}

type rationaleReply struct {
	Label     string `json:"label" enum:"A,B,C,D"`
	Rationale string `json:"rationale"`
}

type turnReply struct {
	Speaker string `json:"speaker,omitempty" description:"W or M, and the accent."`
	Text    string `json:"text"`
}

func toTurnReplies(turns []exam.Turn) []turnReply {
	out := make([]turnReply, len(turns))
	for i, t := range turns {
		out[i] = turnReply(t)
	}
	return out
}

func toFeedbackReply(j practiceapp.Judged) feedbackReply {
	out := feedbackReply{
		Number: j.Place, Counted: j.Counted, Choice: j.Answer.Choice.String(), Correct: j.Correct, Key: j.Question.Key,
		Explanation: j.Question.Explanation, Rationales: []rationaleReply{}, Transcript: toTurnReplies(j.Transcript),
	}
	for i, o := range j.Question.Options {
		if o.Rationale != "" {
			out.Rationales = append(out.Rationales, rationaleReply{Label: exam.Label(i).String(), Rationale: o.Rationale})
		}
	}
	return out
}

func answerRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[answersRequest, answersReply]{
		Method: http.MethodPut, Path: one + "/answers", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Hand in answers of a practice set",
		Description: "All or none. What is acknowledged is stored for good. To send the same again, or in another order, is safe. " +
			"With immediate feedback the first answer to a question is final, and later ones are ignored; " +
			"there is none about an exam that the learner is taking in exam mode.",
		Faults: web.Faults(practice.ErrNotFound, practice.ErrFinished, practice.ErrAnswersDenied, attempt.ErrReviewLocked),
		Handle: func(ctx context.Context, r web.Request, in answersRequest) (answersReply, error) {
			cmd := practiceapp.AnswerCommand{User: r.Actor.UserID, Set: in.ID, Answers: make([]practice.Answer, len(in.Answers))}
			for i, a := range in.Answers {
				cmd.Answers[i] = a.answer()
			}
			done, err := uc.Answer(ctx, cmd)
			out := answersReply{Accepted: done.Accepted, Ignored: done.Ignored, AnsweredCount: done.Answered, ServerNow: done.Now}
			for _, j := range done.Feedback {
				out.Feedback = append(out.Feedback, toFeedbackReply(j))
			}
			return out, err
		},
	})
}
