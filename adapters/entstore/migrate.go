package entstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"ariga.io/atlas/sql/migrate"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"

	"github.com/toeic-app/toeic/migrations"
)

// Migration is one versioned change of the schema, as this program and this database know it.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt *time.Time // nil when it is still to be applied
}

// Migrate applies what is pending, in order, and returns it. Of several processes that do so at once one
// works and the others wait, then find nothing to do. It refuses to start when a migration file does not
// have the bytes it was released with. On SQLite it leaves a snapshot of the database beside it first,
// because a migration that rebuilds a table cannot be rolled back there.
func (s *Store) Migrate(ctx context.Context) ([]Migration, error) {
	return s.migrating(ctx, func(p *goose.Provider) ([]*goose.MigrationResult, error) {
		pending, err := p.HasPending(ctx)
		if err != nil || !pending {
			return nil, err
		}
		if err := s.snapshot(ctx, p); err != nil {
			return nil, err
		}
		return p.Up(ctx)
	})
}

// MigrateDown takes the newest migration back and returns it. Data that only the newer schema holds is lost.
func (s *Store) MigrateDown(ctx context.Context) ([]Migration, error) {
	return s.migrating(ctx, func(p *goose.Provider) ([]*goose.MigrationResult, error) {
		if err := s.snapshot(ctx, p); err != nil {
			return nil, err
		}
		done, err := p.Down(ctx)
		if done == nil || err != nil {
			return nil, err
		}
		return []*goose.MigrationResult{done}, nil
	})
}

// Migrations lists all migrations of this program, oldest first.
func (s *Store) Migrations(ctx context.Context) ([]Migration, error) {
	p, err := s.provider()
	if err != nil {
		return nil, err
	}
	defer p.Close()
	states, err := p.Status(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]Migration, len(states))
	for i, st := range states {
		out[i] = Migration{Version: st.Source.Version, Name: path.Base(st.Source.Path)}
		if st.State == goose.StateApplied {
			at := st.AppliedAt.UTC()
			out[i].AppliedAt = &at
		}
	}
	return out, nil
}

// migrating runs fn while no other process migrates.
func (s *Store) migrating(ctx context.Context, fn func(*goose.Provider) ([]*goose.MigrationResult, error)) ([]Migration, error) {
	if s.dialect == migrations.SQLite {
		unlock, err := lockFile(ctx, s.path+".lock")
		if err != nil {
			return nil, err
		}
		defer unlock()
	}
	p, err := s.provider()
	if err != nil {
		return nil, err
	}
	defer p.Close()
	results, err := fn(p)
	if err != nil {
		return nil, translate(fmt.Errorf("migrate the database: %w", err))
	}
	var done []Migration
	for _, r := range results {
		done = append(done, Migration{Version: r.Source.Version, Name: path.Base(r.Source.Path)})
	}
	return done, nil
}

// provider opens a handle for migrations alone. On SQLite it differs from the one for work: a migration that
// rebuilds a table switches foreign keys off, which does nothing inside a transaction, and the rebuild would
// then delete all rows that refer to the table; so they are off from the start.
func (s *Store) provider() (*goose.Provider, error) {
	if err := verify(s.files); err != nil {
		return nil, err
	}
	var (
		dialect = database.DialectPostgres
		driver  = "postgres"
		name    = s.url
		options []goose.ProviderOption
	)
	if s.dialect == migrations.SQLite {
		dialect, driver = database.DialectSQLite3, "sqlite"
		name = "file:" + escaped(s.path) + "?_pragma=foreign_keys(0)&_pragma=busy_timeout(10000)&_txlock=exclusive&_time_format=sqlite&_timezone=UTC"
	} else {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 600)) // try each second, for ten minutes
		if err != nil {
			return nil, fmt.Errorf("prepare the migration lock: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		return nil, fmt.Errorf("open the database for migrations: %w", err)
	}
	db.SetMaxOpenConns(1)
	p, err := goose.NewProvider(dialect, db, s.files, options...)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the migrations: %w", err), db.Close())
	}
	return p, nil
}

// verify compares the migration files with the checksums that were released with them.
func verify(files fs.FS) error {
	dir := &migrate.MemDir{}
	names, err := fs.Glob(files, "*")
	if err != nil {
		return fmt.Errorf("list the migrations: %w", err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("read a migration: %w", err)
		}
		if err := dir.WriteFile(name, data); err != nil {
			return fmt.Errorf("read a migration: %w", err)
		}
	}
	if err := migrate.Validate(dir); err != nil {
		return fmt.Errorf("a migration differs from its checksum: %w", err)
	}
	return nil
}

// snapshot copies a SQLite database that holds something and is about to change.
func (s *Store) snapshot(ctx context.Context, p *goose.Provider) error {
	if s.dialect != migrations.SQLite {
		return nil
	}
	version, err := p.GetDBVersion(ctx)
	if err != nil || version == 0 {
		return translate(err)
	}
	to := fmt.Sprintf("%s.before-%d", s.path, version)
	if err := replaceFile(to); err != nil {
		return err
	}
	if err := private(to); err != nil { // SQLite would let everybody read it, and writes into an empty file as well
		return err
	}
	if _, err := s.db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return fmt.Errorf("snapshot the database: %w", err)
	}
	return nil
}
