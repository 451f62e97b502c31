package entstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/ports"
)

// Translate and Retryable are for tests of what drivers return.
var (
	Translate = translate
	Retryable = retryable
)

// MaxTries is how often a unit of work is run at most.
const MaxTries = maxTries

// DB is the handle for work.
func (s *Store) DB() *sql.DB { return s.db }

// Path is where the SQLite file is.
func (s *Store) Path() string { return s.path }

// Again opens the same database once more, as another process would.
func (s *Store) Again(ctx context.Context, pool Pool) (*Store, error) {
	url := s.url
	if url == "" {
		url = "sqlite:" + s.path
	}
	return Open(ctx, Config{URL: url, Volatile: true, Pool: pool})
}

// Connections is how many connections to the database there may be.
func (s *Store) Connections() int {
	all := s.db.Stats().MaxOpenConnections
	if s.answerPool != s.db {
		all += s.answerPool.Stats().MaxOpenConnections
	}
	return all
}

// PlanOfAnswers is the plan by which an answer would be stored among so many attempts.
func PlanOfAnswers(ctx context.Context, s *Store, attempts int) (string, error) {
	var one columns
	conn, err := s.answerPool.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	for _, arrange := range []string{
		"SET session_replication_role = replica", // so that nobody misses the users and exams of these
		fmt.Sprintf(`INSERT INTO attempts (id, mode, status, taken, started_at, listening_seconds, reading_seconds, version, exam_id, revision_id, user_id)
			SELECT gen_random_uuid(), 'exam', 'submitted', '[]', now(), 0, 0, 1, gen_random_uuid(), gen_random_uuid(), gen_random_uuid()
			FROM generate_series(1, %d)`, attempts),
		"ANALYZE attempts",
	} {
		if _, err := conn.ExecContext(ctx, arrange); err != nil {
			return "", err
		}
	}
	rows, err := conn.QueryContext(ctx, "EXPLAIN "+storeAnswers, one.args()...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return "", err
		}
		plan.WriteString(line + "\n")
	}
	return plan.String(), rows.Err()
}

// WithMigrations returns the store with other migrations.
func (s *Store) WithMigrations(files fs.FS) *Store {
	other := *s
	other.files = files
	return &other
}

// MigrateTo migrates up to one version.
func (s *Store) MigrateTo(ctx context.Context, version int64) error {
	p, err := s.provider()
	if err != nil {
		return err
	}
	defer p.Close()
	if _, err := p.UpTo(ctx, version); err != nil {
		return fmt.Errorf("migrate to %d: %w", version, err)
	}
	return nil
}

// PlansOfAnswers tries a number of times to store an answer of an attempt that does not exist, and returns with how many
// plans of each sort.
func PlansOfAnswers(ctx context.Context, s *Store, times int) (generic, custom int, err error) {
	conn, err := s.answerPool.Conn(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer conn.Close()
	stored, err := conn.PrepareContext(ctx, storeAnswers)
	if err != nil {
		return 0, 0, err
	}
	defer stored.Close()
	var one columns
	var nobody attempt.Attempt
	answer := attempt.Answer{Number: 1, Choice: 'A', Seq: 1}
	one.add(ports.SheetChange{Attempt: &nobody, Answers: []attempt.Answer{answer}, Changes: []ports.LoggedChange{{Change: attempt.Change{Answer: answer}}}}, expected{})
	one.attempts, one.ids, one.logIDs = []uuid.UUID{uuid.Max}, []uuid.UUID{uuid.Max}, []uuid.UUID{uuid.Max} // the nil UUID would be NULL
	for range times {
		if _, err := stored.ExecContext(ctx, one.args()...); err == nil {
			return 0, 0, errors.New("an answer of an attempt that does not exist was stored")
		}
	}
	err = conn.QueryRowContext(ctx, "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE 'WITH moved%'").Scan(&generic, &custom)
	return generic, custom, err
}
