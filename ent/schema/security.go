package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// Role is a set of permissions that administrators put together, beside the built-in ones.
type Role struct{ ent.Schema }

// Annotations of the table.
func (Role) Annotations() []schema.Annotation { return table("roles", nil) }

// Fields of the table.
func (Role) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").StorageKey("name").Immutable(),
		field.String("description"),
		field.Strings("permissions"),
		field.Int("version"),
		field.Time("created_at").Immutable(),
	}
}

// LoginGuard counts the failed log-ins to one address, whether or not it has an account.
type LoginGuard struct{ ent.Schema }

// Annotations of the table.
func (LoginGuard) Annotations() []schema.Annotation { return table("login_guards", nil) }

// Fields of the table.
func (LoginGuard) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").StorageKey("account_key").Immutable(),
		field.Int("failures"),
		field.Time("blocked_until").Optional().Nillable(),
		field.Time("updated_at"),
	}
}

// Indexes of the table.
func (LoginGuard) Indexes() []ent.Index {
	return []ent.Index{index.Fields("updated_at").StorageKey("login_guards_age")}
}

// LoginFailure is one failed attempt to prove who somebody is.
type LoginFailure struct{ ent.Schema }

// Annotations of the table.
func (LoginFailure) Annotations() []schema.Annotation { return table("login_failures", nil) }

// Fields of the table.
func (LoginFailure) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.String("ip").Immutable(),
		field.UUID("user_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.String("reason").Immutable(),
		field.Time("at").Immutable(),
	}
}

// Indexes of the table.
func (LoginFailure) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("at").StorageKey("login_failures_age"),
		index.Fields("user_id").StorageKey("login_failures_of_user"),
	}
}

// SecretKey is a key of the program, sealed under the configured root secret.
type SecretKey struct{ ent.Schema }

// Annotations of the table.
func (SecretKey) Annotations() []schema.Annotation {
	return table("secret_keys", map[string]string{"secret_keys_purpose": oneOf("purpose", "access", "audit", "codes")})
}

// Fields of the table.
func (SecretKey) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").StorageKey("kid").Immutable(),
		field.String("purpose").Immutable(),
		field.Bytes("sealed").Sensitive(),
		field.Time("created_at").Immutable(),
		field.Time("active_at").Immutable(),
	}
}

// ActorChange says that what somebody may do has changed, to the processes that remember it.
type ActorChange struct{ ent.Schema }

// Annotations of the table.
func (ActorChange) Annotations() []schema.Annotation { return table("actor_changes", nil) }

// Fields of the table.
func (ActorChange) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.String("subject").Immutable(),
		field.Time("at").Immutable(),
	}
}

// Indexes of the table.
func (ActorChange) Indexes() []ent.Index {
	return []ent.Index{index.Fields("at").StorageKey("actor_changes_age")}
}

// AuditEntry is one link of the chain of administrative changes.
type AuditEntry struct{ ent.Schema }

// Annotations of the table.
func (AuditEntry) Annotations() []schema.Annotation { return table("audit_entries", nil) }

// Fields of the table.
func (AuditEntry) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id").StorageKey("seq").Immutable().Annotations(entsql.Annotation{Incremental: new(bool)}),
		field.Time("at").Immutable(),
		field.UUID("user_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.UUID("token_id", uuid.UUID{}).Optional().Nillable().Immutable(),
		field.String("ip").Immutable(),
		field.String("request_id").Immutable(),
		field.String("action").Immutable(),
		field.String("object").Immutable(),
		field.Text("before").Immutable(), // text, because the hash is of these very bytes
		field.Text("after").Immutable(),
		field.String("hash").Immutable(),
	}
}

// Indexes of the table.
func (AuditEntry) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("object", "id").StorageKey("audit_entries_of_object"),
		index.Fields("user_id", "id").StorageKey("audit_entries_of_user"),
	}
}

// AuditHead is the end of the chain, kept apart so that a missing end is noticed.
type AuditHead struct{ ent.Schema }

// Annotations of the table.
func (AuditHead) Annotations() []schema.Annotation {
	return table("audit_head", map[string]string{"audit_head_single": "id = 1"})
}

// Fields of the table.
func (AuditHead) Fields() []ent.Field {
	return []ent.Field{
		field.Int64("id").Immutable().Annotations(entsql.Annotation{Incremental: new(bool)}),
		field.Int64("seq"),
		field.String("hash"),
	}
}
