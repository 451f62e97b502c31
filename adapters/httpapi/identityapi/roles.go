package identityapi

import (
	"context"
	"net/http"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/identityapp"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// RoleCases is what the routes of roles call.
type RoleCases struct {
	List   func(ctx context.Context) ([]identity.RoleDefinition, error)
	Define func(context.Context, identityapp.RoleCommand) (identity.RoleDefinition, error)
	Change func(context.Context, identityapp.RoleCommand) (identity.RoleDefinition, error)
	Delete func(ctx context.Context, by identity.Caller, name identity.Role) error
}

type roleReply struct {
	Name        identity.Role         `json:"name"`
	BuiltIn     bool                  `json:"built_in"`
	Description string                `json:"description"`
	Permissions []identity.Permission `json:"permissions"`
	Version     int                   `json:"version"`
}

// StateVersion implements web.Versioned.
func (r roleReply) StateVersion() int { return r.Version }

func toRoleReply(d identity.RoleDefinition) roleReply {
	return roleReply{Name: d.Name, BuiltIn: d.Name.BuiltIn(), Description: d.Description, Permissions: d.Permissions, Version: d.Version}
}

type rolesReply struct {
	Items []roleReply `json:"items"`
}

type defineRoleRequest struct {
	Name        identity.Role         `json:"name" validate:"required,max=40"`
	Description string                `json:"description,omitempty" validate:"max=200"`
	Permissions []identity.Permission `json:"permissions" validate:"required,min=1,max=60,unique,dive,min=1,max=40"`
}

type rolePath struct {
	Name identity.Role `path:"name" json:"-"`
}

type changeRoleRequest struct {
	rolePath
	Version     web.Version           `header:"If-Match" json:"-" description:"The ETag of the role that the change was decided on."`
	Description string                `json:"description,omitempty" validate:"max=200"`
	Permissions []identity.Permission `json:"permissions" validate:"required,min=1,max=60,unique,dive,min=1,max=40"`
}

func roleRoutes(api *web.API, uc RoleCases) {
	web.Register(api, web.Endpoint[web.None, rolesReply]{
		Method: http.MethodGet, Path: "/api/v1/admin/roles", Permission: identity.ReadRoles,
		Tag: adminTag, Summary: "List roles and what they allow",
		Handle: func(ctx context.Context, _ web.Request, _ web.None) (rolesReply, error) {
			defined, err := uc.List(ctx)
			out := rolesReply{Items: make([]roleReply, len(defined))}
			for i, d := range defined {
				out.Items[i] = toRoleReply(d)
			}
			return out, err
		},
	})
	web.Register(api, web.Endpoint[defineRoleRequest, roleReply]{
		Method: http.MethodPost, Path: "/api/v1/admin/roles", Permission: identity.ManageRoles, Fresh: true, Idempotent: true,
		Tag: adminTag, Summary: "Define a role", Status: http.StatusCreated,
		Faults: web.Faults(identity.ErrInvalidRole, identity.ErrRoleExists, identity.ErrEscalation),
		Handle: func(ctx context.Context, r web.Request, in defineRoleRequest) (roleReply, error) {
			d, err := uc.Define(ctx, identityapp.RoleCommand{By: r.Caller(), Name: in.Name, Description: in.Description, Permissions: in.Permissions})
			return toRoleReply(d), err
		},
	})
	web.Register(api, web.Endpoint[changeRoleRequest, roleReply]{
		Method: http.MethodPut, Path: "/api/v1/admin/roles/{name}", Permission: identity.ManageRoles, Fresh: true,
		Tag: adminTag, Summary: "Change a role", Faults: web.Faults(identity.ErrRoleNotFound, identity.ErrInvalidRole, identity.ErrEscalation, ports.ErrStale),
		Handle: func(ctx context.Context, r web.Request, in changeRoleRequest) (roleReply, error) {
			d, err := uc.Change(ctx, identityapp.RoleCommand{
				By: r.Caller(), Name: in.Name, Description: in.Description, Permissions: in.Permissions, Version: int(in.Version),
			})
			return toRoleReply(d), err
		},
	})
	web.Register(api, web.Endpoint[rolePath, web.None]{
		Method: http.MethodDelete, Path: "/api/v1/admin/roles/{name}", Permission: identity.ManageRoles, Fresh: true,
		Tag: adminTag, Summary: "Delete a role that no account has", Faults: web.Faults(identity.ErrRoleNotFound, identity.ErrRoleInUse),
		Handle: func(ctx context.Context, r web.Request, in rolePath) (web.None, error) {
			return web.None{}, uc.Delete(ctx, r.Caller(), in.Name)
		},
	})
}
