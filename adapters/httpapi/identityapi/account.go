// Package identityapi is the REST face of accounts and sessions.
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
	Register      func(context.Context, identityapp.RegisterCommand) (identityapp.SignedIn, error)
	Login         func(context.Context, identityapp.LoginCommand) (identityapp.SignedIn, error)
	Refresh       func(context.Context, identityapp.RefreshCommand) (identityapp.SignedIn, error)
	Logout        func(ctx context.Context, who identity.Actor, allDevices bool) error
	Profile       func(ctx context.Context, user uuid.UUID) (identity.User, error)
	ChangeProfile func(context.Context, identityapp.ChangeProfileCommand) (identity.User, error)
	CloseAccount  func(ctx context.Context, user uuid.UUID) error
	ListSessions  func(context.Context, identityapp.SessionQuery) (ports.Slice[identity.Session], error)
	EndSession    func(ctx context.Context, owner, id uuid.UUID) error
}

// Routes registers the routes.
func Routes(api *web.API, uc UseCases) {
	authRoutes(api, uc)
	profileRoutes(api, uc)
	sessionRoutes(api, uc)
}

type userReply struct {
	ID            uuid.UUID       `json:"id"`
	Email         identity.Email  `json:"email"`
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
		ID: u.ID, Email: u.Email, DisplayName: u.Profile.DisplayName, Roles: u.Roles, Locale: u.Profile.Locale,
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

func profileRoutes(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[web.None, userReply]{
		Method: http.MethodGet, Path: "/api/v1/users/me", Permission: identity.OwnAccount,
		Tag: "Account", Summary: "Read one's own account", Faults: web.Faults(identity.ErrUserNotFound),
		Handle: func(ctx context.Context, r web.Request, _ web.None) (userReply, error) {
			u, err := uc.Profile(ctx, r.Actor.UserID)
			return toUserReply(u), err
		},
	})
	web.Register(api, web.Endpoint[changeProfileRequest, userReply]{
		Method: http.MethodPatch, Path: "/api/v1/users/me", Permission: identity.OwnAccount,
		Tag: "Account", Summary: "Change one's own profile", Description: "Fields that are left out stay as they are.",
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
	web.Register(api, web.Endpoint[web.None, web.None]{
		Method: http.MethodDelete, Path: "/api/v1/users/me", Permission: identity.OwnAccount,
		Tag: "Account", Summary: "Close one's own account", Description: "Ends all sessions. Nobody can log in to the account afterwards.",
		Faults: web.Faults(identity.ErrUserNotFound, ports.ErrStale),
		Handle: func(ctx context.Context, r web.Request, _ web.None) (web.None, error) {
			return web.None{}, uc.CloseAccount(ctx, r.Actor.UserID)
		},
	})
}
