package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/toeic-app/toeic/ports"
)

var _ ports.Sealer = (*Box)(nil)

// KeySize is the length of a key for AES-256, in bytes, and the least of a secret to derive one from.
const KeySize = 32

// Purposes keep keys that are derived from one secret apart. They change with the format of what is sealed.
const (
	sealPurpose   = "toeic seal v1"
	derivePurpose = "toeic derive v1: "
)

// idSize is how many bytes before a sealed text name its key.
const idSize = 4

// errUnknownKey says that none of the secrets sealed a text.
var errUnknownKey = errors.New("sealed under a secret that is not configured")

// Box seals by AES-256-GCM with a random nonce.
type Box struct {
	secret []byte // the first
	keys   []boxKey
}

type boxKey struct {
	id   [idSize]byte
	aead cipher.AEAD
}

// NewBox makes a Box that seals under the first secret and opens what was sealed under any of them, so that a secret
// can be replaced. It fails without a secret, and for one of less than 32 bytes.
func NewBox(secrets ...[]byte) (*Box, error) {
	if len(secrets) == 0 {
		return nil, errors.New("there is no secret to seal with")
	}
	b := &Box{secret: secrets[0]}
	for i, secret := range secrets {
		if len(secret) < KeySize {
			return nil, fmt.Errorf("secret %d of %d has %d bytes, less than %d", i+1, len(secrets), len(secret), KeySize)
		}
		key, err := newBoxKey(secret)
		if err != nil {
			return nil, err
		}
		b.keys = append(b.keys, key)
	}
	return b, nil
}

func newBoxKey(secret []byte) (boxKey, error) {
	derived, err := hkdf.Key(sha256.New, secret, nil, sealPurpose, KeySize)
	if err != nil {
		return boxKey{}, fmt.Errorf("derive a key: %w", err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return boxKey{}, fmt.Errorf("make a cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return boxKey{}, fmt.Errorf("make a cipher: %w", err)
	}
	k := boxKey{aead: aead}
	sum := sha256.Sum256(derived)
	copy(k.id[:], sum[:])
	return k, nil
}

// Seal encrypts plain and binds it to about: Open fails for any other.
func (b *Box) Seal(plain []byte, about string) ([]byte, error) {
	k := b.keys[0]
	return k.aead.Seal(bytes.Clone(k.id[:]), nil, plain, []byte(about)), nil
}

// Open decrypts what Seal made. It fails when sealed was changed, is about something else, or was sealed under
// another secret.
func (b *Box) Open(sealed []byte, about string) ([]byte, error) {
	if len(sealed) < idSize {
		return nil, errUnknownKey
	}
	for _, k := range b.keys {
		if !bytes.Equal(k.id[:], sealed[:idSize]) {
			continue
		}
		plain, err := k.aead.Open([]byte{}, nil, sealed[idSize:], []byte(about))
		if err != nil {
			return nil, fmt.Errorf("open what was sealed: %w", err)
		}
		return plain, nil
	}
	return nil, errUnknownKey
}

// Derive makes a key of 32 bytes for one purpose out of the first secret.
func (b *Box) Derive(purpose string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, b.secret, nil, derivePurpose+purpose, KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	return key, nil
}
