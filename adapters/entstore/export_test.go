package entstore

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
)

// Translate and Retryable are for tests of what drivers return.
var (
	Translate = translate
	Retryable = retryable
)

// MaxTries is how often a unit of work is run at most.
const MaxTries = maxTries

// DB is the handle for work.
func (s *Store) DB() *sql.DB { return s.db }

// Path is where the SQLite file is.
func (s *Store) Path() string { return s.path }

// WithMigrations returns the store with other migrations.
func (s *Store) WithMigrations(files fs.FS) *Store {
	other := *s
	other.files = files
	return &other
}

// MigrateTo migrates up to one version.
func (s *Store) MigrateTo(ctx context.Context, version int64) error {
	p, err := s.provider()
	if err != nil {
		return err
	}
	defer p.Close()
	if _, err := p.UpTo(ctx, version); err != nil {
		return fmt.Errorf("migrate to %d: %w", version, err)
	}
	return nil
}
