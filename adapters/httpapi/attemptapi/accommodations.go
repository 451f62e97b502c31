package attemptapi

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

const learnersTag = "Learners"

// accommodationsReply is what was granted, in the terms of the test's makers.
type accommodationsReply struct {
	TimeFactor       float64 `json:"time_factor" description:"What section limits, and limits set in practice mode, are multiplied by; 1 to 3."`
	ExtraMinutes     int     `json:"extra_minutes" description:"Added to each section then, because time cannot be carried from one section into the other."`
	PauseFactor      float64 `json:"pause_factor" description:"What the pauses of the audio are multiplied by; 1 to 3. The Listening section is long enough for them in any case."`
	ListeningOmitted bool    `json:"listening_omitted" description:"Attempts in exam mode have no Listening, and so no total score."`
}

func toAccommodationsReply(a attempt.Accommodation) accommodationsReply {
	return accommodationsReply{
		TimeFactor: factor(a.MoreTime), ExtraMinutes: int(a.Extra / time.Minute), PauseFactor: factor(a.MorePause), ListeningOmitted: a.ListeningOmitted,
	}
}

// factor writes percent on top as a factor.
func factor(more int) float64 { return float64(100+more) / 100 }

// more reads a factor as percent on top; 1 when it is left out.
func more(factor *float64) int {
	if factor == nil {
		return 0
	}
	return int(math.Round(*factor*100)) - 100
}

// grantReply is what was granted to one learner.
type grantReply struct {
	UserID uuid.UUID `json:"user_id"`
	accommodationsReply
	UpdatedAt *time.Time `json:"updated_at" description:"null when nothing was ever granted."`
	Version   int        `json:"version" description:"The ETag to send as If-Match is \"v\" and this number; 0 when nothing was ever granted."`
}

// StateVersion implements web.Versioned.
func (r grantReply) StateVersion() int { return r.Version }

func toGrantReply(g attempt.Grant) grantReply {
	out := grantReply{UserID: g.UserID, accommodationsReply: toAccommodationsReply(g.Accommodation), Version: g.Version}
	if g.Version > 0 {
		out.UpdatedAt = &g.UpdatedAt
	}
	return out
}

// grantedReply also tells what became of the learner's open attempts.
type grantedReply struct {
	grantReply
	OpenAttempts []openAttemptReply `json:"open_attempts" description:"The attempts in progress, as they are now."`
}

type openAttemptReply struct {
	ID                uuid.UUID    `json:"id"`
	ExamID            uuid.UUID    `json:"exam_id"`
	Mode              attempt.Mode `json:"mode" enum:"exam,practice"`
	Section           *string      `json:"section" enum:"listening,reading"`
	SectionDeadlineAt *time.Time   `json:"section_deadline_at"`
	DeadlineAt        *time.Time   `json:"deadline_at"`
	PausedAt          *time.Time   `json:"paused_at"`
}

func toGrantedReply(g attemptapp.Granted) grantedReply {
	out := grantedReply{grantReply: toGrantReply(g.Grant), OpenAttempts: make([]openAttemptReply, len(g.Open))}
	for i, v := range g.Open {
		out.OpenAttempts[i] = openAttemptReply{
			ID: v.ID, ExamID: v.ExamID, Mode: v.Mode, SectionDeadlineAt: v.SectionDeadline, DeadlineAt: v.DeadlineAt, PausedAt: v.PausedSince,
		}
		if v.Section != "" {
			out.OpenAttempts[i].Section = new(string(v.Section))
		}
	}
	return out
}

type learnerPath struct {
	ID uuid.UUID `path:"id" json:"-"`
}

type grantRequest struct {
	learnerPath
	Version          web.Version `header:"If-Match" json:"-" description:"The ETag of the accommodations that the change was decided on."`
	TimeFactor       *float64    `json:"time_factor,omitempty" validate:"omitempty,min=1,max=3" description:"In hundredths; 1 when left out."`
	ExtraMinutes     int         `json:"extra_minutes,omitempty" validate:"omitempty,min=0,max=240" description:"None when left out."`
	PauseFactor      *float64    `json:"pause_factor,omitempty" validate:"omitempty,min=1,max=3" description:"In hundredths; 1 when left out."`
	ListeningOmitted bool        `json:"listening_omitted,omitempty"`
}

func (in grantRequest) accommodation() attempt.Accommodation {
	return attempt.Accommodation{
		MoreTime: more(in.TimeFactor), Extra: time.Duration(in.ExtraMinutes) * time.Minute, MorePause: more(in.PauseFactor), ListeningOmitted: in.ListeningOmitted,
	}
}

type withdrawRequest struct {
	learnerPath
	Version web.Version `header:"If-Match" json:"-" description:"The ETag of the accommodations that the change was decided on."`
}

const accommodations = "/api/v1/admin/users/{id}/accommodations"

func accommodationRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[web.None, grantReply]{
		Method: http.MethodGet, Path: "/api/v1/users/me/accommodations", Permission: identity.OwnAccount,
		Tag: tag, Summary: "Read one's own accommodations",
		Handle: func(ctx context.Context, r web.Request, _ web.None) (grantReply, error) {
			g, err := uc.Conditions.Own(ctx, r.Actor.UserID)
			return toGrantReply(g), err
		},
	})
	web.Register(api, web.Endpoint[learnerPath, grantedReply]{
		Method: http.MethodGet, Path: accommodations, Permission: identity.ReadLearners,
		Tag: learnersTag, Summary: "Read the accommodations of a learner", Faults: web.Faults(identity.ErrUserNotFound),
		Handle: func(ctx context.Context, _ web.Request, in learnerPath) (grantedReply, error) {
			g, err := uc.Conditions.Granted(ctx, in.ID)
			return toGrantedReply(g), err
		},
	})
	web.Register(api, web.Endpoint[grantRequest, grantedReply]{
		Method: http.MethodPut, Path: accommodations, Permission: identity.ManageLearners,
		Tag: learnersTag, Summary: "Grant accommodations to a learner",
		Description: "What is left out is not granted any more. Open attempts follow at once, their limits counted anew from where the section began: " +
			"a section that is over stays over; a limit cut below what has passed leaves one minute, or what was left if that is less; " +
			"with Listening omitted, an attempt in Listening moves to Reading, which has its full time, and gets Listening back no more.",
		Faults: web.Faults(identity.ErrUserNotFound, attempt.ErrInvalidAccommodation, ports.ErrStale),
		Handle: func(ctx context.Context, r web.Request, in grantRequest) (grantedReply, error) {
			g, err := uc.Conditions.Grant(ctx, attemptapp.GrantCommand{By: r.Caller(), User: in.ID, To: in.accommodation(), Version: int(in.Version)})
			return toGrantedReply(g), err
		},
	})
	web.Register(api, web.Endpoint[withdrawRequest, web.None]{
		Method: http.MethodDelete, Path: accommodations, Permission: identity.ManageLearners,
		Tag: learnersTag, Summary: "Withdraw the accommodations of a learner", Description: "Open attempts follow as they do when others are granted.",
		Faults: web.Faults(identity.ErrUserNotFound, attempt.ErrNoAccommodation, ports.ErrStale),
		Handle: func(ctx context.Context, r web.Request, in withdrawRequest) (web.None, error) {
			return web.None{}, uc.Conditions.Withdraw(ctx, attemptapp.GrantCommand{By: r.Caller(), User: in.ID, Version: int(in.Version)})
		},
	})
}
