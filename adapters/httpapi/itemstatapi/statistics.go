// Package itemstatapi is the REST face of item statistics.
package itemstatapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/itemstatapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/itemstat"
)

// UseCases is what the routes call.
type UseCases struct {
	OfExam     func(ctx context.Context, user, id, form uuid.UUID) (itemstat.Statistics, error)
	OfQuestion func(ctx context.Context, user, id uuid.UUID) (exam.Item, []itemstatapp.ItemOnForm, error)
	Refresh    func(ctx context.Context, by identity.Caller, id uuid.UUID) ([]uuid.UUID, error)
}

const tag = "Statistics"

type idPath struct {
	ID uuid.UUID `path:"id" json:"-"`
}

type examQuery struct {
	idPath
	Form   uuid.UUID `query:"form" json:"-" description:"Another form of the exam than the one that learners take now."`
	Format string    `query:"format" json:"-" validate:"omitempty,oneof=json csv" description:"csv gives a table of the items; so does Accept: text/csv."`
	Accept string    `header:"Accept" json:"-"`
}

type questionReply struct {
	ID       uuid.UUID            `json:"id"`
	ExamID   uuid.UUID            `json:"exam_id"`
	Revision uuid.UUID            `json:"revision_id" description:"The newest revision that has the question."`
	Number   int                  `json:"number"`
	Part     exam.Part            `json:"part"`
	Ability  exam.Ability         `json:"ability"`
	Forms    []questionsFormReply `json:"forms" description:"Its statistics on every form that has it, the youngest form first."`
}

type questionsFormReply struct {
	headReply
	Item itemReply `json:"item"`
}

type refreshReply struct {
	Forms []uuid.UUID `json:"forms" description:"The forms whose statistics will be computed anew."`
}

// Routes registers the routes.
func Routes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[examQuery, examReply]{
		Method: http.MethodGet, Path: "/api/v1/admin/exams/{id}/statistics", Permission: identity.ReadStatistics,
		Tag: tag, Summary: "Read how the items of an exam work",
		Description: "Of everybody who took the form in exam mode and was scored: a form is a revision and the corrections of its keys. " +
			"The score of the section is the criterion for its items. What is not defined is null. As CSV, a line for each item.",
		Faults: web.Faults(exam.ErrNotFound, itemstat.ErrNotComputed, attempt.ErrReviewLocked),
		Handle: func(ctx context.Context, r web.Request, in examQuery) (examReply, error) {
			s, err := uc.OfExam(ctx, r.Actor.UserID, in.ID, in.Form)
			if err != nil {
				return examReply{}, err
			}
			return toExamReply(s, in.Format == "csv" || (in.Format == "" && prefersCSV(in.Accept))), nil
		},
	})
	web.Register(api, web.Endpoint[idPath, questionReply]{
		Method: http.MethodGet, Path: "/api/v1/admin/questions/{id}/statistics", Permission: identity.ReadStatistics,
		Tag: tag, Summary: "Read how a question works",
		Faults: web.Faults(exam.ErrQuestionNotFound, itemstat.ErrNotComputed, attempt.ErrReviewLocked),
		Handle: func(ctx context.Context, r web.Request, in idPath) (questionReply, error) {
			q, forms, err := uc.OfQuestion(ctx, r.Actor.UserID, in.ID)
			return toQuestionReply(q, forms), err
		},
	})
	web.Register(api, web.Endpoint[idPath, refreshReply]{
		Method: http.MethodPost, Path: "/api/v1/admin/exams/{id}/statistics/refresh", Permission: identity.ManageScoring, Status: http.StatusAccepted,
		Tag: tag, Summary: "Compute the statistics of an exam anew", Description: "In the background. Otherwise it happens every day, and sooner when many attempts were scored.",
		Faults: web.Faults(exam.ErrNotFound),
		Handle: func(ctx context.Context, r web.Request, in idPath) (refreshReply, error) {
			forms, err := uc.Refresh(ctx, r.Caller(), in.ID)
			return refreshReply{Forms: forms}, err
		},
	})
}

func toQuestionReply(q exam.Item, forms []itemstatapp.ItemOnForm) questionReply {
	out := questionReply{ID: q.ID, ExamID: q.ExamID, Revision: q.Revision, Number: q.Number, Part: q.Part, Ability: q.Ability}
	for _, f := range forms {
		out.Forms = append(out.Forms, questionsFormReply{headReply: toHeadReply(f.Statistics), Item: toItemReply(f.Item)})
	}
	return out
}
