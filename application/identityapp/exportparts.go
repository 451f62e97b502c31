package identityapp

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// AccountParts are the files about the account itself. Hashes and secrets are no part of it.
func AccountParts(users ports.Users, sessions ports.SessionList, factors ports.Factors, links ports.Links, tokens ports.APITokenList) []ExportPart {
	return []ExportPart{
		{"account", func(ctx context.Context, user uuid.UUID) (any, error) { return exportAccount(ctx, users, user) }},
		{"sessions", func(ctx context.Context, user uuid.UUID) (any, error) {
			return Everything(func(p ports.Page) (ports.Slice[identity.Session], error) {
				return sessions.List(ctx, ports.SessionFilter{User: user}, p)
			}, exportSession)
		}},
		{"second_factors", func(ctx context.Context, user uuid.UUID) (any, error) { return exportFactors(ctx, factors, user) }},
		{"linked_identities", func(ctx context.Context, user uuid.UUID) (any, error) { return links.Of(ctx, user) }},
		{"api_tokens", func(ctx context.Context, user uuid.UUID) (any, error) {
			return Everything(func(p ports.Page) (ports.Slice[identity.APIToken], error) { return tokens.List(ctx, user, p) }, exportToken)
		}},
	}
}

// Everything reads a whole list, stretch by stretch.
func Everything[T, Out any](read func(ports.Page) (ports.Slice[T], error), reply func(T) Out) ([]Out, error) {
	out := []Out{}
	page := ports.Page{Limit: 100}
	for {
		s, err := read(page)
		if err != nil {
			return nil, err
		}
		for _, item := range s.Items {
			out = append(out, reply(item))
		}
		if s.Next == uuid.Nil {
			return out, nil
		}
		page.After = s.Next
	}
}

func exportAccount(ctx context.Context, users ports.Users, user uuid.UUID) (any, error) {
	u, err := users.ByID(ctx, user)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"id": u.ID, "email": u.Email, "verified_at": u.VerifiedAt, "roles": u.Roles, "display_name": u.Profile.DisplayName,
		"locale": u.Profile.Locale, "target_score": u.Profile.TargetScore, "test_date": u.Profile.TestDate,
		"minutes_per_day": u.Profile.MinutesPerDay, "created_at": u.CreatedAt, "password_changed_at": u.ChangedAt,
	}, nil
}

func exportSession(s identity.Session) any {
	return map[string]any{
		"id": s.ID, "ip": s.Device.IP, "user_agent": s.Device.UserAgent, "device": s.Device.Name, "created_at": s.CreatedAt,
		"last_seen_at": s.LastSeenAt, "expires_at": s.ExpiresAt, "revoked_at": s.RevokedAt, "end_reason": s.EndReason,
	}
}

func exportFactors(ctx context.Context, factors ports.Factors, user uuid.UUID) (any, error) {
	has, err := factors.Of(ctx, user)
	if err != nil {
		return nil, err
	}
	keys := []any{}
	for _, k := range has.Passkeys {
		keys = append(keys, map[string]any{"name": k.Name, "created_at": k.CreatedAt, "last_used_at": k.LastUsedAt})
	}
	return map[string]any{"authenticator_app": has.TOTP.Confirmed(), "passkeys": keys, "recovery_codes_left": has.RecoveryCodes}, nil
}

func exportToken(t identity.APIToken) any {
	return map[string]any{
		"id": t.ID, "name": t.Name, "scopes": t.Scopes, "created_at": t.CreatedAt, "expires_at": t.ExpiresAt,
		"last_used_at": t.UsedAt, "revoked_at": t.RevokedAt,
	}
}
