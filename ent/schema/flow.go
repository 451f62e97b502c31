package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// AccountFlow is something that an account is in the middle of: a registration, a reset, a ceremony.
type AccountFlow struct{ ent.Schema }

// Annotations of the table.
func (AccountFlow) Annotations() []schema.Annotation {
	return table("account_flows", map[string]string{
		"account_flows_purpose": oneOf("purpose", "registration", "reset", "email_change", "passkey_registration", "passkey_login", "oidc"),
	})
}

// Fields of the table.
func (AccountFlow) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.UUID("user_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.String("purpose").Immutable(),
		field.String("code_hash").Immutable().Sensitive(),
		field.String("second_hash").Immutable().Sensitive(),
		field.Int("tries"),
		field.Bytes("state").Sensitive(),
		field.Time("created_at").Immutable(),
		field.Time("expires_at").Immutable(),
		field.Time("done_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (AccountFlow) Edges() []ent.Edge {
	return []ent.Edge{edge.From("user", User.Type).Ref("flows").Field("user_id").Unique().Immutable()}
}

// Indexes of the table.
func (AccountFlow) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("expires_at").StorageKey("account_flows_expiry"),
		index.Fields("user_id").StorageKey("account_flows_of_user"),
	}
}

// AccountExport is a copy of everything an account holds, made for its owner.
type AccountExport struct{ ent.Schema }

// Annotations of the table.
func (AccountExport) Annotations() []schema.Annotation {
	return table("account_exports", map[string]string{"account_exports_status": oneOf("status", "pending", "ready", "failed")})
}

// Fields of the table.
func (AccountExport) Fields() []ent.Field {
	return []ent.Field{
		id(),
		ownerID(),
		field.String("status"),
		field.Bytes("data").Optional().Sensitive(),
		field.Int64("size"),
		field.Time("created_at").Immutable(),
		field.Time("ready_at").Optional().Nillable(),
		field.Time("expires_at"),
	}
}

// Edges of the table.
func (AccountExport) Edges() []ent.Edge { return []ent.Edge{owner("exports")} }

// Indexes of the table.
func (AccountExport) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id").StorageKey("account_exports_of_user"),
		index.Fields("expires_at").StorageKey("account_exports_expiry"),
	}
}

// Erasure remembers that an account was erased, so that a restored backup can be cleared of it again.
type Erasure struct{ ent.Schema }

// Annotations of the table.
func (Erasure) Annotations() []schema.Annotation { return table("erasures", nil) }

// Fields of the table.
func (Erasure) Fields() []ent.Field {
	return []ent.Field{
		field.UUID("id", uuid.UUID{}).StorageKey("user_id").Immutable(),
		field.Time("erased_at").Immutable(),
	}
}
