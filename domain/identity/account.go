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

// The failures of this context. None tells whether an e-mail address has an account, except ErrEmailTaken,
// which is returned only where addresses are not verified.
var (
	ErrEmailTaken      = fault.New(fault.Conflict, "account.email_taken", "An account with this e-mail address exists already.")
	ErrBadCredentials  = fault.New(fault.Unauthenticated, "auth.bad_credentials", "The e-mail address or the password is wrong.")
	ErrUnauthenticated = fault.New(fault.Unauthenticated, "auth.required", "A valid access token is required.")
	ErrTokenExpired    = fault.New(fault.Unauthenticated, "auth.token_expired", "The access token has expired.")
	ErrSessionEnded    = fault.New(fault.Unauthenticated, "auth.session_ended", "The session has ended; log in again.")
	ErrForbidden       = fault.New(fault.Forbidden, "auth.forbidden", "This account may not do that.")
	ErrUserNotFound    = fault.New(fault.NotFound, "account.not_found", "There is no such account.")
	ErrSessionNotFound = fault.New(fault.NotFound, "session.not_found", "There is no such session.")
	ErrTokenNotFound   = fault.New(fault.NotFound, "token.not_found", "There is no such API token.")
	ErrInvalidAccount  = fault.New(fault.Invalid, "account.invalid", "The account data breaks a rule.")
	ErrInvalidToken    = fault.New(fault.Invalid, "token.invalid", "The token request breaks a rule.")
	ErrNoSession       = fault.New(fault.Conflict, "auth.no_session", "An API token has no session to end; revoke the token instead.")
	ErrPasskeyRefused  = fault.New(fault.Unauthenticated, "passkey.refused", "The passkey's answer is not good.")
	ErrProviderUnknown = fault.New(fault.NotFound, "oidc.unknown_provider", "There is no such sign-in provider.")
	ErrProviderDown    = fault.New(fault.Unavailable, "oidc.unavailable", "The sign-in provider does not answer; try again shortly.")
	ErrProviderRefused = fault.New(fault.Unauthenticated, "oidc.refused", "The sign-in with the provider failed; start again.")
	ErrBusy            = fault.New(fault.Unavailable, "auth.busy", "Too many log-ins at once; try again in a moment.")
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
	if err != nil || parsed.Address != s || len(s) > MaxEmail || at < 1 || !strings.Contains(s[at:], ".") {
		return "", ErrInvalidAccount.WithFields(fault.Field{Name: "email", Code: "email", Detail: "This is not an e-mail address."})
	}
	return Email(strings.ToLower(s)), nil
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
	DeletedAt    *time.Time // set when the learner closed the account
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

// Closed returns the account as its owner leaves it.
func (u User) Closed(now time.Time) User {
	u.DeletedAt = &now
	u.Version++
	return u
}

// Active reports whether the account may be used.
func (u User) Active() bool { return u.DeletedAt == nil }
