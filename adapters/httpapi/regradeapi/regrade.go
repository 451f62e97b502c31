// Package regradeapi is the REST face of wrong keys and their correction.
package regradeapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/regradeapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// UseCases is what the routes call. Those that read take the caller, to whom no key of an exam is shown while they take it.
type UseCases struct {
	Question  func(ctx context.Context, user, id uuid.UUID) (regradeapp.Question, error)
	Questions func(ctx context.Context, user, exam uuid.UUID) ([]regradeapp.Question, error)
	Regrade   func(context.Context, regradeapp.Command) (regradeapp.Outcome, error)
	OfExam    func(ctx context.Context, user, exam uuid.UUID, page ports.Page) (ports.Slice[exam.Regrade], error)
	One       func(ctx context.Context, user, id uuid.UUID) (exam.Regrade, []ports.ScoreChange, error)
}

const (
	questions = "/api/v1/admin/questions/{id}"
	examRoot  = "/api/v1/admin/exams/{id}"
	regrades  = "/api/v1/admin/regrades/{id}"
	tag       = "Scoring"
)

type idPath struct {
	ID uuid.UUID `path:"id" json:"-"`
}

type examPage struct {
	web.PageQuery
	ID uuid.UUID `path:"id" json:"-"`
}

type regradeRequest struct {
	idPath
	DryRun      *bool             `query:"dry_run" json:"-" description:"true to see who would change from what to what, and change nothing."`
	Revision    web.Version       `header:"If-Match" json:"-" description:"The ETag of the dry run that it was decided on."`
	Key         string            `json:"key" validate:"required,oneof=A B C D" description:"The option that is right."`
	Reason      string            `json:"reason" validate:"required,max=500"`
	Explanation *string           `json:"explanation,omitempty" validate:"omitempty,max=4000" description:"Why the key is right; the former one stays when left out, and is about the former key."`
	Rationales  map[string]string `json:"rationales,omitempty" validate:"omitempty,max=4,dive,keys,oneof=A B C D,endkeys,max=1000" description:"Why wrong options are wrong, by label, as for the one that was the key. Those that are left out stay."`
}

func (in regradeRequest) command(r web.Request) regradeapp.Command {
	cmd := regradeapp.Command{
		By: r.Caller(), Question: in.ID, Revision: int(in.Revision), DryRun: in.DryRun != nil && *in.DryRun,
		Correction: exam.Correction{Explanation: in.Explanation, Reason: in.Reason, Rationales: map[exam.Choice]string{}},
	}
	cmd.Key, _ = exam.ParseChoice(in.Key) // the validator let letters through only
	for label, text := range in.Rationales {
		option, _ := exam.ParseChoice(label)
		cmd.Rationales[option] = text
	}
	return cmd
}

// Routes registers the routes.
func Routes(api *web.API, uc UseCases) {
	questionRoutes(api, uc)
	historyRoutes(api, uc)
	web.Register(api, web.Endpoint[regradeRequest, outcomeReply]{
		Method: http.MethodPost, Path: questions + "/regrade", Permission: identity.ManageScoring, Fresh: true,
		Tag: tag, Summary: "Correct a wrong key, and score again who was scored by it",
		Description: "The key is corrected as a new revision of the form, and every scored attempt on the form is scored by it, each with the conversion table of its result. Open attempts are scored by it when they close. Answers stay as they are, and former results are kept.",
		Faults: web.Faults(
			exam.ErrQuestionNotFound, exam.ErrQuestionNotOnForm, exam.ErrSameKey, exam.ErrInvalidCorrection, attempt.ErrReviewLocked, ports.ErrStale,
		),
		Handle: func(ctx context.Context, r web.Request, in regradeRequest) (outcomeReply, error) {
			cmd := in.command(r)
			out, err := uc.Regrade(ctx, cmd)
			return toOutcomeReply(out, cmd.DryRun), err
		},
	})
}

func questionRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[idPath, questionReply]{
		Method: http.MethodGet, Path: questions, Permission: identity.ReadScoring,
		Tag: tag, Summary: "Read a question's place and key", Faults: web.Faults(exam.ErrQuestionNotFound, attempt.ErrReviewLocked),
		Handle: func(ctx context.Context, r web.Request, in idPath) (questionReply, error) {
			q, err := uc.Question(ctx, r.Actor.UserID, in.ID)
			return toQuestionReply(q), err
		},
	})
	web.Register(api, web.Endpoint[idPath, questionsReply]{
		Method: http.MethodGet, Path: examRoot + "/questions", Permission: identity.ReadScoring,
		Tag: tag, Summary: "List the questions of the form that learners take now", Description: "All of them, in test order.",
		Faults: web.Faults(exam.ErrNotFound, attempt.ErrReviewLocked),
		Handle: func(ctx context.Context, r web.Request, in idPath) (questionsReply, error) {
			list, err := uc.Questions(ctx, r.Actor.UserID, in.ID)
			out := questionsReply{Items: make([]questionReply, len(list))}
			for i, q := range list {
				out.Items[i] = toQuestionReply(q)
			}
			return out, err
		},
	})
}

func historyRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[examPage, web.List[regradeReply]]{
		Method: http.MethodGet, Path: examRoot + "/regrades", Permission: identity.ReadScoring,
		Tag: tag, Summary: "List the corrections of an exam's keys", Description: "Newest first.",
		Faults: web.Faults(exam.ErrNotFound, attempt.ErrReviewLocked),
		Handle: func(ctx context.Context, r web.Request, in examPage) (web.List[regradeReply], error) {
			page, err := in.Page()
			if err != nil {
				return web.List[regradeReply]{}, err
			}
			rows, err := uc.OfExam(ctx, r.Actor.UserID, in.ID, page)
			return web.ListOf(rows, toRegradeReply), err
		},
	})
	web.Register(api, web.Endpoint[idPath, regradeDetail]{
		Method: http.MethodGet, Path: regrades, Permission: identity.ReadScoring,
		Tag: tag, Summary: "Read a correction with what it changed", Faults: web.Faults(exam.ErrRegradeNotFound, attempt.ErrReviewLocked),
		Handle: func(ctx context.Context, r web.Request, in idPath) (regradeDetail, error) {
			g, changes, err := uc.One(ctx, r.Actor.UserID, in.ID)
			return regradeDetail{regradeReply: toRegradeReply(g), Changes: toChangeReplies(changes)}, err
		},
	})
}
