package private

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lib/pq"
)

const (
	keyLength = 16
	dropLimit = 30 * time.Second
)

// Migration is how the tables of a test database are made.
type Migration struct {
	// Key changes whenever Apply would make other tables, as a hash of the migration files does. Its first 16
	// characters have to tell it from other keys.
	Key string
	// Apply makes the tables in the empty database at url, and closes its connections before it returns.
	Apply func(ctx context.Context, url string) error
}

// Database makes a database with the tables of migrate for this test alone, and returns its address. It is dropped,
// with any session in it, when the test ends. Parallel tests and other processes on the same server do no harm.
//
// Apply runs once for each key on a server; every further database is a copy of what it made. On a server named by
// TEST_DATABASE_URL those originals (template_<key>) stay for the next run, and those of old keys are never dropped.
func Database(tb testing.TB, migrate Migration) string {
	tb.Helper()
	at := PostgresURL(tb)
	name := "t_" + strings.ToLower(rand.Text())
	if err := createFrom(tb.Context(), at, name, migrate); err != nil {
		tb.Fatalf("make a test database: %v", err)
	}
	tb.Cleanup(func() {
		// The test's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), dropLimit)
		defer cancel()
		if err := drop(ctx, at, name); err != nil {
			tb.Errorf("drop the test database: %v", err)
		}
	})
	fresh, err := withDatabase(at, name)
	if err != nil {
		tb.Fatal(err)
	}
	return fresh
}

func createFrom(ctx context.Context, at, name string, migrate Migration) error {
	if migrate.Key == "" {
		return errors.New("a migration needs a key")
	}
	conn, closeConn, err := connect(ctx, at)
	if err != nil {
		return err
	}
	defer closeConn()
	template := "template_" + migrate.Key[:min(keyLength, len(migrate.Key))]
	if err := ensureTemplate(ctx, conn, at, template, migrate); err != nil {
		return fmt.Errorf("%s: %w", template, err)
	}
	return run(ctx, conn, "CREATE DATABASE "+pq.QuoteIdentifier(name)+" TEMPLATE "+pq.QuoteIdentifier(template))
}

// ensureTemplate makes the template unless it is there. The lock is of the session, so it goes with the connection.
func ensureTemplate(ctx context.Context, conn *sql.Conn, at, template string, migrate Migration) error {
	if found, err := exists(ctx, conn, template); found || err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 0))", template); err != nil {
		return fmt.Errorf("wait for another process to make it: %w", err)
	}
	if found, err := exists(ctx, conn, template); found || err != nil {
		return err
	}
	return makeTemplate(ctx, conn, at, template, migrate)
}

// makeTemplate works in a database of another name, so that a template that exists is a whole one.
func makeTemplate(ctx context.Context, conn *sql.Conn, at, template string, migrate Migration) error {
	making := "making_" + template
	quoted, final := pq.QuoteIdentifier(making), pq.QuoteIdentifier(template)
	url, err := withDatabase(at, making)
	if err != nil {
		return err
	}
	if err := run(ctx, conn, "DROP DATABASE IF EXISTS "+quoted+" WITH (FORCE)", "CREATE DATABASE "+quoted+" TEMPLATE template0"); err != nil {
		return err
	}
	if err := migrate.Apply(ctx, url); err != nil {
		return fmt.Errorf("apply the migrations: %w", err)
	}
	// Renaming fails while a session is left in the database, as does every copy of it; hence also no new ones.
	return run(ctx, conn,
		"ALTER DATABASE "+quoted+" RENAME TO "+final,
		"ALTER DATABASE "+final+" WITH ALLOW_CONNECTIONS false IS_TEMPLATE true")
}

func exists(ctx context.Context, conn *sql.Conn, database string) (bool, error) {
	var found bool
	err := conn.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).Scan(&found)
	return found, err
}

func drop(ctx context.Context, at, name string) error {
	conn, closeConn, err := connect(ctx, at)
	if err != nil {
		return err
	}
	defer closeConn()
	return run(ctx, conn, "DROP DATABASE IF EXISTS "+pq.QuoteIdentifier(name)+" WITH (FORCE)")
}

// connect opens one connection and no pool that would outlive the call: tests that look for leaked goroutines would
// find it.
func connect(ctx context.Context, at string) (*sql.Conn, func(), error) {
	db, err := sql.Open("postgres", at)
	if err != nil {
		return nil, nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		db.Close()
		return nil, nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	return conn, func() { conn.Close(); db.Close() }, nil
}

// run executes statements one by one, as those about databases refuse to be part of a transaction.
func run(ctx context.Context, conn *sql.Conn, statements ...string) error {
	for _, s := range statements {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// withDatabase returns the address of another database on the same server.
func withDatabase(at, database string) (string, error) {
	u, err := url.Parse(at)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("%s has to be a URL such as postgres://user@host:5432/postgres", databaseVariable)
	}
	u.Path = "/" + database
	return u.String(), nil
}
