package entstore

import (
	"context"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/role"
	"github.com/toeic-app/toeic/ports"
)

type roleDefinitions struct{ c *ent.Client }

func (r roleDefinitions) All(ctx context.Context) ([]identity.RoleDefinition, error) {
	rows, err := r.c.Role.Query().Order(role.ByID()).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]identity.RoleDefinition, len(rows))
	for i, row := range rows {
		out[i] = identity.RoleDefinition{
			Name: identity.Role(row.ID), Description: row.Description, Permissions: named[identity.Permission](row.Permissions),
			CreatedAt: row.CreatedAt.UTC(), Version: row.Version,
		}
	}
	return out, nil
}

func (r roleDefinitions) Add(ctx context.Context, d identity.RoleDefinition) error {
	err := r.c.Role.Create().SetID(string(d.Name)).SetDescription(d.Description).SetPermissions(texts(d.Permissions)).
		SetCreatedAt(d.CreatedAt).SetVersion(d.Version).Exec(ctx)
	if err != nil {
		return translate(err)
	}
	return changed(ctx, r.c, ofRoles) // accounts may hold the name from before it was removed
}

func (r roleDefinitions) Save(ctx context.Context, d identity.RoleDefinition) error {
	n, err := r.c.Role.Update().Where(role.ID(string(d.Name)), role.Version(d.Version-1)).
		SetDescription(d.Description).SetPermissions(texts(d.Permissions)).SetVersion(d.Version).Save(ctx)
	if err := one(n, err, ports.ErrStale); err != nil {
		return err
	}
	return changed(ctx, r.c, ofRoles)
}

func (r roleDefinitions) Remove(ctx context.Context, name identity.Role) error {
	n, err := r.c.Role.Delete().Where(role.ID(string(name))).Exec(ctx)
	if err := one(n, err, identity.ErrRoleNotFound); err != nil {
		return err
	}
	return changed(ctx, r.c, ofRoles)
}
