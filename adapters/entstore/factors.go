package entstore

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/passkey"
	"github.com/toeic-app/toeic/ent/recoverycode"
	"github.com/toeic-app/toeic/ent/totpdevice"
)

type factors struct{ c *ent.Client }

func (r factors) Of(ctx context.Context, user uuid.UUID) (identity.Factors, error) {
	var out identity.Factors
	app, err := r.c.TOTPDevice.Query().Where(totpdevice.UserID(user)).Only(ctx)
	switch {
	case err == nil:
		out.TOTP = &identity.TOTP{
			ID: app.ID, UserID: user, Secret: app.Secret, SpentStep: app.SpentStep,
			CreatedAt: app.CreatedAt.UTC(), ConfirmedAt: utc(app.ConfirmedAt),
		}
	case !ent.IsNotFound(err):
		return identity.Factors{}, translate(err)
	}
	keys, err := r.c.Passkey.Query().Where(passkey.UserID(user)).Order(passkey.ByID()).All(ctx)
	if err != nil {
		return identity.Factors{}, translate(err)
	}
	for _, k := range keys {
		out.Passkeys = append(out.Passkeys, identity.Passkey{
			ID: k.ID, UserID: user, Name: k.Name, Credential: k.Credential, Record: k.Record,
			CreatedAt: k.CreatedAt.UTC(), LastUsedAt: utc(k.LastUsedAt),
		})
	}
	out.RecoveryCodes, err = r.c.RecoveryCode.Query().Where(recoverycode.UserID(user), recoverycode.UsedAtIsNil()).Count(ctx)
	return out, translate(err)
}

func (r factors) After(ctx context.Context, id uuid.UUID, limit int) ([]identity.TOTP, error) {
	rows, err := r.c.TOTPDevice.Query().Where(totpdevice.IDGT(id)).Order(totpdevice.ByID()).Limit(limit).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]identity.TOTP, len(rows))
	for i, row := range rows {
		out[i] = identity.TOTP{
			ID: row.ID, UserID: row.UserID, Secret: row.Secret, SpentStep: row.SpentStep, CreatedAt: row.CreatedAt.UTC(), ConfirmedAt: utc(row.ConfirmedAt),
		}
	}
	return out, nil
}

func (r factors) Reseal(ctx context.Context, id uuid.UUID, secret []byte) error {
	return translate(r.c.TOTPDevice.Update().Where(totpdevice.ID(id)).SetSecret(secret).Exec(ctx))
}

func (r factors) PutTOTP(ctx context.Context, t identity.TOTP) error {
	if _, err := r.c.TOTPDevice.Delete().Where(totpdevice.UserID(t.UserID), totpdevice.ConfirmedAtIsNil()).Exec(ctx); err != nil {
		return translate(err)
	}
	return translate(r.c.TOTPDevice.Create().SetID(t.ID).SetUserID(t.UserID).SetSecret(t.Secret).SetSpentStep(t.SpentStep).
		SetCreatedAt(t.CreatedAt).SetNillableConfirmedAt(t.ConfirmedAt).Exec(ctx))
}

func (r factors) SpendTOTP(ctx context.Context, id uuid.UUID, step int64, at time.Time) error {
	if _, err := r.c.TOTPDevice.Update().Where(totpdevice.ID(id), totpdevice.ConfirmedAtIsNil()).SetConfirmedAt(at).Save(ctx); err != nil {
		return translate(err)
	}
	n, err := r.c.TOTPDevice.Update().Where(totpdevice.ID(id), totpdevice.SpentStepLT(step)).SetSpentStep(step).Save(ctx)
	return one(n, err, identity.ErrBadFactor)
}

func (r factors) RemoveTOTP(ctx context.Context, user uuid.UUID) error {
	n, err := r.c.TOTPDevice.Delete().Where(totpdevice.UserID(user)).Exec(ctx)
	return one(n, err, identity.ErrFactorNotFound)
}

func (r factors) AddPasskey(ctx context.Context, p identity.Passkey) error {
	return translate(r.c.Passkey.Create().SetID(p.ID).SetUserID(p.UserID).SetName(p.Name).SetCredential(p.Credential).
		SetRecord(p.Record).SetCreatedAt(p.CreatedAt).SetNillableLastUsedAt(p.LastUsedAt).Exec(ctx))
}

func (r factors) UsePasskey(ctx context.Context, p identity.Passkey) error {
	n, err := r.c.Passkey.Update().Where(passkey.ID(p.ID)).SetRecord(p.Record).SetNillableLastUsedAt(p.LastUsedAt).Save(ctx)
	return one(n, err, identity.ErrFactorNotFound)
}

func (r factors) RemovePasskey(ctx context.Context, user, id uuid.UUID) error {
	n, err := r.c.Passkey.Delete().Where(passkey.ID(id), passkey.UserID(user)).Exec(ctx)
	return one(n, err, identity.ErrFactorNotFound)
}

type recoveryCodes struct{ c *ent.RecoveryCodeClient }

func (r recoveryCodes) Replace(ctx context.Context, user uuid.UUID, hashes []string) error {
	if _, err := r.c.Delete().Where(recoverycode.UserID(user)).Exec(ctx); err != nil {
		return translate(err)
	}
	rows := make([]*ent.RecoveryCodeCreate, len(hashes))
	for i, h := range hashes {
		rows[i] = r.c.Create().SetID(h).SetUserID(user)
	}
	return translate(r.c.CreateBulk(rows...).Exec(ctx))
}

func (r recoveryCodes) Spend(ctx context.Context, user uuid.UUID, hash string, at time.Time) (bool, error) {
	n, err := r.c.Update().Where(recoverycode.ID(hash), recoverycode.UserID(user), recoverycode.UsedAtIsNil()).SetUsedAt(at).Save(ctx)
	return n == 1, translate(err)
}
