package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/toeic-app/toeic/tests/built"
	"github.com/toeic-app/toeic/tests/learners"
	"github.com/toeic-app/toeic/tests/private"
)

// stage is what stands while scenarios run: one PostgreSQL and one Redis for all, a server for each database.
type stage struct {
	dir      string
	program  string
	postgres *private.Postgres
	redis    *private.Redis
	houses   []*house
}

// settings are those of every server here: what a client may ask for is not limited, because a load generator asks more
// than any learner. Everything else is as shipped.
var settings = []string{
	"RATE_LIMIT_SIGN_IN=0", "RATE_LIMIT_READ=0", "RATE_LIMIT_WRITE=0", "RATE_LIMIT_ADMIN=0", "RATE_LIMIT_FAILURES=0",
}

// setUp builds the program and starts PostgreSQL, as safe as in production, and Redis.
func setUp(ctx context.Context) (s *stage, err error) {
	s = &stage{}
	if s.dir, err = os.MkdirTemp("", "toeic-load-"); err != nil {
		return nil, fmt.Errorf("make a scratch folder: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.tearDown())
		}
	}()
	if err := os.Chmod(s.dir, 0o755); err != nil { // the account that runs PostgreSQL for root has to pass
		return nil, fmt.Errorf("open the scratch folder: %w", err)
	}
	if s.program, err = built.Program(s.dir); err != nil {
		return nil, err
	}
	if err := learners.WritePack(filepath.Join(s.dir, "form")); err != nil {
		return nil, err
	}
	if s.postgres, err = private.StartPostgres(ctx, filepath.Join(s.dir, "pg"), private.WithDurability()); err != nil {
		return nil, err
	}
	s.redis, err = private.StartRedis(ctx, filepath.Join(s.dir, "redis"))
	return s, err
}

func (s *stage) tearDown() error {
	var errs []error
	for _, h := range s.houses {
		h.server.Kill()
	}
	if s.redis != nil {
		errs = append(errs, s.redis.Stop())
	}
	if s.postgres != nil {
		errs = append(errs, s.postgres.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}

// house is a server on a database of its own, with learners who take the full form.
type house struct {
	learners.Server
	server   *built.Server
	postgres *private.Postgres // nil on SQLite
	log      io.Writer         // of what the server says; the standard error if nil
	url      string            // of the database
	exam     string
	sitting  []*learners.Learner // in exam mode
	training []*learners.Learner // in practice mode, where all items are open at once
	base     int64
}

// onPostgres makes a database and a server on it.
func (s *stage) onPostgres(ctx context.Context, name string, sitting, training int) (*house, error) {
	if err := s.admin(ctx, "CREATE DATABASE "+name); err != nil {
		return nil, err
	}
	h := &house{postgres: s.postgres, url: s.postgres.URL(name)}
	return h, s.open(ctx, h, name, sitting, training, "DATABASE_URL="+h.url, "REDIS_URL="+s.redis.URL())
}

// onSQLite makes a server on its embedded database.
func (s *stage) onSQLite(ctx context.Context, name string, sitting, training int) (*house, error) {
	h := &house{url: "sqlite:" + filepath.Join(s.dir, "home", name, "data", "toeic.db")}
	return h, s.open(ctx, h, name, sitting, training)
}

func (s *stage) open(ctx context.Context, h *house, name string, sitting, training int, more ...string) error {
	home := filepath.Join(s.dir, "home", name)
	all := append(append([]string{}, settings...), more...)
	var err error
	if h.log == nil {
		h.log = os.Stderr
	}
	if h.server, err = built.ServeTo(h.log, s.program, home, all...); err != nil {
		return err
	}
	s.houses = append(s.houses, h)
	h.URL = h.server.URL
	if err := built.Run(s.program, home, all, "content", "import", filepath.Join(s.dir, "form")); err != nil {
		return err
	}
	people, err := learners.Seed(ctx, h.url, sitting+training)
	if err != nil {
		return err
	}
	h.sitting, h.training = people[:sitting], people[sitting:]
	if err := h.Renew(ctx, people); err != nil {
		return err
	}
	if h.exam, err = h.FullForm(ctx, people[0]); err != nil {
		return err
	}
	if err := h.Begin(ctx, h.sitting, h.exam, "exam"); err != nil {
		return err
	}
	return h.Begin(ctx, h.training, h.exam, "practice")
}

// admin runs a statement on PostgreSQL's maintenance database.
func (s *stage) admin(ctx context.Context, statement string) error {
	return run(ctx, s.postgres.URL("postgres"), statement)
}

// run executes statements one after another on one connection.
func run(ctx context.Context, url string, statements ...string) error {
	db, err := learners.Database(url)
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	defer conn.Close()
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%.60s: %w", statement, err)
		}
	}
	return nil
}

// address is where the server listens, as host:port.
func (h *house) address() string {
	u, err := url.Parse(h.URL)
	if err != nil {
		return h.URL
	}
	return u.Host
}

// use samples the processor time of server, database and load generator.
func (h *house) use(load int) (u usage, err error) {
	if u.machine, err = machineTime(); err != nil {
		return u, err
	}
	if u.server, err = exactTime(h.server.Pid()); err != nil {
		return u, err
	}
	if h.postgres != nil {
		if u.database, err = familyTime(h.postgres.Pid()); err != nil {
			return u, err
		}
	}
	if load != 0 {
		u.load, err = exactTime(load)
	}
	return u, err
}

// useOfFew samples as use does, finely enough for a single request; of the database only what lives on.
func (h *house) useOfFew() (u usage, err error) {
	if u.server, err = exactTime(h.server.Pid()); err != nil {
		return u, err
	}
	u.database, err = exactFamilyTime(h.postgres.Pid())
	return u, err
}

// sample is a measured stretch of load.
type sample struct {
	outcome
	usage
}

// load has learners send what the plan says, and measures. What may not be fails it: a wrong reply, and in the end of
// a stretch of writing, an acknowledged answer that is not in the database.
func (h *house) load(ctx context.Context, p plan, people []*learners.Learner) (sample, error) {
	if err := h.Renew(ctx, people); err != nil {
		return sample{}, err
	}
	h.base += 1_000_000 // more than one connection can send in a stretch
	p.Address, p.Base = h.address(), h.base
	p.Seats = seats(people)
	var before, after usage
	mark := func(into *usage) func(int) error {
		return func(pid int) (err error) {
			*into, err = h.use(pid)
			return err
		}
	}
	out, err := generate(ctx, p, mark(&before), mark(&after))
	if err != nil {
		return sample{}, err
	}
	if out.Wrong > 0 {
		return sample{}, fmt.Errorf("%d wrong replies; the first: %s", out.Wrong, out.First)
	}
	if p.Kind == putAnswers {
		if err := h.verify(ctx, people, out.Last, p.Base, out.Written); err != nil {
			return sample{}, err
		}
	}
	return sample{out, after.since(before)}, nil
}

func seats(people []*learners.Learner) []seat {
	all := make([]seat, len(people))
	for i, l := range people {
		all[i] = seat{l.Token, l.Attempt}
	}
	return all
}

// lengths of a stretch, by whether the run is quick.
func lengths(quick bool) (warm, length time.Duration) {
	if quick {
		return 100 * time.Millisecond, 500 * time.Millisecond
	}
	return time.Second, 5 * time.Second
}
