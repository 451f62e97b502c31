package schema

import (
	"encoding/json"

	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// CacheSetting is how long a family of keys is kept because somebody said so. Its id is the name of the family.
type CacheSetting struct{ ent.Schema }

// Annotations of the table.
func (CacheSetting) Annotations() []schema.Annotation {
	return table("cache_settings", map[string]string{"cache_settings_ttl": "ttl_ms > 0"})
}

// Fields of the table.
func (CacheSetting) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").StorageKey("family").Immutable(),
		field.Int64("ttl_ms"),
		field.UUID("changed_by", uuid.UUID{}).Optional().Nillable(),
		field.Time("changed_at"),
	}
}

// CacheRun is one filling of the caches, and how far it has come.
type CacheRun struct{ ent.Schema }

// Annotations of the table.
func (CacheRun) Annotations() []schema.Annotation {
	return table("cache_runs", map[string]string{"cache_runs_outcome": oneOf("outcome", "running", "done", "cancelled", "interrupted")})
}

// Fields of the table.
func (CacheRun) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.String("replica").Immutable(),
		field.UUID("asked_by", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.JSON("families", json.RawMessage{}),
		field.Bool("cleared").Immutable(),
		field.String("far").Default(""),
		field.Time("started_at").Immutable(),
		field.Time("seen_at"),
		field.String("outcome"),
		field.Time("ended_at").Optional().Nillable(),
		field.Bool("cancelling").Default(false),
	}
}

// Indexes of the table.
func (CacheRun) Indexes() []ent.Index {
	return []ent.Index{index.Fields("started_at").StorageKey("cache_runs_age")}
}
