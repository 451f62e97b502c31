package cacheapi

import (
	"context"
	"net/http"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/cacheapp"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/identity"
)

// FarHealthReply is whether Redis works.
type FarHealthReply struct {
	Configured bool              `json:"configured"`
	Status     string            `json:"status" enum:"healthy,apart,unreachable,not_configured" description:"apart while it answers, but this process does not hear what others change: values are kept near by for seconds only then."`
	Faults     map[string]uint64 `json:"faults" description:"What was wrong with it since the process started, by kind. None failed a request."`
}

// NearHealthReply is how full the memory of the process is.
type NearHealthReply struct {
	Entries    int64   `json:"entries"`
	Bytes      int64   `json:"bytes"`
	LimitBytes int64   `json:"limit_bytes"`
	Full       float64 `json:"full" description:"Of the limit, in percent. A full cache works as it should."`
}

// HealthReply is whether the tiers of the caches work.
type HealthReply struct {
	Status   string          `json:"status" enum:"healthy,degraded" description:"degraded while Redis is configured and does not answer, or this process does not hear through it what others change: everything is answered all the same, only slower."`
	HitRate  float64         `json:"hit_rate" description:"Of the process that was asked."`
	Near     NearHealthReply `json:"near" description:"Of the process that was asked."`
	Far      FarHealthReply  `json:"far"`
	Replicas int             `json:"replicas" description:"Processes that answer each other."`
}

func toHealth(v cacheapp.HealthView) HealthReply {
	out := HealthReply{
		Status: "healthy", HitRate: rounded(v.Near.HitRate()), Replicas: v.Processes,
		Near: NearHealthReply{Entries: v.Near.Near.Keys, Bytes: v.Near.Near.Bytes, LimitBytes: v.Limit},
		Far:  FarHealthReply{Configured: v.Configured, Status: "not_configured", Faults: map[string]uint64{}},
	}
	if v.Limit > 0 {
		out.Near.Full = rounded(100 * float64(v.Near.Near.Bytes) / float64(v.Limit))
	}
	for _, kind := range caching.Faults() {
		out.Far.Faults[string(kind)] = v.Faults[kind]
	}
	if v.Configured {
		out.Far.Status = farStatus(v)
	}
	if !v.Healthy() {
		out.Status = "degraded"
	}
	return out
}

func farStatus(v cacheapp.HealthView) string {
	switch {
	case !v.Answers:
		return "unreachable"
	case v.Apart:
		return "apart"
	default:
		return "healthy"
	}
}

func figureRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[web.None, StatsReply]{
		Method: http.MethodGet, Path: root + "/stats", Permission: identity.ReadCache,
		Tag: tag, Summary: "Read how the caches do", Description: "Added up over the processes that answer, and of each. Counted since their start.",
		Handle: func(ctx context.Context, _ web.Request, _ web.None) (StatsReply, error) {
			v, err := uc.Stats(ctx)
			return toStats(v), err
		},
	})
	web.Register(api, web.Endpoint[web.None, AdvancedReply]{
		Method: http.MethodGet, Path: root + "/advanced-stats", Permission: identity.ReadCache,
		Tag: tag, Summary: "Read how each family of keys does", Description: "By pattern, with the most read keys and what Redis says of itself.",
		Handle: func(ctx context.Context, _ web.Request, _ web.None) (AdvancedReply, error) {
			v, err := uc.Stats(ctx)
			return toAdvanced(v), err
		},
	})
	web.Register(api, web.Endpoint[web.None, HealthReply]{
		Method: http.MethodGet, Path: root + "/health", Permission: identity.ReadCache,
		Tag: tag, Summary: "Read whether the tiers of the caches work",
		Handle: func(ctx context.Context, _ web.Request, _ web.None) (HealthReply, error) {
			v, err := uc.Health(ctx)
			return toHealth(v), err
		},
	})
}
