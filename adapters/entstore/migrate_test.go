package entstore_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"ariga.io/atlas/sql/migrate"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/tests/private"
)

// empty returns the address of a database without tables.
func empty(t *testing.T, d migrations.Dialect) string {
	t.Helper()
	if d == migrations.SQLite {
		return "sqlite:" + filepath.Join(t.TempDir(), "toeic.db")
	}
	return private.Database(t, private.Migration{Key: "empty", Apply: func(context.Context, string) error { return nil }})
}

func openAt(t *testing.T, url string) *entstore.Store {
	t.Helper()
	s, err := entstore.Open(t.Context(), entstore.Config{URL: url, Volatile: true})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// onEach runs a test against an empty database of each kind.
func onEach(t *testing.T, test func(t *testing.T, url string, d migrations.Dialect)) {
	t.Helper()
	for _, d := range migrations.Dialects() {
		t.Run(string(d), func(t *testing.T) {
			t.Parallel()
			test(t, empty(t, d), d)
		})
	}
}

// files makes a folder of migrations, checksum included, out of names and contents.
func files(t *testing.T, contents map[string]string) fstest.MapFS {
	t.Helper()
	dir, out := &migrate.MemDir{}, fstest.MapFS{}
	for name, text := range contents {
		must(t, dir.WriteFile(name, []byte(text)))
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	sum, err := dir.Checksum()
	must(t, err)
	text, err := sum.MarshalText()
	must(t, err)
	out[migrate.HashFileName] = &fstest.MapFile{Data: text}
	return out
}

func names(t *testing.T, d migrations.Dialect) []string {
	t.Helper()
	all, err := migrations.Files(d)
	must(t, err)
	found, err := fs.Glob(all, "*.sql")
	must(t, err)
	slices.Sort(found)
	return found
}

func TestMigrationsGoUpAndDownAndUpAgain(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string, d migrations.Dialect) {
		s, all := openAt(t, url), names(t, d)
		applied := func(want int) {
			t.Helper()
			states, err := s.Migrations(t.Context())
			must(t, err)
			for i, st := range states {
				if (st.AppliedAt != nil) != (i < want) || st.Name != all[i] {
					t.Errorf("%d of %d should be applied: %+v", want, len(all), states)
				}
			}
		}
		applied(0)
		done, err := s.Migrate(t.Context())
		must(t, err)
		if len(done) != len(all) || done[0].Name != all[0] {
			t.Errorf("applied %v, want %v", done, all)
		}
		applied(len(all))
		if done, err = s.Migrate(t.Context()); err != nil || len(done) != 0 {
			t.Errorf("nothing was pending, yet: %v, %v", done, err)
		}
		for left := len(all) - 1; left >= 0; left-- {
			done, err = s.MigrateDown(t.Context())
			must(t, err)
			if len(done) != 1 || done[0].Name != all[left] {
				t.Errorf("took back %v, want %s", done, all[left])
			}
			applied(left)
		}
		_, err = s.Migrate(t.Context())
		must(t, err)
		must(t, s.Users().Add(t.Context(), learner("ann@example.com")))
	})
}

func TestTakingBackIsHarmlessWhereNothingIsApplied(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, url string, _ migrations.Dialect) {
		if done, err := openAt(t, url).MigrateDown(t.Context()); len(done) != 0 {
			t.Errorf("took back %v, %v", done, err)
		}
	})
}

// migrateVariable makes the test program a process that migrates the database it names, and nothing else.
const migrateVariable = "ENTSTORE_TEST_MIGRATE"

// migrateAlone says how many migrations it applied.
func migrateAlone(url string) error {
	s, err := entstore.Open(context.Background(), entstore.Config{URL: url, Volatile: true})
	if err != nil {
		return err
	}
	done, err := s.Migrate(context.Background())
	fmt.Printf("applied=%d\n", len(done))
	return errors.Join(err, s.Close())
}

func TestFourProcessesApplyEachMigrationOnce(t *testing.T) {
	t.Parallel()
	const processes = 4
	onEach(t, func(t *testing.T, url string, d migrations.Dialect) {
		commands, outputs := make([]*exec.Cmd, processes), make([]strings.Builder, processes)
		for i := range commands {
			c := exec.CommandContext(t.Context(), os.Args[0])
			c.Env = append(os.Environ(), migrateVariable+"="+url)
			c.Stdout, c.Stderr = &outputs[i], &outputs[i]
			must(t, c.Start())
			commands[i] = c
		}
		var applied []string
		for i, c := range commands {
			if err := c.Wait(); err != nil {
				t.Errorf("process %d: %v\n%s", i, err, outputs[i].String())
				continue
			}
			_, count, _ := strings.Cut(outputs[i].String(), "applied=")
			count, _, _ = strings.Cut(count, "\n")
			applied = append(applied, count)
		}
		slices.Sort(applied)
		if want := fmt.Sprint([]string{"0", "0", "0", fmt.Sprint(len(names(t, d)))}); fmt.Sprint(applied) != want {
			t.Errorf("the processes applied %v migrations, want %s", applied, want)
		}
		must(t, openAt(t, url).Users().Add(t.Context(), learner("ann@example.com")))
	})
}

// The migration takes long enough for all handles to find it pending.
func TestHandlesThatFindAMigrationPendingApplyItOnce(t *testing.T) {
	t.Parallel()
	slow := map[migrations.Dialect]string{
		migrations.Postgres: "SELECT pg_sleep(0.3);",
		migrations.SQLite:   "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n;",
	}
	onEach(t, func(t *testing.T, url string, d migrations.Dialect) {
		all := files(t, map[string]string{"20270101000001_slow.sql": "-- +goose Up\n" + slow[d] + "\nCREATE TABLE once (id int);\n"})
		stores := make([]*entstore.Store, 4)
		for i := range stores {
			stores[i] = openAt(t, url).WithMigrations(all)
		}
		_, err := stores[0].Migrations(t.Context()) // makes goose's own table, over which they would meet first
		must(t, err)
		applied := make([]int, len(stores))
		for _, err := range together(len(stores), func(i int) error {
			done, err := stores[i].Migrate(t.Context())
			applied[i] = len(done)
			return err
		}) {
			must(t, err)
		}
		slices.Sort(applied)
		if want := []int{0, 0, 0, 1}; !slices.Equal(applied, want) {
			t.Errorf("the handles applied %v, want %v", applied, want)
		}
	})
}

func TestAMigrationThatIsNotAsReleasedIsRefused(t *testing.T) {
	t.Parallel()
	const one, two = "20270101000001_one.sql", "20270101000002_two.sql"
	contents := map[string]string{one: "-- +goose Up\nCREATE TABLE one (id int);\n", two: "-- +goose Up\nCREATE TABLE two (id int);\n"}
	for name, tamper := range map[string]func(fstest.MapFS){
		"edited":             func(f fstest.MapFS) { f[one].Data = append(f[one].Data, ' ') },
		"removed":            func(f fstest.MapFS) { delete(f, two) },
		"added":              func(f fstest.MapFS) { f["20270101000003_three.sql"] = f[two] },
		"without a checksum": func(f fstest.MapFS) { delete(f, migrate.HashFileName) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := files(t, contents)
			tamper(all)
			s := openAt(t, empty(t, migrations.SQLite)).WithMigrations(all)
			if done, err := s.Migrate(t.Context()); err == nil {
				t.Errorf("it was applied: %v", done)
			}
			if _, err := s.DB().ExecContext(t.Context(), "SELECT * FROM one"); err == nil {
				t.Error("its table is there")
			}
			if _, err := s.Migrations(t.Context()); err == nil {
				t.Error("it was listed")
			}
		})
	}
	done, err := openAt(t, empty(t, migrations.SQLite)).WithMigrations(files(t, contents)).Migrate(t.Context())
	if err != nil || len(done) != 2 {
		t.Errorf("as released it is refused as well: %v, %v", done, err)
	}
}
