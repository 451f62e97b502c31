// Package attemptapi is the REST face of taking a test.
package attemptapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ports"
)

// UseCases is what the routes call. All take the learner first and find nothing that is not theirs.
type UseCases struct {
	Start     func(context.Context, attemptapp.StartCommand) (attemptapp.View, error)
	List      func(context.Context, attemptapp.ListQuery) (ports.Slice[attemptapp.View], error)
	Get       func(ctx context.Context, user, id uuid.UUID) (attemptapp.View, error)
	Questions func(ctx context.Context, user, id uuid.UUID, part exam.Part) (attemptapp.Sheet, error)
	Answer    func(context.Context, attemptapp.AnswerCommand) (attemptapp.Answered, error)
	Advance   func(ctx context.Context, user, id uuid.UUID) (attemptapp.View, error)
	Abandon   func(ctx context.Context, user, id uuid.UUID) (attemptapp.View, error)
	Submit    func(ctx context.Context, user, id uuid.UUID) (score.Result, error)
	Result    func(ctx context.Context, user, id uuid.UUID) (score.Result, error)
	Review    func(ctx context.Context, user, id uuid.UUID, part exam.Part) (attemptapp.Reviewed, error)
	// MediaPath is where media files are served; a hash completes it.
	MediaPath string
}

// Routes registers the routes.
func Routes(api *web.API, uc UseCases) {
	lifeRoutes(api, uc)
	questionRoutes(api, uc)
	answerRoutes(api, uc)
	outcomeRoutes(api, uc)
	reviewRoutes(api, uc)
}

const (
	root = "/api/v1/attempts"
	one  = root + "/{id}"
	tag  = "Attempts"
)

type attemptPath struct {
	ID uuid.UUID `path:"id" json:"-"`
}

type partQuery struct {
	attemptPath
	Part *int `query:"part" json:"-" validate:"omitempty,min=1,max=7" description:"Only this part."`
}

// part is the part that is asked for, or all.
func (q partQuery) part() exam.Part {
	if q.Part == nil {
		return 0
	}
	return exam.Part(*q.Part)
}

type startRequest struct {
	ExamID string `json:"exam_id" validate:"required,uuid"`
	Mode   string `json:"mode" validate:"required,oneof=exam practice" description:"exam: the whole form against the clock; practice: chosen parts without a clock."`
	Parts  []int  `json:"parts,omitempty" validate:"omitempty,max=7,unique,dive,min=1,max=7" description:"Practice mode: the parts to take; all when left out."`
}

type attemptReply struct {
	ID                uuid.UUID      `json:"id"`
	ExamID            uuid.UUID      `json:"exam_id"`
	Revision          int            `json:"revision"`
	Mode              attempt.Mode   `json:"mode" enum:"exam,practice"`
	Status            attempt.Status `json:"status" enum:"in_progress,submitted,expired,abandoned"`
	Parts             []exam.Part    `json:"parts" description:"The parts that are taken."`
	StartedAt         time.Time      `json:"started_at"`
	DeadlineAt        *time.Time     `json:"deadline_at" description:"When the attempt is scored at the latest; null in practice mode."`
	SectionDeadlineAt *time.Time     `json:"section_deadline_at" description:"When the present section ends; null in practice mode and once closed."`
	ServerNow         time.Time      `json:"server_now" description:"The clock that decides."`
	Section           *exam.Section  `json:"section" enum:"listening,reading" description:"The section that is open; null in practice mode and once closed."`
	ClosedAt          *time.Time     `json:"closed_at"`
	AnsweredCount     int            `json:"answered_count"`
	QuestionCount     int            `json:"question_count"`
}

func toAttemptReply(v attemptapp.View) attemptReply {
	out := attemptReply{
		ID: v.ID, ExamID: v.ExamID, Revision: v.Revision, Mode: v.Mode, Status: v.Status, Parts: []exam.Part{},
		StartedAt: v.StartedAt, DeadlineAt: v.DeadlineAt, SectionDeadlineAt: v.SectionDeadline, ServerNow: v.Now,
		ClosedAt: v.ClosedAt, AnsweredCount: v.Answered, QuestionCount: v.Taken.Count(""),
	}
	for _, span := range v.Taken {
		out.Parts = append(out.Parts, span.Part)
	}
	if v.Section != "" {
		out.Section = &v.Section
	}
	return out
}

type listQuery struct {
	web.PageQuery
	Exam   uuid.UUID `query:"exam" json:"-" description:"Only attempts on this exam."`
	Mode   string    `query:"mode" json:"-" validate:"omitempty,oneof=exam practice"`
	Status string    `query:"status" json:"-" validate:"omitempty,oneof=in_progress submitted expired abandoned"`
}

func lifeRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[startRequest, attemptReply]{
		Method: http.MethodPost, Path: root, Permission: identity.TakeAttempts, Idempotent: true, Status: http.StatusCreated,
		Tag: tag, Summary: "Start an attempt", Description: "One attempt may be open for each exam.",
		Faults: web.Faults(exam.ErrNotFound, exam.ErrClosed, attempt.ErrAlreadyOpen, attempt.ErrInvalid),
		Handle: func(ctx context.Context, r web.Request, in startRequest) (attemptReply, error) {
			id, err := uuid.Parse(in.ExamID)
			if err != nil {
				return attemptReply{}, exam.ErrNotFound.Because(err) // the validator let identifiers through only
			}
			cmd := attemptapp.StartCommand{User: r.Actor.UserID, Exam: id, Mode: attempt.Mode(in.Mode)}
			for _, p := range in.Parts {
				cmd.Parts = append(cmd.Parts, exam.Part(p))
			}
			v, err := uc.Start(ctx, cmd)
			return toAttemptReply(v), err
		},
	})
	web.Register(api, web.Endpoint[listQuery, web.List[attemptReply]]{
		Method: http.MethodGet, Path: root, Permission: identity.TakeAttempts,
		Tag: tag, Summary: "List one's own attempts", Description: "Newest first.",
		Handle: func(ctx context.Context, r web.Request, in listQuery) (web.List[attemptReply], error) {
			page, err := in.Page()
			if err != nil {
				return web.List[attemptReply]{}, err
			}
			rows, err := uc.List(ctx, attemptapp.ListQuery{
				User: r.Actor.UserID, Exam: in.Exam, Mode: attempt.Mode(in.Mode), Status: attempt.Status(in.Status), Page: page,
			})
			return web.ListOf(rows, toAttemptReply), err
		},
	})
	web.Register(api, web.Endpoint[attemptPath, attemptReply]{
		Method: http.MethodGet, Path: one, Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Read an attempt", Faults: web.Faults(attempt.ErrNotFound),
		Handle: viewHandler(uc.Get),
	})
	web.Register(api, web.Endpoint[attemptPath, attemptReply]{
		Method: http.MethodPost, Path: one + "/advance", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Leave Listening for Reading", Description: "For good: there is no way back. Reading then has its full time.",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrClosed, attempt.ErrNoSections),
		Handle: viewHandler(uc.Advance),
	})
	web.Register(api, web.Endpoint[attemptPath, attemptReply]{
		Method: http.MethodPost, Path: one + "/abandon", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Give an attempt up", Description: "It is never scored.",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrClosed),
		Handle: viewHandler(uc.Abandon),
	})
}

// viewHandler serves the routes that take an attempt and return it.
func viewHandler(do func(ctx context.Context, user, id uuid.UUID) (attemptapp.View, error)) func(context.Context, web.Request, attemptPath) (attemptReply, error) {
	return func(ctx context.Context, r web.Request, in attemptPath) (attemptReply, error) {
		v, err := do(ctx, r.Actor.UserID, in.ID)
		return toAttemptReply(v), err
	}
}
