package entstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/ports"
)

// answerOptions make the planner keep one plan for each of the statements, which looks up every row by its key. Left to
// itself it plans anew for each length of the arrays, and reads tables from end to end when it believes them small.
const answerOptions = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off"

// The statements take arrays, so that their text, and with it their plan, is the same for any number of rows.
const (
	holdAttempts = "SELECT " + heldColumns + " FROM attempts WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"

	storedAnswers = `SELECT a.attempt_id, a.number, a.choice, a.seq FROM unnest($1::uuid[], $2::bigint[]) AS k (attempt_id, number)
		JOIN answers AS a ON a.attempt_id = k.attempt_id AND a.number = k.number`

	// One statement does all, which saves journeys to the database and back. It fails by dividing by zero, as the statement has
	// no other way to fail, and then stores nothing, unless every attempt is as expected.
	storeAnswers = `WITH moved AS (
			UPDATE attempts SET answered = v.answered, position = v.position
			FROM unnest($17::uuid[], $18::bigint[], $19::bigint[], $20::bigint[], $21::bigint[]) AS v (id, version, base, answered, position)
			WHERE attempts.id = v.id AND attempts.version = v.version AND attempts.position = v.base RETURNING 1
		), newest AS (
			INSERT INTO answers (attempt_id, number, choice, seq, elapsed_ms, position, answered_at)
			SELECT *, $7::timestamptz FROM unnest($1::uuid[], $2::bigint[], $3::varchar[], $4::bigint[], $5::bigint[], $6::bigint[])
			ON CONFLICT (attempt_id, number) DO UPDATE SET choice = excluded.choice, seq = excluded.seq, elapsed_ms = excluded.elapsed_ms,
				position = excluded.position, answered_at = excluded.answered_at
			WHERE answers.seq < excluded.seq
		), logged AS (
			INSERT INTO answer_changes (attempt_id, number, replaced, choice, seq, elapsed_ms, outcome, client_at, session_id, server_at)
			SELECT *, $7::timestamptz FROM unnest($8::uuid[], $9::bigint[], $10::varchar[], $11::varchar[], $12::bigint[], $13::bigint[],
				$14::varchar[], $15::timestamptz[], $16::uuid[])
			ON CONFLICT (attempt_id, number, seq) DO NOTHING
		)
		SELECT 1 / ((SELECT count(*) FROM moved) = cardinality($17) AND (
			SELECT count(*) FROM unnest($22::uuid[], $23::bigint[], $24::bigint[]) AS v (id, version, base)
			JOIN attempts ON attempts.id = v.id AND attempts.version = v.version AND attempts.position = v.base
		) = cardinality($22))::int`
)

// statements are prepared when they are first used, for the life of the store.
type statements struct {
	mu                        sync.Mutex
	holding, reading, storing *sql.Stmt
}

// ready prepares them. It needs a connection of its own, so whoever calls it must not hold one.
func (p *statements) ready(ctx context.Context, db *sql.DB) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range []struct {
		text string
		kept **sql.Stmt
	}{{holdAttempts, &p.holding}, {storedAnswers, &p.reading}, {storeAnswers, &p.storing}} {
		if *s.kept != nil {
			continue
		}
		made, err := db.PrepareContext(ctx, s.text)
		if err != nil {
			return translate(fmt.Errorf("prepare a statement: %w", err))
		}
		*s.kept = made
	}
	return nil
}

// postgresAnswers implements answerStatements.
type postgresAnswers struct {
	tx *sql.Tx // nil for each statement by itself
	*statements
}

func (r postgresAnswers) in(ctx context.Context, s *sql.Stmt) *sql.Stmt {
	if r.tx == nil {
		return s
	}
	return r.tx.StmtContext(ctx, s)
}

func (r postgresAnswers) hold(ctx context.Context, ids []uuid.UUID) (*sql.Rows, error) {
	return r.in(ctx, r.holding).QueryContext(ctx, uuids(ids))
}

func (r postgresAnswers) stored(ctx context.Context, items []ports.SheetItem) (map[uuid.UUID]attempt.Sheet, error) {
	out := map[uuid.UUID]attempt.Sheet{}
	if len(items) == 0 {
		return out, nil
	}
	ids, numbers := make([]uuid.UUID, len(items)), make([]int64, len(items))
	for i, k := range items {
		ids[i], numbers[i] = k.Attempt, int64(k.Number)
	}
	rows, err := r.in(ctx, r.reading).QueryContext(ctx, uuids(ids), pq.Array(numbers))
	if err != nil {
		return nil, translate(err)
	}
	return out, storedFromRows(rows, out)
}

// columns are the arrays that storeAnswers takes.
type columns struct {
	ids                             []uuid.UUID
	numbers, seqs, elapsed, places  []int64
	choices                         []string
	logIDs                          []uuid.UUID
	logNumbers, logSeqs, logElapsed []int64
	replaced, logChoices, outcomes  []string
	madeAt                          []*time.Time
	sessions                        []uuid.UUID
	attempts                        []uuid.UUID
	versions, bases                 []int64
	answered, positions             []int64
	unchanged                       []uuid.UUID
	sameVersions, samePositions     []int64
	at                              time.Time
}

func (c *columns) add(change ports.SheetChange, was expected) {
	id := change.Attempt.ID()
	for _, a := range change.Answers {
		c.ids, c.numbers, c.choices = append(c.ids, id), append(c.numbers, int64(a.Number)), append(c.choices, a.Choice.String())
		c.seqs, c.elapsed, c.places = append(c.seqs, a.Seq), append(c.elapsed, a.Elapsed), append(c.places, a.Position)
	}
	for _, l := range change.Changes {
		c.logIDs, c.logNumbers, c.replaced = append(c.logIDs, id), append(c.logNumbers, int64(l.Number)), append(c.replaced, l.Replaced.String())
		c.logChoices, c.logSeqs, c.logElapsed = append(c.logChoices, l.Choice.String()), append(c.logSeqs, l.Seq), append(c.logElapsed, l.Elapsed)
		c.outcomes, c.madeAt = append(c.outcomes, string(l.Outcome)), append(c.madeAt, madeAt(l.MadeAt))
		c.sessions = append(c.sessions, l.Session)
		c.at = l.At
	}
	answered, position := change.Attempt.Progress()
	c.attempts, c.answered, c.positions = append(c.attempts, id), append(c.answered, int64(answered)), append(c.positions, position)
	c.versions, c.bases = append(c.versions, int64(was.version)), append(c.bases, was.position)
}

// args are the arguments of storeAnswers.
func (c *columns) args() []any {
	return []any{
		uuids(c.ids), pq.Array(c.numbers), pq.Array(c.choices), pq.Array(c.seqs), pq.Array(c.elapsed), pq.Array(c.places), c.at,
		uuids(c.logIDs), pq.Array(c.logNumbers), pq.Array(c.replaced), pq.Array(c.logChoices), pq.Array(c.logSeqs), pq.Array(c.logElapsed),
		pq.Array(c.outcomes), times(c.madeAt), uuids(c.sessions),
		uuids(c.attempts), pq.Array(c.versions), pq.Array(c.bases), pq.Array(c.answered), pq.Array(c.positions),
		uuids(c.unchanged), pq.Array(c.sameVersions), pq.Array(c.samePositions),
	}
}

func (r postgresAnswers) store(ctx context.Context, changes []ports.SheetChange, all map[uuid.UUID]expected) error {
	if len(all) == 0 && len(changes) == 0 {
		return nil
	}
	inOrder(changes)
	var c columns
	for _, change := range changes {
		c.add(change, all[change.Attempt.ID()])
	}
	for _, id := range unchanged(changes, all) {
		c.unchanged, c.sameVersions, c.samePositions = append(c.unchanged, id), append(c.sameVersions, int64(all[id].version)), append(c.samePositions, all[id].position)
	}
	_, err := r.in(ctx, r.storing).ExecContext(ctx, c.args()...)
	var p *pq.Error
	if errors.As(err, &p) && p.Code == "22012" { // division by zero
		return errMistaken
	}
	return translate(err)
}

// uuids writes an array of identifiers; the nil UUID is NULL. The driver's own arrays find out by reflection how to
// write each of them.
type uuids []uuid.UUID

// Value implements driver.Valuer.
func (list uuids) Value() (driver.Value, error) {
	const longest = 37 // of an identifier and its comma
	b := append(make([]byte, 0, 2+longest*len(list)), '{')
	for i, id := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if id == uuid.Nil {
			b = append(b, "NULL"...)
			continue
		}
		text, _ := id.MarshalText() // never fails
		b = append(b, text...)
	}
	return string(append(b, '}')), nil
}

// times writes an array of times; nil is NULL.
type times []*time.Time

// Value implements driver.Valuer.
func (list times) Value() (driver.Value, error) {
	b := append(make([]byte, 0, 2+32*len(list)), '{')
	for i, t := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if t == nil {
			b = append(b, "NULL"...)
			continue
		}
		b = t.AppendFormat(b, `"2006-01-02 15:04:05.999999Z07:00"`)
	}
	return string(append(b, '}')), nil
}
