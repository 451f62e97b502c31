package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// Job is work that must be done even if the process ends: a letter, an export, an erasure.
type Job struct{ ent.Schema }

// Annotations of the table.
func (Job) Annotations() []schema.Annotation { return table("jobs", nil) }

// Fields of the table.
func (Job) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.String("kind").Immutable(),
		field.Bytes("payload").Sensitive(),
		field.Time("run_at"),
		field.Int("tries"),
		field.Time("leased_until").Optional().Nillable(),
		field.Time("done_at").Optional().Nillable(),
		field.Time("dead_at").Optional().Nillable(),
		field.String("last_error"),
		field.Time("created_at").Immutable(),
		field.String("once").Optional().Nillable().Immutable(),
	}
}

// Indexes of the table.
func (Job) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("run_at").Annotations(entsql.IndexWhere("done_at IS NULL AND dead_at IS NULL")).StorageKey("jobs_due"),
		index.Fields("done_at").StorageKey("jobs_done"),
		index.Fields("once").Unique().Annotations(entsql.IndexWhere("done_at IS NULL AND dead_at IS NULL")).StorageKey("jobs_once"),
	}
}

// Schedule is work that recurs. Its id is its name.
type Schedule struct{ ent.Schema }

// Annotations of the table.
func (Schedule) Annotations() []schema.Annotation { return table("schedules", nil) }

// Fields of the table.
func (Schedule) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").StorageKey("name").Immutable(),
		field.Time("next_at"),
		field.Time("leased_until").Optional().Nillable(),
		field.Time("began_at").Optional().Nillable(),
		field.Time("succeeded_at").Optional().Nillable(),
		field.String("last_error"),
		field.Int64("runs"),
	}
}
