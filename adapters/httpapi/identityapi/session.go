package identityapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// SessionCases is what the routes of sessions call.
type SessionCases struct {
	List   func(context.Context, identityapp.SessionQuery) (ports.Slice[identity.Session], error)
	End    func(ctx context.Context, owner, id uuid.UUID) error
	EndAny func(ctx context.Context, by identity.Caller, id uuid.UUID) error
	EndAll func(ctx context.Context, by identity.Caller, user uuid.UUID) (int, error)
}

type deviceReply struct {
	ID         uuid.UUID  `json:"id"`
	Device     string     `json:"device" description:"Such as \"Firefox on Linux\"; empty when the user agent does not tell."`
	IP         string     `json:"ip"`
	UserAgent  string     `json:"user_agent"`
	CreatedAt  time.Time  `json:"created_at"`
	LastSeenAt time.Time  `json:"last_seen_at" description:"Last log-in or refresh."`
	ExpiresAt  time.Time  `json:"expires_at"`
	RevokedAt  *time.Time `json:"revoked_at"`
	EndReason  string     `json:"end_reason,omitempty" enum:"logout,owner,administrator,refresh_token_reused,password_changed,account_closed,account_suspended"`
	FactorUsed bool       `json:"second_factor" description:"Whether it was opened, or proved since, with a second factor."`
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
		ID: s.ID, Device: s.Device.Name, IP: s.Device.IP, UserAgent: s.Device.UserAgent,
		CreatedAt: s.CreatedAt, LastSeenAt: s.LastSeenAt, ExpiresAt: s.ExpiresAt, RevokedAt: s.RevokedAt,
		EndReason: string(s.EndReason), FactorUsed: s.FactorAt != nil,
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

type endedReply struct {
	Ended int `json:"ended" description:"How many sessions that were."`
}

func sessionRoutes(api *web.API, uc SessionCases) {
	web.Register(api, web.Endpoint[web.PageQuery, web.List[ownDeviceReply]]{
		Method: http.MethodGet, Path: "/api/v1/users/me/sessions", Permission: identity.OwnAccount,
		Tag: tag, Summary: "List one's own active sessions",
		Handle: func(ctx context.Context, r web.Request, in web.PageQuery) (web.List[ownDeviceReply], error) {
			q := identityapp.SessionQuery{User: r.Actor.UserID, Active: true}
			return list(ctx, uc, q, in, func(s identity.Session) ownDeviceReply {
				return ownDeviceReply{deviceReply: toDeviceReply(s), Current: s.ID == r.Actor.SessionID}
			})
		},
	})
	web.Register(api, web.Endpoint[sessionPath, web.None]{
		Method: http.MethodDelete, Path: "/api/v1/users/me/sessions/{id}", Permission: identity.OwnAccount,
		Tag: tag, Summary: "End one of one's own sessions", Faults: web.Faults(identity.ErrSessionNotFound),
		Handle: func(ctx context.Context, r web.Request, in sessionPath) (web.None, error) {
			return web.None{}, uc.End(ctx, r.Actor.UserID, in.ID)
		},
	})
	web.Register(api, web.Endpoint[adminSessionsQuery, web.List[adminDeviceReply]]{
		Method: http.MethodGet, Path: "/api/v1/admin/sessions", Permission: identity.ReadSessions,
		Tag: adminTag, Summary: "List sessions",
		Handle: func(ctx context.Context, _ web.Request, in adminSessionsQuery) (web.List[adminDeviceReply], error) {
			q := identityapp.SessionQuery{User: in.User, IP: in.IP, Active: in.Active == nil || *in.Active}
			return list(ctx, uc, q, in.PageQuery, func(s identity.Session) adminDeviceReply {
				return adminDeviceReply{deviceReply: toDeviceReply(s), UserID: s.UserID}
			})
		},
	})
	web.Register(api, web.Endpoint[sessionPath, web.None]{
		Method: http.MethodDelete, Path: "/api/v1/admin/sessions/{id}", Permission: identity.RevokeSessions,
		Tag: adminTag, Summary: "End a session", Faults: web.Faults(identity.ErrSessionNotFound),
		Handle: func(ctx context.Context, r web.Request, in sessionPath) (web.None, error) {
			return web.None{}, uc.EndAny(ctx, r.Caller(), in.ID)
		},
	})
	web.Register(api, web.Endpoint[userPath, endedReply]{
		Method: http.MethodDelete, Path: "/api/v1/admin/users/{id}/sessions", Permission: identity.RevokeSessions,
		Tag: adminTag, Summary: "End all sessions of an account", Faults: web.Faults(identity.ErrUserNotFound),
		Handle: func(ctx context.Context, r web.Request, in userPath) (endedReply, error) {
			n, err := uc.EndAll(ctx, r.Caller(), in.ID)
			return endedReply{Ended: n}, err
		},
	})
}

func list[T any](ctx context.Context, uc SessionCases, q identityapp.SessionQuery, page web.PageQuery, reply func(identity.Session) T) (web.List[T], error) {
	var err error
	if q.Page, err = page.Page(); err != nil {
		return web.List[T]{}, err
	}
	rows, err := uc.List(ctx, q)
	return web.ListOf(rows, reply), err
}
