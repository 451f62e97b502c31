package identity

import (
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/toeic-app/toeic/domain/fault"
)

// Role is a named set of permissions that an account can have.
type Role string

// The built-in roles. Administrators may define others.
const (
	Learner  Role = "learner"  // takes tests
	Teacher  Role = "teacher"  // looks after learners
	Editor   Role = "editor"   // writes content
	Rater    Role = "rater"    // marks what people must mark
	Operator Role = "operator" // keeps the service running
	Admin    Role = "admin"    // may do everything
)

// Roles lists the built-in roles.
func Roles() []Role { return []Role{Learner, Teacher, Editor, Rater, Operator, Admin} }

// Permission names one thing that may be allowed. The list is closed, and each route needs exactly one.
type Permission string

// The permissions.
const (
	Public         Permission = "public"          // anybody, signed in or not
	OwnAccount     Permission = "account:own"     // one's own profile, credentials and sessions
	ReadExams      Permission = "exams:read"      // the catalogue of published exams
	TakeAttempts   Permission = "attempts:take"   // one's own attempts and their results
	OwnTokens      Permission = "tokens:own"      // one's own API tokens
	ReadTokens     Permission = "tokens:read"     // everybody's API tokens
	RevokeTokens   Permission = "tokens:write"    // revoking anybody's API token
	ReadSessions   Permission = "sessions:read"   // everybody's sessions
	RevokeSessions Permission = "sessions:write"  // ending anybody's session
	ReadUsers      Permission = "users:read"      // everybody's account
	ManageUsers    Permission = "users:write"     // suspending accounts, resetting their credentials, changing their roles
	ReadRoles      Permission = "roles:read"      // roles and their permissions
	ManageRoles    Permission = "roles:write"     // defining roles
	ReadAudit      Permission = "audit:read"      // the log of administrative changes
	ReadSecurity   Permission = "security:read"   // failed log-ins
	ReadLearners   Permission = "learners:read"   // learners' accommodations
	ManageLearners Permission = "learners:write"  // granting accommodations
	ReadScoring    Permission = "scoring:read"    // conversion tables, the rules of exams, and corrections of keys
	ManageScoring  Permission = "scoring:write"   // changing them
	ReadStatistics Permission = "statistics:read" // how items and forms work
	ReadJobs       Permission = "jobs:read"       // background work
	ManageJobs     Permission = "jobs:write"      // trying background work again
	ReadCache      Permission = "cache:read"      // how the caches do
	ManageCache    Permission = "cache:manage"    // filling and clearing them, and how long they keep things
)

// granted is made once: it is looked up several times for each request.
var granted = makePermissions()

// Permissions lists every permission with the built-in roles that have it. The caller must not change it.
func Permissions() map[Permission][]Role { return granted }

func makePermissions() map[Permission][]Role {
	operators, admins := []Role{Operator, Admin}, []Role{Admin}
	teachers, editors, staff := []Role{Teacher, Admin}, []Role{Editor, Admin}, []Role{Teacher, Editor, Rater, Admin}
	return map[Permission][]Role{
		Public:         Roles(),
		OwnAccount:     Roles(),
		ReadExams:      Roles(),
		TakeAttempts:   Roles(),
		OwnTokens:      operators,
		ReadTokens:     operators,
		RevokeTokens:   operators,
		ReadSessions:   operators,
		RevokeSessions: operators,
		ReadUsers:      operators,
		ManageUsers:    admins,
		ReadRoles:      operators,
		ManageRoles:    admins,
		ReadAudit:      operators,
		ReadSecurity:   operators,
		ReadLearners:   teachers,
		ManageLearners: teachers,
		ReadScoring:    staff,
		ManageScoring:  editors,
		ReadStatistics: staff,
		ReadJobs:       operators,
		ManageJobs:     operators,
		ReadCache:      operators,
		ManageCache:    operators,
	}
}

// Administrative reports whether learners lack p, so that the scope admin:* covers it and a second factor may be
// demanded for it.
func (p Permission) Administrative() bool { return !slices.Contains(Permissions()[p], Learner) }

// Grants returns what a built-in role allows, in a fixed order; nothing for any other role.
func (r Role) Grants() []Permission {
	var out []Permission
	for p, roles := range Permissions() {
		if slices.Contains(roles, r) {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

// BuiltIn reports whether the program itself defines r.
func (r Role) BuiltIn() bool { return slices.Contains(Roles(), r) }

// RoleDefinition is a role that administrators put together.
type RoleDefinition struct {
	Name        Role
	Description string
	Permissions []Permission
	CreatedAt   time.Time
	Version     int // grows with each stored change
}

const (
	maxRoleDescription = 200 // characters
	roleNames          = `^[a-z][a-z0-9_-]{1,39}$`
)

// DefineRole makes a role; ErrInvalidRole names every rule that is broken.
func DefineRole(name Role, description string, permissions []Permission, now time.Time) (RoleDefinition, error) {
	d := RoleDefinition{Name: name, Description: description, Permissions: permissions, CreatedAt: now, Version: 1}
	return d, d.check()
}

// Changed returns the role with other permissions; ErrInvalidRole when they break a rule.
func (d RoleDefinition) Changed(description string, permissions []Permission) (RoleDefinition, error) {
	d.Description, d.Permissions = description, permissions
	d.Version++
	return d, d.check()
}

func (d RoleDefinition) check() error {
	var fields []fault.Field
	if !regexp.MustCompile(roleNames).MatchString(string(d.Name)) {
		fields = append(fields, field("name", "format", "A role's name is 2 to 40 small letters, digits, _ and -, and begins with a letter."))
	}
	if d.Name.BuiltIn() {
		fields = append(fields, field("name", "built_in", "The program itself defines this role."))
	}
	if utf8.RuneCountInString(d.Description) > maxRoleDescription {
		fields = append(fields, field("description", "too_long", "The description may have at most 200 characters."))
	}
	if len(d.Permissions) == 0 {
		fields = append(fields, field("permissions", "required", "At least one permission is required."))
	}
	seen := map[Permission]bool{}
	for _, p := range d.Permissions {
		if _, known := Permissions()[p]; !known || p == Public {
			fields = append(fields, field("permissions", "unknown", "There is no permission "+string(p)+"."))
		}
		if seen[p] {
			fields = append(fields, field("permissions", "duplicate", "A permission occurs twice."))
		}
		seen[p] = true
	}
	if len(fields) > 0 {
		return ErrInvalidRole.WithFields(fields...)
	}
	return nil
}
