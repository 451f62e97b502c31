package attemptapi

import (
	"context"
	"net/http"

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

// questionsPath is where the questions of an attempt are.
const questionsPath = one + "/questions"

func questionRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[partQuery, web.Kept[sheetReply]]{
		Method: http.MethodGet, Path: questionsPath, Permission: identity.TakeAttempts, Cache: web.Private(0),
		Tag: tag, Summary: "Read the questions of an attempt", Description: "As printed in a test book: parts 1 and 2 have option labels only.",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrPaused, attempt.ErrOtherDevice, attempt.ErrTakenOver),
		Handle: func(ctx context.Context, r web.Request, in partQuery) (web.Kept[sheetReply], error) {
			which, err := uc.Questions(ctx, taker(r), in.ID, in.part())
			return printed(ctx, uc, which), err
		},
	})
}
