package cacheapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/cacheapp"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/identity"
)

type warmRequest struct {
	Patterns patternList `json:"patterns,omitempty" validate:"omitempty,min=1,max=20,dive,max=100" description:"Such as content:*, or * for all families. Left out, everything is cleared first, and all is loaded that can be in advance; an empty list is refused."`
}

// patternList is a list of which null is as empty as [], so that only who leaves it out has everything cleared.
type patternList []string

// UnmarshalJSON implements json.Unmarshaler.
func (l *patternList) UnmarshalJSON(text []byte) error {
	err := json.Unmarshal(text, (*[]string)(l))
	if *l == nil {
		*l = patternList{}
	}
	return err
}

type runPath struct {
	ID uuid.UUID `path:"id" json:"-"`
}

// WarmedReply is how far a run has come with a pattern.
type WarmedReply struct {
	Planned int    `json:"planned" description:"Keys that are worth having in advance, as many as a run takes."`
	Loaded  int    `json:"loaded"`
	Failed  int    `json:"failed"`
	Note    string `json:"note,omitempty" description:"Why there is nothing to do, or less than there should be."`
}

// RunReply is one filling of the caches.
type RunReply struct {
	ID        uuid.UUID              `json:"id"`
	State     caching.Outcome        `json:"state" enum:"running,done,cancelled,interrupted,lost" description:"interrupted: its time was over, or its process stopped; lost: its process died."`
	Replica   string                 `json:"replica" description:"The process that does it."`
	Cleared   bool                   `json:"cleared" description:"Whether everything was cleared first."`
	Far       caching.FarClearing    `json:"far,omitempty" enum:"cleared,pending,none" description:"What became of the clearing in Redis: pending while it does not answer; it is cleared as soon as it does. Left out where nothing is cleared, or is not yet."`
	StartedAt time.Time              `json:"started_at"`
	EndedAt   *time.Time             `json:"ended_at"`
	Loaded    int                    `json:"loaded" description:"Keys of all patterns."`
	Failed    int                    `json:"failed"`
	Patterns  map[string]WarmedReply `json:"patterns"`
}

func toRun(r caching.Run, now time.Time) RunReply {
	out := RunReply{
		ID: r.ID, State: r.State(now), Replica: r.Replica, Cleared: r.Cleared, Far: r.Far, StartedAt: r.StartedAt, EndedAt: r.EndedAt,
		Patterns: map[string]WarmedReply{},
	}
	for _, w := range r.Families {
		out.Loaded += w.Loaded
		out.Failed += w.Failed
		out.Patterns[w.Pattern()] = WarmedReply{Planned: w.Planned, Loaded: w.Loaded, Failed: w.Failed, Note: w.Note}
	}
	return out
}

// StartedReply is a filling that somebody asked for.
type StartedReply struct {
	RunReply
	Begun bool `json:"begun" description:"Whether this request began it; otherwise the same was under way."`
}

func warmRoutes(api *web.API, uc UseCases) {
	const one = root + "/warm/{id}"
	web.Register(api, web.Endpoint[warmRequest, StartedReply]{
		Method: http.MethodPost, Path: root + "/warm", Permission: identity.ManageCache,
		OptionalBody: true, AnyType: true,
		Tag: tag, Summary: "Fill the caches",
		Description: "Loads what will be asked for into the memory of this process and into Redis. The body may be left out, and is read as JSON whatever its Content-Type. " +
			"A pattern that names no family is told as such, and the others are loaded. " +
			"A process does one run at a time: while one is under way that does the same, that is returned; one that does something else is in the way, unless it is that of a new process, which is replaced. " +
			"A run that takes but a moment is returned when it has ended; of others, ask again.",
		Faults: web.Faults(caching.ErrRunUnderWay),
		Handle: func(ctx context.Context, r web.Request, in warmRequest) (StartedReply, error) {
			started, err := uc.Start(ctx, cacheapp.WarmCommand{By: r.Caller(), Patterns: in.Patterns})
			return StartedReply{toRun(started.Run, uc.Now()), started.Begun}, err
		},
	})
	web.Register(api, web.Endpoint[runPath, RunReply]{
		Method: http.MethodGet, Path: one, Permission: identity.ReadCache,
		Tag: tag, Summary: "Look how a filling of the caches is doing", Description: "Every process knows the runs of all, for a week; those of others about a second late.",
		Faults: web.Faults(caching.ErrNoRun),
		Handle: func(ctx context.Context, _ web.Request, in runPath) (RunReply, error) {
			run, err := uc.Run(ctx, in.ID)
			return toRun(run, uc.Now()), err
		},
	})
	web.Register(api, web.Endpoint[runPath, RunReply]{
		Method: http.MethodDelete, Path: one, Permission: identity.ManageCache,
		Tag: tag, Summary: "End a filling of the caches", Description: "What is loaded stays. The process that does the run heeds it within two seconds. A run that has ended stays as it is.",
		Faults: web.Faults(caching.ErrNoRun),
		Handle: func(ctx context.Context, r web.Request, in runPath) (RunReply, error) {
			run, err := uc.Cancel(ctx, r.Caller(), in.ID)
			return toRun(run, uc.Now()), err
		},
	})
}
