package jobapp

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

// View is a job as people see it.
type View struct {
	job.Job
	State job.State
}

// ListJobs lists jobs, newest first.
type ListJobs struct {
	Clock ports.Clock
	Jobs  ports.JobList
}

// Execute returns one stretch of the list.
func (uc ListJobs) Execute(ctx context.Context, which ports.JobFilter, page ports.Page) (ports.Slice[View], error) {
	now := uc.Clock.Now()
	rows, err := uc.Jobs.List(ctx, which, now, page)
	out := ports.Slice[View]{Items: make([]View, len(rows.Items)), Next: rows.Next}
	for i, j := range rows.Items {
		out.Items[i] = View{j, j.State(now)}
	}
	return out, err
}

// GetJob reads one job.
type GetJob struct {
	Clock ports.Clock
	Jobs  ports.JobList
}

// Execute returns job.ErrNotFound when there is none.
func (uc GetJob) Execute(ctx context.Context, id uuid.UUID) (View, error) {
	j, err := uc.Jobs.ByID(ctx, id)
	return View{j, j.State(uc.Clock.Now())}, err
}

// Desk changes jobs and recurring work on behalf of administrators. Every change is recorded in the audit log.
type Desk struct {
	Clock    ports.Clock
	Recorder ports.Recorder
	Work     ports.UnitOfWork[ports.JobRepos]
	Known    []Recurring
}

// record is what the audit log keeps of a job.
type record struct {
	Kind  job.Kind  `json:"kind"`
	State job.State `json:"state"`
	Tries int       `json:"tries"`
}

func objectOf(id uuid.UUID) string { return "job:" + id.String() }

// Retry gives a job that was given up all its tries again; job.ErrNotFound, job.ErrNotDead, and job.ErrAlreadyQueued when the same
// work was ordered again meanwhile.
func (uc Desk) Retry(ctx context.Context, by identity.Caller, id uuid.UUID) (View, error) {
	var out View
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.JobRepos) error {
		now := uc.Clock.Now()
		j, err := repos.Jobs.ForChange(ctx, id)
		if err != nil {
			return err
		}
		again, err := j.Revived(now)
		if err != nil {
			return err
		}
		if err := repos.Jobs.Requeue(ctx, again); err != nil {
			return err
		}
		out = View{again, again.State(now)}
		return uc.Recorder.Record(ctx, repos.Audit, by, audit.JobRetried, objectOf(id),
			record{j.Kind, j.State(now), j.Tries}, record{j.Kind, out.State, again.Tries})
	})
	return out, err
}

// Remove deletes a job that waits or was given up; job.ErrNotFound, job.ErrNotRemovable. What it should have done is not done.
func (uc Desk) Remove(ctx context.Context, by identity.Caller, id uuid.UUID) error {
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.JobRepos) error {
		now := uc.Clock.Now()
		j, err := repos.Jobs.ForChange(ctx, id)
		if err != nil {
			return err
		}
		if err := j.Removable(now); err != nil {
			return err
		}
		if err := repos.Jobs.Remove(ctx, id); err != nil {
			return err
		}
		return uc.Recorder.Record(ctx, repos.Audit, by, audit.JobRemoved, objectOf(id), record{j.Kind, j.State(now), j.Tries}, nil)
	})
}

// RunNow makes recurring work due at once; whichever process looks next begins it. job.ErrNoSchedule.
func (uc Desk) RunNow(ctx context.Context, by identity.Caller, name string) (ScheduleView, error) {
	i := slices.IndexFunc(uc.Known, func(r Recurring) bool { return r.Name == name })
	if i < 0 {
		return ScheduleView{}, job.ErrNoSchedule
	}
	var out ScheduleView
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.JobRepos) error {
		now := uc.Clock.Now()
		s, err := repos.Schedules.BringForward(ctx, name, now)
		if err != nil {
			return err
		}
		before := s.NextAt
		s.NextAt = now
		out = scheduleView(s, uc.Known[i], now)
		return uc.Recorder.Record(ctx, repos.Audit, by, audit.ScheduleRun, "schedule:"+name, due{before}, due{now})
	})
	return out, err
}

// due is what the audit log keeps of recurring work.
type due struct {
	NextAt time.Time `json:"next_at"`
}

// ScheduleView is recurring work as people see it.
type ScheduleView struct {
	job.Schedule
	Rhythm  job.Rhythm
	Running bool
}

func scheduleView(s job.Schedule, r Recurring, now time.Time) ScheduleView {
	return ScheduleView{s, r.Rhythm, s.LeasedUntil != nil && s.LeasedUntil.After(now)}
}

// Schedules lists the recurring work of this version of the program.
type Schedules struct {
	Clock ports.Clock
	Store ports.Schedules
	Work  []Recurring
}

// Execute returns the work that was planned, by name.
func (uc Schedules) Execute(ctx context.Context) ([]ScheduleView, error) {
	rows, err := uc.Store.All(ctx)
	if err != nil {
		return nil, err
	}
	now := uc.Clock.Now()
	var out []ScheduleView
	for _, s := range rows {
		if i := slices.IndexFunc(uc.Work, func(r Recurring) bool { return r.Name == s.Name }); i >= 0 {
			out = append(out, scheduleView(s, uc.Work[i], now))
		}
	}
	return out, nil
}
