package entstore

import (
	"context"
	"errors"
	"time"

	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/idempotencykey"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// Replies remembers answers to repeatable requests.
func (s *Store) Replies() ports.Replies { return replies{s.client, s.dialect} }

type replies struct {
	c       *ent.Client
	dialect migrations.Dialect
}

// Claim inserts the key; whoever finds it taken looks at what is there. Each step is one statement that is
// safe on its own, so no transaction is needed.
func (r replies) Claim(ctx context.Context, key, fingerprint string, now time.Time, stale, keep time.Duration) ([]byte, error) {
	if _, err := r.c.IdempotencyKey.Delete().Where(idempotencykey.ID(key), idempotencykey.ExpiresAtLTE(now)).Exec(ctx); err != nil {
		return nil, translate(err)
	}
	claimed, err := insertNew(ctx, r.c, r.dialect, idempotencykey.Table,
		[]string{idempotencykey.FieldID, idempotencykey.FieldFingerprint, idempotencykey.FieldClaimedAt, idempotencykey.FieldExpiresAt},
		[]any{key, fingerprint, now, now.Add(keep)})
	if claimed || err != nil {
		return nil, err
	}
	row, err := r.c.IdempotencyKey.Get(ctx, key)
	switch {
	case ent.IsNotFound(err): // released meanwhile; the caller's retry will claim it
		return nil, ports.ErrKeyInProgress
	case err != nil:
		return nil, translate(err)
	case row.Fingerprint != fingerprint:
		return nil, ports.ErrKeyReused
	case row.Reply != nil:
		return row.Reply, nil
	}
	n, err := r.c.IdempotencyKey.Update().
		Where(idempotencykey.ID(key), idempotencykey.ReplyIsNil(), idempotencykey.ClaimedAtLTE(now.Add(-stale))).
		SetClaimedAt(now).SetExpiresAt(now.Add(keep)).Save(ctx)
	return nil, one(n, err, ports.ErrKeyInProgress)
}

func (r replies) Keep(ctx context.Context, key string, reply []byte) error {
	n, err := r.c.IdempotencyKey.Update().Where(idempotencykey.ID(key)).SetReply(reply).Save(ctx)
	return one(n, err, errNoClaim)
}

func (r replies) Release(ctx context.Context, key string) error {
	_, err := r.c.IdempotencyKey.Delete().Where(idempotencykey.ID(key), idempotencykey.ReplyIsNil()).Exec(ctx)
	return translate(err)
}

func (r replies) Forget(ctx context.Context, now time.Time) error {
	_, err := r.c.IdempotencyKey.Delete().Where(idempotencykey.ExpiresAtLTE(now)).Exec(ctx)
	return translate(err)
}

// errNoClaim is a fault of ours: a reply was given to a key that nobody holds.
var errNoClaim = errors.New("keep a reply: its key is not claimed")
