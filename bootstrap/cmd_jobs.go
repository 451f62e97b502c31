package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/application/jobapp"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

type jobsList struct {
	Kind  string `help:"Only jobs that do this, such as send_letter." placeholder:"KIND"`
	State string `help:"Only jobs that are queued, running, done or dead." enum:",queued,running,done,dead" default:"" placeholder:"STATE"`
	Limit int    `help:"How many to list, the newest first." default:"50"`
}

// Run prints one line for each job.
func (cmd *jobsList) Run(ctx context.Context, r *run) error {
	if cmd.Limit < 1 {
		return misuse{errors.New("--limit must be at least 1")}
	}
	return r.withCore(ctx, func(c *core) error {
		left, page := cmd.Limit, ports.Page{}
		for left > 0 {
			page.Limit = min(left, 100)
			rows, err := c.jobs.list.Execute(ctx, ports.JobFilter{Kind: job.Kind(cmd.Kind), State: job.State(cmd.State)}, page)
			if err != nil {
				return err
			}
			for _, v := range rows.Items {
				r.printf("%s\n", jobLine(v))
			}
			left -= len(rows.Items)
			if page.After = rows.Next; rows.Next == uuid.Nil {
				break
			}
		}
		return nil
	})
}

func jobLine(v jobapp.View) string {
	line := fmt.Sprintf("%s  %-16s  %-7s  due %s  tries %d", v.ID, v.Kind, v.State, v.RunAt.Format(time.DateTime), v.Tries)
	if v.LastError != "" {
		line += fmt.Sprintf("  %q", v.LastError)
	}
	return line
}

type jobsRetry struct {
	Job string `arg:"" help:"Identifier of a job that was given up, as jobs list prints it."`
}

// Run queues the job again.
func (cmd *jobsRetry) Run(ctx context.Context, r *run) error {
	id, err := uuid.Parse(cmd.Job)
	if err != nil {
		return misuse{fmt.Errorf("%q is not the identifier of a job", cmd.Job)}
	}
	return r.withCore(ctx, func(c *core) error {
		v, err := c.jobs.desk.Retry(ctx, identity.Caller{}, id)
		if err != nil {
			return r.explained(err)
		}
		r.printf("%s\n", jobLine(v))
		return nil
	})
}

type jobsSchedules struct{}

// Run prints one line for each piece of recurring work.
func (*jobsSchedules) Run(ctx context.Context, r *run) error {
	return r.withCore(ctx, func(c *core) error {
		if err := c.jobs.schedule.Plan(ctx); err != nil {
			return err
		}
		rows, err := c.jobs.schedules.Execute(ctx)
		if err != nil {
			return err
		}
		for _, v := range rows {
			r.printf("%-20s  %-26s  next %s  succeeded %s  runs %d", v.Name, v.Rhythm, v.NextAt.Format(time.DateTime), timeOrNever(v.SucceededAt), v.Runs)
			if v.LastError != "" {
				r.printf("  %q", v.LastError)
			}
			r.printf("\n")
		}
		return nil
	})
}

func timeOrNever(t *time.Time) string {
	if t == nil {
		return "never"
	}
	return t.Format(time.DateTime)
}
