package ports

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/job"
)

// Jobs orders work that is done after the unit of work that orders it has been stored, and notes in a unit of work
// that a job was done.
type Jobs interface {
	// Add orders a job and reports whether that was news. Where a job of the same Once is not done yet it orders nothing:
	// one that waits will not begin before this unit of work has ended, so that it finds what this one stores; it runs at the
	// earlier of both times. One that is being done, which may have looked already, will run once more at the new time.
	Add(ctx context.Context, j job.Job) (bool, error)
	// Done notes that a claimed job was done, together with what it did: both are stored or neither, so that the effect is
	// there exactly once wherever a process dies. Call it last in the unit of work. job.ErrLeaseLost, upon which nothing
	// may be stored, when the job is somebody else's by now.
	Done(ctx context.Context, j job.Job, at time.Time) error
}

// JobQueue hands jobs to workers, each job to one at a time.
type JobQueue interface {
	// Claim takes up to limit jobs that are due, and counts a try of each. Nobody else gets them until the lease ends.
	Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]job.Job, error)
	// Extend makes the lease of a claimed job longer; job.ErrLeaseLost when it is somebody else's by now.
	Extend(ctx context.Context, j job.Job, until time.Time) error
	// Done, Retry and Bury say how a claimed job ended: well, to be tried again at a time, or given up. Release hands it
	// back as it was. They do nothing when the lease was lost meanwhile, or the job was noted as done before.
	Done(ctx context.Context, j job.Job, at time.Time) error
	Retry(ctx context.Context, j job.Job, at time.Time, failure string) error
	Bury(ctx context.Context, j job.Job, at time.Time, failure string) error
	Release(ctx context.Context, j job.Job) error
	// Ordered receives something soon after this process stored orders that are due at once, and after a claim, which may
	// have left others. Several orders may make one message, which one of several receivers gets.
	Ordered() <-chan struct{}
}

// JobFilter selects jobs; a zero field selects all.
type JobFilter struct {
	Kind  job.Kind
	State job.State
}

// JobList reads jobs, without their payloads, which may hold secrets.
type JobList interface {
	// ByID returns job.ErrNotFound when there is none.
	ByID(ctx context.Context, id uuid.UUID) (job.Job, error)
	// List gives jobs that are in a state at now, newest first.
	List(ctx context.Context, which JobFilter, now time.Time, page Page) (Slice[job.Job], error)
}

// JobDesk changes jobs on behalf of administrators.
type JobDesk interface {
	// ForChange returns a job, without its payload, that no worker takes meanwhile; job.ErrNotFound.
	ForChange(ctx context.Context, id uuid.UUID) (job.Job, error)
	// Requeue stores a job that was given up as one that waits; job.ErrAlreadyQueued when another of its Once is not done yet.
	Requeue(ctx context.Context, j job.Job) error
	// Remove deletes a job; job.ErrNotFound.
	Remove(ctx context.Context, id uuid.UUID) error
}

// Schedules keeps when recurring work is due, and sees to it that one process at a time does it.
type Schedules interface {
	// Plan makes a schedule that is due at first, unless there is one; then it only sees to it that it is due no later than latest.
	Plan(ctx context.Context, name string, first, latest time.Time) error
	// All lists the schedules by name.
	All(ctx context.Context) ([]job.Schedule, error)
	// Claim begins a run and reports whether it did; of concurrent calls one does. It does not when the schedule is not due,
	// which does not matter to urgent work, or when a run is under way whose lease has not ended.
	Claim(ctx context.Context, name string, now, until time.Time, urgent bool) (job.Schedule, bool, error)
	// Extend makes the lease of a run longer; job.ErrLeaseLost when another run has begun.
	Extend(ctx context.Context, run job.Schedule, until time.Time) error
	// Finish notes how a run ended, "" for well, and when the next one is due; if somebody brought it forward meanwhile,
	// that stands. Release gives a run up that was cut short, so that any process may begin it again. Both do nothing when
	// another run has begun.
	Finish(ctx context.Context, run job.Schedule, at, next time.Time, failure string) error
	Release(ctx context.Context, run job.Schedule) error
}

// ScheduleDesk changes schedules on behalf of administrators.
type ScheduleDesk interface {
	// BringForward makes a schedule due at a time and returns it as it was before; job.ErrNoSchedule.
	BringForward(ctx context.Context, name string, at time.Time) (job.Schedule, error)
}

// JobRepos is what a unit of work on jobs may touch.
type JobRepos struct {
	Jobs      JobDesk
	Schedules ScheduleDesk
	Audit     AuditLog
}

// AuditLog is the chain of administrative changes.
type AuditLog interface {
	// Head returns the end of the chain, and lets nobody else append until the unit of work ends.
	Head(ctx context.Context) (audit.Head, error)
	// Append stores the next entry; its Seq and Hash become the head.
	Append(ctx context.Context, e audit.Entry) error
}

// Recorder writes an administrative change into the audit log, in the unit of work of the change itself. before and
// after are what the change is about, encoded as JSON, without secrets; nil for nothing.
type Recorder interface {
	Record(ctx context.Context, log AuditLog, by identity.Caller, what audit.Action, object string, before, after any) error
}

// AuditFilter selects entries; a zero field selects all.
type AuditFilter struct {
	User   uuid.UUID
	Object string
	Action audit.Action
}

// AuditReader reads the chain.
type AuditReader interface {
	// Newest gives up to limit entries before a sequence number, newest first; zero starts at the end.
	Newest(ctx context.Context, which AuditFilter, before int64, limit int) ([]audit.Entry, error)
	// Oldest gives up to limit entries after a sequence number, oldest first.
	Oldest(ctx context.Context, after int64, limit int) ([]audit.Entry, error)
	// End returns the stored head.
	End(ctx context.Context) (audit.Head, error)
}

// AuditKey makes the keyed hashes of the chain.
type AuditKey interface {
	Digest(content []byte) string
}

// ActorChange says that what was remembered of a subject is out of date: user:ID, session:ID, token:ID, or roles.
type ActorChange struct {
	ID      uuid.UUID
	Subject string
}

// ActorChanges tells what changed about who may do what. A change is visible as soon as what caused it is.
type ActorChanges interface {
	// Since gives the changes after a time, by the clock of whoever made them.
	Since(ctx context.Context, at time.Time) ([]ActorChange, error)
}
