package regradeapp_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/application/attemptapp"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/ports"
)

// Attempts that are submitted while a key is corrected end with the score by the corrected key, each with one result; of
// corrections at once one wins, and the others hear that they were late.
func TestSubmissionsAndCorrectionsAtOnceEndWithTheCorrectedScore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *entstore.Store) {
		d := open(t, s)
		const people = 24
		var users, attempts [people]uuid.UUID
		for i := range people {
			users[i], attempts[i] = d.begin(t, attempt.ExamMode, nil, map[int]exam.Choice{1: 'C'})
		}
		var (
			wait sync.WaitGroup
			mu   sync.Mutex
			won  []exam.Choice
		)
		for i := range people {
			wait.Go(func() {
				if _, err := d.submit.Execute(t.Context(), attemptapp.Taker{User: users[i]}, attempts[i]); err != nil {
					t.Error(err)
				}
			})
			if i%6 != 3 {
				continue
			}
			wait.Go(func() {
				_, err := d.regrade.Execute(t.Context(), d.fix(1, 'C', false))
				switch {
				case err == nil:
					mu.Lock()
					won = append(won, 'C')
					mu.Unlock()
				case !errors.Is(err, ports.ErrStale) && !errors.Is(err, exam.ErrSameKey) && !errors.Is(err, exam.ErrQuestionNotOnForm):
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if len(won) != 1 || d.log.seen != 1 {
			t.Errorf("%d corrections won, %d were recorded", len(won), d.log.seen)
		}
		if n := d.agrees(t); n != people {
			t.Errorf("%d results of %d attempts", n, people)
		}
		current, err := s.Catalogue().Exam(t.Context(), d.exam.ExamID)
		must(t, err)
		for _, id := range attempts {
			r := d.record(t, id)
			former, err := s.RegradeReads().Former(t.Context(), id)
			must(t, err)
			if r.Result.Sections[exam.Listening].Raw != 1 || r.Revision != current.RevisionID || r.Regraded != (len(former) == 1) || len(former) > 1 {
				t.Errorf("attempt %s: %+v, %d former results", id, r, len(former))
			}
		}
	})
}

// staleCatalogue shows what was current before somebody else corrected a key.
type staleCatalogue struct {
	ports.Catalogue
	at exam.Summary
}

func (c staleCatalogue) Exam(context.Context, uuid.UUID) (exam.Summary, error) { return c.at, nil }

// staleQuestions is the same for questions.
type staleQuestions struct{ at exam.Item }

func (q staleQuestions) Question(context.Context, uuid.UUID) (exam.Item, error) { return q.at, nil }

// staleClosings finds first what was there before the correction.
type staleClosings struct {
	ports.Closings
	first *ports.Closing
}

func (c *staleClosings) Closing(ctx context.Context, id uuid.UUID) (ports.Closing, error) {
	if c.first != nil {
		was := *c.first
		c.first = nil
		return was, nil
	}
	return c.Closings.Closing(ctx, id)
}

func TestWhatWasDecidedBeforeACorrectionIsNotStoredAfterIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *entstore.Store) {
		d := open(t, s)
		user, id := d.begin(t, attempt.ExamMode, nil, map[int]exam.Choice{1: 'C'})
		was, err := s.Closings().Closing(t.Context(), id)
		must(t, err)
		done, err := d.regrade.Execute(t.Context(), d.fix(1, 'C', false))
		must(t, err)

		late := d.submit
		late.Scoring.Closings = &staleClosings{s.Closings(), &was}
		res, err := late.Execute(t.Context(), attemptapp.Taker{User: user}, id)
		must(t, err)
		if r := d.record(t, id); res.Sections[exam.Listening].Raw != 1 || r.Revision != done.ToRevision || r.Regraded {
			t.Errorf("scored by keys that were not in force any more: %+v", r)
		}

		second := d.regrade
		second.Catalogue, second.Questions = staleCatalogue{s.Catalogue(), d.exam}, staleQuestions{d.items[0]}
		_, err = second.Execute(t.Context(), d.fix(1, 'A', false))
		wants(t, err, ports.ErrStale)
		if n := d.agrees(t); n != 1 || d.log.seen != 1 {
			t.Errorf("%d results, %d entries", n, d.log.seen)
		}
	})
}
