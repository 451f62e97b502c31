package entstore

import (
	"context"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/apitoken"
	"github.com/toeic-app/toeic/ent/refreshtoken"
	"github.com/toeic-app/toeic/ports"
)

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

// usePrecision is how exactly the last use of a token is noted.
const usePrecision = time.Minute

type apiTokens struct{ c *ent.Client }

func (r apiTokens) Add(ctx context.Context, t identity.APIToken) error {
	return translate(r.c.APIToken.Create().SetID(t.ID).SetUserID(t.UserID).SetName(t.Name).SetHash(t.Hash).SetScopes(texts(t.Scopes)).
		SetCreatedAt(t.CreatedAt).SetExpiresAt(t.ExpiresAt).SetNillableLastUsedAt(t.UsedAt).SetNillableRevokedAt(t.RevokedAt).Exec(ctx))
}

func (r apiTokens) Revoke(ctx context.Context, owner, id uuid.UUID, at time.Time) (identity.APIToken, error) {
	up := r.c.APIToken.Update().Where(apitoken.ID(id), apitoken.RevokedAtIsNil(), apitoken.ExpiresAtGT(at))
	if owner != uuid.Nil {
		up.Where(apitoken.UserID(owner))
	}
	n, err := up.SetRevokedAt(at).Save(ctx)
	if err := one(n, err, identity.ErrTokenNotFound); err != nil {
		return identity.APIToken{}, err
	}
	row, err := r.c.APIToken.Get(ctx, id)
	if err != nil {
		return identity.APIToken{}, translate(err)
	}
	if err := changed(ctx, r.c, ofToken(id)); err != nil {
		return identity.APIToken{}, err
	}
	return apiTokenFromRow(row)
}

func (r apiTokens) List(ctx context.Context, owner uuid.UUID, page ports.Page) (ports.Slice[identity.APIToken], error) {
	q := r.c.APIToken.Query()
	if owner != uuid.Nil {
		q.Where(apitoken.UserID(owner))
	}
	if page.After != uuid.Nil {
		q.Where(apitoken.IDLT(page.After))
	}
	rows, err := q.Order(apitoken.ByID(sql.OrderDesc())).Limit(page.Limit + 1).All(ctx)
	if err != nil {
		return ports.Slice[identity.APIToken]{}, translate(err)
	}
	return slice(rows, page, apiTokenFromRow, func(t identity.APIToken) uuid.UUID { return t.ID })
}

func (r apiTokens) Touch(ctx context.Context, id uuid.UUID, at time.Time) error {
	return translate(r.c.APIToken.Update().
		Where(apitoken.ID(id), apitoken.Or(apitoken.LastUsedAtIsNil(), apitoken.LastUsedAtLT(at.Add(-usePrecision)))).
		SetLastUsedAt(at).Exec(ctx))
}

func apiTokenFromRow(r *ent.APIToken) (identity.APIToken, error) {
	return identity.APIToken{
		ID: r.ID, UserID: r.UserID, Name: r.Name, Hash: r.Hash, Scopes: named[identity.Scope](r.Scopes), CreatedAt: r.CreatedAt.UTC(),
		ExpiresAt: r.ExpiresAt.UTC(), UsedAt: utc(r.LastUsedAt), RevokedAt: utc(r.RevokedAt),
	}, nil
}
