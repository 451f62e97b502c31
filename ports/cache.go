package ports

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/caching"
)

// CacheFigures tells how the caches do.
type CacheFigures interface {
	// Figures returns those of every process that answers in a moment, that of the caller first.
	Figures(ctx context.Context) ([]caching.Figures, error)
}

// CacheAdvisor watches the reads of the caches of this process.
type CacheAdvisor interface {
	// Profile returns what was seen until now, and the name of this process.
	Profile(ctx context.Context) (profile caching.Profile, replica string, err error)
}

// CacheScope is what of the caches is meant: of each family all, or, with a Tag, only what depends on what the tag names,
// such as "exam:<id>". No families means all of them.
type CacheScope struct {
	Families []caching.Family
	Tag      string
}

// CacheControl acts on the caches of all processes.
type CacheControl interface {
	// Clear forgets values in this process and in Redis. Other processes hear of it through Redis; without one, only from
	// [CacheRunDesk.NoteClearing]. While Redis does not answer, what was cleared says that it follows, and the error why;
	// the clearing stands all the same.
	Clear(ctx context.Context, scope CacheScope) (CacheCleared, error)
}

// CacheCleared is what a clearing forgot.
type CacheCleared struct {
	Keys map[string]int // of each family, in this process and in Redis
	Far  caching.FarClearing
}

// Warmer fills the caches of this process, and Redis, with what will be asked for.
type Warmer interface {
	// Plan lists the keys of a family that are worth having, most wanted first, at most limit.
	Plan(ctx context.Context, family caching.Family, limit int) ([]WarmStep, error)
}

// WarmStep fills one key.
type WarmStep struct {
	Key string
	Run func(ctx context.Context) error
}

// CacheSettings reads how long families keep what they hold, as administrators set it.
type CacheSettings interface {
	// All returns the settings; families that nobody changed have none.
	All(ctx context.Context) ([]caching.Setting, error)
}

// CacheSettingsDesk changes them. Every process hears of a change within a second.
type CacheSettingsDesk interface {
	CacheSettings
	Put(ctx context.Context, s caching.Setting) error
	// Remove reports whether there was a setting.
	Remove(ctx context.Context, family string) (bool, error)
}

// CacheRuns keeps fillings of the caches, so that every process can tell how one is doing.
type CacheRuns interface {
	// Run returns one of the last week; caching.ErrNoRun.
	Run(ctx context.Context, id uuid.UUID) (caching.Run, error)
	// Progress stores how far a run has come and how it ended, and returns whether somebody asked for its end.
	Progress(ctx context.Context, r caching.Run) (bool, error)
}

// CacheRunDesk begins and ends them on behalf of administrators.
type CacheRunDesk interface {
	Add(ctx context.Context, r caching.Run) error
	// Cancel asks the process of a run to end it and returns the run as it is; caching.ErrNoRun. One that has ended stays as
	// it is. The process heeds it within a second or two.
	Cancel(ctx context.Context, id uuid.UUID) (caching.Run, error)
	// NoteClearing has every process but that of the name by, which does so itself, forget what the scope names. They heed
	// it within a second.
	NoteClearing(ctx context.Context, scope CacheScope, by string) error
}

// CacheRunRepos is what a unit of work on them touches.
type CacheRunRepos struct {
	Runs  CacheRunDesk
	Audit AuditLog
}

// CacheSettingsRepos is what a change of the settings touches.
type CacheSettingsRepos struct {
	Settings CacheSettingsDesk
	Audit    AuditLog
}
