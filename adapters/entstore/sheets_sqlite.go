package entstore

import (
	"context"
	"database/sql"
	"strings"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/ports"
)

// sqliteRows bounds the rows of one statement: SQLite takes 32,766 variables, and the widest row here has ten.
const sqliteRows = 3000

// sqliteAnswers implements answerStatements. Holding needs no lock of its own: transactions begin by taking the one write
// lock of the file.
type sqliteAnswers struct{ tx *sql.Tx }

func (r sqliteAnswers) hold(ctx context.Context, ids []uuid.UUID) (*sql.Rows, error) {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return r.tx.QueryContext(ctx, "SELECT "+heldColumns+" FROM attempts WHERE id IN "+places(1, len(ids)), args...) //nolint:gosec // places are question marks
}

func (r sqliteAnswers) stored(ctx context.Context, items []ports.SheetItem) (map[uuid.UUID]attempt.Sheet, error) {
	out := map[uuid.UUID]attempt.Sheet{}
	for len(items) > 0 {
		chunk := items[:min(len(items), sqliteRows)]
		items = items[len(chunk):]
		args := make([]any, 0, 2*len(chunk))
		for _, k := range chunk {
			args = append(args, k.Attempt, k.Number)
		}
		rows, err := r.tx.QueryContext(ctx, "WITH k (attempt_id, number) AS (VALUES "+places(len(chunk), 2)+ //nolint:gosec // places are question marks
			") SELECT a.attempt_id, a.number, a.choice, a.seq FROM k CROSS JOIN answers AS a USING (attempt_id, number)", args...)
		if err != nil {
			return nil, translate(err)
		}
		if err := storedFromRows(rows, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r sqliteAnswers) store(ctx context.Context, changes []ports.SheetChange, all map[uuid.UUID]expected) error {
	inOrder(changes)
	var newest, log [][]any
	for _, change := range changes {
		id := change.Attempt.ID()
		for _, a := range change.Answers {
			newest = append(newest, []any{id, a.Number, a.Choice.String(), a.Seq, a.Elapsed, a.Position, a.At})
		}
		for _, l := range change.Changes {
			log = append(log, []any{id, l.Number, l.Replaced.String(), l.Choice.String(), l.Seq, l.Elapsed, string(l.Outcome), madeAt(l.MadeAt), orNil(l.Session), l.At})
		}
	}
	err := r.insert(ctx, "INSERT INTO answers (attempt_id, number, choice, seq, elapsed_ms, position, answered_at) VALUES ", newest,
		` ON CONFLICT (attempt_id, number) DO UPDATE SET choice = excluded.choice, seq = excluded.seq, elapsed_ms = excluded.elapsed_ms,
			position = excluded.position, answered_at = excluded.answered_at WHERE answers.seq < excluded.seq`)
	if err != nil {
		return err
	}
	err = r.insert(ctx, "INSERT INTO answer_changes (attempt_id, number, replaced, choice, seq, elapsed_ms, outcome, client_at, session_id, server_at) VALUES ", log,
		" ON CONFLICT (attempt_id, number, seq) DO NOTHING")
	if err != nil {
		return err
	}
	for _, change := range changes {
		id, was := change.Attempt.ID(), all[change.Attempt.ID()]
		answered, position := change.Attempt.Progress()
		done, err := r.tx.ExecContext(ctx, "UPDATE attempts SET answered = ?, position = ? WHERE id = ? AND version = ? AND position = ?",
			answered, position, id, was.version, was.position)
		if err := found(done, err); err != nil {
			return err
		}
	}
	return r.verify(ctx, unchanged(changes, all), all)
}

// insert writes rows, as many as a statement takes at a time.
func (r sqliteAnswers) insert(ctx context.Context, head string, rows [][]any, tail string) error {
	for len(rows) > 0 {
		chunk := rows[:min(len(rows), sqliteRows)]
		rows = rows[len(chunk):]
		args := make([]any, 0, len(chunk)*len(chunk[0]))
		for _, row := range chunk {
			args = append(args, row...)
		}
		if _, err := r.tx.ExecContext(ctx, head+places(len(chunk), len(chunk[0]))+tail, args...); err != nil {
			return translate(err)
		}
	}
	return nil
}

// places writes the placeholders of rows: "(?,?),(?,?)".
func places(rows, columns int) string {
	row := "(" + strings.Repeat("?,", columns)[:2*columns-1] + "),"
	return strings.Repeat(row, rows)[:rows*len(row)-1]
}

// verify returns errMistaken unless the attempts are as expected.
func (r sqliteAnswers) verify(ctx context.Context, ids []uuid.UUID, all map[uuid.UUID]expected) error {
	for _, id := range ids {
		var same bool
		err := r.tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM attempts WHERE id = ? AND version = ? AND position = ?)",
			id, all[id].version, all[id].position).Scan(&same)
		if err != nil {
			return translate(err)
		}
		if !same {
			return errMistaken
		}
	}
	return nil
}

// found returns errMistaken unless a row was changed.
func found(done sql.Result, err error) error {
	if err != nil {
		return translate(err)
	}
	n, err := done.RowsAffected()
	if err == nil && n == 0 {
		err = errMistaken
	}
	return translate(err)
}
