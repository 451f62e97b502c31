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

// Exam is what stays the same while its revisions come and go.
type Exam struct{ ent.Schema }

// Annotations of the table.
func (Exam) Annotations() []schema.Annotation {
	return table("exams", map[string]string{"exams_kind": oneOf("kind", "full", "mini", "part")})
}

// Fields of the table.
func (Exam) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.String("slug").Unique().Immutable(),
		field.String("kind"),
		field.UUID("current_revision_id", uuid.UUID{}).Optional().Nillable(),
		field.Time("created_at").Immutable(),
	}
}

// Edges of the table.
func (Exam) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("revisions", ExamRevision.Type).Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("current", ExamRevision.Type).Field("current_revision_id").Unique().Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// ExamRevision is a published form; its row never changes.
type ExamRevision struct{ ent.Schema }

// Annotations of the table.
func (ExamRevision) Annotations() []schema.Annotation { return table("exam_revisions", nil) }

// Fields of the table.
func (ExamRevision) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.UUID("exam_id", uuid.UUID{}).Immutable(),
		field.Int("number").Immutable(),
		field.String("hash").Immutable(),
		field.String("title").Immutable(),
		field.String("kind").Immutable(),
		field.String("format").Immutable(),
		field.JSON("outline", json.RawMessage{}).Immutable(),
		field.Bytes("content").Immutable(),
		field.Time("published_at").Immutable(),
	}
}

// Edges of the table.
func (ExamRevision) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("exam", Exam.Type).Ref("revisions").Field("exam_id").Unique().Required().Immutable(),
	}
}

// Indexes of the table.
func (ExamRevision) Indexes() []ent.Index {
	return []ent.Index{index.Fields("exam_id", "number").Unique().StorageKey("exam_revisions_number")}
}

// MediaObject is a media file, addressed by the hash of its bytes.
type MediaObject struct{ ent.Schema }

// Annotations of the table.
func (MediaObject) Annotations() []schema.Annotation { return table("media_objects", nil) }

// Fields of the table.
func (MediaObject) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").StorageKey("hash").Immutable(),
		field.String("type").Immutable(),
		field.Int64("size").Immutable(),
		field.Bytes("data").Immutable(),
	}
}

// ConversionTable maps raw to scaled scores, by version.
type ConversionTable struct{ ent.Schema }

// Annotations of the table.
func (ConversionTable) Annotations() []schema.Annotation { return table("conversion_tables", nil) }

// Fields of the table.
func (ConversionTable) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").StorageKey("version").Immutable(),
		field.Ints("listening").Immutable(),
		field.Ints("reading").Immutable(),
	}
}
