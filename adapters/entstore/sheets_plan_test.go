package entstore_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
)

func TestPostgreSQLPlansTheStatementOfAnswersOnceForAllBatches(t *testing.T) {
	generic, custom, err := entstore.PlansOfAnswers(t.Context(), storetest.Postgres(t), 20)
	if err != nil {
		t.Fatal(err)
	}
	if custom != 0 || generic != 20 {
		t.Errorf("of 20 executions %d were planned anew and %d were not", custom, generic)
	}
}

// A planner that knows the table to be small would rather read it from end to end, and keep to that as it grows.
func TestPostgreSQLLooksAnswersUpByTheirKeysEvenInSmallTables(t *testing.T) {
	plan, err := entstore.PlanOfAnswers(t.Context(), storetest.Postgres(t), 50)
	if err != nil {
		t.Fatal(err)
	}
	if regexp.MustCompile("Seq Scan|Hash Join|Merge Join").MatchString(plan) || !strings.Contains(plan, "attempts_pkey") {
		t.Error(plan)
	}
}

func TestTheConnectionsForAnswersAreAmongThoseThatAreAllowed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, first *entstore.Store) {
		for _, c := range []struct{ allowed, answers int }{{25, 2}, {25, 0}, {8, 16}, {3, 2}, {2, 1}} {
			s, err := first.Again(t.Context(), entstore.Pool{MaxOpen: c.allowed, Answers: c.answers})
			if err != nil {
				t.Fatal(err)
			}
			if n := s.Connections(); n != c.allowed {
				t.Errorf("%d connections of %d with %d for answers", n, c.allowed, c.answers)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
