package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
)

// IdempotencyKey is a request that was, or is being, answered.
type IdempotencyKey struct{ ent.Schema }

// Annotations of the table.
func (IdempotencyKey) Annotations() []schema.Annotation { return table("idempotency_keys", nil) }

// Fields of the table.
func (IdempotencyKey) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").StorageKey("key").Immutable(),
		field.String("fingerprint"),
		field.Bytes("reply").Optional().Sensitive(),
		field.Time("claimed_at"),
		field.Time("expires_at"),
	}
}

// Indexes of the table.
func (IdempotencyKey) Indexes() []ent.Index {
	return []ent.Index{index.Fields("expires_at").StorageKey("idempotency_keys_expiry")}
}
