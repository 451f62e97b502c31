package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// owner is the edge from a thing to the account that it belongs to.
func owner(ref string) ent.Edge {
	return edge.From("user", User.Type).Ref(ref).Field("user_id").Unique().Required().Immutable()
}

// ownerID is the column of that edge.
func ownerID() ent.Field { return field.UUID("user_id", uuid.UUID{}).Immutable() }

// TOTPDevice is an authenticator app that makes one-time passwords.
type TOTPDevice struct{ ent.Schema }

// Annotations of the table.
func (TOTPDevice) Annotations() []schema.Annotation { return table("totp_devices", nil) }

// Fields of the table.
func (TOTPDevice) Fields() []ent.Field {
	return []ent.Field{
		id(),
		ownerID(),
		field.Bytes("secret").Sensitive(),
		field.Int64("spent_step"),
		field.Time("created_at").Immutable(),
		field.Time("confirmed_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (TOTPDevice) Edges() []ent.Edge { return []ent.Edge{owner("totp")} }

// RecoveryCode is the hash of a code that stands in once for a lost second factor.
type RecoveryCode struct{ ent.Schema }

// Annotations of the table.
func (RecoveryCode) Annotations() []schema.Annotation { return table("recovery_codes", nil) }

// Fields of the table.
func (RecoveryCode) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").StorageKey("hash").Immutable().Sensitive(),
		ownerID(),
		field.Time("used_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (RecoveryCode) Edges() []ent.Edge { return []ent.Edge{owner("recovery_codes")} }

// Indexes of the table.
func (RecoveryCode) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id").StorageKey("recovery_codes_of_user")}
}

// Passkey is a WebAuthn credential.
type Passkey struct{ ent.Schema }

// Annotations of the table.
func (Passkey) Annotations() []schema.Annotation { return table("passkeys", nil) }

// Fields of the table.
func (Passkey) Fields() []ent.Field {
	return []ent.Field{
		id(),
		ownerID(),
		field.String("name"),
		field.Bytes("credential").Unique().Immutable(),
		field.Bytes("record"),
		field.Time("created_at").Immutable(),
		field.Time("last_used_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (Passkey) Edges() []ent.Edge { return []ent.Edge{owner("passkeys")} }

// Indexes of the table.
func (Passkey) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id").StorageKey("passkeys_of_user")}
}

// ExternalIdentity is a person at an OpenID Connect provider who may sign in to an account.
type ExternalIdentity struct{ ent.Schema }

// Annotations of the table.
func (ExternalIdentity) Annotations() []schema.Annotation {
	return table("external_identities", nil)
}

// Fields of the table.
func (ExternalIdentity) Fields() []ent.Field {
	return []ent.Field{
		id(),
		ownerID(),
		field.String("provider"),
		field.String("issuer").Immutable(),
		field.String("subject").Immutable(),
		field.String("email"),
		field.Time("created_at").Immutable(),
		field.Time("last_used_at"),
	}
}

// Edges of the table.
func (ExternalIdentity) Edges() []ent.Edge { return []ent.Edge{owner("external_identities")} }

// Indexes of the table.
func (ExternalIdentity) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("issuer", "subject").Unique().StorageKey("external_identities_person"),
		index.Fields("user_id").StorageKey("external_identities_of_user"),
	}
}
