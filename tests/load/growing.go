package main

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"github.com/toeic-app/toeic/tests/learners"
)

// perFiller is how many answers one of the learners has who only fill the tables, in attempts of a whole form.
const perFiller = 10 * learners.FormItems

// size is how many answers a database holds while it is measured.
type size struct {
	name    string // for a database
	answers int
	*house
	writing series
	reading series
}

func (b *bench) sizes() []*size {
	all := []*size{{name: "ten4", answers: 1e4}, {name: "ten6", answers: 1e6}, {name: "ten7", answers: 1e7}}
	if b.quick {
		all = []*size{{name: "ten4", answers: 1e4}, {name: "ten5", answers: 1e5}}
	}
	return all
}

// growth measures whether answering and reading become slower with what is stored. The databases stand side by side,
// so that the sizes take turns.
func (b *bench) growth(ctx context.Context) ([]row, error) {
	const most = 1.3
	all := b.sizes()
	for _, s := range all {
		b.progress("filling a database with %d answers", s.answers)
		var err error
		if s.house, err = b.onPostgres(ctx, s.name, class, 1); err != nil {
			return nil, err
		}
		if err := s.fill(ctx, s.answers); err != nil {
			return nil, err
		}
	}
	for range b.rounds {
		for _, s := range all {
			if err := b.grown(ctx, s); err != nil {
				return nil, fmt.Errorf("with %d answers: %w", s.answers, err)
			}
		}
	}
	var rows []row
	for _, which := range []struct {
		name string
		of   func(*size) series
	}{
		{"one answer a request", func(s *size) series { return s.writing }},
		{"questions of a full form", func(s *size) series { return s.reading }},
	} {
		base := 0.0
		for _, s := range all {
			name := fmt.Sprintf("%s, %s answers stored", which.name, power(s.answers))
			r := which.of(s).measured(name, "p99 ms", func(o sample) float64 { return milliseconds(o.P99) })
			if base == 0 {
				base = r.Value
			} else {
				r = r.against("at "+power(all[0].answers), base).judge(ratioAtMost, most)
			}
			r, err := s.peak(r)
			if err != nil {
				return nil, err
			}
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// grown makes one round on one size.
func (b *bench) grown(ctx context.Context, s *size) error {
	wrote, err := s.load(ctx, b.one(), s.sitting)
	if err != nil {
		return err
	}
	reply, err := s.questions(ctx, s.sitting[0])
	if err != nil {
		return err
	}
	read, err := s.load(ctx, plan{Kind: get, Paths: []string{questionsPath}, Warm: b.warm, Length: b.length, Bytes: len(reply.Body)}, s.sitting)
	if err != nil {
		return err
	}
	b.progress("%s answers stored: p99 of answering %v, of reading %v", power(s.answers), wrote.P99, read.P99)
	s.writing.samples, s.reading.samples = append(s.writing.samples, wrote), append(s.reading.samples, read)
	return nil
}

func power(n int) string {
	exponent := 0
	for ; n >= 10; n /= 10 {
		exponent++
	}
	return fmt.Sprintf("10^%d", exponent)
}

// fill adds attempts of other learners, given up half a year ago, with that many answers and the log of how they came.
// The constraints between tables are not checked row by row: what is put in keeps them.
func (h *house) fill(ctx context.Context, answers int) error {
	attempts := answers / learners.FormItems
	dropped, made, err := h.indexes(ctx, "answers", "answer_changes")
	if err != nil {
		return err
	}
	statements := append(dropped, h.fillers(attempts)...)
	statements = append(statements, made...)
	return run(ctx, h.url, append(statements, "VACUUM ANALYZE", "CHECKPOINT")...)
}

// indexes returns what drops the indexes of these tables, their primary keys excepted, and what makes them again: that
// is faster than to keep them up to date over millions of rows.
func (h *house) indexes(ctx context.Context, tables ...string) (dropped, made []string, err error) {
	db, err := learners.Database(h.url)
	if err != nil {
		return nil, nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY($1) AND indexname NOT LIKE '%_pkey'", pq.Array(tables))
	if err != nil {
		return nil, nil, fmt.Errorf("list the indexes: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, definition string
		if err := rows.Scan(&name, &definition); err != nil {
			return nil, nil, fmt.Errorf("list the indexes: %w", err)
		}
		dropped, made = append(dropped, "DROP INDEX "+pq.QuoteIdentifier(name)), append(made, definition)
	}
	return dropped, made, rows.Err()
}

// fillers are the statements that put the rows in.
func (h *house) fillers(attempts int) []string {
	return []string{
		"SET session_replication_role = replica",
		fmt.Sprintf(`INSERT INTO users (id, email, password_hash, roles, display_name, locale, created_at, verified_at, version)
			SELECT %s, 'filler-' || i || '@example.com', 'none', '["learner"]', 'Filler', 'en', %s, %[2]s, 1 FROM generate_series(0, %d) i`,
			madeID(1, "i"), longAgo, attempts*learners.FormItems/perFiller),
		fmt.Sprintf(`INSERT INTO attempts (id, user_id, exam_id, revision_id, mode, status, taken, started_at, listening_seconds,
				reading_seconds, closed_at, version, answered, position, counted_at)
			SELECT %s, %s, exam_id, revision_id, 'practice', 'abandoned', taken, %s, 0, 0, %[3]s, 2, %d, %[4]d, %[3]s
			FROM attempts, generate_series(0, %[5]d) i WHERE attempts.id = '%[6]s'`,
			madeID(2, "i"), madeID(1, fmt.Sprintf("(i / %d)", perFiller/learners.FormItems)), longAgo, learners.FormItems,
			attempts-1, h.training[0].Attempt),
		fmt.Sprintf(`INSERT INTO answers (attempt_id, number, choice, seq, elapsed_ms, answered_at, position)
			SELECT %s, n, 'A', n, 1500, %s, n FROM generate_series(0, %d) i, generate_series(1, %d) n`,
			madeID(2, "i"), longAgo, attempts-1, learners.FormItems),
		fmt.Sprintf(`INSERT INTO answer_changes (attempt_id, number, replaced, choice, seq, elapsed_ms, outcome, server_at)
			SELECT %s, n, '', 'A', n, 1500, 'applied', %s FROM generate_series(0, %d) i, generate_series(1, %d) n`,
			madeID(2, "i"), longAgo, attempts-1, learners.FormItems),
		"SET session_replication_role = origin",
	}
}

// longAgo is when the fillers were there.
const longAgo = "(now() - interval '180 days')"

// madeID is an expression for an identifier like one of that time, numbered by another expression.
func madeID(kind int, number string) string {
	return fmt.Sprintf("('0185d000-000%d-7000-8000-' || lpad(to_hex(%s), 12, '0'))::uuid", kind, number)
}
