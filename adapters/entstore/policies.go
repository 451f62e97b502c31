package entstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ent"
	"github.com/toeic-app/toeic/ent/exampolicy"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// Policies reads the rules of exams.
func (s *Store) Policies() ports.Policies { return policies{s.client, s.dialect} }

// PolicyList lists the rules of exams.
func (s *Store) PolicyList() ports.PolicyList { return policies{s.client, s.dialect} }

// PolicyWork runs units of work on the rules of exams.
func (s *Store) PolicyWork() ports.UnitOfWork[ports.PolicyRepos] {
	return unit[ports.PolicyRepos]{store: s, bind: func(tx session) ports.PolicyRepos {
		return ports.PolicyRepos{Policies: policies{tx.Client(), tx.dialect}, Audit: auditLog{tx.Client(), tx.dialect}}
	}}
}

type policies struct {
	c       *ent.Client
	dialect migrations.Dialect
}

func (r policies) Policy(ctx context.Context, examID uuid.UUID) (exam.Policy, error) {
	return r.read(ctx, examID, r.c.ExamPolicy.Query())
}

func (r policies) ForChange(ctx context.Context, examID uuid.UUID) (exam.Policy, error) {
	q := r.c.ExamPolicy.Query()
	if r.dialect == migrations.Postgres { // SQLite has one writer at a time anyway
		q.ForUpdate()
	}
	return r.read(ctx, examID, q)
}

func (r policies) read(ctx context.Context, examID uuid.UUID, q *ent.ExamPolicyQuery) (exam.Policy, error) {
	row, err := q.Where(exampolicy.ID(examID)).Only(ctx)
	if ent.IsNotFound(err) {
		return exam.DefaultPolicy(examID), nil
	}
	if err != nil {
		return exam.Policy{}, translate(err)
	}
	return policyFromRow(row)
}

// All lists the policies that somebody set.
func (r policies) All(ctx context.Context) ([]exam.Policy, error) {
	rows, err := r.c.ExamPolicy.Query().Order(exampolicy.ByID()).All(ctx)
	if err != nil {
		return nil, translate(err)
	}
	out := make([]exam.Policy, len(rows))
	for i, row := range rows {
		if out[i], err = policyFromRow(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func policyFromRow(row *ent.ExamPolicy) (exam.Policy, error) {
	p := exam.Policy{ExamID: row.ID, Device: exam.DeviceRule(row.Device), ClosesAt: utc(row.ClosesAt), UpdatedAt: row.UpdatedAt.UTC(), Version: row.Version}
	if err := json.Unmarshal(row.Review, &p.Review); err != nil {
		return exam.Policy{}, fmt.Errorf("policy of exam %s: %w", row.ID, err)
	}
	return p, nil
}

func (r policies) Save(ctx context.Context, p exam.Policy) error {
	review, err := json.Marshal(p.Review)
	if err != nil {
		return fmt.Errorf("encode a policy: %w", err)
	}
	update := r.c.ExamPolicy.Update().Where(exampolicy.ID(p.ExamID), exampolicy.Version(p.Version-1)).SetReview(review).
		SetDevice(string(p.Device)).SetUpdatedAt(p.UpdatedAt).SetVersion(p.Version)
	if p.ClosesAt != nil {
		update.SetClosesAt(*p.ClosesAt)
	} else {
		update.ClearClosesAt()
	}
	n, err := update.Save(ctx)
	if n > 0 || err != nil || p.Version-1 != exam.DefaultPolicy(p.ExamID).Version {
		return one(n, err, ports.ErrStale)
	}
	added, err := insertNew(ctx, r.c, r.dialect, exampolicy.Table,
		[]string{exampolicy.FieldID, exampolicy.FieldReview, exampolicy.FieldDevice, exampolicy.FieldClosesAt, exampolicy.FieldUpdatedAt, exampolicy.FieldVersion},
		[]any{p.ExamID, review, string(p.Device), p.ClosesAt, p.UpdatedAt, p.Version})
	if err == nil && !added {
		err = ports.ErrStale
	}
	return err
}
