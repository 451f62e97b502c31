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
		field.UUID("corrects_id", uuid.UUID{}).Optional().Nillable().Immutable(),
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
		field.String("note").Default("").Immutable(),
		field.Time("created_at").Optional().Nillable().Immutable(),
	}
}

// Question is an item that can be practised, counted and corrected by itself. Its id follows from its exam and what is
// asked, so that it stays the same through revisions that do not change it.
type Question struct{ ent.Schema }

// Annotations of the table.
func (Question) Annotations() []schema.Annotation { return table("questions", nil) }

// Fields of the table.
func (Question) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.UUID("exam_id", uuid.UUID{}).Immutable(),
		field.UUID("revision_id", uuid.UUID{}),
		field.Int("number"),
		field.Int("part").Immutable(),
		field.String("ability"),
		field.Bool("current"),
		field.Float("difficulty").Optional().Nillable(),
	}
}

// Edges of the table.
func (Question) Edges() []ent.Edge {
	return []ent.Edge{edge.To("exam", Exam.Type).Field("exam_id").Unique().Required().Immutable().Annotations(entsql.OnDelete(entsql.Restrict))}
}

// Indexes of the table.
func (Question) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("exam_id").StorageKey("questions_of_exam"),
		index.Fields("part", "ability").Annotations(entsql.IndexWhere("current")).StorageKey("questions_to_practise"),
	}
}

// ExamPolicy says what learners may see of an exam when, and which devices may take it.
type ExamPolicy struct{ ent.Schema }

// Annotations of the table.
func (ExamPolicy) Annotations() []schema.Annotation {
	return table("exam_policies", map[string]string{"exam_policies_device": oneOf("device", "any", "takeover", "refuse")})
}

// Fields of the table.
func (ExamPolicy) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).StorageKey("exam_id").Immutable(),
		field.JSON("review", json.RawMessage{}),
		field.String("device"),
		field.Time("closes_at").Optional().Nillable(),
		field.Time("updated_at"),
		field.Int("version"),
	}
}
