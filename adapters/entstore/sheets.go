package entstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// AnswerSheets runs units of work on the answers of many attempts. It is the busiest thing that the database is asked
// for, so it does without Ent: its statements are few, and prepared once for each connection.
func (s *Store) AnswerSheets() ports.UnitOfWork[ports.AnswerRepos] { return sheetUnit{store: s} }

type sheetUnit struct{ store *Store }

// Do implements ports.UnitOfWork.
func (u sheetUnit) Do(ctx context.Context, fn func(ctx context.Context, repos ports.AnswerRepos) error) error {
	return retried(func() error { return u.once(ctx, fn) })
}

func (u sheetUnit) once(ctx context.Context, fn func(ctx context.Context, repos ports.AnswerRepos) error) error {
	postgres := u.store.dialect == migrations.Postgres
	if postgres {
		if err := u.store.prepared.ready(ctx, u.store.db); err != nil {
			return err
		}
	}
	tx, err := u.store.db.BeginTx(ctx, nil)
	if err != nil {
		return translate(fmt.Errorf("begin: %w", err))
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit; what failed before is the news
	var sheets ports.AnswerSheets = sqliteSheets{tx: tx, held: u.store.held}
	if postgres {
		sheets = postgresSheets{tx: tx, statements: u.store.prepared, held: u.store.held}
	}
	if err := fn(ctx, ports.AnswerRepos{Sheets: sheets}); err != nil {
		return translate(err)
	}
	if err := tx.Commit(); err != nil {
		return translate(fmt.Errorf("commit: %w", err))
	}
	return nil
}

// heldColumns are those of an attempt's row, in the order in which scanAttempt reads them.
const heldColumns = "id, user_id, exam_id, revision_id, mode, status, taken, started_at, listening_seconds, reading_seconds, " +
	"advanced_at, deadline_at, closed_at, version, answered, position, time_percent, extra_seconds, pause_percent, " +
	"listening_omitted, limit_seconds, paused_at, paused_ms, pauses, session_id, former_session_id, counted_at"

// scanAttempt reads a row of heldColumns and, after them, of others into more.
func scanAttempt(rows *sql.Rows, more ...any) (attempt.Snapshot, error) {
	var r ent.Attempt
	if err := rows.Scan(append([]any{
		&r.ID, &r.UserID, &r.ExamID, &r.RevisionID, &r.Mode, &r.Status, (*[]byte)(&r.Taken), &r.StartedAt, &r.ListeningSeconds, &r.ReadingSeconds,
		&r.AdvancedAt, &r.DeadlineAt, &r.ClosedAt, &r.Version, &r.Answered, &r.Position, &r.TimePercent, &r.ExtraSeconds, &r.PausePercent,
		&r.ListeningOmitted, &r.LimitSeconds, &r.PausedAt, &r.PausedMs, &r.Pauses, &r.SessionID, &r.FormerSessionID, &r.CountedAt,
	}, more...)...); err != nil {
		return attempt.Snapshot{}, fmt.Errorf("read an attempt: %w", err)
	}
	return attemptFromRow(&r)
}

// heldAttempts remembers attempts as they were read, so that their rows need not be read whole with every answer: what
// changes with answers is read each time, and everything else has another version once it changed.
type heldAttempts struct {
	kept *lru.Cache[uuid.UUID, heldAttempt]
}

// heldAttempt is a remembered attempt.
type heldAttempt struct {
	snapshot attempt.Snapshot
	readAt   time.Time
}

const (
	maxHeld      = 16_384
	heldLifetime = 10 * time.Second // so that a database that was put in the place of another is noticed
)

// progress is what is read of an attempt each time.
type progress struct {
	id                uuid.UUID
	version, answered int
	position          int64
}

func progressFromRows(rows *sql.Rows) ([]progress, error) {
	defer rows.Close()
	var out []progress
	for rows.Next() {
		var p progress
		if err := rows.Scan(&p.id, &p.version, &p.answered, &p.position); err != nil {
			return nil, fmt.Errorf("read the progress of an attempt: %w", err)
		}
		out = append(out, p)
	}
	return out, translate(rows.Err())
}

// complete makes attempts of what was read of them. Read reads those that are not remembered, whole.
func (h heldAttempts) complete(all []progress, read func(ids []uuid.UUID) (*sql.Rows, error)) (map[uuid.UUID]*attempt.Attempt, error) {
	now := time.Now()
	out := make(map[uuid.UUID]*attempt.Attempt, len(all))
	var unknown []uuid.UUID
	for _, p := range all {
		known, ok := h.kept.Get(p.id)
		if !ok || known.snapshot.Version != p.version || now.Sub(known.readAt) > heldLifetime {
			unknown = append(unknown, p.id)
			continue
		}
		s := known.snapshot
		s.Answered, s.Position = p.answered, p.position
		out[p.id] = attempt.Restore(s)
	}
	if len(unknown) == 0 {
		return out, nil
	}
	rows, err := read(unknown)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	for rows.Next() {
		s, err := scanAttempt(rows)
		if err != nil {
			return nil, err
		}
		h.kept.Add(s.ID, heldAttempt{snapshot: s, readAt: now})
		out[s.ID] = attempt.Restore(s)
	}
	return out, translate(rows.Err())
}

// storedFromRows reads answers, with what matters for judging the next ones.
func storedFromRows(rows *sql.Rows, out map[uuid.UUID]attempt.Sheet) error {
	defer rows.Close()
	for rows.Next() {
		var (
			id     uuid.UUID
			a      attempt.Answer
			choice string
		)
		if err := rows.Scan(&id, &a.Number, &choice, &a.Seq); err != nil {
			return fmt.Errorf("read an answer: %w", err)
		}
		var ok bool
		if a.Choice, ok = exam.ParseChoice(choice); !ok {
			return fmt.Errorf("answer %d of attempt %s has choice %q", a.Number, id, choice)
		}
		if out[id] == nil {
			out[id] = attempt.Sheet{}
		}
		out[id][a.Number] = a
	}
	return translate(rows.Err())
}

// inOrder sorts changes by attempt, and within each by item, so that rows are written in the order of their index.
func inOrder(changes []ports.SheetChange) {
	slices.SortFunc(changes, func(x, y ports.SheetChange) int {
		a, b := x.Attempt.ID(), y.Attempt.ID()
		return slices.Compare(a[:], b[:])
	})
	for _, c := range changes {
		slices.SortFunc(c.Answers, func(x, y attempt.Answer) int { return x.Number - y.Number })
	}
}

// madeAt is the client's time as a column keeps it. A clock that is off by centuries would be none of a database's.
func madeAt(t *time.Time) *time.Time {
	if t == nil || t.Year() < 1 || t.Year() > 9999 {
		return nil
	}
	u := t.UTC().Truncate(time.Microsecond)
	return &u
}

// orNil is the value of a column for an identifier that may be none.
func orNil(id uuid.UUID) any {
	if id == uuid.Nil {
		return nil
	}
	return id
}

// allStored returns an error unless each change found its attempt: one that is held cannot have gone.
func allStored(done sql.Result, err error, want int) error {
	if err != nil {
		return translate(err)
	}
	n, err := done.RowsAffected()
	if err == nil && int(n) != want {
		err = fmt.Errorf("the progress of %d attempts was stored, not of %d", n, want)
	}
	return translate(err)
}
