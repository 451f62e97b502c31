package entstore_test

import (
	"sync/atomic"
	"testing"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/ports"
	"github.com/toeic-app/toeic/ports/porttest"
)

// twoProcesses are two stores with one database. Each remembers what the other changes.
type twoProcesses struct {
	*entstore.Store
	other *entstore.Store
	turn  atomic.Int64
}

func (p *twoProcesses) AnswerSheets() ports.UnitOfWork[ports.AnswerRepos] {
	if p.turn.Add(1)%2 == 0 {
		return p.other.AnswerSheets()
	}
	return p.Store.AnswerSheets()
}

func TestTwoProcessesKeepTheContractsOfAnswersInTurn(t *testing.T) {
	for name, open := range map[string]func(testing.TB) *entstore.Store{"SQLite": storetest.SQLite, "PostgreSQL": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			porttest.RunAnswers(t, func(t *testing.T) porttest.Store {
				s := open(t)
				other, err := s.Again(t.Context(), entstore.Pool{})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := other.Close(); err != nil {
						t.Error(err)
					}
				})
				return &twoProcesses{Store: s, other: other}
			})
		})
	}
}
