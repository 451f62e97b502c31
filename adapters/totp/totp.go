// Package totp makes and checks the codes of authenticator apps: one-time passwords over time, RFC 6238.
//
// The parameters are the ones that every app supports, and several apps ignore any others: HMAC-SHA-1, six digits,
// steps of 30 seconds. SHA-1 is no weakness here, as HMAC does not need a hash without collisions.
package totp

import (
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

var _ ports.Authenticator = (*Authenticator)(nil)

const (
	period     = 30 // seconds in a step
	window     = 1  // steps before and after the present one whose codes are good
	digits     = 6
	secretSize = 20 // bytes: 160 bits, which RFC 4226 recommends
)

// Authenticator makes and checks codes. It is safe for concurrent use.
type Authenticator struct{ issuer string }

// New returns an Authenticator whose codes appear under the name issuer in people's apps. The name must not be empty,
// nor contain a colon, which divides it from the account in the address.
func New(issuer string) (*Authenticator, error) {
	if strings.TrimSpace(issuer) == "" || strings.Contains(issuer, ":") {
		return nil, errors.New("the issuer of one-time passwords needs a name without a colon")
	}
	return &Authenticator{issuer: issuer}, nil
}

// Enrol makes a random secret of 160 bits, in base32, and the address that an app reads from a QR code. Both must be
// kept as safe as a password.
func (a *Authenticator) Enrol(account identity.Email) (secret, address string, err error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: a.issuer, AccountName: string(account), SecretSize: secretSize})
	if err != nil {
		return "", "", fmt.Errorf("make a secret for one-time passwords: %w", err)
	}
	return key.Secret(), a.address(account, key.Secret()), nil
}

// address is written here since the library's leaves ampersands in the issuer as they are. Blanks are %20, as some
// apps show a plus sign for what it is.
func (a *Authenticator) address(account identity.Email, secret string) string {
	query := url.Values{
		"secret": {secret}, "issuer": {a.issuer},
		"algorithm": {"SHA1"}, "digits": {strconv.Itoa(digits)}, "period": {strconv.Itoa(period)},
	}
	return "otpauth://totp/" + url.PathEscape(a.issuer+":"+string(account)) +
		"?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}

// Check accepts the codes of the present step, the one before and the one after. An app whose clock differs by up to
// 30 seconds is thus always understood, one that differs by 60 seconds or more never, and in between it depends on
// the moment. The time that somebody takes to type counts as a difference too.
//
// Blanks in the code are ignored, since apps show it in groups. A secret that Enrol did not make has no good code.
func (a *Authenticator) Check(secret, code string, now time.Time, spent int64) (step int64, ok bool) {
	code = withoutBlanks(code)
	if !longEnough(secret) {
		return 0, false
	}
	present := now.Unix() / period
	// What is not six digits equals no code. All steps are compared, so that the time taken tells nothing. If two of
	// them have the same code, the later one is returned: after the earlier one the code would be good again.
	for s := present - window; s <= present+window; s++ {
		want, err := hotp.GenerateCode(secret, uint64(s))
		if err != nil {
			return 0, false
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && s > spent {
			step, ok = s, true
		}
	}
	return step, ok
}

func withoutBlanks(code string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, code)
}

// longEnough guards against a secret that was lost on its way here: the codes of an empty one are known to everybody.
func longEnough(secret string) bool {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	return err == nil && len(key) >= secretSize
}
