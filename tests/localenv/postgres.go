package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	_ "github.com/lib/pq" // the driver that production uses

	"github.com/toeic-app/toeic/tests/private"
)

// toeic names the database, its owner and the owner's password, here and in docker/compose.dev.yml.
const toeic = "toeic"

// errElsewhere marks an answer of a server that is not the private one.
var errElsewhere = errors.New("the server on this port has its files elsewhere")

func (e *environment) postgres() service {
	data := filepath.Join(e.dir, "postgres") // where private servers have their cluster
	address := e.postgresURL(url.UserPassword(toeic, toeic), toeic)
	return service{
		name: "PostgreSQL", variable: "DATABASE_URL", url: address,
		pidFile: filepath.Join(e.dir, "postgres.pid"),
		answers: func(ctx context.Context) error { return withPostgres(ctx, address, (*sql.DB).PingContext) },
		ours:    func(ctx context.Context) (int, error) { return e.ourPostgres(ctx, data) },
		ended: func() bool {
			_, err := os.Stat(filepath.Join(data, "postmaster.pid")) // the last thing that PostgreSQL removes
			return errors.Is(err, os.ErrNotExist)
		},
		start:   e.startPostgres,
		prepare: e.preparePostgres,
	}
}

func (e *environment) postgresURL(user *url.Userinfo, database string) string {
	u := url.URL{
		Scheme: "postgres", User: user, Host: local(e.postgresPort), Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

func (e *environment) startPostgres(ctx context.Context) (int, error) {
	p, err := private.StartPostgres(ctx, e.dir, private.Detached(), private.WithDurability(), private.WithPort(e.postgresPort))
	if err != nil {
		return 0, err
	}
	return p.Pid(), nil
}

// preparePostgres makes the program's role and database unless they are there. The role owns its database and may make others
// for tests, and no more: that is what it will have in production.
func (e *environment) preparePostgres(ctx context.Context) error {
	return withPostgres(ctx, e.postgresURL(url.User(private.Superuser), "postgres"), func(db *sql.DB, ctx context.Context) error {
		missing := []struct{ question, statement string }{
			{"SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", "CREATE ROLE toeic LOGIN CREATEDB PASSWORD 'toeic'"},
			{"SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = $1)", "CREATE DATABASE toeic OWNER toeic"},
		}
		for _, m := range missing {
			var needed bool
			if err := db.QueryRowContext(ctx, m.question, toeic).Scan(&needed); err != nil {
				return fmt.Errorf("look for the role and the database: %w", err)
			}
			if !needed {
				continue
			}
			if _, err := db.ExecContext(ctx, m.statement); err != nil {
				return fmt.Errorf("make the role and the database: %w", err)
			}
		}
		return nil
	})
}

// ourPostgres asks the server for its folder and for its own note of its process id.
func (e *environment) ourPostgres(ctx context.Context, data string) (pid int, err error) {
	err = withPostgres(ctx, e.postgresURL(url.User(private.Superuser), "postgres"), func(db *sql.DB, ctx context.Context) error {
		var dir string
		row := db.QueryRowContext(ctx, `SELECT current_setting('data_directory'), split_part(pg_read_file('postmaster.pid'), E'\n', 1)`)
		if err := row.Scan(&dir, &pid); err != nil {
			return err
		}
		return same(dir, data)
	})
	return pid, err
}

// withPostgres opens a database for one use.
func withPostgres(ctx context.Context, address string, use func(*sql.DB, context.Context) error) error {
	db, err := sql.Open("postgres", address+"&connect_timeout=2")
	if err != nil {
		return err
	}
	return errors.Join(use(db, ctx), db.Close())
}

// same fails unless the two paths lead to one folder.
func same(a, b string) error {
	first, err := os.Stat(a)
	if err != nil {
		return errors.Join(errElsewhere, err)
	}
	second, err := os.Stat(b)
	if err != nil {
		return errors.Join(errElsewhere, err)
	}
	if !os.SameFile(first, second) {
		return fmt.Errorf("%w: in %s", errElsewhere, a)
	}
	return nil
}

func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
