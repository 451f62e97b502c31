// Package token makes the credentials of sessions and API tokens: signed access tokens that tell by themselves
// which session they belong to, and opaque secrets that mean something only to who stores their hash.
package token

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

var (
	_ ports.AccessTokens = (*Access)(nil)
	_ ports.KeyRing      = (*Access)(nil)
)

const (
	issuer   = "toeic"
	audience = "toeic-api"

	// maxToken is the longest token that is looked at, in bytes. Those signed here have less than a tenth of it;
	// what is longer only costs time to parse.
	maxToken = 4 << 10
)

// Access signs and reads access tokens: JSON Web Tokens with HMAC-SHA256. Its keys can be replaced while it is in use.
type Access struct {
	ring atomic.Pointer[keyring]
	seen memo
}

// New returns an Access that signs with the first key and reads what any of them signed. It fails for a key of less
// than 32 bytes or given twice. Without a key it can neither sign nor read until Use gives it some.
func New(keys ...Key) (*Access, error) {
	seen, err := newMemo()
	if err != nil {
		return nil, fmt.Errorf("make the memory of good tokens: %w", err)
	}
	a := &Access{seen: seen}
	if len(keys) == 0 {
		return a, nil
	}
	timed := make([]timedKey, len(keys))
	for i, k := range keys {
		timed[i] = timedKey{Key: k}
	}
	ring, err := newKeyring(timed)
	if err != nil {
		return nil, err
	}
	a.ring.Store(ring)
	return a, nil
}

// ID implements ports.KeyRing.
func (*Access) ID(secret []byte) string { return Key(secret).id() }

// Use implements ports.KeyRing. It fails, and keeps the keys that it has, when there is none, or one of less than 32
// bytes or given twice.
func (a *Access) Use(keys []ports.SigningKey) error {
	timed := make([]timedKey, len(keys))
	for i, k := range keys {
		timed[i] = timedKey{Key(k.Secret), k.ActiveAt}
	}
	ring, err := newKeyring(timed)
	if err != nil {
		return err
	}
	a.ring.Store(ring)
	return nil
}

// errNoKeys says that tokens are asked for before there are keys.
var errNoKeys = errors.New("the keys of access tokens are not loaded")

// claims are the contents of a token.
type claims struct {
	jwt.RegisteredClaims
	Session uuid.UUID `json:"sid"`
}

// errIncomplete says that a token lacks a claim that all tokens signed here have.
var errIncomplete = errors.New("sid, sub or iat is missing or no identifier")

// Validate is called by the parser after it has checked the claims that it knows.
func (c *claims) Validate() error {
	user, err := uuid.Parse(c.Subject)
	if err != nil || user == uuid.Nil || c.Session == uuid.Nil || c.IssuedAt == nil {
		return errIncomplete
	}
	return nil
}

// Sign returns a token that says who user is, in that session, until lifetime is over. Times in a token are whole
// seconds, so it may expire up to a second earlier.
func (a *Access) Sign(session, user uuid.UUID, now time.Time, lifetime time.Duration) (string, error) {
	ring := a.ring.Load()
	if ring == nil {
		return "", errNoKeys
	}
	key := ring.signing(now)
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, &claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Audience:  jwt.ClaimStrings{audience},
			Subject:   user.String(),
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
		},
		Session: session,
	})
	t.Header["kid"] = key.id()
	signed, err := t.SignedString([]byte(key))
	if err != nil {
		return "", fmt.Errorf("sign an access token: %w", err)
	}
	return signed, nil
}

// Session returns the session of a token. It returns identity.ErrTokenExpired when a token signed here is over,
// which tells its owner to refresh it, and identity.ErrUnauthenticated for anything else.
func (a *Access) Session(token string, now time.Time) (uuid.UUID, error) {
	ring := a.ring.Load()
	if session, ok := a.seen.session(token, ring, now); ok {
		return session, nil
	}
	if len(token) > maxToken || strings.ContainsAny(token, "\r\n") { // Go's base64 skips line breaks, even when strict
		return uuid.Nil, identity.ErrUnauthenticated
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(issuer),
		jwt.WithAudience(audience),
		jwt.WithExpirationRequired(),
		jwt.WithLeeway(0),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(func() time.Time { return now }),
	)
	var c claims
	_, err := parser.ParseWithClaims(token, &c, ring.key)
	switch {
	case err == nil:
		a.seen.keep(strings.Clone(token), good{ring: ring, session: c.Session, until: c.ExpiresAt.Time}) // not the whole header
		return c.Session, nil
	case onlyExpired(err):
		return uuid.Nil, identity.ErrTokenExpired
	default:
		return uuid.Nil, identity.ErrUnauthenticated.Because(err)
	}
}

// key finds the key that a token says it was signed with.
func (r *keyring) key(t *jwt.Token) (any, error) {
	if r == nil {
		return nil, errNoKeys
	}
	id, _ := t.Header["kid"].(string)
	k, ok := r.byID[id]
	if !ok {
		return nil, errors.New("no key of that id")
	}
	return []byte(k), nil // the library knows no named type
}

// onlyExpired reports whether a token is good but for its time. The library gives all that is wrong with the
// claims, and gives it only when the signature is right.
func onlyExpired(err error) bool {
	others := []error{jwt.ErrTokenInvalidIssuer, jwt.ErrTokenInvalidAudience, jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenNotValidYet, errIncomplete}
	return errors.Is(err, jwt.ErrTokenExpired) &&
		!slices.ContainsFunc(others, func(other error) bool { return errors.Is(err, other) })
}
