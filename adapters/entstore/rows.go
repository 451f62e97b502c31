package entstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// errRevokeAll guards against a filter that lost its conditions on the way here.
var errRevokeAll = errors.New("refusing to revoke every session: the filter is empty")

// utc returns t in UTC, as the domain keeps all times.
func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// orNull returns what a column holds that may be empty.
func orNull(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

// filled reads such a column.
func filled(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

// texts converts named strings to the plain ones of a column.
func texts[S ~string](in []S) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = string(s)
	}
	return out
}

// named converts a column's plain strings to the domain's.
func named[S ~string](in []string) []S {
	out := make([]S, len(in))
	for i, s := range in {
		out[i] = S(s)
	}
	return out
}

// slice turns the rows of a query for one more than the page's limit into a stretch of a list.
func slice[Row, T any](rows []Row, page ports.Page, from func(Row) (T, error), id func(T) uuid.UUID) (ports.Slice[T], error) {
	more := len(rows) > page.Limit
	if more {
		rows = rows[:page.Limit]
	}
	out := ports.Slice[T]{Items: make([]T, len(rows))}
	for i, r := range rows {
		var err error
		if out.Items[i], err = from(r); err != nil {
			return ports.Slice[T]{}, err
		}
	}
	if more {
		out.Next = id(out.Items[len(rows)-1])
	}
	return out, nil
}

// insertNew writes a row unless its first column, the key, exists, and reports whether it did. Ent's own
// upsert does not tell the two apart.
func insertNew(ctx context.Context, c *ent.Client, d migrations.Dialect, table string, columns []string, values []any) (bool, error) {
	query, args := sql.Dialect(entDialect(d)).Insert(table).Columns(columns...).Values(values...).
		OnConflict(sql.ConflictColumns(columns[0]), sql.DoNothing()).Query()
	done, err := c.ExecContext(ctx, query, args...)
	if err != nil {
		return false, translate(err)
	}
	n, err := done.RowsAffected()
	return n == 1, translate(err)
}

// entDialect is Ent's name for a database.
func entDialect(d migrations.Dialect) string {
	if d == migrations.Postgres {
		return dialect.Postgres
	}
	return dialect.SQLite
}

// moment reads a time that was computed, which SQLite gives as the text that it keeps.
type moment struct{ time.Time }

// sqliteTime is how the driver writes times, by the option _time_format=sqlite.
const sqliteTime = "2006-01-02 15:04:05.999999999-07:00"

// Scan implements sql.Scanner.
func (m *moment) Scan(v any) error {
	switch t := v.(type) {
	case time.Time:
		m.Time = t
		return nil
	case string:
		var err error
		m.Time, err = time.Parse(sqliteTime, t)
		return err
	default:
		return fmt.Errorf("a time came as %T", v)
	}
}
