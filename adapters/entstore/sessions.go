package entstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/apitoken"
	"github.com/toeic-app/toeic/ent/predicate"
	"github.com/toeic-app/toeic/ent/role"
	"github.com/toeic-app/toeic/ent/user"
	"github.com/toeic-app/toeic/ent/usersession"
	"github.com/toeic-app/toeic/ports"
)

type sessions struct{ c *ent.Client }

func (r sessions) Add(ctx context.Context, s identity.Session) error {
	return translate(r.c.UserSession.Create().SetID(s.ID).SetUserID(s.UserID).SetIP(s.Device.IP).SetUserAgent(s.Device.UserAgent).
		SetDevice(s.Device.Name).SetCreatedAt(s.CreatedAt).SetLastSeenAt(s.LastSeenAt).SetExpiresAt(s.ExpiresAt).
		SetNillableProvedAt(s.ProvedAt).SetNillableFactorAt(s.FactorAt).SetNillableRevokedAt(s.RevokedAt).
		SetEndReason(string(s.EndReason)).Exec(ctx))
}

func (r sessions) ByID(ctx context.Context, id uuid.UUID) (identity.Session, error) {
	row, err := r.c.UserSession.Get(ctx, id)
	if err != nil {
		return identity.Session{}, orNotFound(err, identity.ErrSessionNotFound)
	}
	return sessionFromRow(row)
}

func (r sessions) Renew(ctx context.Context, s identity.Session) error {
	n, err := r.c.UserSession.Update().Where(usersession.ID(s.ID), usersession.RevokedAtIsNil()).
		SetIP(s.Device.IP).SetUserAgent(s.Device.UserAgent).SetDevice(s.Device.Name).
		SetLastSeenAt(s.LastSeenAt).SetExpiresAt(s.ExpiresAt).Save(ctx)
	return one(n, err, identity.ErrSessionEnded)
}

func (r sessions) Prove(ctx context.Context, s identity.Session) error {
	n, err := r.c.UserSession.Update().Where(usersession.ID(s.ID), usersession.RevokedAtIsNil()).
		SetNillableProvedAt(s.ProvedAt).SetNillableFactorAt(s.FactorAt).Save(ctx)
	if err := one(n, err, identity.ErrSessionEnded); err != nil {
		return err
	}
	return changed(ctx, r.c, ofSession(s.ID))
}

func (r sessions) Revoke(ctx context.Context, which ports.SessionFilter, why identity.EndReason, at time.Time) (int, error) {
	if which.ID == uuid.Nil && which.User == uuid.Nil {
		return 0, errRevokeAll
	}
	n, err := r.c.UserSession.Update().Where(append(sessionsWhere(which), usersession.RevokedAtIsNil())...).
		SetRevokedAt(at).SetEndReason(string(why)).Save(ctx)
	if err != nil || n == 0 {
		return n, translate(err)
	}
	if which.ID != uuid.Nil {
		return n, changed(ctx, r.c, ofSession(which.ID))
	}
	return n, changed(ctx, r.c, ofUser(which.User))
}

func (r sessions) List(ctx context.Context, which ports.SessionFilter, page ports.Page) (ports.Slice[identity.Session], error) {
	where := sessionsWhere(which)
	if page.After != uuid.Nil {
		where = append(where, usersession.IDLT(page.After))
	}
	rows, err := r.c.UserSession.Query().Where(where...).Order(usersession.ByID(sql.OrderDesc())).Limit(page.Limit + 1).All(ctx)
	if err != nil {
		return ports.Slice[identity.Session]{}, translate(err)
	}
	return slice(rows, page, sessionFromRow, func(s identity.Session) uuid.UUID { return s.ID })
}

func sessionsWhere(which ports.SessionFilter) []predicate.UserSession {
	var where []predicate.UserSession
	if which.ID != uuid.Nil {
		where = append(where, usersession.ID(which.ID))
	}
	if which.User != uuid.Nil {
		where = append(where, usersession.UserID(which.User))
	}
	if which.Except != uuid.Nil {
		where = append(where, usersession.IDNEQ(which.Except))
	}
	if which.IP != "" {
		where = append(where, usersession.IP(which.IP))
	}
	if !which.LiveAt.IsZero() {
		where = append(where, usersession.RevokedAtIsNil(), usersession.ExpiresAtGT(which.LiveAt))
	}
	return where
}

func sessionFromRow(r *ent.UserSession) (identity.Session, error) {
	return identity.Session{
		ID: r.ID, UserID: r.UserID, Device: identity.Device{IP: r.IP, UserAgent: r.UserAgent, Name: r.Device}, CreatedAt: r.CreatedAt.UTC(),
		LastSeenAt: r.LastSeenAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(), ProvedAt: utc(r.ProvedAt), FactorAt: utc(r.FactorAt),
		RevokedAt: utc(r.RevokedAt), EndReason: identity.EndReason(r.EndReason),
	}, nil
}

type actors struct{ c *ent.Client }

// holder is a row of a credential joined with its account.
type holder struct {
	ID       uuid.UUID  `sql:"id"`
	UserID   uuid.UUID  `sql:"user_id"`
	Until    time.Time  `sql:"expires_at"`
	Roles    string     `sql:"roles"`
	Scopes   *string    `sql:"scopes"`
	ProvedAt *time.Time `sql:"proved_at"`
	FactorAt *time.Time `sql:"factor_at"`
}

// joined restricts a query on credentials to those of active accounts and adds the account's roles.
func joined(userID string, columns ...string) func(*sql.Selector) {
	return func(s *sql.Selector) {
		owner := sql.Table(user.Table)
		s.Join(owner).On(s.C(userID), owner.C(user.FieldID))
		s.Where(sql.And(sql.IsNull(owner.C(user.FieldDeletedAt)), sql.IsNull(owner.C(user.FieldSuspendedAt))))
		s.Select(append(s.Columns(columns...), owner.C(user.FieldRoles))...)
	}
}

func (r actors) OfSession(ctx context.Context, id uuid.UUID, now time.Time) (identity.Actor, error) {
	var rows []holder
	err := r.c.UserSession.Query().
		Where(usersession.ID(id), usersession.RevokedAtIsNil(), usersession.ExpiresAtGT(now)).
		Modify(joined(usersession.FieldUserID, usersession.FieldUserID, usersession.FieldProvedAt, usersession.FieldFactorAt, usersession.FieldExpiresAt)).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 {
		return identity.Actor{}, orElse(err, identity.ErrSessionEnded)
	}
	a := identity.Actor{
		UserID: rows[0].UserID, SessionID: id, ProvedAt: utc(rows[0].ProvedAt), FactorAt: utc(rows[0].FactorAt), Until: rows[0].Until.UTC(),
	}
	return r.withRoles(ctx, a, rows[0].Roles)
}

func (r actors) OfToken(ctx context.Context, hash string, now time.Time) (identity.Actor, error) {
	var rows []holder
	err := r.c.APIToken.Query().
		Where(apitoken.Hash(hash), apitoken.RevokedAtIsNil(), apitoken.ExpiresAtGT(now)).
		Modify(joined(apitoken.FieldUserID, apitoken.FieldID, apitoken.FieldUserID, apitoken.FieldScopes, apitoken.FieldExpiresAt)).Scan(ctx, &rows)
	if err != nil || len(rows) == 0 || rows[0].Scopes == nil {
		return identity.Actor{}, orElse(err, identity.ErrUnauthenticated)
	}
	a := identity.Actor{UserID: rows[0].UserID, TokenID: rows[0].ID, Scopes: []identity.Scope{}, Until: rows[0].Until.UTC()}
	if err := json.Unmarshal([]byte(*rows[0].Scopes), &a.Scopes); err != nil {
		return identity.Actor{}, fmt.Errorf("read the scopes of a token: %w", err)
	}
	return r.withRoles(ctx, a, rows[0].Roles)
}

// orElse is the failure of a query, or that of finding nothing.
func orElse(err, nothing error) error {
	if err != nil {
		return translate(err)
	}
	return nothing
}

// withRoles adds the roles of an account, and what those of them allow that are not built in.
func (r actors) withRoles(ctx context.Context, a identity.Actor, roles string) (identity.Actor, error) {
	if err := json.Unmarshal([]byte(roles), &a.Roles); err != nil {
		return identity.Actor{}, fmt.Errorf("read the roles of an account: %w", err)
	}
	var others []string
	for _, name := range a.Roles {
		if !name.BuiltIn() {
			others = append(others, string(name))
		}
	}
	if len(others) == 0 {
		return a, nil
	}
	defined, err := r.c.Role.Query().Where(role.IDIn(others...)).All(ctx)
	if err != nil {
		return identity.Actor{}, translate(err)
	}
	for _, d := range defined {
		a.Granted = append(a.Granted, named[identity.Permission](d.Permissions)...)
	}
	return a, nil
}
