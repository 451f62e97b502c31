package practiceapi

import (
	"context"
	"net/http"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/practiceapp"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/practice"
)

// sheetReply has the shape of the questions of an attempt, so that one client shows both.
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
	Number  int           `json:"number" description:"Counted through the set from 1."`
	Prompt  string        `json:"prompt,omitempty" description:"Absent where nothing is printed."`
	Options []optionReply `json:"options"`
}

type optionReply struct {
	Label string `json:"label" enum:"A,B,C,D"`
	Text  string `json:"text,omitempty" description:"Absent in parts 1 and 2, where options are only heard."`
}

func toSheetReply(s practiceapp.Sheet, mediaPath string) sheetReply {
	out := sheetReply{Groups: make([]groupReply, len(s.Groups))}
	for i, g := range s.Groups {
		group := groupReply{ID: g.ID, Part: g.Part, Stimuli: make([]stimulusReply, len(g.Stimuli)), Questions: make([]questionReply, len(g.Questions))}
		for j, st := range g.Stimuli {
			group.Stimuli[j] = stimulusReply{Kind: st.Kind, Style: st.Style, Title: st.Title, Text: st.Text}
			if m := st.Media; m != nil {
				group.Stimuli[j].URL, group.Stimuli[j].Type, group.Stimuli[j].Size = mediaPath+m.Hash, m.Type, m.Size
			}
		}
		for j, q := range g.Questions {
			group.Questions[j] = questionReply{Number: q.Number, Prompt: q.Prompt, Options: make([]optionReply, len(q.Options))}
			for k, text := range q.Options {
				group.Questions[j].Options[k] = optionReply{Label: exam.Label(k).String(), Text: text}
			}
		}
		out.Groups[i] = group
	}
	return out
}

func questionRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[setPath, sheetReply]{
		Method: http.MethodGet, Path: one + "/questions", Permission: identity.TakeAttempts, Cache: web.Private(0),
		Tag: tag, Summary: "Read the questions of a practice set", Description: "As printed in a test book: parts 1 and 2 have option labels only.",
		Faults: web.Faults(practice.ErrNotFound),
		Handle: func(ctx context.Context, r web.Request, in setPath) (sheetReply, error) {
			sheet, err := uc.Questions(ctx, r.Actor.UserID, in.ID)
			return toSheetReply(sheet, uc.MediaPath), err
		},
	})
}
