package identity

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// StepUpAge is how long a proof of identity is fresh enough for what cannot be undone.
const StepUpAge = 10 * time.Minute

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
		return p.Administrative()
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
	Granted   []Permission // by roles that are not built in
	Scopes    []Scope      // nil for a session: no limit beyond the roles
	ProvedAt  *time.Time   // when the person behind the session last proved who they are; nil for an API token
	FactorAt  *time.Time   // the same, with a second factor
	Until     time.Time    // when the credential ends by itself
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
	return slices.Contains(a.Granted, p) ||
		slices.ContainsFunc(Permissions()[p], func(r Role) bool { return slices.Contains(a.Roles, r) })
}

// MayGrant reports whether a may hand these permissions on: nobody can give what they do not have. What every learner
// has is nobody's privilege.
func (a Actor) MayGrant(permissions []Permission) bool {
	return !slices.ContainsFunc(permissions, func(p Permission) bool { return p.Administrative() && !a.May(p) })
}

// Demand is what a route asks of an actor.
type Demand struct {
	Permission Permission
	// Fresh asks for a proof of identity that is not older than StepUpAge.
	Fresh bool
	// Factor asks, for administrative permissions, for a session that was opened with a second factor.
	Factor bool
}

// Authorize returns nil when a meets the demand; ErrUnauthenticated for nobody, ErrForbidden without the permission,
// ErrFactorRequired without a second factor and ErrStepUpRequired without a fresh proof.
//
// An API token answers for no person at a keyboard. In administration the last two do not ask it: its scope limits
// it, and issuing it needed both. Of its owner's own credentials it can change nothing that asks for a fresh proof.
func (a Actor) Authorize(d Demand, now time.Time) error {
	switch {
	case !a.May(d.Permission) && a.Nobody():
		return ErrUnauthenticated
	case !a.May(d.Permission):
		return ErrForbidden
	case d.Permission == Public, a.TokenID != uuid.Nil && (d.Permission.Administrative() || !d.Fresh):
		return nil
	case d.Factor && d.Permission.Administrative() && a.FactorAt == nil:
		return ErrFactorRequired
	case d.Fresh && !a.fresh(now):
		return ErrStepUpRequired
	default:
		return nil
	}
}

// fresh reports whether a proved its identity lately. A clock that runs behind by less than that age does no harm.
func (a Actor) fresh(now time.Time) bool {
	return a.ProvedAt != nil && now.Sub(*a.ProvedAt) <= StepUpAge
}

// Caller is who asks for an administrative change, and from where.
type Caller struct {
	Actor     Actor
	Device    Device
	RequestID string
}
