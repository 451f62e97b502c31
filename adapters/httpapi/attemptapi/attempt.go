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
	Questions func(ctx context.Context, by attemptapp.Taker, id uuid.UUID, part exam.Part) (attemptapp.Shown, error)
	Print     func(ctx context.Context, which attemptapp.Shown) (attemptapp.Sheet, error)
	Answer    func(context.Context, attemptapp.AnswerCommand) (attemptapp.Answered, error)
	Sync      func(ctx context.Context, user, id uuid.UUID, since int64) (attemptapp.Synced, error)
	Advance   func(ctx context.Context, by attemptapp.Taker, id uuid.UUID) (attemptapp.View, error)
	Abandon   func(ctx context.Context, by attemptapp.Taker, id uuid.UUID) (attemptapp.View, error)
	Submit    func(ctx context.Context, by attemptapp.Taker, id uuid.UUID) (score.Result, error)
	Result    func(ctx context.Context, user, id uuid.UUID) (ports.ScoreRecord, error)
	Former    func(ctx context.Context, user, id uuid.UUID) ([]ports.FormerScore, error)
	Review    func(ctx context.Context, user, id uuid.UUID, part exam.Part) (attemptapp.Reviewed, error)
	Compare   func(ctx context.Context, user, id uuid.UUID) ([]attemptapp.Compared, error)
	Explain   func(ctx context.Context, user, id uuid.UUID) (attemptapp.Explanation, error)
	// Percentiles ranks a result by the norm that is in use; nil where it cannot.
	Percentiles func(score.Result) *score.Percentiles
	// MediaPath is where media files are served; a hash completes it.
	MediaPath string

	Conditions ConditionCases
}

// Routes registers the routes.
func Routes(api *web.API, uc UseCases) {
	lifeRoutes(api, uc)
	questionRoutes(api, uc)
	answerRoutes(api, uc)
	outcomeRoutes(api, uc)
	conditionRoutes(api, uc)
	accommodationRoutes(api, uc)
	compareRoutes(api, uc)
	explainRoutes(api, uc)
	reviewRoutes(api, uc)
	formerRoutes(api, uc)
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
	Mode   string `json:"mode" validate:"required,oneof=exam practice" description:"exam: the whole form against the clock; practice: chosen parts, with a clock only if a time limit is set."`
	Parts  []int  `json:"parts,omitempty" validate:"omitempty,max=7,unique,dive,min=1,max=7" description:"Practice mode: the parts to take; all when left out."`
	Limit  *int   `json:"time_limit_seconds,omitempty" validate:"omitempty,min=60,max=14400" description:"Practice mode: time for all of them, which the learner's accommodations make longer; no limit when left out."`
}

type attemptReply struct {
	ID                uuid.UUID      `json:"id"`
	ExamID            uuid.UUID      `json:"exam_id"`
	Revision          int            `json:"revision"`
	Mode              attempt.Mode   `json:"mode" enum:"exam,practice"`
	Status            attempt.Status `json:"status" enum:"in_progress,submitted,expired,abandoned"`
	Parts             []exam.Part    `json:"parts" description:"The parts that are taken."`
	StartedAt         time.Time      `json:"started_at"`
	DeadlineAt        *time.Time     `json:"deadline_at" description:"When the attempt is scored at the latest, which during a pause is when it would be if the pause lasted as long as it may; null without a time limit."`
	SectionDeadlineAt *time.Time     `json:"section_deadline_at" description:"When the present section ends; null in practice mode and once closed."`
	ServerNow         time.Time      `json:"server_now" description:"The clock that decides."`
	Section           *exam.Section  `json:"section" enum:"listening,reading" description:"The section that is open; null in practice mode and once closed."`
	ClosedAt          *time.Time     `json:"closed_at"`
	AnsweredCount     int            `json:"answered_count"`
	QuestionCount     int            `json:"question_count"`
	conditionsReply
}

func toAttemptReply(v attemptapp.View, session uuid.UUID, pauses attempt.AudioPauses) attemptReply {
	out := attemptReply{
		ID: v.ID, ExamID: v.ExamID, Revision: v.Revision, Mode: v.Mode, Status: v.Status, Parts: []exam.Part{},
		StartedAt: v.StartedAt, DeadlineAt: v.DeadlineAt, SectionDeadlineAt: v.SectionDeadline, ServerNow: v.Now,
		ClosedAt: v.ClosedAt, AnsweredCount: v.Answered, QuestionCount: v.Taken.Count(""),
		conditionsReply: toConditionsReply(v, session, pauses),
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
			cmd := attemptapp.StartCommand{User: r.Actor.UserID, Session: r.Actor.SessionID, Exam: id, Mode: attempt.Mode(in.Mode)}
			if in.Limit != nil {
				cmd.Limit = time.Duration(*in.Limit) * time.Second
			}
			for _, p := range in.Parts {
				cmd.Parts = append(cmd.Parts, exam.Part(p))
			}
			v, err := uc.Start(ctx, cmd)
			return toAttemptReply(v, r.Actor.SessionID, uc.Conditions.AudioPauses), err
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
			return web.ListOf(rows, func(v attemptapp.View) attemptReply {
				return toAttemptReply(v, r.Actor.SessionID, uc.Conditions.AudioPauses)
			}), err
		},
	})
	web.Register(api, web.Endpoint[attemptPath, attemptReply]{
		Method: http.MethodGet, Path: one, Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Read an attempt", Faults: web.Faults(attempt.ErrNotFound),
		Handle: uc.show(func(ctx context.Context, by attemptapp.Taker, id uuid.UUID) (attemptapp.View, error) {
			return uc.Get(ctx, by.User, id)
		}),
	})
	web.Register(api, web.Endpoint[attemptPath, attemptReply]{
		Method: http.MethodPost, Path: one + "/advance", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Leave Listening for Reading", Description: "For good: there is no way back. Reading then has its full time.",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrClosed, attempt.ErrNoSections, attempt.ErrPaused, attempt.ErrOtherDevice, attempt.ErrTakenOver),
		Handle: uc.show(uc.Advance),
	})
	web.Register(api, web.Endpoint[attemptPath, attemptReply]{
		Method: http.MethodPost, Path: one + "/abandon", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Give an attempt up", Description: "It is never scored.",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrClosed, attempt.ErrOtherDevice, attempt.ErrTakenOver),
		Handle: uc.show(uc.Abandon),
	})
}

// taker is the learner who asks, on the device from which.
func taker(r web.Request) attemptapp.Taker {
	return attemptapp.Taker{User: r.Actor.UserID, Session: r.Actor.SessionID}
}

// show serves the routes that take an attempt and return it.
func (uc UseCases) show(do func(ctx context.Context, by attemptapp.Taker, id uuid.UUID) (attemptapp.View, error)) func(context.Context, web.Request, attemptPath) (attemptReply, error) {
	return func(ctx context.Context, r web.Request, in attemptPath) (attemptReply, error) {
		v, err := do(ctx, taker(r), in.ID)
		return toAttemptReply(v, r.Actor.SessionID, uc.Conditions.AudioPauses), err
	}
}
