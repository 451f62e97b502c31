package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/toeic-app/toeic/tests/learners"
)

// inspect holds what is stored against what was acknowledged: of the attempts that are new since the last time, or of
// all of them.
func (t *theatre) inspect(ctx context.Context, all bool) ([]string, error) {
	db, err := learners.Database(t.url)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var faults []string
	for _, one := range t.takers {
		recent := one.all
		if !all {
			recent = recent[one.checked:]
		}
		for _, s := range recent {
			held, err := read(ctx, db, s.attempt)
			if err != nil {
				return nil, fmt.Errorf("look into the database: %w", err)
			}
			faults = append(faults, s.faults(held)...)
		}
		one.checked = max(0, len(one.all)-1) // the last one goes on
	}
	return faults, nil
}

// read fetches what the database holds of an attempt.
func read(ctx context.Context, db *sql.DB, attempt string) (stored, error) {
	s := stored{answers: map[int]storedAnswer{}, changes: map[change][]string{}}
	where := " WHERE attempt_id = '" + attempt + "'"
	err := db.QueryRowContext(ctx, "SELECT status, (SELECT count(*) FROM results"+where+"), (SELECT count(*) FROM former_results"+where+
		") FROM attempts WHERE id = '"+attempt+"'").Scan(&s.status, &s.results, &s.former)
	if err != nil {
		return s, err
	}
	err = each(ctx, db, "SELECT number, seq, choice FROM answers"+where, func(c change, choice string) {
		s.answers[c.number] = storedAnswer{c.seq, choice}
	})
	if err != nil {
		return s, err
	}
	return s, each(ctx, db, "SELECT number, seq, choice FROM answer_changes"+where, func(c change, choice string) {
		s.changes[c] = append(s.changes[c], choice)
	})
}

func each(ctx context.Context, db *sql.DB, query string, do func(change, string)) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var c change
		var choice string
		if err := rows.Scan(&c.number, &c.seq, &choice); err != nil {
			return err
		}
		do(c, choice)
	}
	return rows.Err()
}

// rest is how long the jobs may take to come to an end: a little more than the lease of one whose server was killed.
const rest = 150 * time.Second

// settle waits until no job is left to do.
func (t *theatre) settle(ctx context.Context) error {
	db, err := learners.Database(t.url)
	if err != nil {
		return err
	}
	defer db.Close()
	for end := time.Now().Add(rest); ; time.Sleep(100 * time.Millisecond) {
		var n int
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM jobs WHERE done_at IS NULL AND dead_at IS NULL").Scan(&n); err != nil {
			return fmt.Errorf("look at the jobs: %w", err)
		}
		if n == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d jobs are not done after %v", n, rest)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// never are queries for what may not be there once all jobs are done.
var never = map[string]string{
	"attempts scored more than once":          "SELECT count(*) FROM (SELECT attempt_id FROM results GROUP BY attempt_id HAVING count(*) > 1) AS twice",
	"submitted attempts without a result":     "SELECT count(*) FROM attempts WHERE status = 'submitted' AND NOT EXISTS (SELECT 1 FROM results WHERE attempt_id = attempts.id)",
	"results that a job replaced":             "SELECT count(*) FROM former_results",
	"jobs that were given up":                 "SELECT count(*) FROM jobs WHERE dead_at IS NOT NULL",
	"exports that were not made":              "SELECT count(*) FROM account_exports WHERE status <> 'ready'",
	"exports without exactly one letter each": "SELECT abs((SELECT count(*) FROM account_exports) - (SELECT count(*) FROM jobs WHERE kind = 'send_letter'))",
	"questions that count a sitting twice": `SELECT count(*) FROM learner_items WHERE seen >
		(SELECT count(*) FROM attempts WHERE attempts.user_id = learner_items.user_id AND status = 'submitted')`,
}

// aftermath looks for effects that are missing or happened twice.
func (t *theatre) aftermath(ctx context.Context) (faults []string, err error) {
	db, err := learners.Database(t.url)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	for what, query := range never {
		var n int
		if err := db.QueryRowContext(ctx, query).Scan(&n); err != nil {
			return nil, fmt.Errorf("look for %s: %w", what, err)
		}
		if n != 0 {
			faults = append(faults, fmt.Sprintf("%s: %d %s", t.name, n, what))
		}
	}
	for _, id := range t.exports {
		var found int
		err := db.QueryRowContext(ctx, "SELECT 1 FROM account_exports WHERE id = '"+id+"'").Scan(&found)
		if errors.Is(err, sql.ErrNoRows) {
			faults = append(faults, fmt.Sprintf("%s: the acknowledged export %s is lost", t.name, id))
		} else if err != nil {
			return nil, fmt.Errorf("look for an export: %w", err)
		}
	}
	return faults, nil
}
