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
	"github.com/toeic-app/toeic/ports"
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
	// MadeAt is kept for the log of changes alone.
	MadeAt *time.Time `json:"at,omitempty" description:"When the choice was made, by the client's clock. It decides nothing."`
}

func (a answerRequest) answer() attempt.Answer {
	out := attempt.Answer{Number: a.Number, Seq: a.Seq, Elapsed: a.Elapsed, MadeAt: a.MadeAt}
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
	Late          int        `json:"late" description:"Answers of a section whose time was over: kept in the log, not on the sheet."`
	AnsweredCount int        `json:"answered_count"`
	Position      int64      `json:"position" description:"Where the attempt's newest answer stands; see GET …/sync."`
	ServerNow     time.Time  `json:"server_now"`
	DeadlineAt    *time.Time `json:"deadline_at"`
}

type syncQuery struct {
	attemptPath
	Since int64 `query:"since" json:"-" validate:"min=0" description:"The position up to which the client knows; 0 for the whole sheet."`
}

type syncReply struct {
	Answers       []sheetAnswer  `json:"answers"`
	Position      int64          `json:"position" description:"What to ask since next time."`
	Status        attempt.Status `json:"status" enum:"in_progress,submitted,expired,abandoned"`
	AnsweredCount int            `json:"answered_count"`
	ServerNow     time.Time      `json:"server_now"`
	DeadlineAt    *time.Time     `json:"deadline_at"`
}

type sheetAnswer struct {
	Number     int       `json:"number"`
	Choice     *string   `json:"choice" enum:"A,B,C,D" description:"null when the answer was cleared."`
	Seq        int64     `json:"seq"`
	Elapsed    int64     `json:"elapsed_ms"`
	AnsweredAt time.Time `json:"answered_at"`
}

// letter is how a choice is told; nil for none.
func letter(c exam.Choice) *string {
	if c == exam.NoChoice {
		return nil
	}
	s := c.String()
	return &s
}

func toSyncReply(s attemptapp.Synced) syncReply {
	out := syncReply{
		Answers: make([]sheetAnswer, len(s.Answers)), Position: s.Position, Status: s.Status, AnsweredCount: s.Answered,
		ServerNow: s.Now, DeadlineAt: s.DeadlineAt,
	}
	for i, a := range s.Answers {
		out.Answers[i] = sheetAnswer{Number: a.Number, Choice: letter(a.Choice), Seq: a.Seq, Elapsed: a.Elapsed, AnsweredAt: a.At}
		out.Position = max(out.Position, a.Position)
	}
	return out
}

func answerRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[answersRequest, answersReply]{
		Method: http.MethodPut, Path: one + "/answers", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Hand in answers",
		Description: "All or none, but for late ones, which are left out. What is acknowledged is stored for good. To send the same again, or in another order, is safe.",
		Faults:      web.Faults(attempt.ErrNotFound, attempt.ErrClosed, attempt.ErrPaused, attempt.ErrOtherDevice, attempt.ErrTakenOver, attempt.ErrAnswersDenied, ports.ErrBusy),
		Handle: func(ctx context.Context, r web.Request, in answersRequest) (answersReply, error) {
			cmd := attemptapp.AnswerCommand{User: r.Actor.UserID, Session: r.Actor.SessionID, Attempt: in.ID, Answers: make([]attempt.Answer, len(in.Answers))}
			for i, a := range in.Answers {
				cmd.Answers[i] = a.answer()
			}
			done, err := uc.Answer(ctx, cmd)
			return answersReply{
				Accepted: done.Accepted, Ignored: done.Ignored, Late: done.Late, AnsweredCount: done.Answered, Position: done.Position,
				ServerNow: done.Now, DeadlineAt: done.DeadlineAt,
			}, err
		},
	})
	web.Register(api, web.Endpoint[syncQuery, syncReply]{
		Method: http.MethodGet, Path: one + "/sync", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Read what was answered lately",
		Description: "For a second device, or after a crash: the newest answer of every item that was answered after a position.",
		Faults:      web.Faults(attempt.ErrNotFound),
		Handle: func(ctx context.Context, r web.Request, in syncQuery) (syncReply, error) {
			s, err := uc.Sync(ctx, r.Actor.UserID, in.ID, in.Since)
			return toSyncReply(s), err
		},
	})
}
