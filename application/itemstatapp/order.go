package itemstatapp

import (
	"context"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/domain/itemstat"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

// EnqueueStatistics orders the statistics that are out of date. Any number of processes may do so, and whenever.
type EnqueueStatistics struct {
	Clock  ports.Clock
	IDs    ports.IDs
	Takers ports.Takers
	Work   ports.UnitOfWork[ports.AttemptRepos]
}

// Execute returns how many forms need new statistics.
func (uc EnqueueStatistics) Execute(ctx context.Context) (int, error) {
	forms, err := uc.Takers.Progress(ctx, uuid.Nil)
	if err != nil {
		return 0, err
	}
	now := uc.Clock.Now()
	var orders []job.Job
	for _, p := range forms {
		if !p.Stale(now) {
			continue
		}
		j, err := jobOf(p.Form, uc.Clock, uc.IDs)
		if err != nil {
			return 0, err
		}
		orders = append(orders, j)
	}
	if len(orders) == 0 {
		return 0, nil
	}
	return len(orders), uc.Work.Do(ctx, func(ctx context.Context, repos ports.AttemptRepos) error {
		return addAll(ctx, repos.Jobs, orders)
	})
}

func addAll(ctx context.Context, jobs ports.Jobs, orders []job.Job) error {
	for _, j := range orders {
		if _, err := jobs.Add(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

// Refresh orders the statistics of all forms of an exam, up to date or not.
type Refresh struct {
	Clock     ports.Clock
	IDs       ports.IDs
	Catalogue ports.Catalogue
	Takers    ports.Takers
	Recorder  ports.Recorder
	Work      ports.UnitOfWork[ports.AttemptRepos]
}

// Execute returns the forms, of which the one that learners take now is the first; exam.ErrNotFound when there is no
// such exam.
func (uc Refresh) Execute(ctx context.Context, by identity.Caller, id uuid.UUID) ([]uuid.UUID, error) {
	current, err := uc.Catalogue.Exam(ctx, id)
	if err != nil {
		return nil, err
	}
	others, err := uc.Takers.Progress(ctx, id)
	if err != nil {
		return nil, err
	}
	var orders []job.Job
	forms := formsOf(current.FormID(), others)
	for _, form := range forms {
		j, err := jobOf(form, uc.Clock, uc.IDs)
		if err != nil {
			return nil, err
		}
		orders = append(orders, j)
	}
	return forms, uc.Work.Do(ctx, func(ctx context.Context, repos ports.AttemptRepos) error {
		if err := addAll(ctx, repos.Jobs, orders); err != nil {
			return err
		}
		return uc.Recorder.Record(ctx, repos.Audit, by, audit.StatisticsRefreshed, "exam:"+id.String(), nil, nil)
	})
}

func formsOf(current uuid.UUID, others []itemstat.Progress) []uuid.UUID {
	forms := []uuid.UUID{current}
	for _, p := range others {
		if p.Form != current {
			forms = append(forms, p.Form)
		}
	}
	return forms
}
