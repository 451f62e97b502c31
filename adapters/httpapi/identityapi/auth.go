package identityapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/domain/identity"
)

// SignInCases is what the routes of signing in and out call.
type SignInCases struct {
	Register func(context.Context, identityapp.RegisterCommand) (identityapp.Registered, error)
	Verify   func(context.Context, identityapp.VerifyCommand) (identityapp.SignedIn, error)
	Login    func(context.Context, identityapp.LoginCommand) (identityapp.SignedIn, error)
	Refresh  func(context.Context, identityapp.RefreshCommand) (identityapp.SignedIn, error)
	Logout   func(ctx context.Context, who identity.Actor, allDevices bool) error
	StepUp   func(context.Context, identityapp.StepUpCommand) error
}

type registerRequest struct {
	Email       string `json:"email" validate:"required,max=254" format:"email"`
	Password    string `json:"password" validate:"required,max=1024" format:"password" description:"At least 10 characters of any kind, not one that many people choose."`
	DisplayName string `json:"display_name" validate:"required,max=80"`
	Locale      string `json:"locale,omitempty" validate:"omitempty,oneof=en ja ko vi" description:"The best match of Accept-Language when left out."`
}

type verifyRequest struct {
	Flow uuid.UUID `json:"flow_id" validate:"required"`
	Code string    `json:"code" validate:"required,max=20" description:"Six digits, sent by mail."`
}

type loginRequest struct {
	Email       string `json:"email" validate:"required,max=254" format:"email"`
	Password    string `json:"password" validate:"required,max=1024" format:"password"`
	FactorCode  string `json:"mfa_code,omitempty" validate:"max=40" description:"A code of the authenticator app, or a recovery code; asked for by the failure auth.mfa_required."`
	NewPassword string `json:"new_password,omitempty" validate:"max=1024" format:"password" description:"Asked for by the failure account.password_change_required."`
	Reopen      bool   `json:"reopen,omitempty" description:"Keeps an account that was closed and is not erased yet."`
}

type refreshRequest struct {
	RefreshToken string `json:"refresh_token" validate:"required,max=200"`
}

type logoutRequest struct {
	AllDevices bool `json:"all_devices,omitempty" description:"End all sessions of the account rather than this one."`
}

type stepUpRequest struct {
	Password   string          `json:"password,omitempty" validate:"max=1024" format:"password" description:"For an account without a second factor."`
	FactorCode string          `json:"mfa_code,omitempty" validate:"max=40" description:"For an account with a second factor."`
	Flow       uuid.UUID       `json:"flow_id,omitempty" description:"Of a passkey's ceremony."`
	Credential json.RawMessage `json:"credential,omitempty" description:"The passkey's answer."`
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

// pendingReply says which flow waits for a code.
type pendingReply struct {
	Flow      uuid.UUID `json:"flow_id" description:"Send it back with the code; keep it secret."`
	ExpiresAt time.Time `json:"expires_at"`
}

func toPendingReply(p identityapp.Pending) pendingReply {
	return pendingReply{Flow: p.Flow, ExpiresAt: p.ExpiresAt}
}

// registeredReply is a session, or what waits for the code.
type registeredReply struct {
	*sessionReply
	*pendingReply
}

// StatusCode implements web.Statused.
func (r registeredReply) StatusCode() int {
	if r.sessionReply == nil {
		return http.StatusAccepted
	}
	return http.StatusCreated
}

func toRegisteredReply(r identityapp.Registered, err error) (registeredReply, error) {
	var out registeredReply
	if r.Session != nil {
		s := toSessionReply(*r.Session)
		out.sessionReply = &s
	}
	if r.Pending != nil {
		p := toPendingReply(*r.Pending)
		out.pendingReply = &p
	}
	return out, err
}

func signInRoutes(api *web.API, uc SignInCases) {
	web.Register(api, web.Endpoint[registerRequest, registeredReply]{
		Method: http.MethodPost, Path: "/api/v1/auth/register", Permission: identity.Public, Idempotent: true,
		Tag: tag, Summary: "Register", Status: http.StatusCreated,
		Description: "Opens a learner's account and signs it in (201). Where addresses are verified first, the answer is 202 for everyone, " +
			"with a flow that waits for the code in the mail.",
		Faults: web.Faults(identity.ErrEmailTaken, identity.ErrInvalidAccount, identity.ErrBusy),
		Handle: func(ctx context.Context, r web.Request, in registerRequest) (registeredReply, error) {
			if in.Locale == "" {
				in.Locale = r.Language
			}
			return toRegisteredReply(uc.Register(ctx, identityapp.RegisterCommand{
				Email: in.Email, Password: in.Password, DisplayName: in.DisplayName, Locale: in.Locale, Device: r.Device,
			}))
		},
	})
	web.Register(api, web.Endpoint[verifyRequest, sessionReply]{
		Method: http.MethodPost, Path: "/api/v1/auth/verify", Permission: identity.Public,
		Tag: tag, Summary: "Complete a registration with its code", Description: "A code is good for 15 minutes and five tries.", Status: http.StatusCreated,
		Faults: web.Faults(identity.ErrBadCode, identity.ErrLocked),
		Handle: func(ctx context.Context, r web.Request, in verifyRequest) (sessionReply, error) {
			s, err := uc.Verify(ctx, identityapp.VerifyCommand{Flow: in.Flow, Code: in.Code, Device: r.Device})
			return toSessionReply(s), err
		},
	})
	web.Register(api, web.Endpoint[loginRequest, sessionReply]{
		Method: http.MethodPost, Path: "/api/v1/auth/login", Permission: identity.Public,
		Tag: tag, Summary: "Log in", Description: "After five failures an address is blocked for 1, 2, 4 … 15 minutes, whether or not it has an account.",
		Faults: web.Faults(identity.ErrBadCredentials, identity.ErrLocked, identity.ErrCodeAsked, identity.ErrBadFactor, identity.ErrSuspended,
			identity.ErrClosed, identity.ErrMustChange, identity.ErrInvalidAccount, identity.ErrBusy),
		Handle: func(ctx context.Context, r web.Request, in loginRequest) (sessionReply, error) {
			s, err := uc.Login(ctx, identityapp.LoginCommand{
				Email: in.Email, Password: in.Password, FactorCode: in.FactorCode, NewPassword: in.NewPassword, Reopen: in.Reopen, Device: r.Device,
			})
			return toSessionReply(s), err
		},
	})
	web.Register(api, web.Endpoint[refreshRequest, sessionReply]{
		Method: http.MethodPost, Path: "/api/v1/auth/refresh", Permission: identity.Public,
		Tag: tag, Summary: "Exchange a refresh token",
		Description: "The token is spent by the exchange. A token that comes back more than 10 seconds after it was spent ends its session, because somebody has a copy.",
		Faults:      web.Faults(identity.ErrUnauthenticated, identity.ErrSessionEnded),
		Handle: func(ctx context.Context, r web.Request, in refreshRequest) (sessionReply, error) {
			s, err := uc.Refresh(ctx, identityapp.RefreshCommand{Token: in.RefreshToken, Device: r.Device})
			return toSessionReply(s), err
		},
	})
	web.Register(api, web.Endpoint[logoutRequest, web.None]{
		Method: http.MethodPost, Path: "/api/v1/auth/logout", Permission: identity.OwnAccount, OptionalBody: true,
		Tag: tag, Summary: "Log out", Description: "Access tokens of an ended session stop working at once.",
		Faults: web.Faults(identity.ErrNoSession),
		Handle: func(ctx context.Context, r web.Request, in logoutRequest) (web.None, error) {
			return web.None{}, uc.Logout(ctx, r.Actor, in.AllDevices)
		},
	})
	web.Register(api, web.Endpoint[stepUpRequest, web.None]{
		Method: http.MethodPost, Path: "/api/v1/auth/step-up", Permission: identity.OwnAccount, Class: web.SignIn,
		Tag: tag, Summary: "Prove again who you are",
		Description: "Makes the proof of this session fresh for 10 minutes: by a passkey, by a code of the second factor, or, without one, by the password.",
		Faults: web.Faults(identity.ErrNoSession, identity.ErrBadCredentials, identity.ErrCodeAsked, identity.ErrBadFactor, identity.ErrPasskeyRefused,
			identity.ErrLocked, identity.ErrBusy),
		Handle: func(ctx context.Context, r web.Request, in stepUpRequest) (web.None, error) {
			cmd := identityapp.StepUpCommand{Who: r.Actor, Password: in.Password, FactorCode: in.FactorCode, Device: r.Device}
			if in.Flow != uuid.Nil {
				cmd.Passkey = &identityapp.PasskeyAnswer{Flow: in.Flow, Credential: in.Credential}
			}
			return web.None{}, uc.StepUp(ctx, cmd)
		},
	})
}
