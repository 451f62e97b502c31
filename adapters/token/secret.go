package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"github.com/toeic-app/toeic/ports"
)

var _ ports.Secrets = Secrets{}

// secretSize is the length of a secret in bytes, far beyond what can be guessed. That is why its hash needs
// neither salt nor slowness.
const secretSize = 32

// Secrets makes opaque tokens, such as refresh tokens.
type Secrets struct{}

// New returns 43 characters that are safe in URLs and headers.
func (Secrets) New() (string, error) {
	b := make([]byte, secretSize)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("make a secret: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// Hash returns the lower-case hexadecimal SHA-256 of a secret, which is what may be stored of it.
func (Secrets) Hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
