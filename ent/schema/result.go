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

// Result is the score report of an attempt that is in force.
type Result struct{ ent.Schema }

// Annotations of the table.
func (Result) Annotations() []schema.Annotation { return table("results", nil) }

// Fields of the table.
func (Result) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.UUID("attempt_id", uuid.UUID{}).Immutable(),
		field.String("conversion_version"),
		field.UUID("revision_id", uuid.UUID{}).Optional().Nillable(),
		field.Int("total").Optional().Nillable(),
		field.JSON("report", json.RawMessage{}),
		field.Time("created_at"),
		field.UUID("regrade_id", uuid.UUID{}).Optional().Nillable(),
	}
}

// Edges of the table.
func (Result) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("attempt", Attempt.Type).Ref("result").Field("attempt_id").Unique().Required().Immutable(),
		edge.To("conversion", ConversionTable.Type).Field("conversion_version").Unique().Required().Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// FormerResult is a score report that another one replaced.
type FormerResult struct{ ent.Schema }

// Annotations of the table.
func (FormerResult) Annotations() []schema.Annotation { return table("former_results", nil) }

// Fields of the table.
func (FormerResult) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.UUID("attempt_id", uuid.UUID{}).Immutable(),
		field.String("conversion_version").Immutable(),
		field.UUID("revision_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.Int("total").Optional().Nillable().Immutable(),
		field.JSON("report", json.RawMessage{}).Immutable(),
		field.Time("created_at").Immutable(),
		field.Time("replaced_at").Immutable(),
		field.UUID("regrade_id", uuid.UUID{}).Optional().Nillable().Immutable(),
	}
}

// Edges of the table.
func (FormerResult) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("attempt", Attempt.Type).Ref("former_results").Field("attempt_id").Unique().Required().Immutable(),
	}
}

// Indexes of the table.
func (FormerResult) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("attempt_id").StorageKey("former_results_of"),
		index.Fields("regrade_id").StorageKey("former_results_regrade"),
	}
}

// Regrade is the correction of one wrong key.
type Regrade struct{ ent.Schema }

// Annotations of the table.
func (Regrade) Annotations() []schema.Annotation { return table("regrades", nil) }

// Fields of the table.
func (Regrade) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.UUID("exam_id", uuid.UUID{}).Immutable(),
		field.UUID("question_id", uuid.UUID{}).Immutable(),
		field.Int("number").Immutable(),
		field.String("from_key").Immutable(),
		field.String("to_key").Immutable(),
		field.UUID("from_revision_id", uuid.UUID{}).Immutable(),
		field.UUID("to_revision_id", uuid.UUID{}).Immutable(),
		field.String("reason").Immutable(),
		field.Int("attempts").Immutable(),
		field.Int("changed").Immutable(),
		field.UUID("by_user_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.Time("at").Immutable(),
	}
}

// Edges of the table.
func (Regrade) Edges() []ent.Edge {
	return []ent.Edge{edge.To("exam", Exam.Type).Field("exam_id").Unique().Required().Immutable().Annotations(entsql.OnDelete(entsql.Restrict))}
}

// Indexes of the table.
func (Regrade) Indexes() []ent.Index {
	return []ent.Index{index.Fields("exam_id", "id").StorageKey("regrades_of_exam")}
}

// ConversionActivation says from when on which conversion table scores an exam.
type ConversionActivation struct{ ent.Schema }

// Annotations of the table.
func (ConversionActivation) Annotations() []schema.Annotation {
	return table("conversion_activations", nil)
}

// Fields of the table.
func (ConversionActivation) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.UUID("exam_id", uuid.UUID{}).Immutable(),
		field.String("version").Immutable(),
		field.String("note").Immutable(),
		field.UUID("by_user_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.Time("at").Immutable(),
	}
}

// Edges of the table.
func (ConversionActivation) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("exam", Exam.Type).Field("exam_id").Unique().Required().Immutable().Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("conversion", ConversionTable.Type).Field("version").Unique().Required().Immutable().Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// Indexes of the table.
func (ConversionActivation) Indexes() []ent.Index {
	return []ent.Index{index.Fields("exam_id", "id").StorageKey("conversion_activations_of_exam")}
}
