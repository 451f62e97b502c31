package entstore

import (
	"context"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/auditentry"
	"github.com/toeic-app/toeic/ent/audithead"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// theHead is the key of the only row of its table.
const theHead = 1

type auditLog struct {
	c       *ent.Client
	dialect migrations.Dialect
}

func (r auditLog) Head(ctx context.Context) (audit.Head, error) {
	_, err := insertNew(ctx, r.c, r.dialect, audithead.Table,
		[]string{audithead.FieldID, audithead.FieldSeq, audithead.FieldHash}, []any{theHead, 0, ""})
	if err != nil {
		return audit.Head{}, err
	}
	q := r.c.AuditHead.Query().Where(audithead.ID(theHead))
	if r.dialect == migrations.Postgres { // SQLite has one writer at a time anyway
		q.ForUpdate()
	}
	row, err := q.Only(ctx)
	if err != nil {
		return audit.Head{}, translate(err)
	}
	return audit.Head{Seq: row.Seq, Hash: row.Hash}, nil
}

func (r auditLog) Append(ctx context.Context, e audit.Entry) error {
	create := r.c.AuditEntry.Create().SetID(e.Seq).SetAt(e.At).SetIP(e.IP).SetRequestID(e.RequestID).SetAction(string(e.Action)).
		SetObject(e.Object).SetBefore(e.Before).SetAfter(e.After).SetHash(e.Hash)
	if e.UserID != uuid.Nil {
		create.SetUserID(e.UserID)
	}
	if e.TokenID != uuid.Nil {
		create.SetTokenID(e.TokenID)
	}
	if err := create.Exec(ctx); err != nil {
		return translate(err)
	}
	n, err := r.c.AuditHead.Update().Where(audithead.ID(theHead), audithead.Seq(e.Seq-1)).SetSeq(e.Seq).SetHash(e.Hash).Save(ctx)
	return one(n, err, ports.ErrStale)
}

type auditReader struct{ c *ent.Client }

func (r auditReader) Newest(ctx context.Context, which ports.AuditFilter, before int64, limit int) ([]audit.Entry, error) {
	q := r.c.AuditEntry.Query()
	if which.User != uuid.Nil {
		q.Where(auditentry.UserID(which.User))
	}
	if which.Object != "" {
		q.Where(auditentry.Object(which.Object))
	}
	if which.Action != "" {
		q.Where(auditentry.Action(string(which.Action)))
	}
	if before > 0 {
		q.Where(auditentry.IDLT(before))
	}
	rows, err := q.Order(auditentry.ByID(sql.OrderDesc())).Limit(limit).All(ctx)
	return auditFromRows(rows), translate(err)
}

func (r auditReader) Oldest(ctx context.Context, after int64, limit int) ([]audit.Entry, error) {
	rows, err := r.c.AuditEntry.Query().Where(auditentry.IDGT(after)).Order(auditentry.ByID()).Limit(limit).All(ctx)
	return auditFromRows(rows), translate(err)
}

func (r auditReader) End(ctx context.Context) (audit.Head, error) {
	row, err := r.c.AuditHead.Get(ctx, theHead)
	if ent.IsNotFound(err) {
		return audit.Head{}, nil
	}
	if err != nil {
		return audit.Head{}, translate(err)
	}
	return audit.Head{Seq: row.Seq, Hash: row.Hash}, nil
}

func auditFromRows(rows []*ent.AuditEntry) []audit.Entry {
	out := make([]audit.Entry, len(rows))
	for i, r := range rows {
		out[i] = audit.Entry{
			Seq: r.ID, At: r.At.UTC(), IP: r.IP, RequestID: r.RequestID, Action: audit.Action(r.Action), Object: r.Object,
			Before: r.Before, After: r.After, Hash: r.Hash,
		}
		if r.UserID != nil {
			out[i].UserID = *r.UserID
		}
		if r.TokenID != nil {
			out[i].TokenID = *r.TokenID
		}
	}
	return out
}
