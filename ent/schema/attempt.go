package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Attempt is one learner's sitting of a revision.
type Attempt struct{ ent.Schema }

// Annotations of the table.
func (Attempt) Annotations() []schema.Annotation {
	return table("attempts", map[string]string{
		"attempts_mode":   oneOf("mode", "exam", "practice"),
		"attempts_status": oneOf("status", "in_progress", "submitted", "expired", "abandoned"),
	})
}

// Fields of the table.
func (Attempt) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.UUID("exam_id", uuid.UUID{}).Immutable(),
		field.UUID("revision_id", uuid.UUID{}).Immutable(),
		field.String("mode").Immutable(),
		field.String("status"),
		field.JSON("taken", json.RawMessage{}).Immutable(),
		field.Time("started_at").Immutable(),
		field.Int("listening_seconds").Immutable(),
		field.Int("reading_seconds").Immutable(),
		field.Time("advanced_at").Optional().Nillable(),
		field.Time("deadline_at").Optional().Nillable(),
		field.Time("closed_at").Optional().Nillable(),
		field.Int("version"),
	}
}

// Edges of the table.
func (Attempt) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("attempts").Field("user_id").Unique().Required().Immutable(),
		edge.To("exam", Exam.Type).Field("exam_id").Unique().Required().Immutable().Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("revision", ExamRevision.Type).Field("revision_id").Unique().Required().Immutable().Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("answers", Answer.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("result", Result.Type).Unique().Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

// Indexes of the table. The first keeps a learner from having two open attempts on one exam.
func (Attempt) Indexes() []ent.Index {
	open := "status = 'in_progress'"
	return []ent.Index{
		index.Fields("user_id", "exam_id").Unique().Annotations(entsql.IndexWhere(open)).StorageKey("attempts_one_open"),
		index.Fields("deadline_at").Annotations(entsql.IndexWhere(open)).StorageKey("attempts_due"),
		index.Fields("user_id", "id").StorageKey("attempts_of_user"),
	}
}

// Answer is the newest choice for one item of an attempt.
type Answer struct{ ent.Schema }

// Annotations of the table.
func (Answer) Annotations() []schema.Annotation {
	return table("answers", map[string]string{"answers_choice": oneOf("choice", "", "A", "B", "C", "D")})
}

// Fields of the table.
func (Answer) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id"),
		field.UUID("attempt_id", uuid.UUID{}).Immutable(),
		field.Int("number").Immutable(),
		field.String("choice"),
		field.Int64("seq"),
		field.Int64("elapsed_ms"),
		field.Time("answered_at"),
	}
}

// Edges of the table.
func (Answer) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("attempt", Attempt.Type).Ref("answers").Field("attempt_id").Unique().Required().Immutable(),
	}
}

// Indexes of the table.
func (Answer) Indexes() []ent.Index {
	return []ent.Index{index.Fields("attempt_id", "number").Unique().StorageKey("answers_item")}
}

// Result is the score report of an attempt.
type Result struct{ ent.Schema }

// Annotations of the table.
func (Result) Annotations() []schema.Annotation { return table("results", nil) }

// Fields of the table.
func (Result) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.UUID("attempt_id", uuid.UUID{}).Immutable(),
		field.String("conversion_version").Immutable(),
		field.Int("total").Optional().Nillable().Immutable(),
		field.JSON("report", json.RawMessage{}).Immutable(),
		field.Time("created_at").Immutable(),
	}
}

// Edges of the table.
func (Result) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("attempt", Attempt.Type).Ref("result").Field("attempt_id").Unique().Required().Immutable(),
		edge.To("conversion", ConversionTable.Type).Field("conversion_version").Unique().Required().Immutable().Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}
