package main

import (
	"context"
	"fmt"
	"time"

	"github.com/toeic-app/toeic/tests/learners"
)

// The seats of the main house.
const (
	crowd = 256 // connections of the largest scenario
	class = 32  // connections of the others
	batch = 200 // answers of a whole form

	pgbenchCrowd = 90 // connections of pgbench against the crowd: more would only wait for each other
)

// bench is a run of the scenarios.
type bench struct {
	*stage
	rounds       int
	quick        bool
	warm, length time.Duration
	progress     func(format string, args ...any)
	main         *house
}

// house returns the house of most scenarios, on PostgreSQL.
func (b *bench) house(ctx context.Context) (*house, error) {
	if b.main != nil {
		return b.main, nil
	}
	b.progress("preparing learners on PostgreSQL")
	var err error
	b.main, err = b.onPostgres(ctx, "toeic", crowd, class)
	return b.main, err
}

// one is a plan of one answer a request. Sitting learners are in Listening.
func (b *bench) one() plan {
	return plan{Kind: putAnswers, Warm: b.warm, Length: b.length, Batch: 1, Items: learners.FormListening}
}

// peak adds the most memory that the server had so far.
func (h *house) peak(r row) (row, error) {
	mb, err := h.server.Peak()
	r.Peak = &mb
	return r, err
}

// answers measures one answer a request against pgbench, each with so many connections.
func (b *bench) answers(clients, reference int, target float64) func(context.Context) ([]row, error) {
	return func(ctx context.Context) ([]row, error) {
		h, err := b.house(ctx)
		if err != nil {
			return nil, err
		}
		bare, err := b.pgbench(ctx)
		if err != nil {
			return nil, err
		}
		var s series
		for range b.rounds {
			got, err := h.load(ctx, b.one(), h.sitting[:clients])
			if err != nil {
				return nil, err
			}
			limit, err := bare.measure(ctx, reference, b.length)
			if err != nil {
				return nil, err
			}
			b.progress("%d connections: %.0f answers/s, pgbench %.0f", clients, got.perSecond(), limit)
			s.samples, s.references = append(s.samples, got), append(s.references, limit)
		}
		name := fmt.Sprintf("one answer a request, %d connections", clients)
		r := s.measured(name, perSecond, func(o sample) float64 { return o.perSecond() }).
			against(fmt.Sprintf("pgbench, %d", reference), median(s.references)).judge(ratioAtLeast, target)
		r, err = h.peak(r)
		return []row{r}, err
	}
}

// whole measures a whole form in one request.
func (b *bench) whole(ctx context.Context) ([]row, error) {
	const clients, target = 16, 30_000
	h, err := b.house(ctx)
	if err != nil {
		return nil, err
	}
	p := b.one()
	p.Batch, p.Items = batch, learners.FormItems
	var s series
	for range b.rounds {
		got, err := h.load(ctx, p, h.training[:clients])
		if err != nil {
			return nil, err
		}
		b.progress("200 answers a request: %.0f answers/s", got.perSecond()*batch)
		s.samples = append(s.samples, got)
	}
	r := s.measured(fmt.Sprintf("200 answers a request, %d connections", clients), "answers/s", func(o sample) float64 {
		return o.perSecond() * batch
	}).judge(valueAtLeast, target)
	r, err = h.peak(r)
	return []row{r}, err
}

// embedded measures one answer a request on SQLite.
func (b *bench) embedded(ctx context.Context) ([]row, error) {
	const target = 3000
	h, err := b.onSQLite(ctx, "embedded", class, 0)
	if err != nil {
		return nil, err
	}
	var s series
	for range b.rounds {
		got, err := h.load(ctx, b.one(), h.sitting)
		if err != nil {
			return nil, err
		}
		b.progress("SQLite: %.0f answers/s", got.perSecond())
		s.samples = append(s.samples, got)
	}
	r := s.measured(fmt.Sprintf("SQLite, one answer a request, %d connections", class), perSecond, func(o sample) float64 {
		return o.perSecond()
	}).judge(valueAtLeast, target)
	r, err = h.peak(r)
	return []row{r}, err
}
