// Package learners prepares people who take a test on a running server, for the commands that load and break it. They
// are put into the database, because registering hashes a password and would take longer than what is measured; from
// then on they do what any client does: they refresh their session for an access token and begin an attempt.
package learners

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	_ "github.com/lib/pq"  // as the server
	_ "modernc.org/sqlite" // as the server
)

// Learner is somebody with a session.
type Learner struct {
	Token   string // the access token; "" before Renew
	Attempt string // the newest attempt
	user    uuid.UUID
	session uuid.UUID
	refresh string
	renewed time.Time
}

// Database opens the database of a server: postgres://… or sqlite:PATH.
func Database(url string) (*sql.DB, error) {
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		return sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_txlock=immediate&_time_format=sqlite&_timezone=UTC")
	}
	return sql.Open("postgres", url)
}

// Seed puts n learners with a session each into a database whose server has made its tables.
func Seed(ctx context.Context, url string, n int) (all []*Learner, err error) {
	db, err := Database(url)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("put learners into the database: %w", err)
	}
	s := seeder{tx: tx, marks: !strings.HasPrefix(url, "sqlite:"), now: time.Now().UTC()}
	for range n {
		l, err := s.add(ctx)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("put a learner into the database: %w", err), tx.Rollback())
		}
		all = append(all, l)
	}
	if err := tx.Commit(); err != nil {
		return nil, fmt.Errorf("put learners into the database: %w", err)
	}
	return all, nil
}

type seeder struct {
	tx    *sql.Tx
	marks bool // parameters are $1, $2, …
	now   time.Time
}

func (s seeder) add(ctx context.Context) (*Learner, error) {
	l := &Learner{user: uuid.Must(uuid.NewV7()), session: uuid.Must(uuid.NewV7()), refresh: rand.Text() + rand.Text()}
	err := s.insert(ctx, "users", row{
		{"id", l.user.String()},
		{"email", l.user.String() + "@example.com"},
		{"password_hash", "none"},
		{"roles", `["learner"]`},
		{"display_name", "Learner"},
		{"locale", "en"},
		{"created_at", s.now},
		{"verified_at", s.now},
		{"version", 1},
	})
	if err != nil {
		return nil, err
	}
	err = s.insert(ctx, "user_sessions", row{
		{"id", l.session.String()},
		{"user_id", l.user.String()},
		{"ip", "127.0.0.1"},
		{"user_agent", "load"},
		{"device", "load"},
		{"created_at", s.now},
		{"last_seen_at", s.now},
		{"expires_at", s.now.Add(24 * time.Hour)},
		{"end_reason", ""},
	})
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256([]byte(l.refresh))
	return l, s.insert(ctx, "refresh_tokens", row{
		{"hash", hex.EncodeToString(hash[:])}, {"session_id", l.session.String()}, {"created_at", s.now},
	})
}

type row []struct {
	column string
	value  any
}

func (s seeder) insert(ctx context.Context, table string, r row) error {
	var columns, marks []string
	var values []any
	for i, c := range r {
		columns, values = append(columns, c.column), append(values, c.value)
		mark := "?"
		if s.marks {
			mark = fmt.Sprintf("$%d", i+1)
		}
		marks = append(marks, mark)
	}
	_, err := s.tx.ExecContext(ctx, "INSERT INTO "+table+" ("+strings.Join(columns, ", ")+") VALUES ("+strings.Join(marks, ", ")+")", values...)
	return err
}
