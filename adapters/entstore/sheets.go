package entstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// AnswerSheets runs units of work on the answers of many attempts. It is the busiest thing that the database is asked
// for, so it does without Ent: its statements are few, and prepared once for each connection.
func (s *Store) AnswerSheets() ports.UnitOfWork[ports.AnswerRepos] { return sheetUnit{store: s} }

// Writers is how many units of work that only write are worth running at once.
func (s *Store) Writers() int {
	if s.dialect == migrations.SQLite { // which has one writer at a time
		return 1
	}
	return 2 // one works while the other waits for the disk
}

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
	var sheets ports.AnswerSheets = sqliteSheets{tx: tx, known: u.store.outlines}
	if postgres {
		sheets = postgresSheets{tx: tx, statements: u.store.prepared, known: u.store.outlines}
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

func scanAttempt(rows *sql.Rows, known *outlines) (*attempt.Attempt, error) {
	var r ent.Attempt
	if err := rows.Scan(&r.ID, &r.UserID, &r.ExamID, &r.RevisionID, &r.Mode, &r.Status, (*[]byte)(&r.Taken), &r.StartedAt, &r.ListeningSeconds, &r.ReadingSeconds,
		&r.AdvancedAt, &r.DeadlineAt, &r.ClosedAt, &r.Version, &r.Answered, &r.Position, &r.TimePercent, &r.ExtraSeconds, &r.PausePercent,
		&r.ListeningOmitted, &r.LimitSeconds, &r.PausedAt, &r.PausedMs, &r.Pauses, &r.SessionID, &r.FormerSessionID, &r.CountedAt); err != nil {
		return nil, fmt.Errorf("read an attempt: %w", err)
	}
	taken, err := known.of(r.Taken)
	if err != nil {
		return nil, fmt.Errorf("outline of attempt %s: %w", r.ID, err)
	}
	return attempt.Restore(attemptWith(&r, taken)), nil
}

// outlines remembers decoded outlines: there are few, and each would be decoded with every answer otherwise.
type outlines struct {
	mu   sync.RWMutex
	kept map[string]exam.Outline
}

const maxOutlines = 1000

// of decodes an outline. What it returns is shared and must not be changed.
func (o *outlines) of(encoded []byte) (exam.Outline, error) {
	o.mu.RLock()
	known, ok := o.kept[string(encoded)]
	o.mu.RUnlock()
	if ok {
		return known, nil
	}
	var decoded exam.Outline
	if err := json.Unmarshal(encoded, &decoded); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.kept == nil {
		o.kept = map[string]exam.Outline{}
	}
	if len(o.kept) < maxOutlines {
		o.kept[string(encoded)] = decoded
	}
	return decoded, nil
}

// heldFromRows reads attempts.
func heldFromRows(rows *sql.Rows, known *outlines, most int) (map[uuid.UUID]*attempt.Attempt, error) {
	defer rows.Close()
	out := make(map[uuid.UUID]*attempt.Attempt, most)
	for rows.Next() {
		a, err := scanAttempt(rows, known)
		if err != nil {
			return nil, err
		}
		out[a.ID()] = a
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
