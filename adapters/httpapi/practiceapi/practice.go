// Package practiceapi is the REST face of practice: sets of questions, and the book of wrong answers.
package practiceapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/practiceapp"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/practice"
	"github.com/toeic-app/toeic/ports"
)

// UseCases is what the routes call. All take the learner first and find nothing that is not theirs.
type UseCases struct {
	Create    func(context.Context, practiceapp.CreateCommand) (ports.PracticeView, error)
	List      func(ctx context.Context, user uuid.UUID, page ports.Page) (ports.Slice[ports.PracticeView], error)
	Get       func(ctx context.Context, user, id uuid.UUID) (ports.PracticeView, error)
	Questions func(ctx context.Context, user, id uuid.UUID) (practiceapp.Sheet, error)
	Answer    func(context.Context, practiceapp.AnswerCommand) (practiceapp.Answered, error)
	Finish    func(ctx context.Context, user, id uuid.UUID) (practiceapp.Outcome, error)
	Review    func(ctx context.Context, user, id uuid.UUID) ([]practiceapp.ReviewItem, error)
	Book      func(ctx context.Context, user uuid.UUID, part exam.Part, page ports.Page) (ports.Slice[practiceapp.BookItem], error)
	Progress  func(ctx context.Context, user uuid.UUID) (practiceapp.ProgressReport, error)
	// MediaPath is where media files are served; a hash completes it.
	MediaPath string
}

// Routes registers the routes.
func Routes(api *web.API, uc UseCases) {
	setRoutes(api, uc)
	questionRoutes(api, uc)
	answerRoutes(api, uc)
	outcomeRoutes(api, uc)
	bookRoutes(api, uc)
}

const (
	root = "/api/v1/practice/sets"
	one  = root + "/{id}"
	tag  = "Practice"
)

type setPath struct {
	ID uuid.UUID `path:"id" json:"-"`
}

type createRequest struct {
	Count      int                `json:"count" validate:"required,min=1,max=100" description:"How many questions. Questions that share a text or recording stay together, so there may be a few more; where too little matches, there are fewer."`
	Parts      []int              `json:"parts,omitempty" validate:"omitempty,max=7,unique,dive,min=1,max=7" description:"Only these parts; all when left out. The parts get equally many questions as far as there are any."`
	Abilities  []string           `json:"abilities,omitempty" validate:"omitempty,max=10,unique,dive,oneof=L1 L2 L3 L4 L5 R1 R2 R3 R4 R5" description:"Only questions that measure one of these, with those that share their text or recording."`
	Difficulty *difficultyRequest `json:"difficulty,omitempty" description:"Only questions of such a difficulty."`
	Pool       string             `json:"pool,omitempty" validate:"omitempty,oneof=any unseen wrong" description:"any, which is the default; unseen: never answered; wrong: from the book of wrong answers, first those not yet answered right today."`
	ExamID     string             `json:"exam_id,omitempty" validate:"omitempty,uuid" description:"Only questions of this exam."`
	Feedback   string             `json:"feedback" validate:"required,oneof=immediate final" description:"immediate: each answer is judged at once and cannot be changed; final: all are judged when the set is finished."`
}

type difficultyRequest struct {
	Min            *float64 `json:"min" validate:"required,min=0,max=1" description:"Least share of right answers among all who took the question, 0 to 1: lower is harder."`
	Max            *float64 `json:"max" validate:"required,min=0,max=1" description:"Greatest share."`
	IncludeUnknown bool     `json:"include_unknown,omitempty" description:"Also questions that too few have taken for it to be known. Without this they are left out."`
}

func (r createRequest) command(user uuid.UUID) practiceapp.CreateCommand {
	cmd := practiceapp.CreateCommand{User: user, Feedback: practice.Feedback(r.Feedback), Criteria: practice.Criteria{Count: r.Count, Pool: practice.Pool(r.Pool)}}
	if r.Pool == "" {
		cmd.Criteria.Pool = practice.AnyQuestion
	}
	for _, p := range r.Parts {
		cmd.Criteria.Parts = append(cmd.Criteria.Parts, exam.Part(p))
	}
	for _, a := range r.Abilities {
		cmd.Criteria.Abilities = append(cmd.Criteria.Abilities, exam.Ability(a))
	}
	if d := r.Difficulty; d != nil {
		cmd.Criteria.Difficulty = &practice.Range{Min: *d.Min, Max: *d.Max, Unknown: d.IncludeUnknown}
	}
	cmd.Criteria.Exam, _ = uuid.Parse(r.ExamID) // the validator let identifiers and nothing through only
	return cmd
}

type setReply struct {
	ID            uuid.UUID         `json:"id"`
	Status        practice.Status   `json:"status" enum:"open,finished"`
	Feedback      practice.Feedback `json:"feedback" enum:"immediate,final"`
	Pool          practice.Pool     `json:"pool" enum:"any,unseen,wrong"`
	CreatedAt     time.Time         `json:"created_at"`
	FinishedAt    *time.Time        `json:"finished_at"`
	Requested     int               `json:"requested" description:"How many questions were asked for."`
	Found         int               `json:"found" description:"How many there are: fewer where too little matched, up to four more where questions belong together."`
	QuestionCount int               `json:"question_count" description:"The same, as attempts call it."`
	AnsweredCount int               `json:"answered_count"`
}

func toSetReply(v ports.PracticeView) setReply {
	return setReply{
		ID: v.ID, Status: v.Status, Feedback: v.Feedback, Pool: v.Criteria.Pool, CreatedAt: v.CreatedAt, FinishedAt: v.FinishedAt,
		Requested: v.Criteria.Count, Found: len(v.Items), QuestionCount: len(v.Items), AnsweredCount: v.Answered,
	}
}

func setRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[createRequest, setReply]{
		Method: http.MethodPost, Path: root, Permission: identity.TakeAttempts, Idempotent: true, Status: http.StatusCreated,
		Tag: tag, Summary: "Draw a practice set", Description: "At random from all published exams, except those that the learner is taking in exam mode.",
		Faults: web.Faults(practice.ErrInvalid, practice.ErrNothingMatches),
		Handle: func(ctx context.Context, r web.Request, in createRequest) (setReply, error) {
			v, err := uc.Create(ctx, in.command(r.Actor.UserID))
			return toSetReply(v), err
		},
	})
	web.Register(api, web.Endpoint[web.PageQuery, web.List[setReply]]{
		Method: http.MethodGet, Path: root, Permission: identity.TakeAttempts,
		Tag: tag, Summary: "List one's own practice sets", Description: "Newest first.",
		Handle: func(ctx context.Context, r web.Request, in web.PageQuery) (web.List[setReply], error) {
			page, err := in.Page()
			if err != nil {
				return web.List[setReply]{}, err
			}
			rows, err := uc.List(ctx, r.Actor.UserID, page)
			return web.ListOf(rows, toSetReply), err
		},
	})
	web.Register(api, web.Endpoint[setPath, setReply]{
		Method: http.MethodGet, Path: one, Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Read a practice set", Faults: web.Faults(practice.ErrNotFound),
		Handle: func(ctx context.Context, r web.Request, in setPath) (setReply, error) {
			v, err := uc.Get(ctx, r.Actor.UserID, in.ID)
			return toSetReply(v), err
		},
	})
}
