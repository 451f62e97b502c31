package identityapp

import (
	"context"
	"slices"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// Roles reads and changes the roles that administrators define. Every change is recorded in the audit log.
type Roles struct {
	Clock    ports.Clock
	Defined  ports.RoleDefinitions
	Recorder Recorder
	Work     ports.UnitOfWork[ports.IdentityRepos]
}

// List returns the built-in roles and then the others.
func (uc Roles) List(ctx context.Context) ([]identity.RoleDefinition, error) {
	defined, err := uc.Defined.All(ctx)
	if err != nil {
		return nil, err
	}
	var out []identity.RoleDefinition
	for _, r := range identity.Roles() {
		out = append(out, identity.RoleDefinition{Name: r, Permissions: r.Grants()})
	}
	return append(out, defined...), nil
}

// RoleCommand defines or changes a role.
type RoleCommand struct {
	By          identity.Caller
	Name        identity.Role
	Description string
	Permissions []identity.Permission
	Version     int // of the role that the change was decided on; zero for any
}

type roleState struct {
	Description string                `json:"description"`
	Permissions []identity.Permission `json:"permissions"`
}

// Define adds a role; identity.ErrInvalidRole, identity.ErrRoleExists, and identity.ErrEscalation when it allows more than
// the caller may.
func (uc Roles) Define(ctx context.Context, cmd RoleCommand) (identity.RoleDefinition, error) {
	d, err := identity.DefineRole(cmd.Name, cmd.Description, cmd.Permissions, uc.Clock.Now())
	if err != nil {
		return d, err
	}
	if !cmd.By.Actor.MayGrant(d.Permissions) {
		return d, identity.ErrEscalation
	}
	return d, uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		if err := repos.Roles.Add(ctx, d); err != nil {
			return err
		}
		return uc.Recorder.Record(ctx, repos.Audit, cmd.By, audit.RoleDefined, roleObject(d.Name), nil, roleState{d.Description, d.Permissions})
	})
}

func roleObject(r identity.Role) string { return "role:" + string(r) }

// Change gives a role other permissions; identity.ErrRoleNotFound, ErrInvalidRole, ErrEscalation, and ports.ErrStale.
func (uc Roles) Change(ctx context.Context, cmd RoleCommand) (identity.RoleDefinition, error) {
	var out identity.RoleDefinition
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		d, err := find(ctx, repos, cmd.Name)
		if err != nil {
			return err
		}
		if cmd.Version != 0 && cmd.Version != d.Version {
			return ports.ErrStale
		}
		if out, err = d.Changed(cmd.Description, cmd.Permissions); err != nil {
			return err
		}
		if !cmd.By.Actor.MayGrant(slices.Concat(d.Permissions, out.Permissions)) {
			return identity.ErrEscalation
		}
		if err := repos.Roles.Save(ctx, out); err != nil {
			return err
		}
		return uc.Recorder.Record(ctx, repos.Audit, cmd.By, audit.RoleChanged, roleObject(d.Name),
			roleState{d.Description, d.Permissions}, roleState{out.Description, out.Permissions})
	})
	return out, err
}

// Delete removes a role that no account has; identity.ErrRoleNotFound, identity.ErrRoleInUse.
func (uc Roles) Delete(ctx context.Context, by identity.Caller, name identity.Role) error {
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		d, err := find(ctx, repos, name)
		if err != nil {
			return err
		}
		n, err := repos.Holders.Having(ctx, name)
		if err != nil {
			return err
		}
		if n > 0 {
			return identity.ErrRoleInUse
		}
		if err := repos.Roles.Remove(ctx, name); err != nil {
			return err
		}
		return uc.Recorder.Record(ctx, repos.Audit, by, audit.RoleDeleted, roleObject(name), roleState{d.Description, d.Permissions}, nil)
	})
}

func find(ctx context.Context, repos ports.IdentityRepos, name identity.Role) (identity.RoleDefinition, error) {
	defined, err := repos.Roles.All(ctx)
	if err != nil {
		return identity.RoleDefinition{}, err
	}
	i := slices.IndexFunc(defined, func(d identity.RoleDefinition) bool { return d.Name == name })
	if i < 0 {
		return identity.RoleDefinition{}, identity.ErrRoleNotFound
	}
	return defined[i], nil
}
