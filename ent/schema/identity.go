package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"github.com/google/uuid"
)

// User is an account.
type User struct{ ent.Schema }

// Annotations of the table.
func (User) Annotations() []schema.Annotation {
	return table("users", map[string]string{"users_email_folded": "email = lower(email)"})
}

// Fields of the table.
func (User) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.String("email").Unique(),
		field.String("password_hash").Sensitive(),
		field.Strings("roles"),
		field.String("display_name"),
		field.String("locale"),
		field.Int("target_score").Optional().Nillable(),
		field.Time("test_date").Optional().Nillable(),
		field.Int("minutes_per_day").Optional().Nillable(),
		field.Time("created_at").Immutable(),
		field.Time("verified_at").Optional().Nillable(),
		field.Time("password_changed_at").Optional().Nillable(),
		field.Bool("must_change_password").Optional(),
		field.Time("suspended_at").Optional().Nillable(),
		field.String("suspended_for").Optional(),
		field.Time("deleted_at").Optional().Nillable(),
		field.Int("version"),
	}
}

// Edges of the table.
func (User) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("flows", AccountFlow.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("totp", TOTPDevice.Type).Unique().Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("recovery_codes", RecoveryCode.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("passkeys", Passkey.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("external_identities", ExternalIdentity.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("exports", AccountExport.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("sessions", UserSession.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("api_tokens", APIToken.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("attempts", Attempt.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("accommodation", Accommodation.Type).Unique().Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("items", LearnerItem.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("practice_sets", PracticeSet.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("leaderboard_entry", LeaderboardEntry.Type).Unique().Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

// UserSession is a signed-in device.
type UserSession struct{ ent.Schema }

// Annotations of the table.
func (UserSession) Annotations() []schema.Annotation { return table("user_sessions", nil) }

// Fields of the table.
func (UserSession) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.String("ip"),
		field.String("user_agent"),
		field.String("device").Optional(),
		field.Time("created_at").Immutable(),
		field.Time("last_seen_at"),
		field.Time("expires_at"),
		field.Time("proved_at").Optional().Nillable(),
		field.Time("factor_at").Optional().Nillable(),
		field.Time("revoked_at").Optional().Nillable(),
		field.String("end_reason").Optional(),
	}
}

// Edges of the table.
func (UserSession) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("sessions").Field("user_id").Unique().Required().Immutable(),
		edge.To("refresh_tokens", RefreshToken.Type).Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

// Indexes of the table.
func (UserSession) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "id").StorageKey("user_sessions_of_user"),
		index.Fields("expires_at").StorageKey("user_sessions_expiry"),
	}
}

// RefreshToken is the hash of a refresh token, kept after use so that its reuse can be told.
type RefreshToken struct{ ent.Schema }

// Annotations of the table.
func (RefreshToken) Annotations() []schema.Annotation { return table("refresh_tokens", nil) }

// Fields of the table.
func (RefreshToken) Fields() []ent.Field {
	return []ent.Field{
		field.String("id").StorageKey("hash").Immutable().Sensitive(),
		field.UUID("session_id", uuid.UUID{}).Immutable(),
		field.Time("created_at").Immutable(),
		field.Time("spent_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (RefreshToken) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("session", UserSession.Type).Ref("refresh_tokens").Field("session_id").Unique().Required().Immutable(),
	}
}

// Indexes of the table.
func (RefreshToken) Indexes() []ent.Index {
	return []ent.Index{index.Fields("session_id").StorageKey("refresh_tokens_of_session")}
}

// APIToken is the hash and the limits of an operator's token.
type APIToken struct{ ent.Schema }

// Annotations of the table.
func (APIToken) Annotations() []schema.Annotation { return table("api_tokens", nil) }

// Fields of the table.
func (APIToken) Fields() []ent.Field {
	return []ent.Field{
		id(),
		field.UUID("user_id", uuid.UUID{}).Immutable(),
		field.String("name"),
		field.String("hash").Unique().Immutable().Sensitive(),
		field.Strings("scopes"),
		field.Time("created_at").Immutable(),
		field.Time("expires_at"),
		field.Time("last_used_at").Optional().Nillable(),
		field.Time("revoked_at").Optional().Nillable(),
	}
}

// Edges of the table.
func (APIToken) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("user", User.Type).Ref("api_tokens").Field("user_id").Unique().Required().Immutable(),
	}
}

// Indexes of the table.
func (APIToken) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id").StorageKey("api_tokens_of_user")}
}
