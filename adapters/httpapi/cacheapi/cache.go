// Package cacheapi serves the routes of the administration of caches.
package cacheapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/cacheapp"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// UseCases is what the routes call.
type UseCases struct {
	Stats  func(context.Context) (cacheapp.StatsView, error)
	Health func(context.Context) (cacheapp.HealthView, error)
	Clear  func(context.Context, cacheapp.ClearCommand) (ports.CacheCleared, error)
	Start  func(context.Context, cacheapp.WarmCommand) (cacheapp.Started, error)
	Run    func(ctx context.Context, id uuid.UUID) (caching.Run, error)
	Cancel func(ctx context.Context, by identity.Caller, id uuid.UUID) (caching.Run, error)
	TTLs   func(context.Context) ([]cacheapp.TTLView, error)
	SetTTL func(context.Context, cacheapp.SetCommand) (cacheapp.TTLView, error)
	Reset  func(ctx context.Context, by identity.Caller, pattern string) (cacheapp.TTLView, error)
	Advise func(ctx context.Context, target *int) (cacheapp.AdviceView, error)
	Now    func() time.Time
}

const (
	tag  = "Cache"
	root = "/api/v1/admin/cache"
)

// Routes registers the routes.
func Routes(api *web.API, uc UseCases) {
	figureRoutes(api, uc)
	clearRoute(api, uc)
	warmRoutes(api, uc)
	ttlRoutes(api, uc)
	adviceRoute(api, uc)
}

type clearQuery struct {
	Pattern string `query:"pattern" json:"-" validate:"omitempty,max=200" description:"Families such as content:*, separated by commas, or * for everything."`
	Tag     string `query:"tag" json:"-" validate:"omitempty,max=200" description:"Only what depends on that thing, such as exam:ID."`
}

// patterns are those of the query; none when it has none.
func (q clearQuery) patterns() []string {
	return strings.FieldsFunc(q.Pattern, func(r rune) bool { return r == ',' || r == ' ' })
}

// ClearedReply tells what was forgotten.
type ClearedReply struct {
	Forgotten map[string]int `json:"forgotten" description:"Keys of each pattern, in the memory of the process that was asked and in Redis."`
	Total     int            `json:"total"`

	Far caching.FarClearing `json:"far" enum:"cleared,pending,none" description:"Whether Redis has forgotten as well. pending while it does not answer: it is cleared as soon as it does, and until then the process that was asked takes nothing of that from it. none without Redis."`
}

func clearRoute(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[clearQuery, ClearedReply]{
		Method: http.MethodDelete, Path: root, Permission: identity.ManageCache,
		Tag: tag, Summary: "Clear caches",
		Description: "Forgets what the families of pattern hold, in every process and in Redis; with a tag only what depends on it. One of both is needed. Other processes follow within a second; Redis, when it does not answer, as soon as it does.",
		Faults:      web.Faults(caching.ErrNothingNamed, caching.ErrInvalidTag, caching.ErrUnknownPattern),
		Handle: func(ctx context.Context, r web.Request, in clearQuery) (ClearedReply, error) {
			done, err := uc.Clear(ctx, cacheapp.ClearCommand{By: r.Caller(), Patterns: in.patterns(), Tag: in.Tag})
			out := ClearedReply{Forgotten: map[string]int{}, Far: done.Far}
			for _, f := range caching.Families() {
				if n, ok := done.Keys[f.Name]; ok {
					out.Forgotten[f.Pattern()] = n
					out.Total += n
				}
			}
			return out, err
		},
	})
}
