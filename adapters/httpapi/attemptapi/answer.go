package attemptapi

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/swaggest/jsonschema-go"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
)

type answersRequest struct {
	attemptPath
	Answers []answerRequest `json:"answers" validate:"required,min=1,max=800,dive"`
}

type answerRequest struct {
	Number  int    `json:"number" validate:"required,min=1,max=200"`
	Choice  choice `json:"choice" validate:"required,oneof=A B C D null" description:"null clears the answer; it cannot be left out."`
	Seq     int64  `json:"seq" validate:"required,min=1,max=9007199254740991" description:"Counted up by the client with every change of the item; the highest wins, whatever the order of arrival."`
	Elapsed int64  `json:"elapsed_ms,omitempty" validate:"omitempty,min=0,max=86400000" description:"Milliseconds spent on the item so far."`
}

func (a answerRequest) answer() attempt.Answer {
	out := attempt.Answer{Number: a.Number, Seq: a.Seq, Elapsed: a.Elapsed}
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
	Accepted      int        `json:"accepted" description:"Answers that are now the newest of their items."`
	Ignored       int        `json:"ignored" description:"Answers that were not newer than what was stored."`
	AnsweredCount int        `json:"answered_count"`
	ServerNow     time.Time  `json:"server_now"`
	DeadlineAt    *time.Time `json:"deadline_at"`
}

func answerRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[answersRequest, answersReply]{
		Method: http.MethodPut, Path: one + "/answers", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Hand in answers",
		Description: "All or none. What is acknowledged is stored for good. To send the same again, or in another order, is safe.",
		Faults:      web.Faults(attempt.ErrNotFound, attempt.ErrClosed, attempt.ErrAnswersDenied),
		Handle: func(ctx context.Context, r web.Request, in answersRequest) (answersReply, error) {
			cmd := attemptapp.AnswerCommand{User: r.Actor.UserID, Attempt: in.ID, Answers: make([]attempt.Answer, len(in.Answers))}
			for i, a := range in.Answers {
				cmd.Answers[i] = a.answer()
			}
			done, err := uc.Answer(ctx, cmd)
			return answersReply{
				Accepted: done.Accepted, Ignored: done.Ignored, AnsweredCount: done.Answered, ServerNow: done.Now, DeadlineAt: done.DeadlineAt,
			}, err
		},
	})
}
