package examapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/examapp"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// PolicyCases is what the routes of rules call.
type PolicyCases struct {
	Get    func(ctx context.Context, id uuid.UUID) (exam.Policy, error)
	Change func(context.Context, examapp.PolicyCommand) (exam.Policy, error)
}

// visibleDTO goes in and out. A field that is left out hides.
type visibleDTO struct {
	Score       bool `json:"score" description:"The result, and how it came about."`
	ChoiceMarks bool `json:"choice_marks" description:"Which choices were right."`
	Key         bool `json:"key" description:"Needs choice_marks, which it tells."`
	Explanation bool `json:"explanation" description:"Why the key is right. Needs key, which it tells."`
	Rationales  bool `json:"rationales" description:"Why each distractor is wrong. Needs key, which they tell."`
	Transcript  bool `json:"transcript" description:"What is heard, and what pictures show."`
	Others      bool `json:"others" description:"How others answered, once 30 have."`
}

type reviewDTO struct {
	During      visibleDTO `json:"during" description:"Before an attempt in practice mode is scored. One in exam mode shows nothing then, whatever is said here."`
	AfterSubmit visibleDTO `json:"after_submit" description:"Once an attempt is scored."`
	AfterClose  visibleDTO `json:"after_close" description:"Once it is scored and closes_at has passed."`
}

type policyReply struct {
	ExamID    uuid.UUID       `json:"exam_id"`
	Review    reviewDTO       `json:"review"`
	Device    exam.DeviceRule `json:"device" enum:"any,takeover,refuse"`
	ClosesAt  *time.Time      `json:"closes_at" description:"From then on no attempt in exam mode can be started; null for never."`
	UpdatedAt *time.Time      `json:"updated_at" description:"null where nobody set the rules, and the usual ones hold."`
	Version   int             `json:"version"`
}

// StateVersion implements web.Versioned.
func (r policyReply) StateVersion() int { return r.Version }

type policyRequest struct {
	examPath
	Version  web.Version     `header:"If-Match" json:"-" description:"The ETag of the rules that the change was decided on."`
	Review   *reviewDTO      `json:"review" validate:"required"`
	Device   exam.DeviceRule `json:"device" validate:"required,oneof=any takeover refuse" description:"any: on all devices at once; takeover: on the one that came last; refuse: on the one that came first."`
	ClosesAt *time.Time      `json:"closes_at,omitempty" description:"null, or left out, for never."`
}

func toPolicyReply(p exam.Policy) policyReply {
	out := policyReply{
		ExamID: p.ExamID, Device: p.Device, ClosesAt: p.ClosesAt, Version: p.Version, Review: reviewDTO{
			During: visibleDTO(p.Review.During), AfterSubmit: visibleDTO(p.Review.AfterSubmit), AfterClose: visibleDTO(p.Review.AfterClose),
		},
	}
	if !p.UpdatedAt.IsZero() {
		out.UpdatedAt = &p.UpdatedAt
	}
	return out
}

// PolicyRoutes registers the routes of the rules of exams.
func PolicyRoutes(api *web.API, uc PolicyCases) {
	const path = "/api/v1/admin/exams/{id}/policy"
	web.Register(api, web.Endpoint[examPath, policyReply]{
		Method: http.MethodGet, Path: path, Permission: identity.ReadScoring,
		Tag: "Exams", Summary: "Read the rules of an exam", Faults: web.Faults(exam.ErrNotFound),
		Handle: func(ctx context.Context, _ web.Request, in examPath) (policyReply, error) {
			p, err := uc.Get(ctx, in.ID)
			return toPolicyReply(p), err
		},
	})
	web.Register(api, web.Endpoint[policyRequest, policyReply]{
		Method: http.MethodPut, Path: path, Permission: identity.ManageScoring,
		Tag: "Exams", Summary: "Set the rules of an exam", Description: "What learners see of their attempts when, on which devices they take it, and until when. All rules at once: what is left out of the matrix is hidden.",
		Faults: web.Faults(exam.ErrNotFound, exam.ErrInvalidPolicy, ports.ErrStale),
		Handle: func(ctx context.Context, r web.Request, in policyRequest) (policyReply, error) {
			p, err := uc.Change(ctx, examapp.PolicyCommand{
				By: r.Caller(), Exam: in.ID, Device: in.Device, ClosesAt: in.ClosesAt, Version: int(in.Version), Review: exam.ReviewRules{
					During: exam.Visible(in.Review.During), AfterSubmit: exam.Visible(in.Review.AfterSubmit), AfterClose: exam.Visible(in.Review.AfterClose),
				},
			})
			return toPolicyReply(p), err
		},
	})
}
