package entstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
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
//
// It first decides on what it remembers of the attempts, and stores that if they still are as remembered; holding nothing
// and reading nothing, it takes one statement. If one of them is not, it runs fn again on what it then holds and reads.
func (s *Store) AnswerSheets() ports.UnitOfWork[ports.AnswerRepos] { return sheetUnit{store: s} }

type sheetUnit struct{ store *Store }

// Do implements ports.UnitOfWork.
func (u sheetUnit) Do(ctx context.Context, fn func(ctx context.Context, repos ports.AnswerRepos) error) error {
	if err := u.store.prepare(ctx); err != nil {
		return err
	}
	based, err := u.recalled(ctx, fn)
	if !errors.Is(err, errMistaken) && !retryable(err) {
		return err
	}
	return retried(func() error {
		return u.transaction(ctx, func(ctx context.Context, tx *sql.Tx) error {
			sheets := &heldSheets{answerStatements: u.store.answersIn(tx)}
			err := fn(ctx, ports.AnswerRepos{Sheets: sheets})
			u.store.memory.doubt(based, sheets.based)
			return err
		})
	})
}

// recalled returns what it was based on, and errMistaken, having stored nothing, when something was not as remembered.
func (u sheetUnit) recalled(ctx context.Context, fn func(ctx context.Context, repos ports.AnswerRepos) error) (map[uuid.UUID]expected, error) {
	sheets := &recalledSheets{memory: u.store.memory, load: u.store.loadSheets}
	err := fn(ctx, ports.AnswerRepos{Sheets: sheets})
	switch {
	case err == nil:
		err = u.commit(ctx, sheets)
	case !errors.Is(translate(err), ports.ErrUnavailable): // it may have failed for what is not so
		err = errors.Join(errMistaken, err)
	}
	if err != nil {
		u.store.memory.forget(sheets.based)
		return sheets.based, translate(err)
	}
	sheets.stored()
	return sheets.based, nil
}

// commit stores what was decided on remembered sheets. PostgreSQL makes a transaction of a lone statement.
func (u sheetUnit) commit(ctx context.Context, sheets *recalledSheets) error {
	if u.store.dialect == migrations.Postgres {
		return u.store.answersIn(nil).store(ctx, sheets.changes, sheets.based)
	}
	return u.transaction(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return u.store.answersIn(tx).store(ctx, sheets.changes, sheets.based)
	})
}

func (u sheetUnit) transaction(ctx context.Context, fn func(ctx context.Context, tx *sql.Tx) error) error {
	tx, err := u.store.answerPool.BeginTx(ctx, nil)
	if err != nil {
		return translate(fmt.Errorf("begin: %w", err))
	}
	defer func() { _ = tx.Rollback() }() // does nothing after the commit; what failed before is the news
	if err := fn(ctx, tx); err != nil {
		return translate(err)
	}
	if err := tx.Commit(); err != nil {
		return translate(fmt.Errorf("commit: %w", err))
	}
	return nil
}

// prepare makes ready what answersIn needs.
func (s *Store) prepare(ctx context.Context) error {
	if s.dialect != migrations.Postgres {
		return nil
	}
	return s.prepared.ready(ctx, s.answerPool)
}

// answersIn returns the statements of the database, to be run in a transaction, or, where that is nil, each by itself.
func (s *Store) answersIn(tx *sql.Tx) answerStatements {
	if s.dialect == migrations.Postgres {
		return postgresAnswers{tx: tx, statements: s.prepared}
	}
	return sqliteAnswers{tx}
}

// answerStatements is what each database does in its own way.
type answerStatements interface {
	// hold reads attempts, and keeps everybody else from answering or changing them until the transaction ends.
	hold(ctx context.Context, ids []uuid.UUID) (*sql.Rows, error)
	// stored reads answers, each as attempt_id, number, choice, seq.
	stored(ctx context.Context, items []ports.SheetItem) (map[uuid.UUID]attempt.Sheet, error)
	// store stores changes if all attempts are as expected, those without changes included; otherwise it returns errMistaken,
	// and the transaction is to be given up.
	store(ctx context.Context, changes []ports.SheetChange, all map[uuid.UUID]expected) error
}

// errMistaken says that an attempt is not as it was remembered.
var errMistaken = errors.New("an attempt is not as it was remembered")

// expected is what an attempt's row has to say for what was decided on it to hold.
type expected struct {
	version  int   // counts changes of the attempt
	position int64 // counts its answers
}

// heldSheets implements ports.AnswerSheets on attempts that are held in a transaction.
type heldSheets struct {
	answerStatements
	based map[uuid.UUID]expected
}

// Hold implements ports.AnswerSheets.
func (h *heldSheets) Hold(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]*attempt.Attempt, error) {
	rows, err := h.hold(ctx, ids)
	if err != nil {
		return nil, translate(err)
	}
	defer rows.Close()
	h.based = make(map[uuid.UUID]expected, len(ids))
	out := make(map[uuid.UUID]*attempt.Attempt, len(ids))
	for rows.Next() {
		s, err := scanAttempt(rows)
		if err != nil {
			return nil, err
		}
		h.based[s.ID] = expected{s.Version, s.Position}
		out[s.ID] = attempt.Restore(s)
	}
	return out, translate(rows.Err())
}

// Stored implements ports.AnswerSheets.
func (h *heldSheets) Stored(ctx context.Context, items []ports.SheetItem) (map[uuid.UUID]attempt.Sheet, error) {
	return h.stored(ctx, items)
}

// Store implements ports.AnswerSheets.
func (h *heldSheets) Store(ctx context.Context, changes []ports.SheetChange) error {
	return h.store(ctx, changes, h.based)
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

// unchanged lists the attempts that were decided on without a change.
func unchanged(changes []ports.SheetChange, all map[uuid.UUID]expected) []uuid.UUID {
	if len(changes) == len(all) {
		return nil
	}
	changed := make(map[uuid.UUID]bool, len(changes))
	for _, c := range changes {
		changed[c.Attempt.ID()] = true
	}
	var out []uuid.UUID
	for id := range all {
		if !changed[id] {
			out = append(out, id)
		}
	}
	return out
}
