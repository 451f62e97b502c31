package examapp

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// Policy reads and changes the rules of exams. Every change is recorded in the audit log.
type Policy struct {
	Clock     ports.Clock
	Catalogue ports.Catalogue
	Policies  ports.Policies
	Recorder  ports.Recorder
	Work      ports.UnitOfWork[ports.PolicyRepos]
}

// Get returns the rules of an exam; exam.ErrNotFound when there is no such exam.
func (uc Policy) Get(ctx context.Context, id uuid.UUID) (exam.Policy, error) {
	if _, err := uc.Catalogue.Exam(ctx, id); err != nil {
		return exam.Policy{}, err
	}
	return uc.Policies.Policy(ctx, id)
}

// PolicyCommand sets all rules of an exam.
type PolicyCommand struct {
	By       identity.Caller
	Exam     uuid.UUID
	Review   exam.ReviewRules
	Device   exam.DeviceRule
	ClosesAt *time.Time
	Version  int // of the rules that the change was decided on; zero for any
}

// policyState is what the audit log keeps.
type policyState struct {
	Review   exam.ReviewRules `json:"review"`
	Device   exam.DeviceRule  `json:"device"`
	ClosesAt *time.Time       `json:"closes_at"`
}

// Change returns the new rules; exam.ErrNotFound, exam.ErrInvalidPolicy, and ports.ErrStale.
func (uc Policy) Change(ctx context.Context, cmd PolicyCommand) (exam.Policy, error) {
	if _, err := uc.Catalogue.Exam(ctx, cmd.Exam); err != nil {
		return exam.Policy{}, err
	}
	var out exam.Policy
	err := uc.Work.Do(ctx, func(ctx context.Context, repos ports.PolicyRepos) error {
		before, err := repos.Policies.ForChange(ctx, cmd.Exam)
		if err != nil {
			return err
		}
		if cmd.Version != 0 && cmd.Version != before.Version {
			return ports.ErrStale
		}
		if out, err = before.Changed(cmd.Review, cmd.Device, cmd.ClosesAt, uc.Clock.Now()); err != nil {
			return err
		}
		if err := repos.Policies.Save(ctx, out); err != nil {
			return err
		}
		return uc.Recorder.Record(ctx, repos.Audit, cmd.By, audit.PolicyChanged, "exam:"+cmd.Exam.String(),
			policyState{before.Review, before.Device, before.ClosesAt}, policyState{out.Review, out.Device, out.ClosesAt})
	})
	return out, err
}
