// Package job holds the rules of work that is done later, and again when it fails: how often, after which pause,
// and when to give up.
package job

import (
	"errors"
	"time"

	"github.com/google/uuid"
)

// Kind names what a job does.
type Kind string

// The kinds.
const (
	SendLetter   Kind = "send_letter"
	ExportData   Kind = "export_data"
	EraseAccount Kind = "erase_account"

	ItemStatistics Kind = "item_statistics"
)

// The limits of repetition.
const (
	MaxTries  = 20 // with the pauses below, about ten hours
	Lease     = 2 * time.Minute
	firstWait = 5 * time.Second
	maxWait   = time.Hour
)

// Job is a piece of work that waits, is being done, is done, or was given up.
type Job struct {
	ID      uuid.UUID
	Kind    Kind
	Payload []byte // what to work on; sealed when it holds secrets
	// Once names the work, where ordering it twice before it is done means doing it once. "" for a job of its own.
	Once      string
	RunAt     time.Time
	Tries     int // begun so far
	CreatedAt time.Time
	DoneAt    *time.Time
	DeadAt    *time.Time
	LastError string
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
