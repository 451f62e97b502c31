package entstore_test

import (
	"testing"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
)

func TestPostgreSQLPlansTheStatementOfAnswersOnceForAllBatches(t *testing.T) {
	generic, custom, err := entstore.PlansOfAnswers(t.Context(), storetest.Postgres(t), 20)
	if err != nil {
		t.Fatal(err)
	}
	const tried = 5 // plans are made for the arguments at hand before PostgreSQL compares
	if custom > tried || generic < 15 {
		t.Errorf("of 20 executions %d were planned anew and %d were not", custom, generic)
	}
}
