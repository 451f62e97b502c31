package main

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/toeic-app/toeic/tests/learners"
)

// verify looks for every answer that was acknowledged: the newest of each item in the answers, and all that were
// accepted above seq base in the log of changes.
func (h *house) verify(ctx context.Context, people []*learners.Learner, last []map[int]written, base int64, acknowledged int) error {
	db, err := learners.Database(h.url)
	if err != nil {
		return err
	}
	defer db.Close()
	logged := 0
	for i, l := range people {
		stored, err := storedAnswers(ctx, db, l.Attempt)
		if err != nil {
			return fmt.Errorf("read the answers back: %w", err)
		}
		if err := compare(last[i], stored); err != nil {
			return fmt.Errorf("attempt %s: %w", l.Attempt, err)
		}
		n := 0
		query := fmt.Sprintf("SELECT count(*) FROM answer_changes WHERE attempt_id = '%s' AND seq > %d AND outcome = 'applied'", l.Attempt, base)
		if err := db.QueryRowContext(ctx, query).Scan(&n); err != nil {
			return fmt.Errorf("read the log of changes: %w", err)
		}
		logged += n
	}
	if logged != acknowledged {
		return fmt.Errorf("%d answers were acknowledged and %d are in the log of changes", acknowledged, logged)
	}
	return nil
}

func storedAnswers(ctx context.Context, db *sql.DB, attempt string) (map[int]written, error) {
	rows, err := db.QueryContext(ctx, fmt.Sprintf("SELECT number, seq, choice FROM answers WHERE attempt_id = '%s'", attempt))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int]written{}
	for rows.Next() {
		var number int
		var w written
		if err := rows.Scan(&number, &w.Seq, &w.Choice); err != nil {
			return nil, err
		}
		all[number] = w
	}
	return all, rows.Err()
}

// compare tells which acknowledged answer is not stored as it was sent.
func compare(acknowledged, stored map[int]written) error {
	for number, want := range acknowledged {
		if got, ok := stored[number]; !ok {
			return fmt.Errorf("the acknowledged answer to item %d is lost", number)
		} else if got != want {
			return fmt.Errorf("item %d was acknowledged as %v and is %v", number, want, got)
		}
	}
	return nil
}
