// Package job holds the rules of work that is done later, and again when it fails: how often, after which pause,
// and when to give up.
package job

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/fault"
)

// The failures that administrators meet.
var (
	ErrNotFound      = fault.New(fault.NotFound, "job.not_found", "There is no such job.")
	ErrNotDead       = fault.New(fault.Conflict, "job.not_dead", "Only a job that was given up can be tried again.")
	ErrNotRemovable  = fault.New(fault.Conflict, "job.not_removable", "Only a job that waits or was given up can be removed.")
	ErrAlreadyQueued = fault.New(fault.Conflict, "job.already_queued", "The same work was ordered again meanwhile and is not done yet.")
	ErrNoSchedule    = fault.New(fault.NotFound, "job.schedule_not_found", "There is no such recurring work.")
)

// Kind names what a job does.
type Kind string

// The kinds.
const (
	SendLetter     Kind = "send_letter"
	ExportData     Kind = "export_data"
	EraseAccount   Kind = "erase_account"
	ItemStatistics Kind = "item_statistics"
)

// The limits of repetition.
const (
	MaxTries = 20 // with the pauses below, about ten hours
	// Lease is how long a job is a worker's without a sign of life. It bounds how long the work of a process that was
	// killed waits for another one.
	Lease = 15 * time.Second
	// MaxRun is how long one try may take.
	MaxRun    = 15 * time.Minute
	firstWait = 5 * time.Second
	maxWait   = time.Hour
)

// Renewal is how often a worker extends a lease of that length: twice before it could end.
func Renewal(lease time.Duration) time.Duration { return lease / 3 }

// Job is a piece of work that waits, is being done, is done, or was given up.
type Job struct {
	ID      uuid.UUID
	Kind    Kind
	Payload []byte // what to work on; sealed when it holds secrets
	// Once names the work, where ordering it twice before it is done means doing it once. "" for a job of its own.
	Once        string
	RunAt       time.Time
	Tries       int        // begun so far
	Claim       int        // tells one claim of the job from all others; for the store alone
	LeasedUntil *time.Time // nobody else gets the job before
	CreatedAt   time.Time
	DoneAt      *time.Time
	DeadAt      *time.Time
	LastError   string
}

// State is what became of a job so far.
type State string

// The states.
const (
	Queued  State = "queued"  // waits for its time or a worker, perhaps after a failure
	Running State = "running" // a worker has it
	Done    State = "done"
	Dead    State = "dead" // given up
)

// State returns the state at a time: a job whose lease ended waits again.
func (j Job) State(now time.Time) State {
	switch {
	case j.DoneAt != nil:
		return Done
	case j.DeadAt != nil:
		return Dead
	case j.LeasedUntil != nil && j.LeasedUntil.After(now):
		return Running
	default:
		return Queued
	}
}

// New makes a job that is due at runAt.
func New(id uuid.UUID, kind Kind, payload []byte, now, runAt time.Time) Job {
	return Job{ID: id, Kind: kind, Payload: payload, RunAt: runAt, CreatedAt: now}
}

// OnlyOnce returns the job under a name that it shares with every order of the same work.
func (j Job) OnlyOnce(name string) Job {
	j.Once = name
	return j
}

// ErrHopeless marks a failure that trying again cannot mend.
var ErrHopeless = errors.New("the job can never succeed")

// ErrLeaseLost says that the job is not the worker's any more, who must leave nothing behind.
var ErrLeaseLost = errors.New("the lease of the job was lost")

// ErrWorkersDied is the failure of a job during whose every try the process ended.
var ErrWorkersDied = errors.New("every process that tried the job ended before the job did")

// Exhausted reports whether a claimed job has had all its tries, without any of them reporting how it ended: then it
// is most likely the job that ends the processes.
func (j Job) Exhausted() bool { return j.Tries > MaxTries }

// Revived returns a job that was given up as one that is due now, with all its tries before it; ErrNotDead for any other.
func (j Job) Revived(now time.Time) (Job, error) {
	if j.State(now) != Dead {
		return j, ErrNotDead
	}
	j.DeadAt, j.RunAt, j.Tries = nil, now, 0
	return j, nil
}

// Removable returns ErrNotRemovable for a job that is being done, or was.
func (j Job) Removable(now time.Time) error {
	switch j.State(now) {
	case Queued, Dead:
		return nil
	default:
		return ErrNotRemovable
	}
}

// Next decides what follows a failed try: the time of the next one, or ok = false to give up.
func (j Job) Next(failure error, now time.Time) (at time.Time, ok bool) {
	if errors.Is(failure, ErrHopeless) || j.Tries >= MaxTries {
		return time.Time{}, false
	}
	wait := maxWait
	if shift := j.Tries - 1; shift < 10 {
		wait = min(maxWait, firstWait<<max(shift, 0))
	}
	return now.Add(wait), true
}
