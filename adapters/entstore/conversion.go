package entstore

import (
	"context"
	"encoding/json"
	"fmt"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/score"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/conversionactivation"
	"github.com/toeic-app/toeic/ent/conversiontable"
	entexam "github.com/toeic-app/toeic/ent/exam"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// Conversion runs units of work on the conversion.
func (s *Store) Conversion() ports.UnitOfWork[ports.ConversionRepos] {
	return unit[ports.ConversionRepos]{store: s, bind: func(tx session) ports.ConversionRepos {
		return ports.ConversionRepos{
			Tables: conversions{tx.Client(), tx.dialect}, Audit: auditLog{tx.Client(), tx.dialect},
		}
	}}
}

// ConversionHistory reads what administrators did to the conversion.
func (s *Store) ConversionHistory() ports.ConversionHistory {
	return conversions{s.client, s.dialect}
}

// Tables implements ports.ConversionHistory.
func (r conversions) Tables(ctx context.Context) ([]score.StoredTable, error) {
	rows, err := r.c.ConversionTable.Query().Order(conversiontable.ByID()).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]score.StoredTable, len(rows))
	for i, row := range rows {
		if out[i], err = storedTableFromRow(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Stored implements ports.ConversionHistory.
func (r conversions) Stored(ctx context.Context, version string) (score.StoredTable, error) {
	row, err := r.c.ConversionTable.Get(ctx, version)
	if err != nil {
		return score.StoredTable{}, orNotFound(err, score.ErrTableNotFound)
	}
	return storedTableFromRow(row)
}

func storedTableFromRow(row *ent.ConversionTable) (score.StoredTable, error) {
	t, err := tableFromRow(row)
	return score.StoredTable{Table: t, Note: row.Note, CreatedAt: utc(row.CreatedAt)}, err
}

// Activations implements ports.ConversionHistory.
func (r conversions) Activations(ctx context.Context, exam uuid.UUID) ([]score.Activation, error) {
	rows, err := r.c.ConversionActivation.Query().Where(conversionactivation.ExamID(exam)).
		Order(conversionactivation.ByID(sql.OrderDesc())).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]score.Activation, len(rows))
	for i, row := range rows {
		out[i] = score.Activation{ID: row.ID, ExamID: row.ExamID, Version: row.Version, Note: row.Note, At: row.At.UTC()}
		if row.ByUserID != nil {
			out[i].By = *row.ByUserID
		}
	}
	return out, nil
}

// InForce implements ports.ConversionHistory.
func (r conversions) InForce(ctx context.Context) (map[uuid.UUID]string, error) {
	rows, err := r.c.ConversionActivation.Query().Where(func(s *sql.Selector) {
		later := sql.Table(conversionactivation.Table).As("later")
		s.Where(sql.NotExists(sql.Select(later.C(conversionactivation.FieldID)).From(later).Where(sql.And(
			sql.ColumnsEQ(later.C(conversionactivation.FieldExamID), s.C(conversionactivation.FieldExamID)),
			sql.ColumnsGT(later.C(conversionactivation.FieldID), s.C(conversionactivation.FieldID)),
		))))
	}).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make(map[uuid.UUID]string, len(rows))
	for _, row := range rows {
		out[row.ExamID] = row.Version
	}
	return out, nil
}

// Add implements ports.ConversionTables.
func (r conversions) Add(ctx context.Context, t score.StoredTable) (bool, error) {
	listening, err := json.Marshal(t.Listening)
	if err != nil {
		return false, fmt.Errorf("encode a conversion table: %w", err)
	}
	reading, err := json.Marshal(t.Reading)
	if err != nil {
		return false, fmt.Errorf("encode a conversion table: %w", err)
	}
	added, err := insertNew(ctx, r.c, r.dialect, conversiontable.Table,
		[]string{conversiontable.FieldID, conversiontable.FieldListening, conversiontable.FieldReading, conversiontable.FieldNote, conversiontable.FieldCreatedAt},
		[]any{t.Version, listening, reading, t.Note, t.CreatedAt})
	if added || err != nil {
		return added, err
	}
	stored, err := r.Table(ctx, t.Version)
	if err == nil && stored != t.Table {
		err = score.ErrTableChanged
	}
	return false, err
}

// ForActivation implements ports.ConversionTables.
func (r conversions) ForActivation(ctx context.Context, id uuid.UUID) ([]score.Activation, error) {
	q := r.c.Exam.Query().Where(entexam.ID(id)).Select(entexam.FieldID)
	if r.dialect == migrations.Postgres { // SQLite has one writer at a time anyway
		q.ForUpdate()
	}
	if _, err := q.Only(ctx); err != nil {
		return nil, orNotFound(err, exam.ErrNotFound)
	}
	return r.Activations(ctx, id)
}

// Activate implements ports.ConversionTables.
func (r conversions) Activate(ctx context.Context, a score.Activation) error {
	create := r.c.ConversionActivation.Create().SetID(a.ID).SetExamID(a.ExamID).SetVersion(a.Version).SetNote(a.Note).SetAt(a.At)
	if a.By != uuid.Nil {
		create.SetByUserID(a.By)
	}
	return translate(create.Exec(ctx))
}
