package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/toeic-app/toeic/tests/learners"
)

// candidates is how many submit one after another; the more there are, the finer their processor time is known.
func (b *bench) candidates() int {
	if b.quick {
		return 6
	}
	return 48
}

// submit measures what it costs to close and score a sitting of 200 answers: processor time, and statements as the
// database's own log counts them.
func (b *bench) submit(ctx context.Context) ([]row, error) {
	const mostMilliseconds, mostStatements = 3, 6
	h, err := b.house(ctx)
	if err != nil {
		return nil, err
	}
	people, err := learners.Seed(ctx, h.url, b.candidates())
	if err != nil {
		return nil, err
	}
	var s series
	for range b.rounds {
		if err := h.sit(ctx, people); err != nil {
			return nil, err
		}
		got, err := h.submitAll(ctx, people)
		if err != nil {
			return nil, err
		}
		b.progress("submit: %.2f ms of a processor in the server", perRequest(got.server, got.Requests)/1000)
		s.samples = append(s.samples, got)
	}
	cost := s.measured("submit and score 200 answers, server", "CPU ms", func(o sample) float64 { return perRequest(o.server, o.Requests) / 1000 }).
		judge(valueAtMost, mostMilliseconds)
	cost.Note = "without the jobs that it orders"
	if cost, err = h.peak(cost); err != nil {
		return nil, err
	}
	if err := h.sit(ctx, people); err != nil {
		return nil, err
	}
	counts, control, err := b.statements(ctx, h, people)
	if err != nil {
		return nil, err
	}
	n := row{Scenario: "submit and score 200 answers, database", Unit: "statements", Value: median(counts)}.judge(valueAtMost, mostStatements)
	n.Note = fmt.Sprintf("besides %.0f that begin and end transactions", median(control))
	return []row{cost, n}, nil
}

// sit has people answer all questions of an exam, up to the moment before they submit.
func (h *house) sit(ctx context.Context, people []*learners.Learner) error {
	if err := h.Renew(ctx, people); err != nil {
		return err
	}
	if err := h.Begin(ctx, people, h.exam, "exam"); err != nil {
		return err
	}
	return learners.Each(people, func(l *learners.Learner) error {
		if err := h.Put(ctx, l, sheetOf(1, learners.FormListening)); err != nil {
			return err
		}
		if err := h.Want(ctx, l, http.StatusOK, nil, http.MethodPost, "/api/v1/attempts/"+l.Attempt+"/advance", nil); err != nil {
			return err
		}
		return h.Put(ctx, l, sheetOf(learners.FormListening+1, learners.FormItems))
	})
}

func sheetOf(first, last int) []learners.Answer {
	var all []learners.Answer
	for n := first; n <= last; n++ {
		all = append(all, learners.Answer{Number: n, Choice: choices[n%len(choices)], Seq: 1})
	}
	return all
}

// submitOne returns how long it took. The result has to be that of a whole test.
func (h *house) submitOne(ctx context.Context, l *learners.Learner) (time.Duration, error) {
	var result struct{ Total *int }
	began := time.Now()
	err := h.Want(ctx, l, http.StatusOK, &result, http.MethodPost, "/api/v1/attempts/"+l.Attempt+"/submit", nil)
	took := time.Since(began)
	if err == nil && result.Total == nil {
		err = fmt.Errorf("a whole sitting has no total")
	}
	return took, err
}

// submitAll submits one after another, each when the work that follows the one before is done, and adds up the
// processor time between question and reply. There is no second process here: nothing goes on at the same time.
func (h *house) submitAll(ctx context.Context, people []*learners.Learner) (sample, error) {
	var all sample
	var times histogram
	for _, l := range people {
		if err := h.rest(ctx); err != nil {
			return all, err
		}
		before, err := h.useOfFew()
		if err != nil {
			return all, err
		}
		took, err := h.submitOne(ctx, l)
		if err != nil {
			return all, err
		}
		after, err := h.useOfFew()
		if err != nil {
			return all, err
		}
		times.add(took)
		all.Elapsed += took
		all.usage = all.usage.plus(after.since(before))
	}
	all.Requests, all.P50, all.P99 = len(people), times.quantile(0.5), times.quantile(0.99)
	return all, nil
}

// tired is how long the work that follows a submission may take.
const tired = time.Minute

// rest waits until the server has no job to do.
func (h *house) rest(ctx context.Context) error {
	db, err := learners.Database(h.url)
	if err != nil {
		return err
	}
	defer db.Close()
	for end := time.Now().Add(tired); ; time.Sleep(5 * time.Millisecond) {
		var n int
		err := db.QueryRowContext(ctx, "SELECT count(*) FROM jobs WHERE done_at IS NULL AND dead_at IS NULL AND run_at <= now()").Scan(&n)
		if err != nil {
			return fmt.Errorf("look at the jobs: %w", err)
		}
		if n == 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d jobs are not done after %v", n, tired)
		}
	}
}

// statements counts what one submission after another adds to PostgreSQL's log while that holds every statement. What
// the server does by its own clock falls into few of these moments, so the median is free of it.
func (b *bench) statements(ctx context.Context, h *house, people []*learners.Learner) (counts, control []float64, err error) {
	log, err := os.Open(h.postgres.LogFile())
	if err != nil {
		return nil, nil, fmt.Errorf("read PostgreSQL's log: %w", err)
	}
	defer log.Close()
	if err := b.logStatements(ctx, "all"); err != nil {
		return nil, nil, err
	}
	for i, l := range people {
		if err := h.rest(ctx); err != nil {
			return nil, nil, err
		}
		if _, err := log.Seek(0, io.SeekEnd); err != nil {
			return nil, nil, err
		}
		if _, err := h.submitOne(ctx, l); err != nil {
			return nil, nil, err
		}
		text, err := io.ReadAll(log)
		if err != nil {
			return nil, nil, err
		}
		work, ends := statementsIn(text)
		counts, control = append(counts, float64(len(work))), append(control, float64(ends))
		if i == 0 {
			b.progress("the statements of a submission:\n\t%s", strings.Join(work, "\n\t"))
		}
	}
	return counts, control, b.logStatements(ctx, "none")
}

// settled is how long the database's sessions may take to heed a setting; they look at it between two statements.
const settled = 300 * time.Millisecond

func (b *bench) logStatements(ctx context.Context, which string) error {
	if err := b.admin(ctx, "ALTER SYSTEM SET log_statement = '"+which+"'"); err != nil {
		return err
	}
	err := b.admin(ctx, "SELECT pg_reload_conf()")
	time.Sleep(settled)
	return err
}

var (
	logged  = regexp.MustCompile(`(?m)LOG:  (?:statement|execute [^:]*): (.+)$`)
	control = regexp.MustCompile(`(?i)^(?:BEGIN|COMMIT|ROLLBACK|START)\b`)
)

// shown is how much of a statement tells which one it is.
const shown = 70

// statementsIn returns the beginnings of the statements in a piece of PostgreSQL's log, and counts apart from them what
// begins and ends transactions.
func statementsIn(log []byte) (work []string, ends int) {
	for _, found := range logged.FindAllSubmatch(log, -1) {
		if control.Match(found[1]) {
			ends++
			continue
		}
		work = append(work, string(found[1][:min(shown, len(found[1]))]))
	}
	return work, ends
}
