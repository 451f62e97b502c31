package entstore

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqljson"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/answerchange"
	entattempt "github.com/toeic-app/toeic/ent/attempt"
	"github.com/toeic-app/toeic/ent/predicate"
	"github.com/toeic-app/toeic/ent/user"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

type users struct{ c *ent.Client }

func (r users) Add(ctx context.Context, u identity.User) error {
	return translate(r.c.User.Create().SetID(u.ID).SetEmail(string(u.Email)).SetPasswordHash(u.PasswordHash).
		SetRoles(texts(u.Roles)).SetDisplayName(u.Profile.DisplayName).SetLocale(u.Profile.Locale).
		SetNillableTargetScore(u.Profile.TargetScore).SetNillableTestDate(u.Profile.TestDate).
		SetNillableMinutesPerDay(u.Profile.MinutesPerDay).SetCreatedAt(u.CreatedAt).SetNillableVerifiedAt(u.VerifiedAt).
		SetNillablePasswordChangedAt(u.ChangedAt).SetMustChangePassword(u.MustChange).SetNillableSuspendedAt(u.SuspendedAt).
		SetSuspendedFor(u.SuspendedFor).SetNillableDeletedAt(u.DeletedAt).SetVersion(u.Version).Exec(ctx))
}

func (r users) ByID(ctx context.Context, id uuid.UUID) (identity.User, error) {
	return r.only(ctx, user.ID(id))
}

func (r users) ByEmail(ctx context.Context, email identity.Email) (identity.User, error) {
	return r.only(ctx, user.Email(string(email)))
}

func (r users) only(ctx context.Context, where predicate.User) (identity.User, error) {
	row, err := r.c.User.Query().Where(where).Only(ctx)
	if err != nil {
		return identity.User{}, orNotFound(err, identity.ErrUserNotFound)
	}
	return userFromRow(row)
}

func (r users) Save(ctx context.Context, u identity.User) error {
	up := r.c.User.Update().Where(user.ID(u.ID), user.Version(u.Version-1))
	m := up.Mutation()
	m.SetEmail(string(u.Email))
	m.SetPasswordHash(u.PasswordHash)
	m.SetRoles(texts(u.Roles))
	m.SetDisplayName(u.Profile.DisplayName)
	m.SetLocale(u.Profile.Locale)
	m.SetMustChangePassword(u.MustChange)
	m.SetSuspendedFor(u.SuspendedFor)
	m.SetVersion(u.Version)
	orClear(u.Profile.TargetScore, m.SetTargetScore, m.ClearTargetScore)
	orClear(u.Profile.TestDate, m.SetTestDate, m.ClearTestDate)
	orClear(u.Profile.MinutesPerDay, m.SetMinutesPerDay, m.ClearMinutesPerDay)
	orClear(u.VerifiedAt, m.SetVerifiedAt, m.ClearVerifiedAt)
	orClear(u.ChangedAt, m.SetPasswordChangedAt, m.ClearPasswordChangedAt)
	orClear(u.SuspendedAt, m.SetSuspendedAt, m.ClearSuspendedAt)
	orClear(u.DeletedAt, m.SetDeletedAt, m.ClearDeletedAt)
	n, err := up.Save(ctx)
	if err := one(n, err, ports.ErrStale); err != nil {
		return err
	}
	return changed(ctx, r.c, ofUser(u.ID))
}

// orClear stores a value, or none.
func orClear[T any](v *T, set func(T), clear func()) {
	if v == nil {
		clear()
		return
	}
	set(*v)
}

func (r users) List(ctx context.Context, which ports.UserFilter, page ports.Page) (ports.Slice[identity.User], error) {
	where := usersWhere(which)
	if page.After != uuid.Nil {
		where = append(where, user.IDLT(page.After))
	}
	rows, err := r.c.User.Query().Where(where...).Order(user.ByID(sql.OrderDesc())).Limit(page.Limit + 1).All(ctx)
	if err != nil {
		return ports.Slice[identity.User]{}, translate(err)
	}
	return slice(rows, page, userFromRow, func(u identity.User) uuid.UUID { return u.ID })
}

func usersWhere(which ports.UserFilter) []predicate.User {
	var where []predicate.User
	if which.Text != "" {
		where = append(where, user.Or(user.EmailContainsFold(which.Text), user.DisplayNameContainsFold(which.Text)))
	}
	if which.Role != "" {
		where = append(where, having(which.Role))
	}
	switch which.Status {
	case ports.UserActive:
		where = append(where, user.SuspendedAtIsNil(), user.DeletedAtIsNil())
	case ports.UserSuspended:
		where = append(where, user.SuspendedAtNotNil(), user.DeletedAtIsNil())
	case ports.UserClosed:
		where = append(where, user.DeletedAtNotNil())
	}
	return where
}

// having selects the accounts with a role.
func having(r identity.Role) predicate.User {
	return func(s *sql.Selector) { s.Where(sqljson.ValueContains(user.FieldRoles, string(r))) }
}

func userFromRow(r *ent.User) (identity.User, error) {
	return identity.User{
		ID: r.ID, Email: identity.Email(r.Email), PasswordHash: r.PasswordHash, Roles: named[identity.Role](r.Roles),
		Profile: identity.Profile{
			DisplayName: r.DisplayName, Locale: r.Locale, TargetScore: r.TargetScore,
			TestDate: utc(r.TestDate), MinutesPerDay: r.MinutesPerDay,
		},
		CreatedAt: r.CreatedAt.UTC(), VerifiedAt: utc(r.VerifiedAt), ChangedAt: utc(r.PasswordChangedAt), MustChange: r.MustChangePassword,
		SuspendedAt: utc(r.SuspendedAt), SuspendedFor: r.SuspendedFor, DeletedAt: utc(r.DeletedAt), Version: r.Version,
	}, nil
}

// adminLock is the advisory lock of PostgreSQL under which the number of administrators changes.
const adminLock = 0x746f656963000001

type holders struct {
	c       *ent.Client
	dialect migrations.Dialect
}

func (r holders) Admins(ctx context.Context) (int, error) {
	if r.dialect == migrations.Postgres { // SQLite has one writer at a time anyway
		if _, err := r.c.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", int64(adminLock)); err != nil {
			return 0, translate(err)
		}
	}
	n, err := r.c.User.Query().Where(having(identity.Admin), user.SuspendedAtIsNil(), user.DeletedAtIsNil()).Count(ctx)
	return n, translate(err)
}

func (r holders) Having(ctx context.Context, role identity.Role) (int, error) {
	n, err := r.c.User.Query().Where(having(role)).Count(ctx)
	return n, translate(err)
}

type erasures struct{ c *ent.Client }

func (r erasures) Erase(ctx context.Context, id uuid.UUID, at time.Time) error {
	// The log of answers is no foreign table of attempts, see its schema.
	attempts := sql.Select(entattempt.FieldID).From(sql.Table(entattempt.Table)).Where(sql.EQ(entattempt.FieldUserID, id))
	_, err := r.c.AnswerChange.Delete().Where(func(s *sql.Selector) { s.Where(sql.In(s.C(answerchange.FieldAttemptID), attempts)) }).Exec(ctx)
	if err != nil {
		return translate(err)
	}
	n, err := r.c.User.Delete().Where(user.ID(id)).Exec(ctx)
	if err != nil || n == 0 {
		return translate(err)
	}
	if err := r.c.Erasure.Create().SetID(id).SetErasedAt(at).Exec(ctx); err != nil {
		return translate(err)
	}
	return changed(ctx, r.c, ofUser(id))
}
