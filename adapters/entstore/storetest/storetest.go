// Package storetest gives tests a store of their own, migrated and empty, on either database.
package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/tests/private"
)

// Each runs fn on an empty store of each database. Without PostgreSQL on the machine that half is skipped, which
// is a failure with CI=true.
func Each(t *testing.T, fn func(t *testing.T, s *entstore.Store)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { fn(t, Postgres(t)) })
}

// SQLite opens an empty store in a file of the test's own.
func SQLite(tb testing.TB) *entstore.Store {
	tb.Helper()
	data, err := template()
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(tb.TempDir(), "toeic.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return open(tb, "sqlite:"+path)
}

// Postgres opens an empty store in a database of the test's own.
func Postgres(tb testing.TB) *entstore.Store {
	tb.Helper()
	key, err := migrationKey()
	if err != nil {
		tb.Fatal(err)
	}
	return open(tb, private.Database(tb, private.Migration{Key: key, Apply: migrate}))
}

func open(tb testing.TB, url string) *entstore.Store {
	tb.Helper()
	s, err := entstore.Open(tb.Context(), entstore.Config{URL: url, Volatile: true, Pool: entstore.Pool{MaxOpen: 16, MinIdle: 2}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// migrate makes the tables at url.
func migrate(ctx context.Context, url string) (err error) {
	s, err := entstore.Open(ctx, entstore.Config{URL: url, Volatile: true})
	if err != nil {
		return err
	}
	defer func() {
		if failed := s.Close(); err == nil {
			err = failed
		}
	}()
	_, err = s.Migrate(ctx)
	return err
}

// template is the bytes of a migrated, empty SQLite database, made once for each process.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "toeic-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	if err := migrate(context.Background(), "sqlite:"+path); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Clean(path))
})

// migrationKey changes with the migrations.
func migrationKey() (string, error) {
	files, err := migrations.Files(migrations.Postgres)
	if err != nil {
		return "", err
	}
	sums, err := fs.ReadFile(files, "atlas.sum")
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(sums)
	return hex.EncodeToString(sum[:]), nil
}
