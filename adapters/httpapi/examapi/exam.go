// Package examapi is the REST face of published exams.
package examapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// UseCases is what the routes call.
type UseCases struct {
	List  func(ctx context.Context, which ports.ExamFilter, page ports.Page) (ports.Slice[exam.Summary], error)
	Get   func(ctx context.Context, id uuid.UUID) (exam.Summary, error)
	Media func(ctx context.Context, hash string) (exam.Media, []byte, error)
}

// catalogueAge is how long a client may show the catalogue without asking again.
const catalogueAge = time.Minute

// The routes whose replies are kept.
const (
	listPath = "/api/v1/exams"
	onePath  = listPath + "/{id}"
)

// MediaPath is where media files are served, by hash.
const MediaPath = "/api/v1/media/"

type listQuery struct {
	web.PageQuery
	Kind string `query:"kind" json:"-" validate:"omitempty,oneof=full mini part" description:"Only exams of this kind."`
}

type examPath struct {
	ID uuid.UUID `path:"id" json:"-"`
}

type mediaPath struct {
	Hash string `path:"hash" json:"-" description:"SHA-256 of the file, in hexadecimal."`
}

type examReply struct {
	ID              uuid.UUID      `json:"id"`
	Title           string         `json:"title"`
	Kind            exam.Kind      `json:"kind" enum:"full,mini,part"`
	Format          string         `json:"format" enum:"toeic-lr"`
	Revision        int            `json:"revision" description:"Grows when the exam is corrected; an attempt keeps the revision it began with."`
	QuestionCount   int            `json:"question_count"`
	DurationSeconds int            `json:"duration_seconds"`
	Sections        []sectionReply `json:"sections"`
}

type sectionReply struct {
	Code            exam.Section `json:"code" enum:"listening,reading"`
	DurationSeconds int          `json:"duration_seconds"`
	Parts           []partReply  `json:"parts"`
}

type partReply struct {
	Number        exam.Part `json:"number"`
	Name          string    `json:"name"`
	QuestionCount int       `json:"question_count"`
}

func toExamReply(s exam.Summary) examReply {
	out := examReply{
		ID: s.ExamID, Title: s.Title, Kind: s.Kind, Format: s.Format, Revision: s.Revision, QuestionCount: s.Outline.Count(""),
		Sections: []sectionReply{},
	}
	for _, code := range exam.Sections() {
		section := sectionReply{Code: code, DurationSeconds: int(s.Outline.Time(code) / time.Second)}
		for _, span := range s.Outline {
			if span.Part.Section() == code {
				section.Parts = append(section.Parts, partReply{Number: span.Part, Name: span.Part.Name(), QuestionCount: span.Count})
			}
		}
		if len(section.Parts) > 0 {
			out.Sections = append(out.Sections, section)
			out.DurationSeconds += section.DurationSeconds
		}
	}
	return out
}

// Routes registers the routes.
func Routes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[listQuery, web.Kept[web.List[examReply]]]{
		Method: http.MethodGet, Path: listPath, Permission: identity.ReadExams, Cache: web.Private(catalogueAge),
		Tag: "Exams", Summary: "List exams", Description: "Published exams, in order of first publication.",
		Handle: func(ctx context.Context, _ web.Request, in listQuery) (web.Kept[web.List[examReply]], error) {
			page, err := in.Page()
			if err != nil {
				return web.Kept[web.List[examReply]]{}, err
			}
			rows, err := uc.List(ctx, ports.ExamFilter{Kind: exam.Kind(in.Kind)}, page)
			return listed(rows), err
		},
	})
	web.Register(api, web.Endpoint[examPath, web.Kept[examReply]]{
		Method: http.MethodGet, Path: onePath, Permission: identity.ReadExams, Cache: web.Private(catalogueAge),
		Tag: "Exams", Summary: "Read an exam", Faults: web.Faults(exam.ErrNotFound),
		Handle: func(ctx context.Context, _ web.Request, in examPath) (web.Kept[examReply], error) {
			s, err := uc.Get(ctx, in.ID)
			return told(s), err
		},
	})
	web.Register(api, web.Endpoint[mediaPath, web.File]{
		Method: http.MethodGet, Path: MediaPath + "{hash}", Permission: identity.Public, Cache: web.Immutable(),
		Tag: "Exams", Summary: "Fetch a media file",
		Description: "A file never changes, so it may be kept for ever. Its address can only be learnt from the questions of an attempt.",
		Faults:      web.Faults(exam.ErrMediaNotFound),
		Handle: func(ctx context.Context, _ web.Request, in mediaPath) (web.File, error) {
			m, data, err := uc.Media(ctx, in.Hash)
			return web.File{Type: m.Type, Hash: m.Hash, Data: data}, err
		},
	})
}
