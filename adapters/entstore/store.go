// Package entstore keeps everything in a relational database through Ent: PostgreSQL, or SQLite in a file
// of the program's own. Both run the same schema and pass the same contract suites.
package entstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	_ "modernc.org/sqlite" // the SQLite driver; that of PostgreSQL comes with lifeline.go

	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// Pool bounds the connections to the database; a zero field takes the driver's default.
type Pool struct {
	MaxOpen     int
	MinIdle     int // connections kept open when idle
	MaxIdleTime time.Duration
	MaxLifetime time.Duration
	Answers     int // of MaxOpen, for answers alone on PostgreSQL; at least one, at most half
}

// Config says which database to open.
type Config struct {
	// URL is postgres://… for PostgreSQL, or sqlite:PATH for a SQLite file whose folder exists.
	URL  string
	Pool Pool
	// Application names this process to PostgreSQL, so that an operator can tell connections apart.
	Application string
	// Lost hears when PostgreSQL stops answering, and why, and gets nil when it answers again. It may be nil.
	Lost func(reason error)
	// Volatile gives up SQLite's durability for speed; for tests alone.
	Volatile bool
}

// Store is an open database.
type Store struct {
	client  *ent.Client
	db      *sql.DB
	dialect migrations.Dialect
	path    string // of the SQLite file
	url     string // for lib/pq
	// answerPool is for the statements of answers, whose connections plan in a way of their own; on SQLite it is db itself.
	answerPool *sql.DB
	files      fs.FS // the migrations
	bell       bell
	life       *lifeline // nil on SQLite

	prepared *statements
	memory   *memory
}

// sqliteOptions: foreign keys are off by default; WAL lets readers go on while one writes; immediate
// transactions take the write lock at their start, where waiting for it is possible; times are kept as
// UTC text, because SQLite compares them as text.
const sqliteOptions = "_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)" +
	"&_txlock=immediate&_time_format=sqlite&_timezone=UTC&_pragma=synchronous(%s)"

// Open connects to the database. It does not touch the schema; see Migrate.
func Open(ctx context.Context, c Config) (*Store, error) {
	s := &Store{bell: newBell(), prepared: &statements{}}
	var err error
	if s.memory, err = newMemory(); err != nil {
		return nil, err
	}
	entDialect := dialect.Postgres
	open := s.openPostgres
	if strings.HasPrefix(c.URL, "sqlite:") {
		entDialect, open = dialect.SQLite, s.openSQLite
	}
	if err := open(ctx, c); err != nil {
		return nil, err
	}
	if s.files, err = migrations.Files(s.dialect); err != nil {
		return nil, errors.Join(err, s.closePool())
	}
	s.size(c.Pool)
	if err := reach(ctx, s.db); err != nil {
		return nil, errors.Join(fmt.Errorf("reach the database: %w", err), s.closePool())
	}
	s.client = ent.NewClient(ent.Driver(entsql.OpenDB(entDialect, s.db)))
	return s, nil
}

func (s *Store) openSQLite(_ context.Context, c Config) error {
	synchronous := "FULL" // an acknowledged answer survives the loss of power
	if c.Volatile {
		synchronous = "OFF"
	}
	s.dialect, s.path = migrations.SQLite, strings.TrimPrefix(c.URL, "sqlite:")
	if err := private(s.path); err != nil {
		return err
	}
	var err error
	if s.db, err = sql.Open("sqlite", "file:"+escaped(s.path)+"?"+fmt.Sprintf(sqliteOptions, synchronous)); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	s.answerPool = s.db
	return nil
}

// size divides what is allowed between the pools.
func (s *Store) size(p Pool) {
	pools := []*sql.DB{s.db}
	if s.answerPool != s.db {
		pools = append(pools, s.answerPool)
		answers := max(1, p.Answers)
		if p.MaxOpen > 0 {
			answers = min(answers, max(1, p.MaxOpen/2))
			s.db.SetMaxOpenConns(max(1, p.MaxOpen-answers))
		}
		s.answerPool.SetMaxOpenConns(answers)
		s.answerPool.SetMaxIdleConns(answers)
	} else if p.MaxOpen > 0 {
		s.db.SetMaxOpenConns(p.MaxOpen)
	}
	if p.MinIdle > 0 {
		s.db.SetMaxIdleConns(p.MinIdle)
	}
	for _, pool := range pools {
		pool.SetConnMaxIdleTime(p.MaxIdleTime)
		pool.SetConnMaxLifetime(p.MaxLifetime)
	}
}

func (s *Store) openPostgres(ctx context.Context, c Config) error {
	address, err := postgresURL(c.URL, c.Application)
	if err != nil {
		return err
	}
	life, connector, err := newLifeline(address, c.Lost)
	if err != nil {
		return err
	}
	forAnswers, err := life.connector(withOptions(address, answerOptions))
	if err != nil {
		return err
	}
	life.start(ctx)
	s.dialect, s.url, s.life, s.db, s.answerPool = migrations.Postgres, address, life, sql.OpenDB(connector), sql.OpenDB(forAnswers)
	return nil
}

// closePool closes all connections, and stops watching them.
func (s *Store) closePool() error {
	err := s.db.Close()
	if s.answerPool != s.db {
		err = errors.Join(err, s.answerPool.Close())
	}
	if s.life != nil {
		s.life.close()
	}
	return err
}

// postgresURL adds what lib/pq should know and the URL does not say. Errors never repeat the URL, which holds a password.
func postgresURL(raw, application string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || u.Host == "" {
		return "", errors.New("the database URL must look like postgres://user:password@host:5432/name or sqlite:path")
	}
	q := u.Query()
	if !q.Has("sslmode") {
		q.Set("sslmode", "prefer")
		if h := u.Hostname(); h == "localhost" || h == "127.0.0.1" || h == "::1" {
			q.Set("sslmode", "disable")
		}
	}
	if !q.Has("application_name") && application != "" {
		q.Set("application_name", application)
	}
	if !q.Has("connect_timeout") {
		q.Set("connect_timeout", "5")
	}
	q.Set("timezone", "UTC")
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// withOptions adds settings of a session.
func withOptions(address, options string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // it was parsed before
	}
	q := u.Query()
	q.Set("options", strings.TrimSpace(q.Get("options")+" "+options))
	u.RawQuery = q.Encode()
	return u.String()
}

// Close closes all connections.
func (s *Store) Close() error { return s.closePool() }

// Dialect tells which database this is.
func (s *Store) Dialect() migrations.Dialect { return s.dialect }

// Name names the dependency in health reports.
func (s *Store) Name() string { return "database" }

// Check tests the connection.
func (s *Store) Check(ctx context.Context) error { return translate(s.db.PingContext(ctx)) }

var _ ports.Probe = (*Store)(nil)
