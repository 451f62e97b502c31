package entstore_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/migrations"
)

// A schema whose second migration rebuilds the parent of a child that is deleted with it, in the way in
// which such migrations are generated.
const (
	family = `-- +goose Up
CREATE TABLE parents (id integer PRIMARY KEY, old text);
CREATE TABLE children (id integer PRIMARY KEY, parent_id integer NOT NULL REFERENCES parents (id) ON DELETE CASCADE);
`
	rebuild = `-- +goose Up
PRAGMA foreign_keys = off;
CREATE TABLE new_parents (id integer PRIMARY KEY);
INSERT INTO new_parents (id) SELECT id FROM parents;
DROP TABLE parents;
ALTER TABLE new_parents RENAME TO parents;
PRAGMA foreign_keys = on;
`
	familyFile, rebuildFile = "20270101000001_family.sql", "20270101000002_rebuild.sql"
)

// populated is a SQLite store on which the rebuild is still to be applied, with two children.
func populated(t *testing.T) *entstore.Store {
	t.Helper()
	s := openAt(t, empty(t, migrations.SQLite))
	_, err := s.WithMigrations(files(t, map[string]string{familyFile: family})).Migrate(t.Context())
	must(t, err)
	execute(t, s, "INSERT INTO parents VALUES (1, 'kept in the snapshot')")
	execute(t, s, "INSERT INTO children VALUES (1, 1), (2, 1)")
	return s.WithMigrations(files(t, map[string]string{familyFile: family, rebuildFile: rebuild}))
}

func execute(t *testing.T, s *entstore.Store, query string, args ...any) {
	t.Helper()
	if _, err := s.DB().ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func count(t *testing.T, db *sql.DB, table string) int {
	t.Helper()
	var n int
	must(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
	return n
}

func TestRebuildingATableOnSQLiteKeepsTheRowsThatReferToIt(t *testing.T) {
	t.Parallel()
	s := populated(t)
	done, err := s.Migrate(t.Context())
	must(t, err)
	if len(done) != 1 || count(t, s.DB(), "parents") != 1 || count(t, s.DB(), "children") != 2 {
		t.Errorf("after %v there are %d parents and %d children, want 1 and 2", done, count(t, s.DB(), "parents"), count(t, s.DB(), "children"))
	}
	if n := count(t, s.DB(), "pragma_foreign_key_check"); n != 0 {
		t.Errorf("%d rows refer to nothing", n)
	}
	if _, err := s.DB().ExecContext(t.Context(), "INSERT INTO children VALUES (3, 99)"); err == nil {
		t.Error("the handle for work no longer checks foreign keys")
	}
}

// What the handle for migrations is for: through the one for work the same migration empties the child table.
func TestRebuildingATableThroughTheHandleForWorkWouldLoseRows(t *testing.T) {
	t.Parallel()
	s := populated(t)
	p, err := goose.NewProvider(database.DialectSQLite3, s.DB(), files(t, map[string]string{familyFile: family, rebuildFile: rebuild}))
	must(t, err)
	_, err = p.Up(t.Context())
	must(t, err)
	if n := count(t, s.DB(), "children"); n != 0 {
		t.Errorf("%d children are left: the trap is gone, and so is the reason for a handle of its own", n)
	}
}

func TestASnapshotIsLeftBeforeASQLiteDatabaseIsUpgraded(t *testing.T) {
	t.Parallel()
	s := populated(t)
	snapshot := s.Path() + ".before-20270101000001"
	must(t, os.WriteFile(snapshot, []byte("an older one, which is in the way"), 0o644))
	_, err := s.Migrate(t.Context())
	must(t, err)
	before := openAt(t, "sqlite:"+snapshot)
	var text string
	must(t, before.DB().QueryRowContext(t.Context(), "SELECT old FROM parents").Scan(&text))
	if text != "kept in the snapshot" || count(t, before.DB(), "children") != 2 {
		t.Errorf("the snapshot has %q and %d children", text, count(t, before.DB(), "children"))
	}
}

func TestNoSnapshotIsLeftWhereNothingChanges(t *testing.T) {
	t.Parallel()
	s := openAt(t, empty(t, migrations.SQLite))
	for range 2 { // an empty database, then one that is up to date
		_, err := s.Migrate(t.Context())
		must(t, err)
	}
	if found, err := filepath.Glob(s.Path() + ".before-*"); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
}

func TestSQLiteFilesAreForTheirOwnerAlone(t *testing.T) {
	t.Parallel()
	s := populated(t)
	_, err := s.Migrate(t.Context())
	must(t, err)
	execute(t, s, "INSERT INTO children VALUES (3, 1)")
	found, err := filepath.Glob(s.Path() + "*")
	must(t, err)
	for _, suffix := range []string{"", "-wal", "-shm", ".lock", ".before-20270101000001"} {
		info, err := os.Stat(s.Path() + suffix)
		if err != nil {
			t.Error(err)
		} else if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", info.Name(), info.Mode().Perm())
		}
	}
	if len(found) != 5 {
		t.Errorf("there are other files as well: %v", found)
	}
}

func TestASQLitePathMayHoldWhatAnAddressMayNot(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "50% of a #1 database? yes & no.db")
	s := openAt(t, "sqlite:"+path)
	_, err := s.Migrate(t.Context())
	must(t, err)
	must(t, s.Users().Add(t.Context(), learner("ann@example.com")))
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Errorf("%v, %v", info, err)
	}
}

// SQLite makes WAL the journal of a new file, and refuses some of those who do so at once without letting them wait.
func TestManyOpenANewFileAtOnce(t *testing.T) {
	t.Parallel()
	for range 40 { // the refusal takes luck
		url := empty(t, migrations.SQLite)
		for _, err := range together(8, func(int) error {
			s, err := entstore.Open(t.Context(), entstore.Config{URL: url, Volatile: true})
			if err != nil {
				return err
			}
			return s.Close()
		}) {
			must(t, err)
		}
	}
}
