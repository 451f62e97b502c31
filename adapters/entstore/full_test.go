package entstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/ports"
)

// limited lets the database grow by that many pages more, on the only connection that there is from now on.
func limited(t *testing.T, s *entstore.Store, more int) {
	t.Helper()
	s.DB().SetMaxOpenConns(1)
	var pages int
	must(t, s.DB().QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages))
	_, err := s.DB().ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages+more))
	must(t, err)
}

// A full disk and a full database look the same to SQLite; tests/integration fills a disk.
func TestAFullSQLiteRefusesWritesWholeAndGoesOnReading(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	ann := learner("ann@example.com")
	must(t, s.Users().Add(t.Context(), ann))
	limited(t, s, 8)
	stored := 1
	var err error
	for err == nil {
		err = s.Identity().Do(t.Context(), func(ctx context.Context, r ports.IdentityRepos) error {
			for range 10 { // all of them or none
				if err := r.Users.Add(ctx, learner(uuid.NewString()+"@example.com")); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			stored += 10
		}
	}
	if !errors.Is(err, ports.ErrFull) {
		t.Fatalf("after %d accounts: %v", stored, err)
	}
	if _, err := s.Users().ByID(t.Context(), ann.ID); err != nil {
		t.Errorf("a read: %v", err)
	}
	var users int
	var sound string
	must(t, s.DB().QueryRowContext(t.Context(), "SELECT count(*) FROM users").Scan(&users))
	must(t, s.DB().QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&sound))
	if users != stored || sound != "ok" {
		t.Errorf("%d accounts, want %d; the database is %s", users, stored, sound)
	}
	limited(t, s, 1000)
	must(t, s.Users().Add(t.Context(), learner("bob@example.com")))
}

func TestAPostgreSQLWithoutRoomIsFull(t *testing.T) {
	t.Parallel()
	if err := entstore.Translate(&pq.Error{Code: "53100"}); !errors.Is(err, ports.ErrFull) {
		t.Errorf("a full disk: %v", err)
	}
	if err := entstore.Translate(&pq.Error{Code: "53300"}); !errors.Is(err, ports.ErrUnavailable) {
		t.Errorf("too many connections: %v", err)
	}
}
