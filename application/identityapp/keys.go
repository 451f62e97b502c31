package identityapp

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// How a key takes over from another.
const (
	// KeyLead is the time in which all processes learn of a new key before any signs with it.
	KeyLead = 5 * time.Second
	// keyTail is how long a key that no longer signs is kept: beyond the life of all that it signed, and any clock skew.
	keyTail = identity.AccessLifetime + 5*time.Minute
)

// KeyHolder takes a key once it is known.
type KeyHolder interface{ Set(secret []byte) }

// Keys keeps the keys of the program: those that sign access tokens, and those of the keyed hashes.
type Keys struct {
	Clock    ports.Clock
	Stored   ports.Keys
	Sealer   ports.Sealer
	Secrets  ports.Secrets
	Ring     ports.KeyRing
	Hashes   map[ports.KeyPurpose]KeyHolder // who makes the keyed hashes of each purpose
	Recorder Recorder
	Work     ports.UnitOfWork[ports.IdentityRepos]
}

const keySeal = "key "

// Load reads the stored keys, makes the first ones when there are none, and puts them to use. Processes that start
// together make the same first keys.
func (uc Keys) Load(ctx context.Context) error {
	stored, err := uc.Stored.All(ctx)
	if err != nil {
		return err
	}
	if missing := uc.missing(stored); len(missing) > 0 {
		if err := uc.first(ctx, missing); err != nil {
			return err
		}
		if stored, err = uc.Stored.All(ctx); err != nil {
			return err
		}
	}
	var signing []ports.SigningKey
	for _, k := range stored {
		secret, err := uc.Sealer.Open(k.Sealed, keySeal+k.ID)
		if err != nil {
			return fmt.Errorf("open the stored key %s; was it sealed under another TOKEN_SIGNING_KEY?: %w", k.ID, err)
		}
		if k.Purpose != ports.AccessKey {
			uc.Hashes[k.Purpose].Set(secret)
			continue
		}
		signing = append(signing, ports.SigningKey{Secret: secret, ActiveAt: k.ActiveAt})
	}
	return uc.Ring.Use(signing)
}

// missing returns the purposes that have no key yet.
func (uc Keys) missing(stored []ports.StoredKey) []ports.KeyPurpose {
	var out []ports.KeyPurpose
	for _, p := range []ports.KeyPurpose{ports.AccessKey, ports.AuditMAC, ports.CodeMAC} {
		if !slices.ContainsFunc(stored, func(k ports.StoredKey) bool { return k.Purpose == p }) {
			out = append(out, p)
		}
	}
	return out
}

// first stores the keys that a new installation begins with.
func (uc Keys) first(ctx context.Context, missing []ports.KeyPurpose) error {
	for _, p := range missing {
		secret, err := uc.Sealer.Derive("first key for " + string(p))
		if err != nil {
			return err
		}
		if err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
			return uc.add(ctx, repos, p, secret, uc.Clock.Now())
		}); err != nil {
			return err
		}
	}
	return nil
}

func (uc Keys) add(ctx context.Context, repos ports.IdentityRepos, p ports.KeyPurpose, secret []byte, activeAt time.Time) error {
	id := uc.Ring.ID(secret)
	sealed, err := uc.Sealer.Seal(secret, keySeal+id)
	if err != nil {
		return err
	}
	return repos.Keys.Add(ctx, ports.StoredKey{ID: id, Purpose: p, Sealed: sealed, CreatedAt: uc.Clock.Now(), ActiveAt: activeAt})
}

// Rotated tells what a rotation did.
type Rotated struct {
	New      string // identifier of the key that signs from ActiveAt on
	ActiveAt time.Time
	Removed  []string // that nothing can be signed with any more
}

// Rotate makes a new key for access tokens. Tokens of the old one are read until they expire, so nobody is logged out.
// It also seals the keys and the secrets of authenticator apps anew, under the first of the configured secrets. Letters,
// flows and kept replies that are sealed under an older one are gone within a day; then that one can be taken away.
func (uc Keys) Rotate(ctx context.Context) (Rotated, error) {
	if err := uc.Load(ctx); err != nil {
		return Rotated{}, err
	}
	secret, err := uc.Secrets.New()
	if err != nil {
		return Rotated{}, err
	}
	out := Rotated{New: uc.Ring.ID([]byte(secret)), ActiveAt: uc.Clock.Now().Add(KeyLead)}
	err = uc.Work.Do(ctx, func(ctx context.Context, repos ports.IdentityRepos) error {
		if out.Removed, err = uc.renew(ctx, repos); err != nil {
			return err
		}
		if err := uc.resealApps(ctx, repos); err != nil {
			return err
		}
		if err := uc.add(ctx, repos, ports.AccessKey, []byte(secret), out.ActiveAt); err != nil {
			return err
		}
		return uc.Recorder.Record(ctx, repos.Audit, identity.Caller{}, audit.KeysRotated, "key:"+out.New, nil, map[string]any{"active_at": out.ActiveAt, "removed": out.Removed})
	})
	if err != nil {
		return Rotated{}, err
	}
	return out, uc.Load(ctx)
}

// renew seals what is kept anew, and removes the keys that were replaced long ago.
func (uc Keys) renew(ctx context.Context, repos ports.IdentityRepos) (removed []string, err error) {
	stored, err := repos.Keys.All(ctx)
	if err != nil {
		return nil, err
	}
	var successor time.Time // when the next newer access key became active
	for _, k := range stored {
		if k.Purpose == ports.AccessKey {
			if !successor.IsZero() && uc.Clock.Now().Sub(successor) > keyTail {
				removed = append(removed, k.ID)
				if err := repos.Keys.Remove(ctx, k.ID); err != nil {
					return nil, err
				}
				continue
			}
			successor = k.ActiveAt
		}
		secret, err := uc.Sealer.Open(k.Sealed, keySeal+k.ID)
		if err != nil {
			return nil, err
		}
		if k.Sealed, err = uc.Sealer.Seal(secret, keySeal+k.ID); err != nil {
			return nil, err
		}
		if err := repos.Keys.Reseal(ctx, k); err != nil {
			return nil, err
		}
	}
	return removed, nil
}

// resealBatch is how many secrets are read at a time.
const resealBatch = 500

// resealApps seals the secrets of authenticator apps anew.
func (uc Keys) resealApps(ctx context.Context, repos ports.IdentityRepos) error {
	var last uuid.UUID
	for {
		apps, err := repos.Sealed.After(ctx, last, resealBatch)
		if err != nil || len(apps) == 0 {
			return err
		}
		for _, t := range apps {
			last = t.ID
			secret, err := uc.Sealer.Open(t.Secret, totpSeal+t.ID.String())
			if err != nil {
				return fmt.Errorf("open the secret of an authenticator app: %w", err)
			}
			sealed, err := uc.Sealer.Seal(secret, totpSeal+t.ID.String())
			if err != nil {
				return err
			}
			if err := repos.Sealed.Reseal(ctx, t.ID, sealed); err != nil {
				return err
			}
		}
	}
}
