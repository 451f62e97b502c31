package entstore

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/loginfailure"
	"github.com/toeic-app/toeic/ent/loginguard"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

type guards struct {
	c       *ent.Client
	dialect migrations.Dialect
}

func (r guards) Get(ctx context.Context, key string) (identity.Guard, error) {
	row, err := r.c.LoginGuard.Get(ctx, key)
	if ent.IsNotFound(err) {
		return identity.Guard{}, nil
	}
	if err != nil {
		return identity.Guard{}, translate(err)
	}
	return guardFromRow(row), nil
}

func (r guards) Count(ctx context.Context, key string, f identity.LoginFailure) (identity.Guard, error) {
	_, err := insertNew(ctx, r.c, r.dialect, loginguard.Table,
		[]string{loginguard.FieldID, loginguard.FieldFailures, loginguard.FieldUpdatedAt}, []any{key, 0, f.At})
	if err != nil {
		return identity.Guard{}, err
	}
	q := r.c.LoginGuard.Query().Where(loginguard.ID(key))
	if r.dialect == migrations.Postgres { // SQLite has one writer at a time anyway
		q.ForUpdate()
	}
	row, err := q.Only(ctx)
	if err != nil {
		return identity.Guard{}, translate(err)
	}
	g := guardFromRow(row).Failed(f.At)
	up := r.c.LoginGuard.UpdateOneID(key).SetFailures(g.Failures).SetUpdatedAt(g.UpdatedAt)
	orClear(g.BlockedUntil, up.Mutation().SetBlockedUntil, up.Mutation().ClearBlockedUntil)
	if err := up.Exec(ctx); err != nil {
		return identity.Guard{}, translate(err)
	}
	return g, r.Note(ctx, f)
}

func (r guards) Note(ctx context.Context, f identity.LoginFailure) error {
	return translate(r.c.LoginFailure.Create().SetID(f.ID).SetIP(f.IP).SetNillableUserID(f.UserID).SetReason(string(f.Reason)).SetAt(f.At).Exec(ctx))
}

func (r guards) Clear(ctx context.Context, key string) error {
	_, err := r.c.LoginGuard.Delete().Where(loginguard.ID(key)).Exec(ctx)
	return translate(err)
}

func guardFromRow(r *ent.LoginGuard) identity.Guard {
	return identity.Guard{Failures: r.Failures, BlockedUntil: utc(r.BlockedUntil), UpdatedAt: r.UpdatedAt.UTC()}
}

// guardsAlone runs each call in a transaction of its own.
type guardsAlone struct{ s *Store }

func (r guardsAlone) Get(ctx context.Context, key string) (identity.Guard, error) {
	return guards{r.s.client, r.s.dialect}.Get(ctx, key)
}

func (r guardsAlone) Count(ctx context.Context, key string, f identity.LoginFailure) (g identity.Guard, err error) {
	err = r.s.Identity().Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) (err error) {
		g, err = repos.Guards.Count(ctx, key, f)
		return err
	})
	return g, err
}

func (r guardsAlone) Note(ctx context.Context, f identity.LoginFailure) error {
	return guards{r.s.client, r.s.dialect}.Note(ctx, f)
}

func (r guardsAlone) Clear(ctx context.Context, key string) error {
	return guards{r.s.client, r.s.dialect}.Clear(ctx, key)
}

type loginFailures struct{ c *ent.LoginFailureClient }

func (r loginFailures) ByIP(ctx context.Context, since time.Time, limit int) ([]ports.FailureCount, error) {
	var rows []struct {
		IP       string `sql:"ip"`
		Failures int    `sql:"failures"`
		Last     moment `sql:"last"`
	}
	err := r.by(since, limit, loginfailure.FieldIP).Scan(ctx, &rows)
	out := make([]ports.FailureCount, len(rows))
	for i, row := range rows {
		out[i] = ports.FailureCount{IP: row.IP, Failures: row.Failures, Last: row.Last.UTC()}
	}
	return out, translate(err)
}

func (r loginFailures) ByAccount(ctx context.Context, since time.Time, limit int) ([]ports.FailureCount, error) {
	var rows []struct {
		UserID   *uuid.UUID `sql:"user_id"`
		Failures int        `sql:"failures"`
		Last     moment     `sql:"last"`
	}
	err := r.by(since, limit, loginfailure.FieldUserID).Scan(ctx, &rows)
	out := make([]ports.FailureCount, len(rows))
	for i, row := range rows {
		out[i] = ports.FailureCount{Failures: row.Failures, Last: row.Last.UTC()}
		if row.UserID != nil {
			out[i].UserID = *row.UserID
		}
	}
	return out, translate(err)
}

func (r loginFailures) by(since time.Time, limit int, column string) *ent.LoginFailureSelect {
	return r.c.Query().Where(loginfailure.AtGTE(since)).Modify(func(s *sql.Selector) {
		s.Select(s.C(column), sql.As(sql.Count("*"), "failures"), sql.As(sql.Max(s.C(loginfailure.FieldAt)), "last")).
			GroupBy(s.C(column)).OrderBy(sql.Desc("failures"), sql.Desc("last")).Limit(limit)
	})
}
