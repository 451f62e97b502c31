package caching

import (
	"time"

	"github.com/google/uuid"
)

// Run is one filling of the caches ahead of those who will ask. It belongs to the process that does it.
type Run struct {
	ID         uuid.UUID
	Replica    string // the process
	By         uuid.UUID
	Families   []Warmed
	Cleared    bool        // what was there was forgotten first
	Far        FarClearing // what became of that in Redis; "" until it is done, and where nothing is cleared
	StartedAt  time.Time
	SeenAt     time.Time // when the process last said that it works on it
	Outcome    Outcome
	EndedAt    *time.Time
	Cancelling bool // somebody asked for its end
}

// Warmed is how far a run has come with a family.
type Warmed struct {
	Family  string // "" when the pattern names none
	Unknown string // the pattern that names none
	Planned int    // keys worth having, as many as a run takes of a family
	Loaded  int
	Failed  int
	Note    string // why there is nothing to do, or less than there should be
}

// Outcome is how a run ended.
type Outcome string

// The outcomes.
const (
	Running     Outcome = "running"
	Done        Outcome = "done"
	Cancelled   Outcome = "cancelled"   // somebody did not want it any more
	Interrupted Outcome = "interrupted" // its time was over, or its process stopped
	Lost        Outcome = "lost"        // its process died
)

// SilentFor is how long a process may say nothing of its run before the run is given up as lost. It says something every
// second; the rest allows for the clocks of whoever runs and whoever asks, which may differ.
const SilentFor = 2 * time.Minute

// State returns how the run is doing at a time.
func (r Run) State(now time.Time) Outcome {
	if r.Outcome == Running && now.Sub(r.SeenAt) > SilentFor {
		return Lost
	}
	return r.Outcome
}

// Pattern is what a run was asked for.
func (w Warmed) Pattern() string {
	if w.Unknown != "" {
		return w.Unknown
	}
	return Family{Name: w.Family}.Pattern()
}

// NotWarmable says why a family has nothing to load in advance; "" when it has.
func (f Family) NotWarmable() string {
	if f.Warmable {
		return ""
	}
	return "What it will be asked for is not known before somebody signs in."
}
