package identityapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/domain/identity"
)

type deviceReply struct {
	ID         uuid.UUID  `json:"id"`
	IP         string     `json:"ip"`
	UserAgent  string     `json:"user_agent"`
	CreatedAt  time.Time  `json:"created_at"`
	LastSeenAt time.Time  `json:"last_seen_at" description:"Last log-in or refresh."`
	ExpiresAt  time.Time  `json:"expires_at"`
	RevokedAt  *time.Time `json:"revoked_at"`
}

type ownDeviceReply struct {
	deviceReply
	Current bool `json:"current" description:"Whether this request belongs to the session."`
}

type adminDeviceReply struct {
	deviceReply
	UserID uuid.UUID `json:"user_id"`
}

func toDeviceReply(s identity.Session) deviceReply {
	return deviceReply{
		ID: s.ID, IP: s.Device.IP, UserAgent: s.Device.UserAgent,
		CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt, ExpiresAt: s.ExpiresAt, RevokedAt: s.RevokedAt,
	}
}

type sessionPath struct {
	ID uuid.UUID `path:"id" json:"-"`
}

type adminSessionsQuery struct {
	web.PageQuery
	User   uuid.UUID `query:"user" json:"-" description:"Only sessions of this account."`
	IP     string    `query:"ip" json:"-" validate:"omitempty,ip" description:"Only sessions last seen from this address."`
	Active *bool     `query:"active" json:"-" description:"Only sessions that can still be used; true unless said otherwise."`
}

func sessionRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[web.PageQuery, web.List[ownDeviceReply]]{
		Method: http.MethodGet, Path: "/api/v1/users/me/sessions", Permission: identity.OwnAccount,
		Tag: "Account", Summary: "List one's own active sessions",
		Handle: func(ctx context.Context, r web.Request, in web.PageQuery) (web.List[ownDeviceReply], error) {
			q := identityapp.SessionQuery{User: r.Actor.UserID, Active: true}
			return list(ctx, uc, q, in, func(s identity.Session) ownDeviceReply {
				return ownDeviceReply{deviceReply: toDeviceReply(s), Current: s.ID == r.Actor.SessionID}
			})
		},
	})
	web.Register(api, web.Endpoint[sessionPath, web.None]{
		Method: http.MethodDelete, Path: "/api/v1/users/me/sessions/{id}", Permission: identity.OwnAccount,
		Tag: "Account", Summary: "End one of one's own sessions", Faults: web.Faults(identity.ErrSessionNotFound),
		Handle: func(ctx context.Context, r web.Request, in sessionPath) (web.None, error) {
			return web.None{}, uc.EndSession(ctx, r.Actor.UserID, in.ID)
		},
	})
	web.Register(api, web.Endpoint[adminSessionsQuery, web.List[adminDeviceReply]]{
		Method: http.MethodGet, Path: "/api/v1/admin/sessions", Permission: identity.ReadSessions,
		Tag: "Administration", Summary: "List sessions",
		Handle: func(ctx context.Context, _ web.Request, in adminSessionsQuery) (web.List[adminDeviceReply], error) {
			q := identityapp.SessionQuery{User: in.User, IP: in.IP, Active: in.Active == nil || *in.Active}
			return list(ctx, uc, q, in.PageQuery, func(s identity.Session) adminDeviceReply {
				return adminDeviceReply{deviceReply: toDeviceReply(s), UserID: s.UserID}
			})
		},
	})
	web.Register(api, web.Endpoint[sessionPath, web.None]{
		Method: http.MethodDelete, Path: "/api/v1/admin/sessions/{id}", Permission: identity.RevokeSessions,
		Tag: "Administration", Summary: "End a session", Faults: web.Faults(identity.ErrSessionNotFound),
		Handle: func(ctx context.Context, _ web.Request, in sessionPath) (web.None, error) {
			return web.None{}, uc.EndSession(ctx, uuid.Nil, in.ID)
		},
	})
}

func list[T any](ctx context.Context, uc UseCases, q identityapp.SessionQuery, page web.PageQuery, reply func(identity.Session) T) (web.List[T], error) {
	var err error
	if q.Page, err = page.Page(); err != nil {
		return web.List[T]{}, err
	}
	rows, err := uc.ListSessions(ctx, q)
	return web.ListOf(rows, reply), err
}
