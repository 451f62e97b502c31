// Package identityapi is the REST face of accounts, sessions, second factors, roles and API tokens.
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

// UseCases is what the routes call.
type UseCases struct {
	Account   AccountCases
	SignIn    SignInCases
	Recovery  RecoveryCases
	Factors   FactorCases
	Providers ProviderCases
	Sessions  SessionCases
	Tokens    TokenCases
	Exports   ExportCases
	Users     UserCases
	Roles     RoleCases
	Security  SecurityCases
}

// Routes registers the routes.
func Routes(api *web.API, uc UseCases) {
	signInRoutes(api, uc.SignIn)
	recoveryRoutes(api, uc.Recovery)
	providerRoutes(api, uc.Providers)
	profileRoutes(api, uc.Account)
	factorRoutes(api, uc.Factors)
	passkeyRoutes(api, uc.Factors)
	exportRoutes(api, uc.Exports)
	sessionRoutes(api, uc.Sessions)
	tokenRoutes(api, uc.Tokens)
	userRoutes(api, uc.Users)
	roleRoutes(api, uc.Roles)
	securityRoutes(api, uc.Security)
}

const (
	tag      = "Account"
	adminTag = "Administration"
)

// AccountCases is what the routes of one's own account call.
type AccountCases struct {
	Profile        func(ctx context.Context, user uuid.UUID) (identity.User, error)
	ChangeProfile  func(context.Context, identityapp.ChangeProfileCommand) (identity.User, error)
	ChangePassword func(context.Context, identityapp.ChangePasswordCommand) error
	Close          func(ctx context.Context, user uuid.UUID) error
}

type userReply struct {
	ID            uuid.UUID       `json:"id"`
	Email         identity.Email  `json:"email"`
	EmailVerified bool            `json:"email_verified" description:"Whether the owner proved that the mailbox is theirs."`
	DisplayName   string          `json:"display_name"`
	Roles         []identity.Role `json:"roles"`
	Locale        string          `json:"locale"`
	TargetScore   *int            `json:"target_score"`
	TestDate      *date           `json:"test_date"`
	MinutesPerDay *int            `json:"minutes_per_day"`
	CreatedAt     time.Time       `json:"created_at"`
}

func toUserReply(u identity.User) userReply {
	return userReply{
		ID: u.ID, Email: u.Email, EmailVerified: u.VerifiedAt != nil, DisplayName: u.Profile.DisplayName, Roles: u.Roles, Locale: u.Profile.Locale,
		TargetScore: u.Profile.TargetScore, TestDate: toDate(u.Profile.TestDate), MinutesPerDay: u.Profile.MinutesPerDay,
		CreatedAt: u.CreatedAt,
	}
}

type changeProfileRequest struct {
	DisplayName   *string            `json:"display_name,omitempty" validate:"omitempty,min=1,max=80" description:"How other people see the learner."`
	Locale        *string            `json:"locale,omitempty" validate:"omitempty,oneof=en ja ko vi"`
	TargetScore   web.Nullable[int]  `json:"target_score,omitempty" description:"Total scaled score aimed at, 10 to 990 in fives; null clears."`
	TestDate      web.Nullable[date] `json:"test_date,omitempty" description:"Day of the test; null clears."`
	MinutesPerDay web.Nullable[int]  `json:"minutes_per_day,omitempty" description:"Minutes of practice a day, 1 to 1440; null clears."`
}

type changePasswordRequest struct {
	Current string `json:"current_password" validate:"required,max=1024" format:"password"`
	New     string `json:"new_password" validate:"required,max=1024" format:"password" description:"At least 10 characters of any kind, not one that many people choose."`
}

func profileRoutes(api *web.API, uc AccountCases) {
	web.Register(api, web.Endpoint[web.None, userReply]{
		Method: http.MethodGet, Path: "/api/v1/users/me", Permission: identity.OwnAccount,
		Tag: tag, Summary: "Read one's own account", Faults: web.Faults(identity.ErrUserNotFound),
		Handle: func(ctx context.Context, r web.Request, _ web.None) (userReply, error) {
			u, err := uc.Profile(ctx, r.Actor.UserID)
			return toUserReply(u), err
		},
	})
	web.Register(api, web.Endpoint[changeProfileRequest, userReply]{
		Method: http.MethodPatch, Path: "/api/v1/users/me", Permission: identity.OwnAccount,
		Tag: tag, Summary: "Change one's own profile", Description: "Fields that are left out stay as they are.",
		Faults: web.Faults(identity.ErrUserNotFound, identity.ErrInvalidAccount, ports.ErrStale),
		Handle: func(ctx context.Context, r web.Request, in changeProfileRequest) (userReply, error) {
			u, err := uc.ChangeProfile(ctx, identityapp.ChangeProfileCommand{
				User: r.Actor.UserID, DisplayName: in.DisplayName, Locale: in.Locale,
				TargetScore:   identityapp.Change[int](in.TargetScore),
				TestDate:      identityapp.Change[time.Time]{Given: in.TestDate.Given, Value: in.TestDate.Value.time()},
				MinutesPerDay: identityapp.Change[int](in.MinutesPerDay),
			})
			return toUserReply(u), err
		},
	})
	web.Register(api, web.Endpoint[changePasswordRequest, web.None]{
		Method: http.MethodPut, Path: "/api/v1/users/me/password", Permission: identity.OwnAccount, Class: web.SignIn,
		Tag: tag, Summary: "Change one's own password", Description: "Ends all other sessions of the account. A wrong current password counts as a failed log-in.",
		Faults: web.Faults(identity.ErrBadCredentials, identity.ErrLocked, identity.ErrInvalidAccount, identity.ErrNoSession, identity.ErrBusy),
		Handle: func(ctx context.Context, r web.Request, in changePasswordRequest) (web.None, error) {
			return web.None{}, uc.ChangePassword(ctx, identityapp.ChangePasswordCommand{Who: r.Actor, Current: in.Current, New: in.New, Device: r.Device})
		},
	})
	web.Register(api, web.Endpoint[web.None, web.None]{
		Method: http.MethodDelete, Path: "/api/v1/users/me", Permission: identity.OwnAccount, Fresh: true,
		Tag: tag, Summary: "Close one's own account",
		Description: "Ends all sessions. Everything is erased after 14 days; until then its owner can come back by logging in with reopen.",
		Faults:      web.Faults(identity.ErrUserNotFound, identity.ErrLastAdmin, ports.ErrStale),
		Handle: func(ctx context.Context, r web.Request, _ web.None) (web.None, error) {
			return web.None{}, uc.Close(ctx, r.Actor.UserID)
		},
	})
}
