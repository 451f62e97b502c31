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
		field.JSON("taken", json.RawMessage{}),
		field.Time("started_at").Immutable(),
		field.Int("listening_seconds").Immutable(),
		field.Int("reading_seconds").Immutable(),
		field.Time("advanced_at").Optional().Nillable(),
		field.Time("deadline_at").Optional().Nillable(),
		field.Time("closed_at").Optional().Nillable(),
		field.Int("version"),
		field.Int("answered").Default(0),
		field.Int64("position").Default(0),
		field.Int("time_percent").Default(100),
		field.Int("extra_seconds").Default(0),
		field.Int("pause_percent").Default(100),
		field.Bool("listening_omitted").Default(false),
		field.Int("limit_seconds").Default(0),
		field.Time("paused_at").Optional().Nillable(),
		field.Int64("paused_ms").Default(0),
		field.Int("pauses").Default(0),
		field.UUID("session_id", uuid.UUID{}).Optional().Nillable(),
		field.UUID("former_session_id", uuid.UUID{}).Optional().Nillable(),
		field.Time("counted_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (Attempt) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("attempts").Field("user_id").Unique().Required().Immutable(),
		edge.To("exam", Exam.Type).Field("exam_id").Unique().Required().Immutable().Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("revision", ExamRevision.Type).Field("revision_id").Unique().Required().Immutable().Annotations(entsql.OnDelete(entsql.Restrict)),
		edge.To("answers", Answer.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("pauses_taken", AttemptPause.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("result", Result.Type).Unique().Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("former_results", FormerResult.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

// Indexes of the table. The first keeps a learner from having two open attempts on one exam.
func (Attempt) Indexes() []ent.Index {
	open, scored := "status = 'in_progress'", "mode = 'exam' AND (status = 'submitted' OR status = 'expired')"
	return []ent.Index{
		index.Fields("user_id", "exam_id").Unique().Annotations(entsql.IndexWhere(open)).StorageKey("attempts_one_open"),
		index.Fields("deadline_at").Annotations(entsql.IndexWhere(open)).StorageKey("attempts_due"),
		index.Fields("user_id", "id").StorageKey("attempts_of_user"),
		index.Fields("exam_id", "closed_at").Annotations(entsql.IndexWhere(scored)).StorageKey("attempts_scored"),
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
		field.Int64("position").Default(0),
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

// AnswerChange is one change that a learner made to an answer, as it arrived. Rows are only ever added. Its attempt is no
// foreign key: the check would cost as much as the row, and every writer holds the attempt. Who removes attempts removes
// their changes.
type AnswerChange struct{ ent.Schema }

// Annotations of the table.
func (AnswerChange) Annotations() []schema.Annotation {
	return table("answer_changes", map[string]string{
		"answer_changes_outcome": oneOf("outcome", "applied", "superseded", "late"),
	})
}

// Fields of the table.
func (AnswerChange) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id"),
		field.UUID("attempt_id", uuid.UUID{}).Immutable(),
		field.Int("number").Immutable(),
		field.String("replaced").Immutable(),
		field.String("choice").Immutable(),
		field.Int64("seq").Immutable(),
		field.Int64("elapsed_ms").Immutable(),
		field.String("outcome").Immutable(),
		field.Time("client_at").Optional().Nillable().Immutable(),
		field.Time("server_at").Immutable(),
		field.UUID("session_id", uuid.UUID{}).Optional().Nillable().Immutable(),
	}
}

// Indexes of the table. A change that is sent again is the same change.
func (AnswerChange) Indexes() []ent.Index {
	return []ent.Index{index.Fields("attempt_id", "number", "seq").Unique().StorageKey("answer_changes_once")}
}

// AttemptPause is one stop of an attempt's clock.
type AttemptPause struct{ ent.Schema }

// Annotations of the table.
func (AttemptPause) Annotations() []schema.Annotation { return table("attempt_pauses", nil) }

// Fields of the table.
func (AttemptPause) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.UUID("attempt_id", uuid.UUID{}).Immutable(),
		field.Time("paused_at").Immutable(),
		field.Time("resumed_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (AttemptPause) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("attempt", Attempt.Type).Ref("pauses_taken").Field("attempt_id").Unique().Required().Immutable(),
	}
}

// Indexes of the table.
func (AttemptPause) Indexes() []ent.Index {
	return []ent.Index{index.Fields("attempt_id").StorageKey("attempt_pauses_of")}
}
