package entstore

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/accountexport"
	"github.com/toeic-app/toeic/ent/accountflow"
	"github.com/toeic-app/toeic/ent/externalidentity"
	"github.com/toeic-app/toeic/ports"
)

type flows struct{ c *ent.AccountFlowClient }

func (r flows) Add(ctx context.Context, f identity.Flow) error {
	create := r.c.Create().SetID(f.ID).SetPurpose(string(f.Purpose)).SetCodeHash(f.CodeHash).SetSecondHash(f.SecondHash).
		SetTries(f.Tries).SetState(append([]byte{}, f.State...)).SetCreatedAt(f.CreatedAt).SetExpiresAt(f.ExpiresAt).SetNillableDoneAt(f.DoneAt)
	if f.UserID != uuid.Nil {
		create.SetUserID(f.UserID)
	}
	return translate(create.Exec(ctx))
}

func (r flows) Try(ctx context.Context, id uuid.UUID, p identity.Purpose, now time.Time) (identity.Flow, error) {
	n, err := r.c.Update().
		Where(accountflow.ID(id), accountflow.Purpose(string(p)), accountflow.DoneAtIsNil(), accountflow.ExpiresAtGT(now), accountflow.TriesLT(identity.MaxCodeTries)).
		AddTries(1).Save(ctx)
	if err := one(n, err, identity.ErrBadCode); err != nil {
		return identity.Flow{}, err
	}
	row, err := r.c.Get(ctx, id)
	if err != nil {
		return identity.Flow{}, orNotFound(err, identity.ErrBadCode)
	}
	f := identity.Flow{
		ID: row.ID, Purpose: identity.Purpose(row.Purpose), CodeHash: row.CodeHash, SecondHash: row.SecondHash, Tries: row.Tries,
		State: row.State, CreatedAt: row.CreatedAt.UTC(), ExpiresAt: row.ExpiresAt.UTC(), DoneAt: utc(row.DoneAt),
	}
	if row.UserID != nil {
		f.UserID = *row.UserID
	}
	return f, nil
}

func (r flows) Finish(ctx context.Context, id uuid.UUID, now time.Time) error {
	n, err := r.c.Update().Where(accountflow.ID(id), accountflow.DoneAtIsNil()).SetDoneAt(now).SetState([]byte{}).Save(ctx)
	return one(n, err, identity.ErrBadCode)
}

type links struct{ c *ent.ExternalIdentityClient }

func (r links) ByPerson(ctx context.Context, issuer, subject string) (identity.Link, error) {
	row, err := r.c.Query().Where(externalidentity.Issuer(issuer), externalidentity.Subject(subject)).Only(ctx)
	if err != nil {
		return identity.Link{}, orNotFound(err, identity.ErrLinkNotFound)
	}
	return linkFromRow(row), nil
}

func (r links) Add(ctx context.Context, l identity.Link) error {
	return translate(r.c.Create().SetID(l.ID).SetUserID(l.UserID).SetProvider(l.Provider).SetIssuer(l.Issuer).SetSubject(l.Subject).
		SetEmail(l.Email).SetCreatedAt(l.CreatedAt).SetLastUsedAt(l.LastUsedAt).Exec(ctx))
}

func (r links) Used(ctx context.Context, id uuid.UUID, email string, at time.Time) error {
	n, err := r.c.Update().Where(externalidentity.ID(id)).SetEmail(email).SetLastUsedAt(at).Save(ctx)
	return one(n, err, identity.ErrLinkNotFound)
}

func (r links) Of(ctx context.Context, user uuid.UUID) ([]identity.Link, error) {
	rows, err := r.c.Query().Where(externalidentity.UserID(user)).Order(externalidentity.ByID()).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]identity.Link, len(rows))
	for i, row := range rows {
		out[i] = linkFromRow(row)
	}
	return out, nil
}

func (r links) Remove(ctx context.Context, user, id uuid.UUID) error {
	n, err := r.c.Delete().Where(externalidentity.ID(id), externalidentity.UserID(user)).Exec(ctx)
	return one(n, err, identity.ErrLinkNotFound)
}

func linkFromRow(r *ent.ExternalIdentity) identity.Link {
	return identity.Link{
		ID: r.ID, UserID: r.UserID, Provider: r.Provider, Issuer: r.Issuer, Subject: r.Subject, Email: r.Email,
		CreatedAt: r.CreatedAt.UTC(), LastUsedAt: r.LastUsedAt.UTC(),
	}
}

type exports struct{ c *ent.AccountExportClient }

func (r exports) Add(ctx context.Context, e ports.Export) error {
	return translate(r.c.Create().SetID(e.ID).SetUserID(e.UserID).SetStatus(string(e.Status)).SetSize(e.Size).
		SetCreatedAt(e.CreatedAt).SetNillableReadyAt(e.ReadyAt).SetExpiresAt(e.ExpiresAt).Exec(ctx))
}

func (r exports) Get(ctx context.Context, user, id uuid.UUID) (ports.Export, error) {
	row, err := r.c.Query().Where(accountexport.ID(id), accountexport.UserID(user)).
		Select(accountexport.FieldID, accountexport.FieldUserID, accountexport.FieldStatus, accountexport.FieldSize,
			accountexport.FieldCreatedAt, accountexport.FieldReadyAt, accountexport.FieldExpiresAt).Only(ctx)
	if err != nil {
		return ports.Export{}, orNotFound(err, identity.ErrExportNotFound)
	}
	return ports.Export{
		ID: row.ID, UserID: row.UserID, Status: ports.ExportStatus(row.Status), Size: row.Size,
		CreatedAt: row.CreatedAt.UTC(), ReadyAt: utc(row.ReadyAt), ExpiresAt: row.ExpiresAt.UTC(),
	}, nil
}

func (r exports) Fill(ctx context.Context, e ports.Export, data []byte) error {
	n, err := r.c.Update().Where(accountexport.ID(e.ID)).SetStatus(string(e.Status)).SetSize(e.Size).
		SetNillableReadyAt(e.ReadyAt).SetExpiresAt(e.ExpiresAt).SetData(data).Save(ctx)
	return one(n, err, identity.ErrExportNotFound)
}

func (r exports) Data(ctx context.Context, user, id uuid.UUID) ([]byte, error) {
	row, err := r.c.Query().Where(accountexport.ID(id), accountexport.UserID(user)).Select(accountexport.FieldData).Only(ctx)
	if err != nil {
		return nil, orNotFound(err, identity.ErrExportNotFound)
	}
	return row.Data, nil
}
