package token

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync/atomic"

	"github.com/toeic-app/toeic/ports"
)

var (
	_ ports.Codes    = (*Codes)(nil)
	_ ports.AuditKey = (*AuditKey)(nil)
)

// Codes makes codes that people type. They are short, so only a keyed hash of one may be stored: whoever has the
// database alone cannot try them all.
type Codes struct{ hasher }

// Digits returns six digits, each value as likely as any other.
func (*Codes) Digits() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("make a code: %w", err)
	}
	return fmt.Sprintf("%06d", n), nil
}

// recoveryLetters leaves out what is easily taken for something else: 0 and O, 1, I and L, and U. There are 30 of
// them, so 16 characters hold 78 bits.
const recoveryLetters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

// Recovery returns a code such as 7GQK-2MXA-HP4T-9RWD.
func (*Codes) Recovery() (string, error) {
	var b strings.Builder
	for i := range 16 {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(recoveryLetters))))
		if err != nil {
			return "", fmt.Errorf("make a recovery code: %w", err)
		}
		b.WriteByte(recoveryLetters[n.Int64()])
	}
	return b.String(), nil
}

// Hash returns the keyed hash of a code and what it is about. Blanks, hyphens and the case of letters do not count.
func (c *Codes) Hash(about, code string) string {
	code = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(code))
	return c.hash(fmt.Appendf(nil, "%d:%s:%s", len(about), about, code))
}

// AuditKey makes the keyed hashes of the audit log.
type AuditKey struct{ hasher }

// Digest returns the keyed hash of an entry.
func (a *AuditKey) Digest(content []byte) string { return a.hash(content) }

// hasher makes keyed hashes. It has no key until Set gives it one.
type hasher struct{ key atomic.Pointer[Key] }

// Set puts a key to use.
func (h *hasher) Set(secret []byte) {
	k := Key(secret)
	h.key.Store(&k)
}

// hash returns the HMAC-SHA256 of content, in hexadecimal. Asking for one before there is a key is a mistake of the
// program, which must not go unnoticed.
func (h *hasher) hash(content []byte) string {
	k := h.key.Load()
	if k == nil {
		panic(errors.New("the key of keyed hashes is not loaded"))
	}
	m := hmac.New(sha256.New, *k)
	m.Write(content) // never fails
	return hex.EncodeToString(m.Sum(nil))
}
