// Package identity holds who may do what: accounts, the sessions of their devices, operators' API tokens,
// and the closed lists of roles and permissions.
package identity

import (
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/fault"
)

// Limits of account data, in characters.
const (
	MinPassword, MaxPassword = 10, 256
	MaxEmail                 = 254
	MaxDisplayName           = 80
)

// Email is a syntactically valid address, case-folded so that one mailbox is one account.
type Email string

// ParseEmail reads a bare address such as ann@example.com.
func ParseEmail(s string) (Email, error) {
	s = strings.TrimSpace(s)
	parsed, err := mail.ParseAddress(s)
	at := strings.LastIndexByte(s, '@')
	if err != nil || parsed.Address != s || len(s) > MaxEmail || at < 1 || !hostname(s[at+1:]) {
		return "", ErrInvalidAccount.WithFields(fault.Field{Name: "email", Code: "email", Detail: "This is not an e-mail address."})
	}
	return Email(strings.ToLower(s)), nil
}

// hostname reports whether s is at least two labels, none of which is empty, too long, or begins or ends with a hyphen.
func hostname(s string) bool {
	labels := strings.Split(s, ".")
	return len(labels) > 1 && !slices.ContainsFunc(labels, func(l string) bool {
		return l == "" || len(l) > 63 || strings.HasPrefix(l, "-") || strings.HasSuffix(l, "-")
	})
}

// CheckPassword applies the rules for a new password: length in characters, nothing about character classes.
func CheckPassword(p string) error {
	n := utf8.RuneCountInString(p)
	switch {
	case n < MinPassword:
		return passwordField("too_short", "The password needs at least 10 characters.")
	case n > MaxPassword:
		return passwordField("too_long", "The password may have at most 256 characters.")
	case strings.ContainsRune(p, 0):
		return passwordField("invalid", "The password contains a null character.")
	}
	return nil
}

func passwordField(code, detail string) error {
	return ErrInvalidAccount.WithFields(fault.Field{Name: "password", Code: code, Detail: detail})
}

// Profile is what a learner says about themselves and their goal.
type Profile struct {
	DisplayName   string
	Locale        string // BCP 47, one that the program speaks
	TargetScore   *int   // total scaled score, 10–990 in fives
	TestDate      *time.Time
	MinutesPerDay *int // 1–1440
}

// Locales lists the languages that the program speaks, the default first.
func Locales() []string { return []string{"en", "ja", "ko", "vi"} }

// Check returns ErrInvalidAccount naming every field that breaks a rule.
func (p Profile) Check() error {
	var fields []fault.Field
	bad := func(name, code, detail string) {
		fields = append(fields, fault.Field{Name: name, Code: code, Detail: detail})
	}
	switch n := utf8.RuneCountInString(p.DisplayName); {
	case strings.TrimSpace(p.DisplayName) == "":
		bad("display_name", "required", "A display name is required.")
	case n > MaxDisplayName:
		bad("display_name", "too_long", "The display name may have at most 80 characters.")
	case strings.ContainsFunc(p.DisplayName, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }):
		bad("display_name", "invalid", "The display name contains control characters.")
	}
	if !slices.Contains(Locales(), p.Locale) {
		bad("locale", "one_of", "The locale must be one of "+strings.Join(Locales(), ", ")+".")
	}
	if t := p.TargetScore; t != nil && (*t < 10 || *t > 990 || *t%5 != 0) {
		bad("target_score", "range", "The target score is 10 to 990 in steps of five.")
	}
	if m := p.MinutesPerDay; m != nil && (*m < 1 || *m > 1440) {
		bad("minutes_per_day", "range", "Minutes per day are 1 to 1440.")
	}
	if len(fields) > 0 {
		return ErrInvalidAccount.WithFields(fields...)
	}
	return nil
}

// User is an account.
type User struct {
	ID           uuid.UUID
	Email        Email
	PasswordHash string // in PHC string format
	Roles        []Role
	Profile      Profile
	CreatedAt    time.Time
	VerifiedAt   *time.Time // when the owner proved that the mailbox is theirs
	ChangedAt    *time.Time // when the password was last changed
	MustChange   bool       // whether the password must be changed before anything else
	SuspendedAt  *time.Time
	SuspendedFor string     // reason, for administrators
	DeletedAt    *time.Time // set when the owner closed the account
	Version      int        // grows with each stored change
}

// Register makes a new account from parts that were each checked.
func Register(id uuid.UUID, email Email, passwordHash string, profile Profile, roles []Role, now time.Time) (User, error) {
	if err := profile.Check(); err != nil {
		return User{}, err
	}
	return User{ID: id, Email: email, PasswordHash: passwordHash, Roles: roles, Profile: profile, CreatedAt: now, Version: 1}, nil
}

// Changed returns the account with another profile; ErrInvalidAccount when that breaks a rule.
func (u User) Changed(p Profile) (User, error) {
	if err := p.Check(); err != nil {
		return User{}, err
	}
	u.Profile = p
	u.Version++
	return u, nil
}

// ErasureGrace is how long a closed account can be reopened before it is erased.
const ErasureGrace = 14 * 24 * time.Hour

// next returns the account with its version grown, after change.
func (u User) next(change func(*User)) User {
	change(&u)
	u.Version++
	return u
}

// Closed returns the account as its owner leaves it.
func (u User) Closed(now time.Time) User { return u.next(func(u *User) { u.DeletedAt = &now }) }

// Reopened returns a closed account as its owner comes back to it.
func (u User) Reopened() User { return u.next(func(u *User) { u.DeletedAt = nil }) }

// ErasedAt returns when a closed account is to be erased.
func (u User) ErasedAt() time.Time { return u.DeletedAt.Add(ErasureGrace) }

// WithPassword returns the account with another password, which need not be changed any more.
func (u User) WithPassword(hash string, now time.Time) User {
	return u.next(func(u *User) { u.PasswordHash, u.ChangedAt, u.MustChange = hash, &now, false })
}

// WithEmail returns the account with another address, whose mailbox is its owner's.
func (u User) WithEmail(e Email, now time.Time) User {
	return u.next(func(u *User) { u.Email, u.VerifiedAt = e, &now })
}

// Verified returns the account of somebody who proved that the mailbox is theirs.
func (u User) Verified(now time.Time) User { return u.next(func(u *User) { u.VerifiedAt = &now }) }

// WithRoles returns the account with other roles.
func (u User) WithRoles(roles []Role) User { return u.next(func(u *User) { u.Roles = roles }) }

// PasswordExpired returns the account with a password that must be changed at the next log-in.
func (u User) PasswordExpired() User { return u.next(func(u *User) { u.MustChange = true }) }

// Suspended returns the account locked by an administrator.
func (u User) Suspended(reason string, now time.Time) User {
	return u.next(func(u *User) { u.SuspendedAt, u.SuspendedFor = &now, reason })
}

// Reinstated returns a suspended account unlocked.
func (u User) Reinstated() User {
	return u.next(func(u *User) { u.SuspendedAt, u.SuspendedFor = nil, "" })
}

// Active reports whether the account may be used.
func (u User) Active() bool { return u.DeletedAt == nil && u.SuspendedAt == nil }

// Is reports whether the account has a role.
func (u User) Is(r Role) bool { return slices.Contains(u.Roles, r) }
