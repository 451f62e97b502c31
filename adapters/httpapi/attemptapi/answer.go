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

type sheetReply struct {
	Groups []groupReply `json:"groups"`
}

type groupReply struct {
	ID        string          `json:"id"`
	Part      exam.Part       `json:"part"`
	Stimuli   []stimulusReply `json:"stimuli"`
	Questions []questionReply `json:"questions"`
}

type stimulusReply struct {
	Kind  exam.StimulusKind `json:"kind" enum:"text,image,audio"`
	Style string            `json:"style,omitempty" description:"Texts: what sort of document it is."`
	Title string            `json:"title,omitempty"`
	Text  string            `json:"text,omitempty" description:"In part 6, [[number]] marks the blank of that question."`
	URL   string            `json:"url,omitempty" description:"Images and recordings: where to fetch the file."`
	Type  string            `json:"type,omitempty" description:"Media type of the file."`
	Size  int64             `json:"size,omitempty" description:"Bytes of the file."`
}

type questionReply struct {
	Number  int           `json:"number"`
	Prompt  string        `json:"prompt,omitempty" description:"Absent where nothing is printed."`
	Options []optionReply `json:"options"`
}

type optionReply struct {
	Label string `json:"label" enum:"A,B,C,D"`
	Text  string `json:"text,omitempty" description:"Absent in parts 1 and 2, where options are only heard."`
}

func toSheetReply(s attemptapp.Sheet, mediaPath string) sheetReply {
	out := sheetReply{Groups: make([]groupReply, len(s.Groups))}
	for i, g := range s.Groups {
		group := groupReply{ID: g.ID, Part: g.Part, Stimuli: make([]stimulusReply, len(g.Stimuli)), Questions: make([]questionReply, len(g.Questions))}
		for j, st := range g.Stimuli {
			group.Stimuli[j] = toStimulusReply(st, mediaPath)
		}
		for j, q := range g.Questions {
			group.Questions[j] = questionReply{Number: q.Number, Prompt: q.Prompt, Options: toOptionReplies(q.Options)}
		}
		out.Groups[i] = group
	}
	return out
}

func toStimulusReply(s attemptapp.Stimulus, mediaPath string) stimulusReply {
	out := stimulusReply{Kind: s.Kind, Style: s.Style, Title: s.Title, Text: s.Text}
	if s.Media != nil {
		out.URL, out.Type, out.Size = mediaPath+s.Media.Hash, s.Media.Type, s.Media.Size
	}
	return out
}

func toOptionReplies(texts []string) []optionReply {
	out := make([]optionReply, len(texts))
	for i, text := range texts {
		out[i] = optionReply{Label: exam.Label(i).String(), Text: text}
	}
	return out
}

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
	web.Register(api, web.Endpoint[partQuery, sheetReply]{
		Method: http.MethodGet, Path: one + "/questions", Permission: identity.TakeAttempts, Cache: web.Private(0),
		Tag: tag, Summary: "Read the questions of an attempt", Description: "As printed in a test book: parts 1 and 2 have option labels only.",
		Faults: web.Faults(attempt.ErrNotFound),
		Handle: func(ctx context.Context, r web.Request, in partQuery) (sheetReply, error) {
			sheet, err := uc.Questions(ctx, r.Actor.UserID, in.ID, in.part())
			return toSheetReply(sheet, uc.MediaPath), err
		},
	})
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
