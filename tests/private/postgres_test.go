package private

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lib/pq"
)

// query returns the only value of a query.
func query(t *testing.T, url, statement string) string {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var got string
	if err := db.QueryRowContext(t.Context(), statement).Scan(&got); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return got
}

// execute runs a statement.
func execute(t *testing.T, url, statement string) {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func postgres(t *testing.T, dir string, opts ...Option) *Postgres {
	t.Helper()
	p, err := StartPostgres(t.Context(), dir, opts...)
	Need(t, err)
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestADurableServerKeepsWhatWasCommittedBeforeACrash(t *testing.T) {
	t.Parallel()
	p := postgres(t, t.TempDir(), WithDurability())
	url := p.URL(maintenance)
	if got := query(t, url, "SELECT current_setting('fsync') || current_setting('synchronous_commit') || current_setting('full_page_writes')"); got != "ononon" {
		t.Errorf("its settings are %s", got)
	}
	execute(t, url, "CREATE TABLE kept AS SELECT 42 AS answer")
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := query(t, url, "SELECT answer FROM kept"); got != "42" {
		t.Errorf("found %s", got)
	}
}

func TestAServerIsFastUnlessDurabilityIsAskedFor(t *testing.T) {
	t.Parallel()
	p := postgres(t, t.TempDir())
	if got := query(t, p.URL(maintenance), "SHOW fsync"); got != "off" {
		t.Errorf("fsync is %s", got)
	}
}

func TestTextIsOrderedTheSameOnEveryMachine(t *testing.T) {
	t.Parallel()
	p := postgres(t, t.TempDir())
	const ordered = "SELECT string_agg(x, '' ORDER BY x) FROM (VALUES ('a'), ('B'), ('é'), ('_')) AS v(x)"
	if got := query(t, p.URL(maintenance), ordered); got != "B_aé" {
		t.Errorf("ordered %s", got)
	}
	if got := query(t, p.URL(maintenance), "SELECT lower('É')"); got != "é" {
		t.Errorf("lower case is %s", got)
	}
}

func TestAClusterIsUsedAgain(t *testing.T) {
	t.Parallel()
	dir := Dir(t)
	first := postgres(t, dir)
	execute(t, first.URL(maintenance), "CREATE TABLE kept AS SELECT 42 AS answer")
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	second := postgres(t, dir)
	if got := query(t, second.URL(maintenance), "SELECT answer FROM kept"); got != "42" {
		t.Errorf("found %s", got)
	}
}

func TestAClusterIsNotStartedTwice(t *testing.T) {
	t.Parallel()
	port, err := FreePort()
	if err != nil {
		t.Fatal(err)
	}
	dir := Dir(t)
	first := postgres(t, dir, WithPort(port))
	if second, err := StartPostgres(t.Context(), dir, WithPort(port)); err == nil {
		t.Fatalf("process %d is said to run beside %d: %v", second.Pid(), first.Pid(), second.Stop())
	}
	if err := askPostgres(t.Context(), first.URL(maintenance)); err != nil {
		t.Errorf("the first one: %v", err)
	}
}

// An initdb that was killed leaves files that no server starts with.
func TestAnUnfinishedClusterIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := Dir(t)
	unfinished := filepath.Join(dir, "postgres.new")
	if err := os.MkdirAll(unfinished, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(unfinished, "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := postgres(t, dir)
	if err := askPostgres(t.Context(), p.URL(maintenance)); err != nil {
		t.Error(err)
	}
}

func TestStopRemovesWhatIsKeptElsewhere(t *testing.T) {
	p := postgres(t, t.TempDir()) // which the account that stands in for root may not enter
	made := p.made
	if os.Geteuid() == 0 && len(made) == 0 {
		t.Fatal("root's server has its files in a directory that its account cannot enter")
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, dir := range made {
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

// A detached server has to be found again, so its files are where the caller said or nowhere.
func TestADetachedServerIsNotPutElsewhere(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root's servers run as another user")
	}
	p, err := StartPostgres(t.Context(), t.TempDir(), Detached())
	if err == nil {
		t.Fatal(errors.Join(errors.New("it started"), p.Stop()))
	}
	if errors.Is(err, ErrMissing) {
		Need(t, err)
	}
}

// there tells whether a database is on the shared server.
func there(t *testing.T, database string) bool {
	t.Helper()
	return query(t, PostgresURL(t), fmt.Sprintf("SELECT EXISTS (SELECT FROM pg_database WHERE datname = '%s')", database)) == "true"
}

func name(t *testing.T, url string) string {
	t.Helper()
	return query(t, url, "SELECT current_database()")
}

// newKey returns a key that no earlier run used, and drops its template after the test.
func newKey(t *testing.T) string {
	t.Helper()
	at, key := PostgresURL(t), strings.ToLower(rand.Text())[:keyLength]
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		conn, closeConn, err := connect(ctx, at)
		if err != nil {
			t.Error(err)
			return
		}
		defer closeConn()
		template := pq.QuoteIdentifier("template_" + key)
		if found, err := exists(ctx, conn, "template_"+key); err != nil || !found {
			t.Errorf("the template is missing: %v", err)
			return
		}
		if err := run(ctx, conn, "ALTER DATABASE "+template+" WITH IS_TEMPLATE false", "DROP DATABASE "+template); err != nil {
			t.Error(err)
		}
	})
	return key
}

// counting makes a table, and counts how often it is asked to.
func counting(key string, applied *int) Migration {
	return Migration{Key: key, Apply: func(ctx context.Context, url string) error {
		*applied++ // the template's lock guards it
		db, err := sql.Open("postgres", url)
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = db.ExecContext(ctx, "CREATE TABLE words (word text)")
		return err
	}}
}

func TestEachTestGetsADatabaseOfItsOwn(t *testing.T) {
	applied := 0
	migrate := counting(newKey(t), &applied)
	names := make(chan string, 6)
	t.Run("in parallel", func(t *testing.T) {
		for i := range cap(names) {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				url := Database(t, migrate)
				if got := query(t, url, "SELECT count(*) FROM words"); got != "0" {
					t.Errorf("it starts with %s words", got)
				}
				execute(t, url, "INSERT INTO words VALUES ('harbour')")
				names <- name(t, url)
			})
		}
	})
	close(names)
	seen := map[string]bool{}
	for n := range names {
		seen[n] = true
		if there(t, n) {
			t.Errorf("%s is left after its test", n)
		}
	}
	if len(seen) != cap(names) || applied != 1 {
		t.Errorf("%d databases, migrated %d times", len(seen), applied)
	}
}

func TestAnotherKeyMakesOtherTables(t *testing.T) {
	first, second := 0, 0
	Database(t, counting(newKey(t), &first))
	Database(t, counting(newKey(t), &second))
	if first != 1 || second != 1 {
		t.Errorf("migrated %d and %d times", first, second)
	}
}

func TestADatabaseIsDroppedWithItsSessions(t *testing.T) {
	applied, held := 0, ""
	migrate := counting(newKey(t), &applied)
	got := observe(t.Context(), func(tb testing.TB) {
		db, err := sql.Open("postgres", Database(tb, migrate))
		if err != nil {
			tb.Fatal(err)
		}
		t.Cleanup(func() { db.Close() }) // after the database is dropped
		if err := db.QueryRowContext(t.Context(), "SELECT current_database()").Scan(&held); err != nil {
			tb.Fatal(err)
		}
	})
	if got.failed || got.fatal || there(t, held) {
		t.Errorf("%s is left: %v, %s", held, there(t, held), got.message)
	}
}

// A test that fails to migrate must neither leave half a template for the next, nor spoil its key.
func TestAFailedMigrationIsTriedAgain(t *testing.T) {
	applied := 0
	good := counting(newKey(t), &applied)
	failing := Migration{Key: good.Key, Apply: func(ctx context.Context, url string) error {
		return joined(good.Apply(ctx, url), errors.New("the second statement fails"))
	}}
	if got := observe(t.Context(), func(tb testing.TB) { Database(tb, failing) }); !got.fatal {
		t.Fatal("a failing migration is let through")
	}
	if got := query(t, Database(t, good), "SELECT count(*) FROM words"); got != "0" || applied != 2 {
		t.Errorf("found %s words, migrated %d times", got, applied)
	}
}

func TestAMigrationNeedsAKey(t *testing.T) {
	PostgresURL(t)
	applied := 0
	if got := observe(t.Context(), func(tb testing.TB) { Database(tb, counting("", &applied)) }); !got.fatal || applied != 0 {
		t.Errorf("refused: %v, migrated %d times", got.fatal, applied)
	}
}
