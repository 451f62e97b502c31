// Command migratenew compares the Ent schema with what the migrations build, on both databases, and
// writes the next versioned migration for what differs:
//
//	go run ./tests/migratenew -name add_word_lists
//	go run ./tests/migratenew -check    # exits 1 when the schema and the migrations differ
//	go run ./tests/migratenew -rehash   # after a migration that is not released was edited by hand
//
// It needs the PostgreSQL binaries, because each dialect's migrations are replayed on a real, empty database.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	_ "github.com/lib/pq"  // the PostgreSQL driver
	_ "modernc.org/sqlite" // the SQLite driver

	entmigrate "github.com/toeic-app/toeic/ent/migrate"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/tests/private"
)

var namePattern = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)

func main() {
	name := flag.String("name", "", "name of the new migration, in snake case")
	check := flag.Bool("check", false, "write nothing; fail when the schema and the migrations differ")
	rehash := flag.Bool("rehash", false, "write the checksums anew")
	root := flag.String("dir", "migrations", "folder with one folder of migrations per dialect")
	flag.Parse()
	if *rehash {
		if err := sums(*root); err != nil {
			fmt.Fprintln(os.Stderr, "migratenew:", err)
			os.Exit(1)
		}
		return
	}
	if *check == (*name != "") || (!*check && !namePattern.MatchString(*name)) {
		fmt.Fprintln(os.Stderr, "migratenew: give either -check or -name snake_case_name")
		os.Exit(2)
	}
	if err := run(context.Background(), *root, *name, *check); err != nil {
		fmt.Fprintln(os.Stderr, "migratenew:", err)
		os.Exit(1)
	}
}

// sums writes the checksums of the migrations as they are.
func sums(root string) error {
	for _, d := range []migrations.Dialect{migrations.Postgres, migrations.SQLite} {
		dir, err := sqltool.NewGooseDir(filepath.Join(root, string(d)))
		if err != nil {
			return fmt.Errorf("open the migrations: %w", err)
		}
		sum, err := dir.Checksum()
		if err != nil {
			return fmt.Errorf("checksums: %w", err)
		}
		if err := migrate.WriteSumFile(dir, sum); err != nil {
			return fmt.Errorf("write the checksums: %w", err)
		}
	}
	return nil
}

func run(ctx context.Context, root, name string, check bool) (err error) {
	scratch, err := os.MkdirTemp("", "migratenew")
	if err != nil {
		return fmt.Errorf("make a scratch folder: %w", err)
	}
	defer os.RemoveAll(scratch)
	server, err := private.StartPostgres(ctx, filepath.Join(scratch, "postgres"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	sources := map[migrations.Dialect]struct{ driver, ent, url string }{
		migrations.Postgres: {"postgres", dialect.Postgres, server.URL("postgres")},
		migrations.SQLite:   {"sqlite", dialect.SQLite, "file:" + filepath.Join(scratch, "dev.db") + "?_pragma=foreign_keys(1)"},
	}
	for _, d := range migrations.Dialects() {
		source := sources[d]
		dir := filepath.Join(root, string(d))
		if check {
			if dir, err = copyOf(dir, filepath.Join(scratch, string(d))); err != nil {
				return err
			}
		}
		if err := diff(ctx, source.driver, source.ent, source.url, dir, name, check); err != nil {
			return fmt.Errorf("%s: %w", d, err)
		}
	}
	return nil
}

// copyOf copies a folder of migrations, so that a check leaves the original alone.
func copyOf(from, to string) (string, error) {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return "", fmt.Errorf("copy migrations: %w", err)
	}
	return to, nil
}

// diff replays the migrations of dir on the empty database at url and writes what the schema has beyond them.
func diff(ctx context.Context, driver, entDialect, url, path, name string, check bool) error {
	db, err := sql.Open(driver, url)
	if err != nil {
		return fmt.Errorf("open the scratch database: %w", err)
	}
	defer db.Close()
	dir, err := sqltool.NewGooseDir(path)
	if err != nil {
		return fmt.Errorf("open the migrations: %w", err)
	}
	if err := migrate.Validate(dir); err != nil && !errors.Is(err, migrate.ErrChecksumNotFound) {
		return fmt.Errorf("checksums: %w", err)
	}
	m, err := schema.NewMigrate(entsql.OpenDB(entDialect, db),
		schema.WithDir(dir),
		schema.WithMigrationMode(schema.ModeReplay),
		schema.WithDialect(entDialect),
		schema.WithFormatter(sqltool.GooseFormatter),
		schema.WithErrNoPlan(true),
		schema.WithDropColumn(true),
		schema.WithDropIndex(true),
	)
	if err != nil {
		return fmt.Errorf("prepare the comparison: %w", err)
	}
	if check {
		name = "drift"
	}
	switch err := m.NamedDiff(ctx, name, entmigrate.Tables...); {
	case errors.Is(err, migrate.ErrNoPlan):
		fmt.Printf("%s: no difference\n", path)
		return nil
	case err != nil:
		return fmt.Errorf("compare: %w", err)
	case check:
		return errors.New("the schema and the migrations differ; run `go run ./tests/migratenew -name …`")
	default:
		fmt.Printf("%s: wrote %s\n", path, name)
		return nil
	}
}
