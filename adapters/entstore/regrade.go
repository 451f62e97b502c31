package entstore

import (
	"context"
	"encoding/json"
	"fmt"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ent"
	entattempt "github.com/toeic-app/toeic/ent/attempt"
	entexam "github.com/toeic-app/toeic/ent/exam"
	"github.com/toeic-app/toeic/ent/predicate"
	entresult "github.com/toeic-app/toeic/ent/result"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// Regrading runs units of work on corrections.
func (s *Store) Regrading() ports.UnitOfWork[ports.RegradeRepos] {
	return unit[ports.RegradeRepos]{store: s, bind: func(tx session) ports.RegradeRepos {
		c := tx.Client()
		return ports.RegradeRepos{
			Publication: publication{c, tx.dialect},
			Conversions: conversions{c, tx.dialect},
			Regrades:    regrades{scoredAttempts{c, tx.dialect, true}},
			Audit:       auditLog{c, tx.dialect},
		}
	}}
}

// ScoredAttempts reads the attempts of a form that have results.
func (s *Store) ScoredAttempts() ports.ScoredAttempts {
	return scoredAttempts{s.client, s.dialect, false}
}

type scoredAttempts struct {
	c       *ent.Client
	dialect migrations.Dialect
	hold    bool
}

// onForm selects the attempts on a form of an exam that have results.
func onForm(examID, form uuid.UUID) []predicate.Attempt {
	return []predicate.Attempt{entattempt.ExamID(examID), entattempt.HasRevisionWith(ofForm(form)), entattempt.HasResult()}
}

// Page implements ports.ScoredAttempts. To hold the attempts is to hold their results: they are removed with them alone.
func (r scoredAttempts) Page(ctx context.Context, examID, form, after uuid.UUID, limit int) ([]ports.ScoredAttempt, error) {
	q := r.c.Attempt.Query().Where(onForm(examID, form)...).Where(entattempt.IDGT(after)).Order(entattempt.ByID()).Limit(limit).WithResult()
	if r.hold && r.dialect == migrations.Postgres { // SQLite has one writer at a time anyway
		q.Modify(func(s *sql.Selector) { s.For("KEY SHARE") })
	}
	rows, err := q.All(ctx)
	if err != nil || len(rows) == 0 {
		return nil, translate(err)
	}
	sheets, err := takers{r.c, r.dialect}.sheets(ctx, rows)
	if err != nil {
		return nil, err
	}
	out := make([]ports.ScoredAttempt, len(rows))
	for i, row := range rows {
		if out[i], err = scoredFromRow(row, sheets[row.ID]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func scoredFromRow(row *ent.Attempt, sheet string) (ports.ScoredAttempt, error) {
	var out ports.ScoredAttempt
	stored, err := row.Edges.ResultOrErr()
	if err != nil {
		return out, fmt.Errorf("result of attempt %s: %w", row.ID, err)
	}
	if out.Record, err = recordFromRow(stored); err != nil {
		return out, err
	}
	if out.Attempt, err = attemptFromRow(row); err != nil {
		return out, err
	}
	given, err := parseSheet(sheet, nil)
	if err != nil {
		return out, fmt.Errorf("answers of attempt %s: %w", row.ID, err)
	}
	out.Sheet = make(attempt.Sheet, len(given))
	for _, g := range given {
		out.Sheet[g.Number] = attempt.Answer{Number: g.Number, Choice: g.Choice}
	}
	return out, nil
}

type regrades struct{ scoredAttempts }

// ForCorrection implements ports.Regrades. Scoring holds the row of the exam in share mode, see results.Add; attempts may
// be started meanwhile.
func (r regrades) ForCorrection(ctx context.Context, examID uuid.UUID) (exam.Summary, error) {
	q := r.c.Exam.Query().Where(entexam.ID(examID), entexam.CurrentRevisionIDNotNil()).WithCurrent(summaryColumns)
	if r.dialect == migrations.Postgres {
		q.Modify(func(s *sql.Selector) { s.For("NO KEY UPDATE") })
	}
	row, err := q.Only(ctx)
	if err != nil {
		return exam.Summary{}, orNotFound(err, exam.ErrNotFound)
	}
	return summaryFromExam(row)
}

// Replace implements ports.Regrades. The results are written as if they were new: what they conflict with, each with one
// row, is what they replace.
func (r regrades) Replace(ctx context.Context, g exam.Regrade, all []ports.Replacement) error {
	former, results := make([]*ent.FormerResultCreate, len(all)), make([]*ent.ResultCreate, len(all))
	for i, one := range all {
		before, err := json.Marshal(one.Former.Result)
		if err != nil {
			return fmt.Errorf("encode a result: %w", err)
		}
		after, err := json.Marshal(one.Result)
		if err != nil {
			return fmt.Errorf("encode a result: %w", err)
		}
		former[i] = r.c.FormerResult.Create().SetID(one.ID).SetAttemptID(one.Attempt).SetConversionVersion(one.Former.Result.Version).
			SetReport(before).SetCreatedAt(one.Former.At).SetReplacedAt(g.At).SetRegradeID(g.ID)
		if one.Former.Revision != uuid.Nil {
			former[i].SetRevisionID(one.Former.Revision)
		}
		results[i] = r.c.Result.Create().SetID(one.ID).SetAttemptID(one.Attempt).SetConversionVersion(one.Result.Version).
			SetReport(after).SetCreatedAt(g.At).SetRegradeID(g.ID).SetRevisionID(g.ToRevision)
		if t := one.Former.Result.Total; t != nil {
			former[i].SetTotal(t.Score)
		}
		if t := one.Result.Total; t != nil {
			results[i].SetTotal(t.Score)
		}
	}
	if err := r.c.FormerResult.CreateBulk(former...).Exec(ctx); err != nil {
		return translate(err)
	}
	return translate(r.c.Result.CreateBulk(results...).OnConflictColumns(entresult.FieldAttemptID).Update(func(u *ent.ResultUpsert) {
		u.UpdateConversionVersion().UpdateReport().UpdateCreatedAt().UpdateRegradeID().UpdateRevisionID().UpdateTotal()
	}).Exec(ctx))
}

// Judged implements ports.Regrades.
func (r regrades) Judged(ctx context.Context, examID, form, revision uuid.UUID) error {
	return translate(r.c.Result.Update().Where(entresult.HasAttemptWith(entattempt.ExamID(examID), entattempt.HasRevisionWith(ofForm(form)))).
		SetRevisionID(revision).Exec(ctx))
}

// Add implements ports.Regrades.
func (r regrades) Add(ctx context.Context, g exam.Regrade) error {
	create := r.c.Regrade.Create().SetID(g.ID).SetExamID(g.ExamID).SetQuestionID(g.Question).SetNumber(g.Number).SetFromKey(g.From.String()).
		SetToKey(g.To.String()).SetFromRevisionID(g.FromRevision).SetToRevisionID(g.ToRevision).SetReason(g.Reason).SetAttempts(g.Attempts).
		SetChanged(g.Changed).SetAt(g.At)
	if g.By != uuid.Nil {
		create.SetByUserID(g.By)
	}
	if err := create.Exec(ctx); err != nil {
		return translate(err)
	}
	return changed(ctx, r.c, ofLeaderboards)
}
