// Package totp makes and checks time-based one-time passwords (RFC 6238), as authenticator apps show them: six digits,
// a new code every 30 seconds, HMAC-SHA1, because that is all that common apps support.
package totp

import (
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

var _ ports.Authenticator = Apps{}

const (
	period     = 30 // seconds of a step
	digits     = 6
	secretSize = 20 // bytes, the length of the hash, as RFC 4226 recommends
	skew       = 1  // steps that a code may be early or late, so at least 30 seconds either way
)

// Apps is what authenticator apps are set up and checked with. Issuer is the name that they show above the code.
type Apps struct{ Issuer string }

// Enrol implements ports.Authenticator. The secret is base32 without padding.
func (a Apps) Enrol(account identity.Email) (secret, address string, err error) {
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer: a.Issuer, AccountName: string(account), Period: period, Digits: digits, SecretSize: secretSize, Algorithm: otp.AlgorithmSHA1,
	})
	if err != nil {
		return "", "", fmt.Errorf("make a secret: %w", err)
	}
	return key.Secret(), key.URL(), nil
}

// Check implements ports.Authenticator. Blanks in the code do not count, because apps show some. A secret that is none
// fits no code.
func (Apps) Check(secret, code string, now time.Time, spent int64) (int64, bool) {
	code = strings.ReplaceAll(code, " ", "")
	present := now.Unix() / period
	matched, ok := int64(0), 0
	for step := max(present-skew, 0); step <= present+skew; step++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(step), hotp.ValidateOpts{Digits: digits, Algorithm: otp.AlgorithmSHA1}) //nolint:gosec // not negative
		if err != nil {
			return 0, false
		}
		if step > spent && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			matched, ok = step, 1
		}
	}
	return matched, ok == 1
}
