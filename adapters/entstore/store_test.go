package entstore_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/ports/porttest"
	"github.com/toeic-app/toeic/tests/private"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(migrateVariable); url != "" {
		if err := migrateAlone(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	private.Main(m)
}

func TestSQLiteKeepsTheContracts(t *testing.T) {
	porttest.Run(t, func(t *testing.T) porttest.Store { return storetest.SQLite(t) })
}

func TestPostgreSQLKeepsTheContracts(t *testing.T) {
	porttest.Run(t, func(t *testing.T) porttest.Store { return storetest.Postgres(t) })
}
