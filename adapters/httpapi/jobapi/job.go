// Package jobapi serves the routes of background work.
package jobapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/jobapp"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

// UseCases is what the routes call.
type UseCases struct {
	List      func(context.Context, ports.JobFilter, ports.Page) (ports.Slice[jobapp.View], error)
	Get       func(ctx context.Context, id uuid.UUID) (jobapp.View, error)
	Retry     func(ctx context.Context, by identity.Caller, id uuid.UUID) (jobapp.View, error)
	Remove    func(ctx context.Context, by identity.Caller, id uuid.UUID) error
	Schedules func(context.Context) ([]jobapp.ScheduleView, error)
	RunNow    func(ctx context.Context, by identity.Caller, name string) (jobapp.ScheduleView, error)
}

const tag = "Administration"

type listQuery struct {
	web.PageQuery
	Kind  job.Kind  `query:"kind" json:"-" validate:"omitempty,max=40" description:"Only jobs that do this."`
	State job.State `query:"state" json:"-" validate:"omitempty,oneof=queued running done dead"`
}

type jobPath struct {
	ID uuid.UUID `path:"id" json:"-"`
}

// jobReply shows a job. Its payload stays where it is: it may hold secrets.
type jobReply struct {
	ID          uuid.UUID  `json:"id"`
	Kind        job.Kind   `json:"kind" description:"What the job does."`
	State       job.State  `json:"state" enum:"queued,running,done,dead"`
	Once        *string    `json:"once" description:"The name of the work, where ordering it twice before it is done means doing it once."`
	Tries       int        `json:"tries" description:"Begun so far."`
	CreatedAt   time.Time  `json:"created_at"`
	RunAt       time.Time  `json:"run_at" description:"When it is due, or was."`
	LeasedUntil *time.Time `json:"leased_until" description:"Until when it is its worker's; null while it is nobody's."`
	DoneAt      *time.Time `json:"done_at"`
	DeadAt      *time.Time `json:"dead_at" description:"When it was given up."`
	LastError   string     `json:"last_error" description:"Why the newest try failed."`
}

func toJobReply(v jobapp.View) jobReply {
	r := jobReply{
		ID: v.ID, Kind: v.Kind, State: v.State, Tries: v.Tries, CreatedAt: v.CreatedAt, RunAt: v.RunAt, LeasedUntil: v.LeasedUntil,
		DoneAt: v.DoneAt, DeadAt: v.DeadAt, LastError: v.LastError,
	}
	if v.Once != "" {
		r.Once = &v.Once
	}
	return r
}

// Routes registers the routes of jobs and of recurring work.
func Routes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[listQuery, web.List[jobReply]]{
		Method: http.MethodGet, Path: "/api/v1/admin/jobs", Permission: identity.ReadJobs,
		Tag: tag, Summary: "List jobs", Description: "Newest first. What is done is kept for a week, what was given up for 90 days.",
		Handle: func(ctx context.Context, _ web.Request, in listQuery) (web.List[jobReply], error) {
			page, err := in.Page()
			if err != nil {
				return web.List[jobReply]{}, err
			}
			rows, err := uc.List(ctx, ports.JobFilter{Kind: in.Kind, State: in.State}, page)
			return web.ListOf(rows, toJobReply), err
		},
	})
	web.Register(api, web.Endpoint[jobPath, jobReply]{
		Method: http.MethodGet, Path: "/api/v1/admin/jobs/{id}", Permission: identity.ReadJobs,
		Tag: tag, Summary: "Look at a job", Faults: web.Faults(job.ErrNotFound),
		Handle: func(ctx context.Context, _ web.Request, in jobPath) (jobReply, error) {
			v, err := uc.Get(ctx, in.ID)
			return toJobReply(v), err
		},
	})
	web.Register(api, web.Endpoint[jobPath, jobReply]{
		Method: http.MethodPost, Path: "/api/v1/admin/jobs/{id}/retry", Permission: identity.ManageJobs,
		Tag: tag, Summary: "Try a job again that was given up", Description: "It has all its tries again, from now on.",
		Faults: web.Faults(job.ErrNotFound, job.ErrNotDead, job.ErrAlreadyQueued),
		Handle: func(ctx context.Context, r web.Request, in jobPath) (jobReply, error) {
			v, err := uc.Retry(ctx, r.Caller(), in.ID)
			return toJobReply(v), err
		},
	})
	web.Register(api, web.Endpoint[jobPath, web.None]{
		Method: http.MethodDelete, Path: "/api/v1/admin/jobs/{id}", Permission: identity.ManageJobs, Fresh: true,
		Tag: tag, Summary: "Remove a job that waits or was given up", Description: "What it should have done is never done.",
		Faults: web.Faults(job.ErrNotFound, job.ErrNotRemovable),
		Handle: func(ctx context.Context, r web.Request, in jobPath) (web.None, error) {
			return web.None{}, uc.Remove(ctx, r.Caller(), in.ID)
		},
	})
	scheduleRoutes(api, uc)
}
