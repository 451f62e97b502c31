package jobapi

import (
	"context"
	"net/http"
	"time"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/jobapp"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/job"
)

type scheduleReply struct {
	Name        string     `json:"name"`
	Rhythm      string     `json:"rhythm" description:"When it is due, in words."`
	NextAt      time.Time  `json:"next_at" description:"When it is due next. Urgent work may begin before."`
	Running     bool       `json:"running"`
	Runs        int64      `json:"runs" description:"Begun so far, by all processes."`
	BeganAt     *time.Time `json:"began_at" description:"When its newest run began."`
	SucceededAt *time.Time `json:"succeeded_at" description:"When the newest run that did not fail ended."`
	LastError   string     `json:"last_error" description:"Why its newest run failed; empty when it did not."`
}

func toScheduleReply(v jobapp.ScheduleView) scheduleReply {
	return scheduleReply{
		Name: v.Name, Rhythm: v.Rhythm.String(), NextAt: v.NextAt, Running: v.Running, Runs: v.Runs, BeganAt: v.BeganAt,
		SucceededAt: v.SucceededAt, LastError: v.LastError,
	}
}

type schedulesReply struct {
	Items []scheduleReply `json:"items"`
}

type schedulePath struct {
	Name string `path:"name" json:"-"`
}

func scheduleRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[web.None, schedulesReply]{
		Method: http.MethodGet, Path: "/api/v1/admin/schedules", Permission: identity.ReadJobs,
		Tag: tag, Summary: "List recurring work",
		Handle: func(ctx context.Context, _ web.Request, _ web.None) (schedulesReply, error) {
			rows, err := uc.Schedules(ctx)
			out := schedulesReply{Items: make([]scheduleReply, len(rows))}
			for i, v := range rows {
				out.Items[i] = toScheduleReply(v)
			}
			return out, err
		},
	})
	web.Register(api, web.Endpoint[schedulePath, scheduleReply]{
		Method: http.MethodPost, Path: "/api/v1/admin/schedules/{name}/run", Permission: identity.ManageJobs, Status: http.StatusAccepted,
		Tag: tag, Summary: "Do recurring work now", Description: "It begins within a second, or when the run that is under way has ended.",
		Faults: web.Faults(job.ErrNoSchedule),
		Handle: func(ctx context.Context, r web.Request, in schedulePath) (scheduleReply, error) {
			v, err := uc.RunNow(ctx, r.Caller(), in.Name)
			return toScheduleReply(v), err
		},
	})
}
