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

// UserCases is what the routes of user administration call.
type UserCases struct {
	List           func(ctx context.Context, which ports.UserFilter, page ports.Page) (ports.Slice[identity.User], error)
	Get            func(ctx context.Context, id uuid.UUID) (identityapp.UserDetail, error)
	Suspend        func(ctx context.Context, by identity.Caller, id uuid.UUID, reason string) (identity.User, error)
	Reinstate      func(ctx context.Context, by identity.Caller, id uuid.UUID) (identity.User, error)
	ExpirePassword func(ctx context.Context, by identity.Caller, id uuid.UUID) (identity.User, error)
	ResetFactors   func(ctx context.Context, by identity.Caller, id uuid.UUID) (identity.User, error)
	ChangeRoles    func(context.Context, identityapp.ChangeRolesCommand) (identity.User, error)
}

type userPath struct {
	ID uuid.UUID `path:"id" json:"-"`
}

type usersQuery struct {
	web.PageQuery
	Text   string `query:"q" json:"-" validate:"omitempty,max=254" description:"Part of the address or the name, whatever the case."`
	Role   string `query:"role" json:"-" validate:"omitempty,max=40"`
	Status string `query:"status" json:"-" validate:"omitempty,oneof=active suspended closed"`
}

// accountReply is an account as administrators see it.
type accountReply struct {
	userReply
	SuspendedAt        *time.Time `json:"suspended_at"`
	SuspendedFor       string     `json:"suspended_for,omitempty"`
	ClosedAt           *time.Time `json:"closed_at" description:"Erased 14 days later."`
	MustChangePassword bool       `json:"must_change_password"`
	PasswordChangedAt  *time.Time `json:"password_changed_at"`
	Version            int        `json:"version" description:"The ETag to send as If-Match is \"v\" and this number."`
}

// StateVersion implements web.Versioned.
func (r accountReply) StateVersion() int { return r.Version }

func toAccountReply(u identity.User) accountReply {
	return accountReply{
		userReply: toUserReply(u), SuspendedAt: u.SuspendedAt, SuspendedFor: u.SuspendedFor, ClosedAt: u.DeletedAt,
		MustChangePassword: u.MustChange, PasswordChangedAt: u.ChangedAt, Version: u.Version,
	}
}

type accountDetailReply struct {
	accountReply
	Factors factorsReply `json:"second_factors"`
}

type suspendRequest struct {
	userPath
	Reason string `json:"reason" validate:"required,max=200" description:"For other administrators."`
}

type rolesRequest struct {
	userPath
	Version web.Version     `header:"If-Match" json:"-" description:"The ETag of the account that the change was decided on."`
	Roles   []identity.Role `json:"roles" validate:"required,min=1,max=20,unique,dive,min=1,max=40"`
}

func userRoutes(api *web.API, uc UserCases) {
	web.Register(api, web.Endpoint[usersQuery, web.List[accountReply]]{
		Method: http.MethodGet, Path: "/api/v1/admin/users", Permission: identity.ReadUsers,
		Tag: adminTag, Summary: "List and search accounts",
		Handle: func(ctx context.Context, _ web.Request, in usersQuery) (web.List[accountReply], error) {
			page, err := in.Page()
			if err != nil {
				return web.List[accountReply]{}, err
			}
			rows, err := uc.List(ctx, ports.UserFilter{Text: in.Text, Role: identity.Role(in.Role), Status: ports.UserStatus(in.Status)}, page)
			return web.ListOf(rows, toAccountReply), err
		},
	})
	web.Register(api, web.Endpoint[userPath, accountDetailReply]{
		Method: http.MethodGet, Path: "/api/v1/admin/users/{id}", Permission: identity.ReadUsers,
		Tag: adminTag, Summary: "Read an account", Faults: web.Faults(identity.ErrUserNotFound),
		Handle: func(ctx context.Context, _ web.Request, in userPath) (accountDetailReply, error) {
			d, err := uc.Get(ctx, in.ID)
			return accountDetailReply{accountReply: toAccountReply(d.User), Factors: toFactorsReply(d.Factors)}, err
		},
	})
	web.Register(api, web.Endpoint[suspendRequest, accountReply]{
		Method: http.MethodPost, Path: "/api/v1/admin/users/{id}/suspend", Permission: identity.ManageUsers, Fresh: true,
		Tag: adminTag, Summary: "Suspend an account", Description: "Ends its sessions; its API tokens rest until it is reinstated.",
		Faults: web.Faults(identity.ErrUserNotFound, identity.ErrLastAdmin, ports.ErrStale),
		Handle: func(ctx context.Context, r web.Request, in suspendRequest) (accountReply, error) {
			u, err := uc.Suspend(ctx, r.Caller(), in.ID, in.Reason)
			return toAccountReply(u), err
		},
	})
	for _, action := range []struct {
		path, summary, description string
		method                     string
		do                         func(ctx context.Context, by identity.Caller, id uuid.UUID) (identity.User, error)
	}{
		{"/reinstate", "Reinstate a suspended account", "", http.MethodPost, uc.Reinstate},
		{"/require-password-change", "Make the owner choose another password", "Ends all sessions; the next log-in asks for new_password.", http.MethodPost, uc.ExpirePassword},
		{"/second-factors", "Remove all second factors of an account", "For an owner who lost them. Ends all sessions and tells the owner.", http.MethodDelete, uc.ResetFactors},
	} {
		web.Register(api, web.Endpoint[userPath, accountReply]{
			Method: action.method, Path: "/api/v1/admin/users/{id}" + action.path, Permission: identity.ManageUsers, Fresh: true,
			Tag: adminTag, Summary: action.summary, Description: action.description, Faults: web.Faults(identity.ErrUserNotFound, ports.ErrStale),
			Handle: func(ctx context.Context, r web.Request, in userPath) (accountReply, error) {
				u, err := action.do(ctx, r.Caller(), in.ID)
				return toAccountReply(u), err
			},
		})
	}
	web.Register(api, web.Endpoint[rolesRequest, accountReply]{
		Method: http.MethodPut, Path: "/api/v1/admin/users/{id}/roles", Permission: identity.ManageUsers, Fresh: true,
		Tag: adminTag, Summary: "Change the roles of an account", Description: "Nobody can give or take a role that allows more than they may themselves.",
		Faults: web.Faults(identity.ErrUserNotFound, identity.ErrRoleNotFound, identity.ErrLastAdmin, identity.ErrEscalation, ports.ErrStale),
		Handle: func(ctx context.Context, r web.Request, in rolesRequest) (accountReply, error) {
			u, err := uc.ChangeRoles(ctx, identityapp.ChangeRolesCommand{By: r.Caller(), User: in.ID, Roles: in.Roles, Version: int(in.Version)})
			return toAccountReply(u), err
		},
	})
}
