package entstore

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/itemstat"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/formstatistics"
	entquestion "github.com/toeic-app/toeic/ent/question"
	"github.com/toeic-app/toeic/ports"
)

// Statistics stores the statistics of forms.
func (s *Store) Statistics() ports.Statistics { return statistics{s} }

type statistics struct{ s *Store }

// storedReport is the document of the column report.
type storedReport struct {
	Revision uuid.UUID
	itemstat.Report
}

func (r statistics) Put(ctx context.Context, st itemstat.Statistics) error {
	report, err := json.Marshal(storedReport{st.Revision, st.Report})
	if err != nil {
		return fmt.Errorf("encode statistics: %w", err)
	}
	insert := sql.Dialect(entDialect(r.s.dialect)).Insert(formstatistics.Table).
		Columns(formstatistics.FieldID, formstatistics.FieldExamID, formstatistics.FieldTakers, formstatistics.FieldReport, formstatistics.FieldComputedAt).
		Values(st.Form, st.Exam, st.Takers, report, st.ComputedAt).
		OnConflict(sql.ConflictColumns(formstatistics.FieldID), sql.ResolveWith(func(u *sql.UpdateSet) {
			u.SetExcluded(formstatistics.FieldTakers).SetExcluded(formstatistics.FieldReport).SetExcluded(formstatistics.FieldComputedAt)
		}), sql.UpdateWhere(sql.ExprP("form_statistics.computed_at <= excluded.computed_at")))
	query, args := insert.Query()
	work := unit[*ent.Client]{store: r.s, bind: func(tx session) *ent.Client { return tx.Client() }}
	return work.Do(ctx, func(ctx context.Context, c *ent.Client) error {
		done, err := c.ExecContext(ctx, query, args...)
		if err != nil {
			return translate(err)
		}
		if n, err := done.RowsAffected(); n == 0 || err != nil {
			return translate(err)
		}
		return grade(ctx, c, st.Report)
	})
}

// grade stores how difficult the questions of a form are; those that too few took are of unknown difficulty. The rows are
// written in the order of their keys, so that two forms with common questions do not wait for each other.
func grade(ctx context.Context, c *ent.Client, r itemstat.Report) error {
	known := r.Difficulties()
	ids := make([]uuid.UUID, len(r.Items))
	for i, item := range r.Items {
		ids[i] = item.ID
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	if len(known) == 0 {
		return translate(c.Question.Update().Where(entquestion.IDIn(ids...)).ClearDifficulty().Exec(ctx))
	}
	for _, id := range ids {
		u := c.Question.Update().Where(entquestion.ID(id)).ClearDifficulty()
		if p, ok := known[id]; ok {
			u = c.Question.Update().Where(entquestion.ID(id)).SetDifficulty(p)
		}
		if err := u.Exec(ctx); err != nil {
			return translate(err)
		}
	}
	return nil
}

func (r statistics) OfForm(ctx context.Context, form uuid.UUID) (itemstat.Statistics, error) {
	row, err := r.s.client.FormStatistics.Get(ctx, form)
	if err != nil {
		return itemstat.Statistics{}, orNotFound(err, itemstat.ErrNotComputed)
	}
	return statisticsFromRow(row)
}

// OfExam: identifiers grow with time, and that of a form is that of its first revision.
func (r statistics) OfExam(ctx context.Context, id uuid.UUID) ([]itemstat.Statistics, error) {
	rows, err := r.s.client.FormStatistics.Query().Where(formstatistics.ExamID(id)).Order(formstatistics.ByID(sql.OrderDesc())).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]itemstat.Statistics, len(rows))
	for i, row := range rows {
		if out[i], err = statisticsFromRow(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func statisticsFromRow(row *ent.FormStatistics) (itemstat.Statistics, error) {
	var stored storedReport
	if err := json.Unmarshal(row.Report, &stored); err != nil {
		return itemstat.Statistics{}, fmt.Errorf("statistics of form %s: %w", row.ID, err)
	}
	return itemstat.Statistics{
		Form: row.ID, Exam: row.ExamID, Revision: stored.Revision, Takers: row.Takers, ComputedAt: row.ComputedAt.UTC(), Report: stored.Report,
	}, nil
}
