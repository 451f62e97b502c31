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

// Accommodation is what a learner is granted in every timed attempt.
type Accommodation struct{ ent.Schema }

// Annotations of the table.
func (Accommodation) Annotations() []schema.Annotation {
	return table("accommodations", map[string]string{
		"accommodations_time":  "time_percent BETWEEN 100 AND 300",
		"accommodations_pause": "pause_percent BETWEEN 100 AND 300",
	})
}

// Fields of the table.
func (Accommodation) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.Int("time_percent"),
		field.Int("extra_seconds"),
		field.Int("pause_percent"),
		field.Bool("listening_omitted"),
		field.Time("updated_at"),
		field.Int("version"),
	}
}

// Edges of the table.
func (Accommodation) Edges() []ent.Edge {
	return []ent.Edge{edge.From("user", User.Type).Ref("accommodation").Field("user_id").Unique().Required().Immutable()}
}

// LearnerItem is what one learner did with one question so far.
type LearnerItem struct{ ent.Schema }

// Annotations of the table.
func (LearnerItem) Annotations() []schema.Annotation { return table("learner_items", nil) }

// Fields of the table.
func (LearnerItem) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id"),
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.UUID("question_id", uuid.UUID{}).Immutable(),
		field.Int("seen"),
		field.Int("wrong"),
		field.Bool("last_correct"),
		field.Time("last_at"),
		field.Int("right_days"),
		field.String("right_on"),
		field.Time("in_book_since").Optional().Nillable(),
	}
}

// Edges of the table.
func (LearnerItem) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("items").Field("user_id").Unique().Required().Immutable(),
		edge.To("question", Question.Type).Field("question_id").Unique().Required().Immutable().Annotations(entsql.OnDelete(entsql.Restrict)),
	}
}

// Indexes of the table.
func (LearnerItem) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "question_id").Unique().StorageKey("learner_items_one"),
		index.Fields("user_id", "in_book_since").Annotations(entsql.IndexWhere("in_book_since IS NOT NULL")).StorageKey("learner_items_book"),
	}
}

// PracticeSet is a choice of questions that a learner practises.
type PracticeSet struct{ ent.Schema }

// Annotations of the table.
func (PracticeSet) Annotations() []schema.Annotation {
	return table("practice_sets", map[string]string{
		"practice_sets_feedback": oneOf("feedback", "immediate", "final"),
		"practice_sets_status":   oneOf("status", "open", "finished"),
	})
}

// Fields of the table.
func (PracticeSet) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.String("status"),
		field.String("feedback").Immutable(),
		field.JSON("criteria", json.RawMessage{}).Immutable(),
		field.JSON("items", json.RawMessage{}).Immutable(),
		field.Time("created_at").Immutable(),
		field.Time("finished_at").Optional().Nillable(),
		field.Int("version"),
	}
}

// Edges of the table.
func (PracticeSet) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("practice_sets").Field("user_id").Unique().Required().Immutable(),
		edge.To("answers", PracticeAnswer.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

// Indexes of the table.
func (PracticeSet) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "id").StorageKey("practice_sets_of_user")}
}

// PracticeAnswer is the newest choice for one question of a practice set.
type PracticeAnswer struct{ ent.Schema }

// Annotations of the table.
func (PracticeAnswer) Annotations() []schema.Annotation {
	return table("practice_answers", map[string]string{"practice_answers_choice": oneOf("choice", "", "A", "B", "C", "D")})
}

// Fields of the table.
func (PracticeAnswer) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id"),
		field.UUID("set_id", uuid.UUID{}).Immutable(),
		field.Int("number").Immutable(),
		field.String("choice"),
		field.Int64("seq"),
		field.Int64("elapsed_ms"),
		field.Time("answered_at"),
	}
}

// Edges of the table.
func (PracticeAnswer) Edges() []ent.Edge {
	return []ent.Edge{edge.From("set", PracticeSet.Type).Ref("answers").Field("set_id").Unique().Required().Immutable()}
}

// Indexes of the table.
func (PracticeAnswer) Indexes() []ent.Index {
	return []ent.Index{index.Fields("set_id", "number").Unique().StorageKey("practice_answers_item")}
}

// LeaderboardEntry is a learner who wants to be on leaderboards.
type LeaderboardEntry struct{ ent.Schema }

// Annotations of the table.
func (LeaderboardEntry) Annotations() []schema.Annotation { return table("leaderboard_entries", nil) }

// Fields of the table.
func (LeaderboardEntry) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.String("pseudonym"),
		field.String("folded").Unique(),
		field.Time("joined_at"),
	}
}

// Edges of the table.
func (LeaderboardEntry) Edges() []ent.Edge {
	return []ent.Edge{edge.From("user", User.Type).Ref("leaderboard_entry").Field("user_id").Unique().Required().Immutable()}
}

// FormStatistics is the newest item analysis of a form, which is a revision and its corrections. Its id is the form's.
type FormStatistics struct{ ent.Schema }

// Annotations of the table.
func (FormStatistics) Annotations() []schema.Annotation { return table("form_statistics", nil) }

// Fields of the table.
func (FormStatistics) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).StorageKey("form_id").Immutable(),
		field.UUID("exam_id", uuid.UUID{}).Immutable(),
		field.Int("takers"),
		field.JSON("report", json.RawMessage{}),
		field.Time("computed_at"),
	}
}

// Edges of the table.
func (FormStatistics) Edges() []ent.Edge {
	return []ent.Edge{edge.To("exam", Exam.Type).Field("exam_id").Unique().Required().Immutable().Annotations(entsql.OnDelete(entsql.Cascade))}
}
