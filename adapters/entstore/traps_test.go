package entstore_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/domain/attempt"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
)

// withEra runs a test on stores that hold the rows of the newest era.
func withEra(t *testing.T, test func(t *testing.T, s *entstore.Store)) {
	t.Helper()
	onEach(t, func(t *testing.T, url string, d migrations.Dialect) {
		all := eras(t, d)
		test(t, all[len(all)-1].live(t, url))
	})
}

// SQLite compares times as text, so that an hour in the caller's zone would match nothing, or everything.
func TestAnHourIsTheSameHourInEveryZone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *entstore.Store) {
		u := learner("ann@example.com")
		must(t, s.Users().Add(t.Context(), u))
		must(t, s.Identity().Do(t.Context(), func(ctx context.Context, r ports.IdentityRepos) error {
			for minute := range 240 {
				one := identity.OpenSession(uuid.Must(uuid.NewV7()), u.ID, identity.Proof{}, identity.Device{}, noon)
				zone := time.FixedZone("", (minute%27-12)*3600)
				one.ExpiresAt = noon.Add(time.Duration(minute) * time.Minute).In(zone)
				if err := r.Sessions.Add(ctx, one); err != nil {
					return err
				}
			}
			return nil
		}))
		live := func(at time.Time) int {
			t.Helper()
			for n, page := 0, (ports.Page{Limit: 100}); ; {
				got, err := s.Sessions().List(t.Context(), ports.SessionFilter{LiveAt: at}, page)
				must(t, err)
				if n += len(got.Items); got.Next == uuid.Nil {
					return n
				}
				page.After = got.Next
			}
		}
		for _, zone := range []*time.Location{time.UTC, time.FixedZone("", 9*3600), time.FixedZone("", -8*3600)} {
			from, to := live(noon.Add(time.Hour).In(zone)), live(noon.Add(2*time.Hour).In(zone))
			if from != 179 || to != 119 {
				t.Errorf("%v: %d sessions outlive the first hour and %d the second, want 179 and 119", zone, from, to)
			}
		}
	})
}

// Without the write lock from the start, about half of these fail: the lock cannot be had once something was read.
func TestFourHundredReadModifyWritesOnSQLiteAllSucceed(t *testing.T) {
	t.Parallel()
	const callers, each = 20, 20
	s, u := storetest.SQLite(t), learner("ann@example.com")
	must(t, s.Users().Add(t.Context(), u))
	for _, err := range together(callers, func(int) error {
		for range each {
			if err := s.Identity().Do(t.Context(), func(ctx context.Context, r ports.IdentityRepos) error {
				now, err := r.Users.ByID(ctx, u.ID)
				if err != nil {
					return err
				}
				now.Version++
				return r.Users.Save(ctx, now)
			}); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	now, err := s.Users().ByID(t.Context(), u.ID)
	must(t, err)
	if now.Version != 1+callers*each {
		t.Errorf("version %d, want %d", now.Version, 1+callers*each)
	}
}

// Ent checks the values of an enumeration in Go alone; the database has to do it too.
func TestColumnsWithAClosedListOfValuesTakeNoOther(t *testing.T) {
	t.Parallel()
	columns := map[[2]string][]string{
		{"attempts", "mode"}:   {string(attempt.ExamMode), string(attempt.PracticeMode)},
		{"attempts", "status"}: {string(attempt.Submitted), string(attempt.Expired), string(attempt.Abandoned)}, // not in progress, which one attempt is
		{"answers", "choice"}:  {"", "A", "B", "C", "D"},
		{"exams", "kind"}:      {string(exam.Full), string(exam.Mini), string(exam.Only)},
	}
	withEra(t, func(t *testing.T, s *entstore.Store) {
		for column, allowed := range columns {
			update := func(value string) error {
				return raw(t, s, "UPDATE "+column[0]+" SET "+column[1]+" = '"+value+"'")
			}
			for _, value := range allowed {
				must(t, update(value))
			}
			for _, value := range []string{"", "E", "nonsense", "EXAM", "Full", "a"} {
				if !slices.Contains(allowed, value) {
					internal(t, column[0]+"."+column[1]+" as "+value, update(value))
				}
			}
		}
		internal(t, "an address that is not folded", raw(t, s, "UPDATE users SET email = 'A' || email"))
	})
}

// Each connection of the pool has to have the settings, not only the first.
func TestEveryConnectionToSQLiteHasTheSettings(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	for range 3 {
		conn, err := s.DB().Conn(t.Context())
		must(t, err)
		defer conn.Close() // held, so that the next one is another
		for pragma, want := range map[string]string{"foreign_keys": "1", "journal_mode": "wal", "busy_timeout": "10000"} {
			var got string
			must(t, conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
			if got != want {
				t.Errorf("%s is %s, want %s", pragma, got, want)
			}
		}
	}
}

func TestSQLiteIsDurableUnlessATestAsksOtherwise(t *testing.T) {
	t.Parallel()
	for volatile, want := range map[bool]int{false: 2, true: 0} { // FULL and OFF
		s, err := entstore.Open(t.Context(), entstore.Config{URL: empty(t, migrations.SQLite), Volatile: volatile})
		must(t, err)
		t.Cleanup(func() { must(t, s.Close()) })
		var got int
		must(t, s.DB().QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&got))
		if got != want {
			t.Errorf("volatile %t: synchronous is %d, want %d", volatile, got, want)
		}
	}
}
