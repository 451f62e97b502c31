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

type registerRequest struct {
	Email       string `json:"email" validate:"required,max=254" format:"email"`
	Password    string `json:"password" validate:"required,max=1024" format:"password" description:"At least 10 characters of any kind."`
	DisplayName string `json:"display_name" validate:"required,max=80"`
	Locale      string `json:"locale,omitempty" validate:"omitempty,oneof=en ja ko vi" description:"The best match of Accept-Language when left out."`
}

type loginRequest struct {
	Email    string `json:"email" validate:"required,max=254" format:"email"`
	Password string `json:"password" validate:"required,max=1024" format:"password"`
}

type refreshRequest struct {
	RefreshToken string `json:"refresh_token" validate:"required,max=200"`
}

type logoutRequest struct {
	AllDevices bool `json:"all_devices,omitempty" description:"End all sessions of the account rather than this one."`
}

type sessionReply struct {
	User         userReply `json:"user"`
	AccessToken  string    `json:"access_token" description:"Send as Authorization: Bearer."`
	RefreshToken string    `json:"refresh_token" description:"Good for one exchange; keep it secret."`
	TokenType    string    `json:"token_type" enum:"Bearer"`
	ExpiresIn    int       `json:"expires_in" description:"Seconds that the access token lives."`
	SessionID    uuid.UUID `json:"session_id"`
}

func toSessionReply(s identityapp.SignedIn) sessionReply {
	return sessionReply{
		User: toUserReply(s.User), AccessToken: s.Access, RefreshToken: s.Refresh, TokenType: "Bearer",
		ExpiresIn: int(s.ExpiresIn / time.Second), SessionID: s.SessionID,
	}
}

func authRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[registerRequest, sessionReply]{
		Method: http.MethodPost, Path: "/api/v1/auth/register", Permission: identity.Public, Idempotent: true,
		Tag: "Account", Summary: "Register", Description: "Opens a learner's account and signs it in.", Status: http.StatusCreated,
		Faults: web.Faults(identity.ErrEmailTaken, identity.ErrInvalidAccount, identity.ErrBusy),
		Handle: func(ctx context.Context, r web.Request, in registerRequest) (sessionReply, error) {
			if in.Locale == "" {
				in.Locale = r.Language
			}
			s, err := uc.Register(ctx, identityapp.RegisterCommand{
				Email: in.Email, Password: in.Password, DisplayName: in.DisplayName, Locale: in.Locale, Device: r.Device,
			})
			return toSessionReply(s), err
		},
	})
	web.Register(api, web.Endpoint[loginRequest, sessionReply]{
		Method: http.MethodPost, Path: "/api/v1/auth/login", Permission: identity.Public,
		Tag: "Account", Summary: "Log in", Faults: web.Faults(identity.ErrBadCredentials, identity.ErrBusy),
		Handle: func(ctx context.Context, r web.Request, in loginRequest) (sessionReply, error) {
			s, err := uc.Login(ctx, identityapp.LoginCommand{Email: in.Email, Password: in.Password, Device: r.Device})
			return toSessionReply(s), err
		},
	})
	web.Register(api, web.Endpoint[refreshRequest, sessionReply]{
		Method: http.MethodPost, Path: "/api/v1/auth/refresh", Permission: identity.Public,
		Tag: "Account", Summary: "Exchange a refresh token",
		Description: "The token is spent by the exchange. A token that comes back after it was spent ends its session, because somebody has a copy.",
		Faults:      web.Faults(identity.ErrUnauthenticated, identity.ErrSessionEnded),
		Handle: func(ctx context.Context, r web.Request, in refreshRequest) (sessionReply, error) {
			s, err := uc.Refresh(ctx, identityapp.RefreshCommand{Token: in.RefreshToken, Device: r.Device})
			return toSessionReply(s), err
		},
	})
	web.Register(api, web.Endpoint[logoutRequest, web.None]{
		Method: http.MethodPost, Path: "/api/v1/auth/logout", Permission: identity.OwnAccount, OptionalBody: true,
		Tag: "Account", Summary: "Log out", Description: "Access tokens of an ended session stop working at once.",
		Faults: web.Faults(identity.ErrNoSession),
		Handle: func(ctx context.Context, r web.Request, in logoutRequest) (web.None, error) {
			return web.None{}, uc.Logout(ctx, r.Actor, in.AllDevices)
		},
	})
}
