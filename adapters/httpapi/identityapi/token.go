package identityapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// TokenCases is what the routes of API tokens call.
type TokenCases struct {
	List   func(ctx context.Context, owner uuid.UUID, page ports.Page) (ports.Slice[identity.APIToken], error)
	Create func(context.Context, identityapp.CreateTokenCommand) (identityapp.NewToken, error)
	Revoke func(ctx context.Context, by identity.Caller, owner, id uuid.UUID) error
}

type createTokenRequest struct {
	Name   string   `json:"name" validate:"required,max=80"`
	Scopes []string `json:"scopes" validate:"required,min=1,max=40,dive,min=1,max=40" description:"Permissions, families such as sessions:*, admin:* for all that learners may not do, or *."`
	TTL    int      `json:"ttl_seconds" validate:"required,min=60,max=31622400" description:"How long it is good; at most 366 days."`
}

type tokenReply struct {
	ID         uuid.UUID        `json:"id"`
	UserID     uuid.UUID        `json:"user_id"`
	Name       string           `json:"name"`
	Scopes     []identity.Scope `json:"scopes"`
	CreatedAt  time.Time        `json:"created_at"`
	ExpiresAt  time.Time        `json:"expires_at"`
	LastUsedAt *time.Time       `json:"last_used_at" description:"To the minute."`
	RevokedAt  *time.Time       `json:"revoked_at"`
}

func toTokenReply(t identity.APIToken) tokenReply {
	return tokenReply{
		ID: t.ID, UserID: t.UserID, Name: t.Name, Scopes: t.Scopes, CreatedAt: t.CreatedAt,
		ExpiresAt: t.ExpiresAt, LastUsedAt: t.UsedAt, RevokedAt: t.RevokedAt,
	}
}

type newTokenReply struct {
	Token string `json:"token" description:"Shown once; send it as Authorization: Bearer."`
	tokenReply
}

type tokenPath struct {
	ID uuid.UUID `path:"id" json:"-"`
}

type adminTokensQuery struct {
	web.PageQuery
	User uuid.UUID `query:"user" json:"-" description:"Only tokens of this account."`
}

func tokenRoutes(api *web.API, uc TokenCases) {
	list := func(ctx context.Context, owner uuid.UUID, q web.PageQuery) (web.List[tokenReply], error) {
		page, err := q.Page()
		if err != nil {
			return web.List[tokenReply]{}, err
		}
		rows, err := uc.List(ctx, owner, page)
		return web.ListOf(rows, toTokenReply), err
	}
	web.Register(api, web.Endpoint[web.PageQuery, web.List[tokenReply]]{
		Method: http.MethodGet, Path: "/api/v1/users/me/tokens", Permission: identity.OwnTokens,
		Tag: tag, Summary: "List one's own API tokens",
		Handle: func(ctx context.Context, r web.Request, in web.PageQuery) (web.List[tokenReply], error) {
			return list(ctx, r.Actor.UserID, in)
		},
	})
	web.Register(api, web.Endpoint[createTokenRequest, newTokenReply]{
		Method: http.MethodPost, Path: "/api/v1/users/me/tokens", Permission: identity.OwnTokens, Fresh: true,
		Tag: tag, Summary: "Create an API token", Status: http.StatusCreated,
		Description: "It acts as this account, within its scopes. A token cannot create another one.",
		Faults:      web.Faults(identity.ErrInvalidToken, identity.ErrNoSession),
		Handle: func(ctx context.Context, r web.Request, in createTokenRequest) (newTokenReply, error) {
			t, err := uc.Create(ctx, identityapp.CreateTokenCommand{
				By: r.Caller(), User: r.Actor.UserID, Name: in.Name, Scope: strings.Join(in.Scopes, ","), TTL: time.Duration(in.TTL) * time.Second,
			})
			return newTokenReply{Token: t.Secret, tokenReply: toTokenReply(t.Token)}, err
		},
	})
	web.Register(api, web.Endpoint[tokenPath, web.None]{
		Method: http.MethodDelete, Path: "/api/v1/users/me/tokens/{id}", Permission: identity.OwnTokens,
		Tag: tag, Summary: "Revoke one of one's own API tokens", Faults: web.Faults(identity.ErrTokenNotFound),
		Handle: func(ctx context.Context, r web.Request, in tokenPath) (web.None, error) {
			return web.None{}, uc.Revoke(ctx, r.Caller(), r.Actor.UserID, in.ID)
		},
	})
	web.Register(api, web.Endpoint[adminTokensQuery, web.List[tokenReply]]{
		Method: http.MethodGet, Path: "/api/v1/admin/tokens", Permission: identity.ReadTokens,
		Tag: adminTag, Summary: "List API tokens",
		Handle: func(ctx context.Context, _ web.Request, in adminTokensQuery) (web.List[tokenReply], error) {
			return list(ctx, in.User, in.PageQuery)
		},
	})
	web.Register(api, web.Endpoint[tokenPath, web.None]{
		Method: http.MethodDelete, Path: "/api/v1/admin/tokens/{id}", Permission: identity.RevokeTokens,
		Tag: adminTag, Summary: "Revoke an API token", Faults: web.Faults(identity.ErrTokenNotFound),
		Handle: func(ctx context.Context, r web.Request, in tokenPath) (web.None, error) {
			return web.None{}, uc.Revoke(ctx, r.Caller(), uuid.Nil, in.ID)
		},
	})
}
