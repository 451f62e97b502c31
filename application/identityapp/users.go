package identityapp

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// ListUsers lists and searches accounts, newest first.
type ListUsers struct{ Users ports.UserList }

// Execute returns one stretch of the list.
func (uc ListUsers) Execute(ctx context.Context, which ports.UserFilter, page ports.Page) (ports.Slice[identity.User], error) {
	return uc.Users.List(ctx, which, page)
}

// GetUser reads any account.
type GetUser struct {
	Users   ports.Users
	Factors ports.Factors
}

// UserDetail is an account with what an administrator may know of its second factors.
type UserDetail struct {
	User    identity.User
	Factors identity.Factors
}

// Execute returns identity.ErrUserNotFound; closed accounts are found until they are erased.
func (uc GetUser) Execute(ctx context.Context, id uuid.UUID) (UserDetail, error) {
	u, err := uc.Users.ByID(ctx, id)
	if err != nil {
		return UserDetail{}, err
	}
	has, err := uc.Factors.Of(ctx, id)
	return UserDetail{User: u, Factors: has}, err
}

// ManageUser changes accounts on behalf of administrators. Every change is recorded in the audit log. All methods
// return identity.ErrUserNotFound when there is no such account.
type ManageUser struct {
	Clock    ports.Clock
	Recorder Recorder
	Post     Post
	Work     ports.UnitOfWork[ports.IdentityRepos]
}

// change stores what fn makes of the account, and records it.
func (uc ManageUser) change(ctx context.Context, by identity.Caller, id uuid.UUID, what audit.Action, fn func(context.Context, ports.IdentityRepos, identity.User) (identity.User, error)) (identity.User, error) {
	var out identity.User
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		u, err := repos.Users.ByID(ctx, id)
		if err != nil {
			return err
		}
		if out, err = fn(ctx, repos, u); err != nil {
			return err
		}
		if out.Version != u.Version {
			if err := repos.Users.Save(ctx, out); err != nil {
				return err
			}
		}
		return uc.Recorder.Record(ctx, repos.Audit, by, what, objectOf(id), stateOf(u), stateOf(out))
	})
	return out, err
}

// Suspend locks an account and ends its sessions; identity.ErrLastAdmin for the last administrator.
func (uc ManageUser) Suspend(ctx context.Context, by identity.Caller, id uuid.UUID, reason string) (identity.User, error) {
	return uc.change(ctx, by, id, audit.UserSuspended, func(ctx context.Context, repos ports.IdentityRepos, u identity.User) (identity.User, error) {
		if u.SuspendedAt != nil {
			return u, nil
		}
		if err := keepAnAdmin(ctx, repos, u); err != nil {
			return u, err
		}
		now := uc.Clock.Now()
		_, err := repos.Sessions.Revoke(ctx, ports.SessionFilter{User: id}, identity.EndedBySuspend, now)
		return u.Suspended(reason, now), err
	})
}

// Reinstate unlocks an account.
func (uc ManageUser) Reinstate(ctx context.Context, by identity.Caller, id uuid.UUID) (identity.User, error) {
	return uc.change(ctx, by, id, audit.UserReinstated, func(_ context.Context, _ ports.IdentityRepos, u identity.User) (identity.User, error) {
		if u.SuspendedAt == nil {
			return u, nil
		}
		return u.Reinstated(), nil
	})
}

// ExpirePassword makes the owner choose another password at the next log-in, and ends the sessions.
func (uc ManageUser) ExpirePassword(ctx context.Context, by identity.Caller, id uuid.UUID) (identity.User, error) {
	return uc.change(ctx, by, id, audit.UserPasswordExpired, func(ctx context.Context, repos ports.IdentityRepos, u identity.User) (identity.User, error) {
		_, err := repos.Sessions.Revoke(ctx, ports.SessionFilter{User: id}, identity.EndedByAdmin, uc.Clock.Now())
		return u.PasswordExpired(), err
	})
}

// ResetFactors removes all second factors, ends the sessions, and tells the owner.
func (uc ManageUser) ResetFactors(ctx context.Context, by identity.Caller, id uuid.UUID) (identity.User, error) {
	return uc.change(ctx, by, id, audit.UserFactorsReset, func(ctx context.Context, repos ports.IdentityRepos, u identity.User) (identity.User, error) {
		has, err := repos.Factors.Of(ctx, id)
		if err != nil {
			return u, err
		}
		if has.TOTP != nil {
			if err := repos.Factors.RemoveTOTP(ctx, id); err != nil {
				return u, err
			}
		}
		for _, k := range has.Passkeys {
			if err := repos.Factors.RemovePasskey(ctx, id, k.ID); err != nil {
				return u, err
			}
		}
		if err := repos.Recovery.Replace(ctx, id, nil); err != nil {
			return u, err
		}
		if _, err := repos.Sessions.Revoke(ctx, ports.SessionFilter{User: id}, identity.EndedByAdmin, uc.Clock.Now()); err != nil {
			return u, err
		}
		return u, uc.Post.about(ctx, repos, u, identity.LetterFactorsChanged, nil)
	})
}

// ChangeRolesCommand gives an account other roles.
type ChangeRolesCommand struct {
	By      identity.Caller
	User    uuid.UUID
	Roles   []identity.Role
	Version int // of the account that the change was decided on; zero for any
}

// ChangeRoles gives an account other roles. It returns ports.ErrStale when the account is of another version,
// identity.ErrRoleNotFound for an unknown role, identity.ErrLastAdmin for the last administrator, and
// identity.ErrEscalation when a role that is given or taken allows something that the caller may not.
func (uc ManageUser) ChangeRoles(ctx context.Context, cmd ChangeRolesCommand) (identity.User, error) {
	return uc.change(ctx, cmd.By, cmd.User, audit.UserRolesChanged, func(ctx context.Context, repos ports.IdentityRepos, u identity.User) (identity.User, error) {
		if cmd.Version != 0 && cmd.Version != u.Version {
			return u, ports.ErrStale
		}
		roles := slices.Compact(slices.Sorted(slices.Values(cmd.Roles)))
		if err := mayHandOver(ctx, repos, cmd.By.Actor, u.Roles, roles); err != nil {
			return u, err
		}
		if !slices.Contains(roles, identity.Admin) {
			if err := keepAnAdmin(ctx, repos, u); err != nil {
				return u, err
			}
		}
		return u.WithRoles(roles), nil
	})
}

// mayHandOver checks each role that only one of two sets has.
func mayHandOver(ctx context.Context, repos ports.IdentityRepos, who identity.Actor, before, after []identity.Role) error {
	defined, err := repos.Roles.All(ctx)
	if err != nil {
		return err
	}
	for _, r := range slices.Concat(before, after) {
		if slices.Contains(before, r) && slices.Contains(after, r) {
			continue
		}
		grants := r.Grants()
		if i := slices.IndexFunc(defined, func(d identity.RoleDefinition) bool { return d.Name == r }); i >= 0 {
			grants = defined[i].Permissions
		} else if !r.BuiltIn() && slices.Contains(after, r) {
			return identity.ErrRoleNotFound
		}
		if !who.MayGrant(grants) {
			return identity.ErrEscalation
		}
	}
	return nil
}

// EndSessions ends all sessions of an account and returns how many that were.
func (uc ManageUser) EndSessions(ctx context.Context, by identity.Caller, id uuid.UUID) (int, error) {
	n := 0
	_, err := uc.change(ctx, by, id, audit.UserSessionsEnded, func(ctx context.Context, repos ports.IdentityRepos, u identity.User) (_ identity.User, err error) {
		n, err = repos.Sessions.Revoke(ctx, ports.SessionFilter{User: id}, identity.EndedByAdmin, uc.Clock.Now())
		return u, err
	})
	return n, err
}

// EndAnySession ends one session, whoever's it is; identity.ErrSessionNotFound when it is not there or has ended.
func (uc ManageUser) EndAnySession(ctx context.Context, by identity.Caller, id uuid.UUID) error {
	return uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		s, err := repos.Sessions.ByID(ctx, id)
		if err != nil {
			return err
		}
		n, err := repos.Sessions.Revoke(ctx, ports.SessionFilter{ID: id}, identity.EndedByAdmin, uc.Clock.Now())
		if err != nil {
			return err
		}
		if n == 0 {
			return identity.ErrSessionNotFound
		}
		return uc.Recorder.Record(ctx, repos.Audit, by, audit.SessionEnded, "session:"+id.String(), map[string]string{"user": s.UserID.String(), "ip": s.Device.IP}, nil)
	})
}
