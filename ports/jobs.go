package ports

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/job"
)

// Jobs takes work to be done after the unit of work that orders it has been stored.
type Jobs interface {
	// Add orders a job. Where a job of the same Once is not done yet it orders nothing.
	Add(ctx context.Context, j job.Job) error
}

// JobQueue hands jobs to workers, each job to one at a time.
type JobQueue interface {
	// Claim takes up to limit jobs that are due, and counts a try of each. Nobody else gets them until the lease ends.
	Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]job.Job, error)
	// Done, Retry and Bury say how a claimed job ended: well, to be tried again at a time, or given up. They do
	// nothing when the lease was lost meanwhile, which tries tells.
	Done(ctx context.Context, j job.Job, at time.Time) error
	Retry(ctx context.Context, j job.Job, at time.Time, failure string) error
	Bury(ctx context.Context, j job.Job, at time.Time, failure string) error
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
