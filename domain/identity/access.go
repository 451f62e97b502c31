package identity

import (
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Role is a named set of permissions that an account can have.
type Role string

// The roles.
const (
	Learner Role = "learner"
	Admin   Role = "admin"
)

// Roles lists all roles.
func Roles() []Role { return []Role{Learner, Admin} }

// Permission names one thing that may be allowed. The list is closed, and each route needs exactly one.
type Permission string

// The permissions.
const (
	Public         Permission = "public"         // anybody, signed in or not
	OwnAccount     Permission = "account:own"    // one's own profile and sessions
	ReadExams      Permission = "exams:read"     // the catalogue of published exams
	TakeAttempts   Permission = "attempts:take"  // one's own attempts and their results
	ReadSessions   Permission = "sessions:read"  // everybody's sessions
	RevokeSessions Permission = "sessions:write" // ending anybody's session
)

// Permissions lists every permission with the roles that have it.
func Permissions() map[Permission][]Role {
	return map[Permission][]Role{
		Public:         Roles(),
		OwnAccount:     {Learner, Admin},
		ReadExams:      {Learner, Admin},
		TakeAttempts:   {Learner, Admin},
		ReadSessions:   {Admin},
		RevokeSessions: {Admin},
	}
}

// administrative reports whether only staff roles have p, so that the scope admin:* covers it.
func (p Permission) administrative() bool { return !slices.Contains(Permissions()[p], Learner) }

// Scope limits what an API token may do of what its owner may do: a permission by name, a family such
// as sessions:*, admin:* for everything that learners may not do, or * for everything.
type Scope string

// ParseScopes reads a comma- or space-separated list and rejects a scope that covers no permission.
func ParseScopes(s string) ([]Scope, error) {
	var scopes []Scope
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		scope := Scope(word)
		if !scope.known() {
			return nil, ErrInvalidToken.WithFields(field("scope", "unknown", "There is no scope "+word+"."))
		}
		scopes = append(scopes, scope)
	}
	if len(scopes) == 0 {
		return nil, ErrInvalidToken.WithFields(field("scope", "required", "At least one scope is required."))
	}
	return scopes, nil
}

func (s Scope) known() bool {
	for p := range Permissions() {
		if p != Public && s.Covers(p) {
			return true
		}
	}
	return false
}

// Covers reports whether the scope lets p through.
func (s Scope) Covers(p Permission) bool {
	switch {
	case s == "*" || string(s) == string(p):
		return true
	case s == "admin:*":
		return p.administrative()
	default:
		family, ok := strings.CutSuffix(string(s), "*")
		return ok && strings.HasSuffix(family, ":") && strings.HasPrefix(string(p), family)
	}
}

// Actor is whoever makes a request, once verified. The zero Actor is nobody.
type Actor struct {
	UserID    uuid.UUID
	SessionID uuid.UUID // the nil UUID for an API token
	TokenID   uuid.UUID // the nil UUID for a session
	Roles     []Role
	Scopes    []Scope // nil for a session: no limit beyond the roles
}

// Nobody reports whether a is not signed in.
func (a Actor) Nobody() bool { return a.UserID == uuid.Nil }

// May reports whether a has permission p by role and, for API tokens, by scope.
func (a Actor) May(p Permission) bool {
	if p == Public {
		return true
	}
	if a.Nobody() || (a.Scopes != nil && !slices.ContainsFunc(a.Scopes, func(s Scope) bool { return s.Covers(p) })) {
		return false
	}
	return slices.ContainsFunc(Permissions()[p], func(r Role) bool { return slices.Contains(a.Roles, r) })
}

// Authorize returns nil when a may p, ErrUnauthenticated for nobody, and ErrForbidden for anybody else.
func (a Actor) Authorize(p Permission) error {
	switch {
	case a.May(p):
		return nil
	case a.Nobody():
		return ErrUnauthenticated
	default:
		return ErrForbidden
	}
}
