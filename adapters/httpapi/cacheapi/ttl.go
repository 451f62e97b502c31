package cacheapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/cacheapp"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/identity"
)

type ttlRequest struct {
	Pattern string   `json:"pattern" validate:"required,max=100" description:"Such as content:*."`
	Seconds *float64 `json:"ttl_seconds" validate:"required" description:"Within the bounds of the family; to the millisecond."`
}

type ttlQuery struct {
	Pattern string `query:"pattern" json:"-" validate:"required,max=100" description:"Such as content:*."`
}

// TTLReply is how long a family keeps what it holds.
type TTLReply struct {
	Pattern  string         `json:"pattern"`
	About    string         `json:"about" description:"What the family holds."`
	Seconds  float64        `json:"ttl_seconds"`
	Source   caching.Source `json:"source" enum:"setting,environment,default" description:"Who decided: an administrator; the environment of the process that was asked; nobody."`
	InForce  float64        `json:"in_force_seconds" description:"What the process that was asked goes by. For up to a second after a change elsewhere that is what held before."`
	Default  float64        `json:"default_seconds"`
	Min      float64        `json:"min_seconds"`
	Max      float64        `json:"max_seconds"`
	Tiers    []caching.Tier `json:"tiers" description:"Where values of the family are kept: near is the memory of each process, far is Redis, where there is one."`
	Cost     int            `json:"cost" description:"Statements that a load costs the database, about."`
	Warmable bool           `json:"warmable" description:"Whether it can be loaded in advance."`

	By *uuid.UUID `json:"changed_by" description:"null when nobody changed it."`
	At *time.Time `json:"changed_at"`
}

func toTTL(v cacheapp.TTLView) TTLReply {
	f := v.Family
	out := TTLReply{
		Pattern: f.Pattern(), About: f.About, Seconds: v.TTL.Seconds(), Source: v.Source, InForce: v.InForce.Seconds(),
		Default: f.TTL.Seconds(), Min: f.Min.Seconds(), Max: f.Max.Seconds(),
		Tiers: f.Tiers(), Cost: f.Cost, Warmable: f.Warmable,
	}
	if v.Setting == nil {
		return out
	}
	out.At = &v.Setting.At
	if v.Setting.By != uuid.Nil {
		out.By = &v.Setting.By
	}
	return out
}

// TTLsReply lists all families.
type TTLsReply struct {
	Items []TTLReply `json:"items"`
}

func ttlRoutes(api *web.API, uc UseCases) {
	const path = root + "/ttls"
	web.Register(api, web.Endpoint[web.None, TTLsReply]{
		Method: http.MethodGet, Path: path, Permission: identity.ReadCache,
		Tag: tag, Summary: "List how long families of keys are kept",
		Handle: func(ctx context.Context, _ web.Request, _ web.None) (TTLsReply, error) {
			rows, err := uc.TTLs(ctx)
			out := TTLsReply{Items: make([]TTLReply, len(rows))}
			for i, v := range rows {
				out.Items[i] = toTTL(v)
			}
			return out, err
		},
	})
	web.Register(api, web.Endpoint[ttlRequest, TTLReply]{
		Method: http.MethodPut, Path: path, Permission: identity.ManageCache,
		Tag: tag, Summary: "Set how long a family of keys is kept",
		Description: "Holds in every process within a second, for what is kept already as well, and after a restart.",
		Faults:      web.Faults(caching.ErrUnknownPattern, caching.ErrInvalidTTL),
		Handle: func(ctx context.Context, r web.Request, in ttlRequest) (TTLReply, error) {
			v, err := uc.SetTTL(ctx, cacheapp.SetCommand{By: r.Caller(), Pattern: in.Pattern, Seconds: *in.Seconds})
			return toTTL(v), err
		},
	})
	web.Register(api, web.Endpoint[ttlQuery, TTLReply]{
		Method: http.MethodDelete, Path: path, Permission: identity.ManageCache,
		Tag: tag, Summary: "Take a setting back", Description: "The environment decides again, or the default. It is no failure when there is no setting.",
		Faults: web.Faults(caching.ErrUnknownPattern),
		Handle: func(ctx context.Context, r web.Request, in ttlQuery) (TTLReply, error) {
			v, err := uc.Reset(ctx, r.Caller(), in.Pattern)
			return toTTL(v), err
		},
	})
}
