// Package opsapi is the HTTP face of operation: health for people, load balancers and scripts.
package opsapi

import (
	"context"
	"net/http"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/opsapp"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// ErrDraining says that this process wants no requests at the moment.
var ErrDraining = fault.New(fault.Unavailable, "service.draining", "This process is starting or stopping; ask another one.")

// UseCases is what the routes call.
type UseCases struct {
	Health func(context.Context) opsapp.Report
	Ready  func() bool
	// Version is that of the program.
	Version string
}

type healthReply struct {
	Status  opsapp.Status         `json:"status" enum:"healthy,degraded,unhealthy"`
	Version string                `json:"version"`
	Checks  map[string]checkReply `json:"checks"`
}

type checkReply struct {
	Status    opsapp.Status `json:"status" enum:"healthy,degraded,unhealthy"`
	Required  bool          `json:"required" description:"Whether the service works without it."`
	LatencyMs float64       `json:"latency_ms"`
}

// StatusCode is 503 only when the service does not work.
func (r healthReply) StatusCode() int {
	if r.Status == opsapp.Unhealthy {
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

type statusReply struct {
	Status string `json:"status" enum:"live,ready"`
}

// Routes registers the routes.
func Routes(api *web.API, uc UseCases) {
	const tag = "Operation"
	web.Register(api, web.Endpoint[web.None, healthReply]{
		Method: http.MethodGet, Path: "/health", Permission: identity.Public, Class: web.Free,
		Tag: tag, Summary: "Health of the service and what it depends on", Description: "503 only when unhealthy.",
		Handle: func(ctx context.Context, _ web.Request, _ web.None) (healthReply, error) {
			return toHealthReply(uc.Health(ctx), uc.Version), nil
		},
	})
	web.Register(api, web.Endpoint[web.None, statusReply]{
		Method: http.MethodGet, Path: "/health/live", Permission: identity.Public, Class: web.Free,
		Tag: tag, Summary: "Whether the process runs", Description: "Asks nothing of anything else.",
		Handle: func(context.Context, web.Request, web.None) (statusReply, error) {
			return statusReply{Status: "live"}, nil
		},
	})
	web.Register(api, web.Endpoint[web.None, statusReply]{
		Method: http.MethodGet, Path: "/health/ready", Permission: identity.Public, Class: web.Free,
		Tag: tag, Summary: "Whether the process wants requests", Description: "503 while it starts, while it drains, and while it is unhealthy.",
		Faults: web.Faults(ErrDraining, ports.ErrUnavailable),
		Handle: func(ctx context.Context, _ web.Request, _ web.None) (statusReply, error) {
			switch {
			case !uc.Ready():
				return statusReply{}, web.Planned(ErrDraining)
			case uc.Health(ctx).Status == opsapp.Unhealthy:
				return statusReply{}, ports.ErrUnavailable
			}
			return statusReply{Status: "ready"}, nil
		},
	})
}

func toHealthReply(r opsapp.Report, version string) healthReply {
	out := healthReply{Status: r.Status, Version: version, Checks: map[string]checkReply{}}
	for _, c := range r.Checks {
		out.Checks[c.Name] = checkReply{Status: c.Status, Required: c.Required, LatencyMs: float64(c.Took.Microseconds()) / 1000}
	}
	return out
}
