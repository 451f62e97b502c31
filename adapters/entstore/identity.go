package entstore

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/apitoken"
	"github.com/toeic-app/toeic/ent/predicate"
	"github.com/toeic-app/toeic/ent/refreshtoken"
	"github.com/toeic-app/toeic/ent/user"
	"github.com/toeic-app/toeic/ent/usersession"
	"github.com/toeic-app/toeic/ports"
)

// Identity runs units of work on accounts.
func (s *Store) Identity() ports.UnitOfWork[ports.IdentityRepos] {
	return unit[ports.IdentityRepos]{store: s, bind: func(tx session) ports.IdentityRepos {
		return ports.IdentityRepos{
			Users:         users{tx.User},
			Sessions:      sessions{tx.UserSession},
			RefreshTokens: refreshTokens{tx.RefreshToken},
			APITokens:     apiTokens{tx.APIToken},
		}
	}}
}

// Users reads and writes single accounts outside a unit of work.
func (s *Store) Users() ports.Users { return users{s.client.User} }

// Sessions lists sessions.
func (s *Store) Sessions() ports.SessionList { return sessions{s.client.UserSession} }

// Actors tells who stands behind a credential.
func (s *Store) Actors() ports.Actors { return actors{s.client} }

type users struct{ c *ent.UserClient }

func (r users) Add(ctx context.Context, u identity.User) error {
	return translate(r.c.Create().SetID(u.ID).SetEmail(string(u.Email)).SetPasswordHash(u.PasswordHash).
		SetRoles(texts(u.Roles)).SetDisplayName(u.Profile.DisplayName).SetLocale(u.Profile.Locale).
		SetNillableTargetScore(u.Profile.TargetScore).SetNillableTestDate(u.Profile.TestDate).
		SetNillableMinutesPerDay(u.Profile.MinutesPerDay).SetCreatedAt(u.CreatedAt).SetNillableDeletedAt(u.DeletedAt).
		SetVersion(u.Version).Exec(ctx))
}

func (r users) ByID(ctx context.Context, id uuid.UUID) (identity.User, error) {
	return r.only(ctx, user.ID(id))
}

func (r users) ByEmail(ctx context.Context, email identity.Email) (identity.User, error) {
	return r.only(ctx, user.Email(string(email)))
}

func (r users) only(ctx context.Context, where predicate.User) (identity.User, error) {
	row, err := r.c.Query().Where(where).Only(ctx)
	if err != nil {
		return identity.User{}, orNotFound(err, identity.ErrUserNotFound)
	}
	return userFromRow(row), nil
}

func (r users) Save(ctx context.Context, u identity.User) error {
	up := r.c.Update().Where(user.ID(u.ID), user.Version(u.Version-1)).
		SetEmail(string(u.Email)).SetPasswordHash(u.PasswordHash).SetRoles(texts(u.Roles)).
		SetDisplayName(u.Profile.DisplayName).SetLocale(u.Profile.Locale).SetVersion(u.Version).
		SetNillableTargetScore(u.Profile.TargetScore).SetNillableTestDate(u.Profile.TestDate).
		SetNillableMinutesPerDay(u.Profile.MinutesPerDay).SetNillableDeletedAt(u.DeletedAt)
	if u.Profile.TargetScore == nil {
		up.ClearTargetScore()
	}
	if u.Profile.TestDate == nil {
		up.ClearTestDate()
	}
	if u.Profile.MinutesPerDay == nil {
		up.ClearMinutesPerDay()
	}
	n, err := up.Save(ctx)
	return one(n, err, ports.ErrStale)
}

func userFromRow(r *ent.User) identity.User {
	return identity.User{
		ID: r.ID, Email: identity.Email(r.Email), PasswordHash: r.PasswordHash, Roles: named[identity.Role](r.Roles),
		Profile: identity.Profile{
			DisplayName: r.DisplayName, Locale: r.Locale, TargetScore: r.TargetScore,
			TestDate: utc(r.TestDate), MinutesPerDay: r.MinutesPerDay,
		},
		CreatedAt: r.CreatedAt.UTC(), DeletedAt: utc(r.DeletedAt), Version: r.Version,
	}
}

type sessions struct{ c *ent.UserSessionClient }

func (r sessions) Add(ctx context.Context, s identity.Session) error {
	return translate(r.c.Create().SetID(s.ID).SetUserID(s.UserID).SetIP(s.Device.IP).SetUserAgent(s.Device.UserAgent).
		SetCreatedAt(s.CreatedAt).SetLastSeenAt(s.LastSeenAt).SetExpiresAt(s.ExpiresAt).SetNillableRevokedAt(s.RevokedAt).
		Exec(ctx))
}

func (r sessions) ByID(ctx context.Context, id uuid.UUID) (identity.Session, error) {
	row, err := r.c.Get(ctx, id)
	if err != nil {
		return identity.Session{}, orNotFound(err, identity.ErrSessionNotFound)
	}
	return sessionFromRow(row)
}

func (r sessions) Renew(ctx context.Context, s identity.Session) error {
	n, err := r.c.Update().Where(usersession.ID(s.ID), usersession.RevokedAtIsNil()).
		SetIP(s.Device.IP).SetUserAgent(s.Device.UserAgent).SetLastSeenAt(s.LastSeenAt).SetExpiresAt(s.ExpiresAt).Save(ctx)
	return one(n, err, identity.ErrSessionEnded)
}

func (r sessions) Revoke(ctx context.Context, which ports.SessionFilter, at time.Time) (int, error) {
	where := sessionsWhere(which)
	if len(where) == 0 {
		return 0, errRevokeAll
	}
	n, err := r.c.Update().Where(append(where, usersession.RevokedAtIsNil())...).SetRevokedAt(at).Save(ctx)
	return n, translate(err)
}

func (r sessions) List(ctx context.Context, which ports.SessionFilter, page ports.Page) (ports.Slice[identity.Session], error) {
	where := sessionsWhere(which)
	if page.After != uuid.Nil {
		where = append(where, usersession.IDLT(page.After))
	}
	rows, err := r.c.Query().Where(where...).Order(usersession.ByID(sql.OrderDesc())).Limit(page.Limit + 1).All(ctx)
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
		ID: r.ID, UserID: r.UserID, Device: identity.Device{IP: r.IP, UserAgent: r.UserAgent}, CreatedAt: r.CreatedAt.UTC(),
		LastSeenAt: r.LastSeenAt.UTC(), ExpiresAt: r.ExpiresAt.UTC(), RevokedAt: utc(r.RevokedAt),
	}, nil
}

type refreshTokens struct{ c *ent.RefreshTokenClient }

func (r refreshTokens) Add(ctx context.Context, t identity.RefreshToken) error {
	return translate(r.c.Create().SetID(t.Hash).SetSessionID(t.SessionID).SetCreatedAt(t.CreatedAt).SetNillableSpentAt(t.SpentAt).Exec(ctx))
}

func (r refreshTokens) ByHash(ctx context.Context, hash string) (identity.RefreshToken, error) {
	row, err := r.c.Get(ctx, hash)
	if err != nil {
		return identity.RefreshToken{}, orNotFound(err, identity.ErrUnauthenticated)
	}
	return identity.RefreshToken{Hash: row.ID, SessionID: row.SessionID, CreatedAt: row.CreatedAt.UTC(), SpentAt: utc(row.SpentAt)}, nil
}

func (r refreshTokens) Spend(ctx context.Context, hash string, at time.Time) (bool, error) {
	n, err := r.c.Update().Where(refreshtoken.ID(hash), refreshtoken.SpentAtIsNil()).SetSpentAt(at).Save(ctx)
	return n == 1, translate(err)
}

type apiTokens struct{ c *ent.APITokenClient }

func (r apiTokens) Add(ctx context.Context, t identity.APIToken) error {
	return translate(r.c.Create().SetID(t.ID).SetUserID(t.UserID).SetName(t.Name).SetHash(t.Hash).SetScopes(texts(t.Scopes)).
		SetCreatedAt(t.CreatedAt).SetExpiresAt(t.ExpiresAt).SetNillableRevokedAt(t.RevokedAt).Exec(ctx))
}

type actors struct{ c *ent.Client }

func (r actors) OfSession(ctx context.Context, id uuid.UUID, now time.Time) (identity.Actor, error) {
	row, err := r.c.User.Query().
		Where(user.DeletedAtIsNil(), user.HasSessionsWith(usersession.ID(id), usersession.RevokedAtIsNil(), usersession.ExpiresAtGT(now))).
		Select(user.FieldID, user.FieldRoles).Only(ctx)
	if err != nil {
		return identity.Actor{}, orNotFound(err, identity.ErrSessionEnded)
	}
	return identity.Actor{UserID: row.ID, SessionID: id, Roles: named[identity.Role](row.Roles)}, nil
}

func (r actors) OfToken(ctx context.Context, hash string, now time.Time) (identity.Actor, error) {
	row, err := r.c.APIToken.Query().
		Where(apitoken.Hash(hash), apitoken.RevokedAtIsNil(), apitoken.ExpiresAtGT(now), apitoken.HasUserWith(user.DeletedAtIsNil())).
		WithUser(func(q *ent.UserQuery) { q.Select(user.FieldID, user.FieldRoles) }).Only(ctx)
	if err != nil {
		return identity.Actor{}, orNotFound(err, identity.ErrUnauthenticated)
	}
	owner, err := row.Edges.UserOrErr()
	if err != nil {
		return identity.Actor{}, translate(err)
	}
	return identity.Actor{
		UserID: owner.ID, TokenID: row.ID, Roles: named[identity.Role](owner.Roles), Scopes: named[identity.Scope](row.Scopes),
	}, nil
}
