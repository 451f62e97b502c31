package ports

import (
	"context"
	"time"
)

// SigningKey is a key that access tokens are signed with, from ActiveAt until a newer one is active. Tokens that it
// signed are read as long as it is kept.
type SigningKey struct {
	Secret   []byte
	ActiveAt time.Time
}

// KeyRing holds the keys that access tokens are signed and read with.
type KeyRing interface {
	// ID names a key in the tokens that it signs.
	ID(secret []byte) string
	// Use puts these keys in place of all others.
	Use(keys []SigningKey) error
}

// KeyPurpose is what a stored key is for.
type KeyPurpose string

// The purposes of stored keys.
const (
	AccessKey KeyPurpose = "access"
	AuditMAC  KeyPurpose = "audit"
	CodeMAC   KeyPurpose = "codes"
)

// StoredKey is a key of the program, sealed.
type StoredKey struct {
	ID        string
	Purpose   KeyPurpose
	Sealed    []byte
	CreatedAt time.Time
	ActiveAt  time.Time
}

// Keys stores the keys of the program.
type Keys interface {
	// All lists them, the newest first.
	All(ctx context.Context) ([]StoredKey, error)
	// Add stores a key unless one of its identifier is there.
	Add(ctx context.Context, k StoredKey) error
	// Reseal replaces the sealed form of a key.
	Reseal(ctx context.Context, k StoredKey) error
	// Remove deletes a key.
	Remove(ctx context.Context, id string) error
}
