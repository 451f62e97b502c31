// Package itemstatapp holds the use cases of item statistics: computing them in the background, and showing them to the
// people who look after the items.
package itemstatapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/itemstat"
	"github.com/toeic-app/toeic/domain/job"
	"github.com/toeic-app/toeic/ports"
)

// Compute analyses a form anew, from the answers of everybody who took it. It counts nothing on to what it knew before,
// so that to repeat it, or to do it twice at once, changes nothing.
type Compute struct {
	Clock      ports.Clock
	Takers     ports.Takers
	Revisions  ports.Revisions
	Statistics ports.Statistics
}

// Execute returns what it stored; exam.ErrNotFound when there is no such form.
func (uc Compute) Execute(ctx context.Context, form uuid.UUID) (itemstat.Statistics, error) {
	now := uc.Clock.Now() // before anything is read, so that what comes in meanwhile makes the figures stale
	id, err := uc.Takers.Newest(ctx, form)
	if err != nil {
		return itemstat.Statistics{}, err
	}
	r, err := uc.Revisions.Revision(ctx, id)
	if err != nil {
		return itemstat.Statistics{}, fmt.Errorf("load revision %s: %w", id, err)
	}
	items, err := itemstat.Items(*r)
	if err != nil {
		return itemstat.Statistics{}, err
	}
	out := itemstat.Statistics{Form: form, Exam: r.ExamID, Revision: id, ComputedAt: now}
	sample := itemstat.NewSample(items)
	err = uc.Takers.Each(ctx, r.ExamID, form, func(taken exam.Outline, given []itemstat.Response) error {
		out.Takers++
		sample.Add(taken, given)
		return nil
	})
	if err != nil {
		return itemstat.Statistics{}, err
	}
	out.Report = sample.Report()
	return out, uc.Statistics.Put(ctx, out)
}

// Do does one job of the kind job.ItemStatistics.
func (uc Compute) Do(ctx context.Context, j job.Job) error {
	var o order
	if err := json.Unmarshal(j.Payload, &o); err != nil {
		return fmt.Errorf("decode an order of statistics: %w: %w", job.ErrHopeless, err)
	}
	_, err := uc.Execute(ctx, o.Form)
	if errors.Is(err, exam.ErrNotFound) {
		return fmt.Errorf("form %s: %w: %w", o.Form, job.ErrHopeless, err)
	}
	return err
}

// order is the payload of a job.
type order struct {
	Form uuid.UUID `json:"form"`
}

// jobOf orders the statistics of a form; to order them again before they are computed changes nothing.
func jobOf(form uuid.UUID, clock ports.Clock, ids ports.IDs) (job.Job, error) {
	payload, err := json.Marshal(order{form})
	if err != nil {
		return job.Job{}, fmt.Errorf("encode an order of statistics: %w", err)
	}
	now := clock.Now()
	return job.New(ids.New(), job.ItemStatistics, payload, now, now).OnlyOnce("item_statistics:" + form.String()), nil
}
