package entstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// maxTries bounds how often a unit of work is run when the database gives it up for another one's sake.
const maxTries = 4

// session is one transaction, as the repositories see it.
type session struct {
	*ent.Tx
	dialect migrations.Dialect
	ordered *bool // whether a job was ordered that is due at once
}

// unit runs transactions whose repositories bind makes.
type unit[Repos any] struct {
	store *Store
	bind  func(session) Repos
}

// Do implements ports.UnitOfWork.
func (u unit[Repos]) Do(ctx context.Context, fn func(ctx context.Context, repos Repos) error) error {
	return retried(func() error { return u.once(ctx, fn) })
}

// retried runs a transaction again when the database gave it up for another one's sake.
func retried(once func() error) error {
	var err error
	for range maxTries {
		if err = once(); !retryable(err) {
			return err
		}
	}
	return ports.ErrUnavailable.Because(fmt.Errorf("given up after %d tries: %w", maxTries, err))
}

// once runs one transaction. It rolls back when fn fails or panics, and returns its own commit error.
func (u unit[Repos]) once(ctx context.Context, fn func(ctx context.Context, repos Repos) error) error {
	tx, err := u.store.client.Tx(ctx)
	if err != nil {
		return translate(fmt.Errorf("begin: %w", err))
	}
	committed := false
	defer func() {
		if !committed {
			_ = tx.Rollback() // what failed before is the news; a broken connection is closed by the pool
		}
	}()
	ordered := false
	if err := fn(ctx, u.bind(session{Tx: tx, dialect: u.store.dialect, ordered: &ordered})); err != nil {
		return translate(err)
	}
	if err := tx.Commit(); err != nil {
		return translate(fmt.Errorf("commit: %w", err))
	}
	committed = true
	if ordered {
		u.store.bell.ring()
	}
	return nil
}

// one returns nil when exactly one row was affected, stale when none was.
func one(affected int, err error, stale error) error {
	switch {
	case err != nil:
		return translate(err)
	case affected == 0:
		return stale
	case affected > 1:
		return errors.New("a write by key changed several rows")
	default:
		return nil
	}
}

// orNotFound turns Ent's own not-found into the fault of the context.
func orNotFound(err, notFound error) error {
	if ent.IsNotFound(err) {
		return notFound
	}
	return translate(err)
}
