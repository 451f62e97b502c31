package entstore_test

import (
	"testing"

	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/ports/porttest"
	"github.com/toeic-app/toeic/tests/private"
)

func TestMain(m *testing.M) { private.Main(m) }

func TestSQLiteKeepsTheContracts(t *testing.T) {
	porttest.Run(t, func(t *testing.T) porttest.Store { return storetest.SQLite(t) })
}

func TestPostgreSQLKeepsTheContracts(t *testing.T) {
	porttest.Run(t, func(t *testing.T) porttest.Store { return storetest.Postgres(t) })
}
