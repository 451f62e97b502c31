package entstore

import (
	"context"
	"errors"

	"entgo.io/ent/dialect/sql"

	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/secretkey"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

const ofKeys = "keys"

var errNoKey = errors.New("there is no such key")

type keys struct {
	c       *ent.Client
	dialect migrations.Dialect
}

func (r keys) All(ctx context.Context) ([]ports.StoredKey, error) {
	rows, err := r.c.SecretKey.Query().Order(secretkey.ByActiveAt(sql.OrderDesc()), secretkey.ByID()).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]ports.StoredKey, len(rows))
	for i, row := range rows {
		out[i] = ports.StoredKey{
			ID: row.ID, Purpose: ports.KeyPurpose(row.Purpose), Sealed: row.Sealed,
			CreatedAt: row.CreatedAt.UTC(), ActiveAt: row.ActiveAt.UTC(),
		}
	}
	return out, nil
}

func (r keys) Add(ctx context.Context, k ports.StoredKey) error {
	added, err := insertNew(ctx, r.c, r.dialect, secretkey.Table,
		[]string{secretkey.FieldID, secretkey.FieldPurpose, secretkey.FieldSealed, secretkey.FieldCreatedAt, secretkey.FieldActiveAt},
		[]any{k.ID, string(k.Purpose), k.Sealed, k.CreatedAt, k.ActiveAt})
	if err != nil || !added {
		return err
	}
	return changed(ctx, r.c, ofKeys)
}

func (r keys) Reseal(ctx context.Context, k ports.StoredKey) error {
	n, err := r.c.SecretKey.Update().Where(secretkey.ID(k.ID)).SetSealed(k.Sealed).Save(ctx)
	return one(n, err, errNoKey)
}

func (r keys) Remove(ctx context.Context, id string) error {
	n, err := r.c.SecretKey.Delete().Where(secretkey.ID(id)).Exec(ctx)
	if err := one(n, err, errNoKey); err != nil {
		return err
	}
	return changed(ctx, r.c, ofKeys)
}
