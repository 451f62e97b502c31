package identity

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/fault"
)

// How long tokens live.
const (
	AccessLifetime  = 15 * time.Minute
	SessionLifetime = 60 * 24 * time.Hour // since the last refresh
	ReuseGrace      = 10 * time.Second    // in which a spent refresh token may come back, from a second tab or after a lost reply
	MaxTokenName    = 80
	MaxTokenTTL     = 366 * 24 * time.Hour
)

// Device is what a request says about where it comes from; it informs the owner and decides nothing.
type Device struct {
	IP        string
	UserAgent string
	Name      string // such as "Firefox on Linux", read from the user agent
}

// Session is one signed-in device. It lives through any number of refreshes until it is revoked or idle too long.
type Session struct {
	ID         uuid.UUID
	UserID     uuid.UUID
	Device     Device
	CreatedAt  time.Time
	LastSeenAt time.Time // of the last log-in or refresh
	ExpiresAt  time.Time
	ProvedAt   *time.Time // when the person last proved who they are
	FactorAt   *time.Time // the same, with a second factor
	RevokedAt  *time.Time
	EndReason  EndReason // "" until it is revoked
}

// EndReason says why a session ended before its time.
type EndReason string

// The reasons.
const (
	LoggedOut       EndReason = "logout"
	EndedByOwner    EndReason = "owner" // from another of the owner's sessions
	EndedByAdmin    EndReason = "administrator"
	EndedByReuse    EndReason = "refresh_token_reused"
	EndedByPassword EndReason = "password_changed"
	EndedByClosing  EndReason = "account_closed"
	EndedBySuspend  EndReason = "account_suspended"
)

// Proof is how somebody proved who they are.
type Proof struct {
	Factor bool // a second factor, or a passkey with user verification, was part of it
}

// OpenSession starts a session for a user who has just proved who they are.
func OpenSession(id, user uuid.UUID, proof Proof, device Device, now time.Time) Session {
	s := Session{ID: id, UserID: user, Device: device, CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(SessionLifetime)}
	return s.Proved(proof, now)
}

// Proved returns the session of somebody who has proved again who they are.
func (s Session) Proved(p Proof, now time.Time) Session {
	s.ProvedAt = &now
	if p.Factor {
		s.FactorAt = &now
	}
	return s
}

// Live reports whether the session may still be used.
func (s Session) Live(now time.Time) bool { return s.RevokedAt == nil && now.Before(s.ExpiresAt) }

// Renewed returns the session after a refresh.
func (s Session) Renewed(device Device, now time.Time) Session {
	s.Device, s.LastSeenAt, s.ExpiresAt = device, now, now.Add(SessionLifetime)
	return s
}

// RefreshToken is the stored trace of a refresh token: its hash, never the token.
type RefreshToken struct {
	Hash      string
	SessionID uuid.UUID
	CreatedAt time.Time
	SpentAt   *time.Time // a spent token that comes back after the grace is stolen, and ends its session
}

// Reused reports whether a token that comes back at now was spent too long ago for an honest mistake.
func (t RefreshToken) Reused(now time.Time) bool {
	return t.SpentAt != nil && now.Sub(*t.SpentAt) > ReuseGrace
}

// APIToken is a long-lived credential of an operator or a script; only its hash is stored.
type APIToken struct {
	ID        uuid.UUID
	UserID    uuid.UUID
	Name      string
	Hash      string
	Scopes    []Scope
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time // the last use, to the minute
	RevokedAt *time.Time
}

// APITokenPrefix begins every API token, so that one found in a file can be recognised.
const APITokenPrefix = "toeic_"

// IsAPIToken reports whether a bearer credential looks like an API token rather than an access token.
func IsAPIToken(bearer string) bool { return strings.HasPrefix(bearer, APITokenPrefix) }

// IssueToken makes the stored part of an API token that lives for ttl.
func IssueToken(id, user uuid.UUID, name, hash string, scopes []Scope, ttl time.Duration, now time.Time) (APIToken, error) {
	var fields []fault.Field
	if n := utf8.RuneCountInString(name); n < 1 || n > MaxTokenName {
		fields = append(fields, field("name", "length", "The name has 1 to 80 characters."))
	}
	if ttl < time.Minute || ttl > MaxTokenTTL {
		fields = append(fields, field("ttl", "range", "The life time is one minute to 366 days."))
	}
	if len(fields) > 0 {
		return APIToken{}, ErrInvalidToken.WithFields(fields...)
	}
	return APIToken{ID: id, UserID: user, Name: name, Hash: hash, Scopes: scopes, CreatedAt: now, ExpiresAt: now.Add(ttl)}, nil
}

// Live reports whether the token may still be used.
func (t APIToken) Live(now time.Time) bool { return t.RevokedAt == nil && now.Before(t.ExpiresAt) }

func field(name, code, detail string) fault.Field {
	return fault.Field{Name: name, Code: code, Detail: detail}
}
