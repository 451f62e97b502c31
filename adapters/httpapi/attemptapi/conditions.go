package attemptapi

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
)

// ConditionCases is what the routes call that are about the conditions under which attempts are taken.
type ConditionCases struct {
	Pause    func(ctx context.Context, by attemptapp.Taker, id uuid.UUID) (attemptapp.View, error)
	Resume   func(ctx context.Context, by attemptapp.Taker, id uuid.UUID) (attemptapp.View, error)
	Claim    func(ctx context.Context, by attemptapp.Taker, id uuid.UUID) (attemptapp.View, error)
	Release  func(ctx context.Context, by identity.Caller, id uuid.UUID) error
	Own      func(ctx context.Context, user uuid.UUID) (attempt.Grant, error)
	Granted  func(ctx context.Context, user uuid.UUID) (attemptapp.Granted, error)
	Grant    func(context.Context, attemptapp.GrantCommand) (attemptapp.Granted, error)
	Withdraw func(context.Context, attemptapp.GrantCommand) error
	// AudioPauses are those without an accommodation.
	AudioPauses attempt.AudioPauses
}

// conditionsReply is what an attempt tells of the conditions under which it is taken.
type conditionsReply struct {
	TimeLimit      *int                `json:"time_limit_seconds" description:"Practice mode: the limit that was asked for, before accommodations; null without one, and in exam mode."`
	Remaining      *int                `json:"remaining_seconds" description:"What is left until deadline_at on a clock that runs, or during a pause on the clock that stands; null without a clock and once closed."`
	PausedAt       *time.Time          `json:"paused_at" description:"Since when the clock has been standing; null when it runs."`
	PausesLeft     *int                `json:"pauses_left" description:"How often the attempt may still be paused; null in exam mode."`
	Held           bool                `json:"held_by_this_device" description:"Whether this device may answer. If not, it has to claim the attempt first."`
	Accommodations accommodationsReply `json:"accommodations" description:"What is in force for this attempt."`
	AudioPauses    *audioPausesReply   `json:"audio_pauses" description:"How long the audio is silent, accommodations included; null without Listening."`
}

// audioPausesReply gives milliseconds.
type audioPausesReply struct {
	AfterQuestion []partPauseReply `json:"after_question" description:"By part."`
	AfterGraphic  int64            `json:"after_graphic_question_ms" description:"In place of it after a question that asks about a graphic."`
	NextPage      int64            `json:"next_page_ms"`
	LeadIn        int64            `json:"lead_in_ms"`
}

type partPauseReply struct {
	Part exam.Part `json:"part"`
	Ms   int64     `json:"ms"`
}

func toConditionsReply(v attemptapp.View, session uuid.UUID, pauses attempt.AudioPauses) conditionsReply {
	out := conditionsReply{
		Remaining: nil, PausedAt: v.PausedSince, Held: v.Held(session),
		Accommodations: toAccommodationsReply(v.Granted), AudioPauses: toAudioPausesReply(pauses.For(v.Taken, v.Granted)),
	}
	if v.Remaining != nil {
		out.Remaining = new(int(*v.Remaining / time.Second))
	}
	if v.Limit > 0 {
		out.TimeLimit = new(int(v.Limit / time.Second))
	}
	if v.Mode == attempt.PracticeMode {
		out.PausesLeft = new(max(0, attempt.MaxPauses-v.Pauses))
	}
	return out
}

func toAudioPausesReply(p attempt.AudioPauses) *audioPausesReply {
	if len(p.AfterQuestion) == 0 {
		return nil
	}
	out := &audioPausesReply{
		AfterGraphic: p.AfterGraphic.Milliseconds(), NextPage: p.NextPage.Milliseconds(), LeadIn: p.LeadIn.Milliseconds(),
	}
	for part, d := range p.AfterQuestion {
		out.AfterQuestion = append(out.AfterQuestion, partPauseReply{Part: part, Ms: d.Milliseconds()})
	}
	slices.SortFunc(out.AfterQuestion, func(a, b partPauseReply) int { return int(a.Part - b.Part) })
	return out
}

func conditionRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[attemptPath, attemptReply]{
		Method: http.MethodPost, Path: one + "/pause", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Stop the clock of a practice attempt",
		Description: "Up to 20 times. While it stands, questions are not shown and answers refused, so hand in first what was answered before; " +
			"a client keeps what is refused and hands it in after resuming. The attempt can still be submitted and abandoned. " +
			"A pause ends by itself after 24 hours. Again during a pause, it changes nothing.",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrClosed, attempt.ErrNoPauses, attempt.ErrPausesUsedUp),
		Handle: uc.show(uc.Conditions.Pause),
	})
	web.Register(api, web.Endpoint[attemptPath, attemptReply]{
		Method: http.MethodPost, Path: one + "/resume", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Let the clock of a practice attempt go on", Description: "The deadline is later by the time that the clock stood. When it runs, this changes nothing.",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrClosed, attempt.ErrOtherDevice, attempt.ErrTakenOver),
		Handle: uc.show(uc.Conditions.Resume),
	})
	web.Register(api, web.Endpoint[attemptPath, attemptReply]{
		Method: http.MethodPost, Path: one + "/claim", Permission: identity.TakeAttempts,
		Tag: tag, Summary: "Go on with an attempt on this device",
		Description: "An attempt in exam mode is held by the device, that is, the session, that started it. If the policy of the exam allows it, " +
			"this one holds it from now on, and the former device is refused. Where devices are locked, the holder has to have signed out, " +
			"or a teacher to have released the attempt.",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrClosed, attempt.ErrDeviceLocked),
		Handle: uc.show(uc.Conditions.Claim),
	})
	web.Register(api, web.Endpoint[attemptPath, web.None]{
		Method: http.MethodPost, Path: "/api/v1/admin/attempts/{id}/release", Permission: identity.ManageLearners,
		Tag: learnersTag, Summary: "Take an attempt from the device that holds it", Description: "Any device of the learner may go on with it, until one claims it.",
		Faults: web.Faults(attempt.ErrNotFound, attempt.ErrClosed, attempt.ErrNotHeld),
		Handle: func(ctx context.Context, r web.Request, in attemptPath) (web.None, error) {
			return web.None{}, uc.Conditions.Release(ctx, r.Caller(), in.ID)
		},
	})
}
