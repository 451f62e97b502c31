// Package schema is the shape of the database: tables, columns, indexes and checks, and no rule of any context.
// Columns are primitive. The same schema runs on PostgreSQL and SQLite.
package schema

import (
	"fmt"
	"strings"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"github.com/google/uuid"
)

// table names a table and its check constraints.
func table(name string, checks map[string]string) []schema.Annotation {
	return []schema.Annotation{entsql.Annotation{Table: name, Checks: checks}}
}

// oneOf is a check that column holds one of values.
func oneOf(column string, values ...string) string {
	return fmt.Sprintf("%s IN ('%s')", column, strings.Join(values, "', '"))
}

// id is a UUIDv7 primary key that the application chooses.
func id() ent.Field { return field.UUID("id", uuid.UUID{}).Immutable() }
