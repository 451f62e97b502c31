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

// ProviderCases is what the routes of sign-in providers call.
type ProviderCases struct {
	Names    func() []string
	Begin    func(ctx context.Context, provider string) (identityapp.Departure, error)
	Finish   func(context.Context, identityapp.ReturnCommand) (identityapp.Arrival, error)
	Complete func(context.Context, identityapp.CompleteCommand) (identityapp.Arrival, error)
	Links    func(ctx context.Context, user uuid.UUID) ([]identity.Link, error)
	Unlink   func(ctx context.Context, user, id uuid.UUID) error
}

type providersReply struct {
	Items []string `json:"items"`
}

type providerRequest struct {
	Provider string `json:"provider" validate:"required,max=40"`
}

type departureReply struct {
	pendingReply
	Address string `json:"authorization_url" description:"Where to send the browser."`
}

type returnRequest struct {
	Flow  uuid.UUID `json:"flow_id" validate:"required"`
	State string    `json:"state" validate:"required,max=500" description:"What the provider gave to the redirect address."`
	Code  string    `json:"code" validate:"required,max=4000"`
}

type completeRequest struct {
	Flow       uuid.UUID `json:"flow_id" validate:"required"`
	Password   string    `json:"password,omitempty" validate:"max=1024" format:"password"`
	FactorCode string    `json:"mfa_code,omitempty" validate:"max=40"`
}

type waitingReply struct {
	pendingReply
	NeedsPassword bool `json:"needs_password" description:"An account with this address exists; its password links it."`
	NeedsCode     bool `json:"needs_mfa_code"`
}

type arrivalReply struct {
	Session *sessionReply `json:"session" description:"null when something more is needed."`
	Waiting *waitingReply `json:"waiting" description:"What is needed; null when there is a session."`
}

func toArrivalReply(a identityapp.Arrival, err error) (arrivalReply, error) {
	var out arrivalReply
	if a.Session != nil {
		s := toSessionReply(*a.Session)
		out.Session = &s
	}
	if a.Pending != nil {
		out.Waiting = &waitingReply{pendingReply: toPendingReply(*a.Pending), NeedsPassword: a.NeedsPassword, NeedsCode: a.NeedsCode}
	}
	return out, err
}

type linkReply struct {
	ID         uuid.UUID `json:"id"`
	Provider   string    `json:"provider"`
	Email      string    `json:"email" description:"As the provider last told it."`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
}

type linksReply struct {
	Items []linkReply `json:"items"`
}

type linkPath struct {
	ID uuid.UUID `path:"id" json:"-"`
}

func providerRoutes(api *web.API, uc ProviderCases) {
	web.Register(api, web.Endpoint[web.None, providersReply]{
		Method: http.MethodGet, Path: "/api/v1/auth/providers", Permission: identity.Public,
		Tag: tag, Summary: "List the sign-in providers",
		Handle: func(context.Context, web.Request, web.None) (providersReply, error) {
			return providersReply{Items: append([]string{}, uc.Names()...)}, nil
		},
	})
	web.Register(api, web.Endpoint[providerRequest, departureReply]{
		Method: http.MethodPost, Path: "/api/v1/auth/oidc/start", Permission: identity.Public,
		Tag: tag, Summary: "Begin to sign in with a provider", Status: http.StatusCreated,
		Faults: web.Faults(identity.ErrProviderUnknown, identity.ErrProviderDown),
		Handle: func(ctx context.Context, _ web.Request, in providerRequest) (departureReply, error) {
			d, err := uc.Begin(ctx, in.Provider)
			return departureReply{pendingReply: toPendingReply(d.Pending), Address: d.Address}, err
		},
	})
	web.Register(api, web.Endpoint[returnRequest, arrivalReply]{
		Method: http.MethodPost, Path: "/api/v1/auth/oidc/finish", Permission: identity.Public,
		Tag: tag, Summary: "Sign in with what the provider gave",
		Description: "Opens an account for a new person whose address the provider vouches for. An address that has an account is linked only with its password.",
		Faults:      web.Faults(identity.ErrProviderRefused, identity.ErrProviderDown, identity.ErrUnverified, identity.ErrSuspended, identity.ErrClosed),
		Handle: func(ctx context.Context, r web.Request, in returnRequest) (arrivalReply, error) {
			return toArrivalReply(uc.Finish(ctx, identityapp.ReturnCommand{Flow: in.Flow, State: in.State, Code: in.Code, Locale: r.Language, Device: r.Device}))
		},
	})
	web.Register(api, web.Endpoint[completeRequest, arrivalReply]{
		Method: http.MethodPost, Path: "/api/v1/auth/oidc/complete", Permission: identity.Public,
		Tag: tag, Summary: "Give what a sign-in with a provider still needs",
		Faults: web.Faults(identity.ErrProviderRefused, identity.ErrBadCredentials, identity.ErrCodeAsked, identity.ErrBadFactor, identity.ErrLocked,
			identity.ErrLinkTaken, identity.ErrSuspended, identity.ErrClosed, identity.ErrBusy),
		Handle: func(ctx context.Context, r web.Request, in completeRequest) (arrivalReply, error) {
			return toArrivalReply(uc.Complete(ctx, identityapp.CompleteCommand{Flow: in.Flow, Password: in.Password, FactorCode: in.FactorCode, Device: r.Device}))
		},
	})
	web.Register(api, web.Endpoint[web.None, linksReply]{
		Method: http.MethodGet, Path: "/api/v1/users/me/identities", Permission: identity.OwnAccount,
		Tag: tag, Summary: "List the providers through which one may sign in",
		Handle: func(ctx context.Context, r web.Request, _ web.None) (linksReply, error) {
			links, err := uc.Links(ctx, r.Actor.UserID)
			out := linksReply{Items: make([]linkReply, len(links))}
			for i, l := range links {
				out.Items[i] = linkReply{ID: l.ID, Provider: l.Provider, Email: l.Email, CreatedAt: l.CreatedAt, LastUsedAt: l.LastUsedAt}
			}
			return out, err
		},
	})
	web.Register(api, web.Endpoint[linkPath, web.None]{
		Method: http.MethodDelete, Path: "/api/v1/users/me/identities/{id}", Permission: identity.OwnAccount, Fresh: true,
		Tag: tag, Summary: "Remove the link to a provider", Faults: web.Faults(identity.ErrLinkNotFound, identity.ErrOnlyWayIn),
		Handle: func(ctx context.Context, r web.Request, in linkPath) (web.None, error) {
			return web.None{}, uc.Unlink(ctx, r.Actor.UserID, in.ID)
		},
	})
}
