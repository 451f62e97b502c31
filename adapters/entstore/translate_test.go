package entstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/migrations"
	"github.com/toeic-app/toeic/ports"
	"github.com/toeic-app/toeic/tests/private"
)

// raw runs a statement past Ent, as the hand-written ones run, and returns its translated error.
func raw(t *testing.T, s *entstore.Store, query string) error {
	_, err := s.DB().ExecContext(t.Context(), query)
	return entstore.Translate(err)
}

func internal(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil || fault.KindOf(err) != "" {
		t.Errorf("%s: got %v, want an internal error", what, err)
	}
}

func TestAKnownConstraintIsItsFaultAndAnyOtherStaysInternal(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *entstore.Store) {
		u := learner("ann@example.com")
		must(t, s.Users().Add(t.Context(), u))

		taken := map[string]error{
			"through Ent": s.Users().Add(t.Context(), learner("ann@example.com")),
			"past Ent": raw(t, s, `INSERT INTO users (id, email, password_hash, roles, display_name, locale, created_at, version)
				SELECT '`+uuid.NewString()+`', email, password_hash, roles, display_name, locale, created_at, version FROM users`),
		}
		for how, err := range taken {
			if !errors.Is(err, identity.ErrEmailTaken) {
				t.Errorf("an address that is taken, %s: %v", how, err)
			}
		}

		again := u
		again.Email = "other@example.com"
		internal(t, "the other unique key of that table", s.Users().Add(t.Context(), again))
		one := identity.OpenSession(uuid.Must(uuid.NewV7()), u.ID, identity.Proof{}, identity.Device{}, noon)
		stranger := identity.OpenSession(uuid.Must(uuid.NewV7()), uuid.New(), identity.Proof{}, identity.Device{}, noon)
		add := func(one identity.Session) error {
			return s.Identity().Do(t.Context(), func(ctx context.Context, r ports.IdentityRepos) error { return r.Sessions.Add(ctx, one) })
		}
		must(t, add(one))
		internal(t, "an unknown unique key, through Ent", add(one))
		internal(t, "an unknown unique key, past Ent", raw(t, s, "INSERT INTO user_sessions SELECT * FROM user_sessions"))
		internal(t, "a foreign key, through Ent", add(stranger))
		internal(t, "a foreign key, past Ent", raw(t, s, "UPDATE user_sessions SET user_id = '"+uuid.NewString()+"'"))
		internal(t, "a check, past Ent", raw(t, s, "UPDATE users SET email = 'ANN@example.com'"))
		internal(t, "a statement that is wrong", raw(t, s, "SELECT nothing FROM nowhere"))
	})
}

func TestACallerWhoGaveUpDoesNotMakeTheDatabaseUnavailable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *entstore.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.Users().ByID(ctx, uuid.New())
		internal(t, "a read", err)
		internal(t, "a unit of work", s.Identity().Do(ctx, func(context.Context, ports.IdentityRepos) error { return nil }))
		internal(t, "a check", s.Check(ctx))
	})
}

func TestASerializationFailureIsTriedAgainAndNotForEver(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	for _, code := range []pqerror.Code{"40001", "40P01"} {
		for failures := range entstore.MaxTries + 2 {
			tries, u := 0, learner(uuid.NewString()+"@example.com")
			err := s.Identity().Do(t.Context(), func(ctx context.Context, r ports.IdentityRepos) error {
				tries++
				must(t, r.Users.Add(ctx, u)) // would be taken, had the try before left it
				if tries <= failures {
					return &pq.Error{Code: code}
				}
				return nil
			})
			if want := min(failures+1, entstore.MaxTries); tries != want {
				t.Errorf("%s, %d times: tried %d times, want %d", code, failures, tries, want)
			}
			if failures < entstore.MaxTries {
				must(t, err)
			} else if !errors.Is(err, ports.ErrUnavailable) {
				t.Errorf("%s for ever: %v", code, err)
			}
		}
	}
}

func TestNoOtherFailureIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := storetest.SQLite(t)
	for _, want := range []error{identity.ErrEmailTaken, &pq.Error{Code: "23505"}, context.Canceled, errors.New("a bug")} {
		tries := 0
		err := s.Identity().Do(t.Context(), func(context.Context, ports.IdentityRepos) error { tries++; return want })
		if tries != 1 || !errors.Is(err, want) {
			t.Errorf("%v: tried %d times and returned %v", want, tries, err)
		}
	}
}

// Two units of work that change the same accounts in opposite order: PostgreSQL gives one up, which then runs again.
func TestADeadlockIsResolvedByTryingAgain(t *testing.T) {
	t.Parallel()
	s := storetest.Postgres(t)
	both := [2]identity.User{learner("ann@example.com"), learner("bob@example.com")}
	for _, u := range both {
		must(t, s.Users().Add(t.Context(), u))
	}
	met := make(chan struct{}, 2)
	tries := make([]int, 2)
	for _, err := range together(2, func(i int) error {
		return s.Identity().Do(t.Context(), func(ctx context.Context, r ports.IdentityRepos) error {
			tries[i]++
			for step, at := range []int{i, 1 - i} {
				u, err := r.Users.ByID(ctx, both[at].ID)
				if err != nil {
					return err
				}
				u.Version++
				if err := r.Users.Save(ctx, u); err != nil {
					return err
				}
				if step == 0 && tries[i] == 1 {
					met <- struct{}{}
					for len(met) < cap(met) && ctx.Err() == nil {
						time.Sleep(time.Millisecond)
					}
				}
			}
			return nil
		})
	}) {
		// The other one may have changed the account between the reading and the writing of the second try.
		if err != nil && !errors.Is(err, ports.ErrStale) {
			t.Error(err)
		}
	}
	if tries[0]+tries[1] < 3 {
		t.Errorf("tried %v times: there was no deadlock", tries)
	}
}

func TestWhilePostgreSQLIsDownTheStoreIsUnavailableAndThenRecovers(t *testing.T) {
	t.Parallel()
	server, err := private.StartPostgres(t.Context(), t.TempDir())
	private.Need(t, err)
	t.Cleanup(func() { must(t, server.Stop()) })
	s := openAt(t, server.URL("postgres"))
	s.DB().SetMaxOpenConns(1)
	_, err = s.Migrate(t.Context())
	must(t, err)
	u := learner("ann@example.com")
	must(t, s.Users().Add(t.Context(), u))

	must(t, server.Kill())
	calls := map[string]func() error{
		"a read":  func() error { _, err := s.Users().ByID(t.Context(), u.ID); return err },
		"a write": func() error { return s.Users().Add(t.Context(), learner("bob@example.com")) },
		"a unit of work": func() error {
			return s.Identity().Do(t.Context(), func(context.Context, ports.IdentityRepos) error { return nil })
		},
		"a claim": func() error {
			_, err := s.Replies().Claim(t.Context(), "k", "f", noon, time.Minute, time.Hour)
			return err
		},
		"a check":     func() error { return s.Check(t.Context()) },
		"a status":    func() error { _, err := s.Migrations(t.Context()); return err },
		"a migration": func() error { _, err := s.Migrate(t.Context()); return err },
	}
	// The process that serves the open connection outlives its parent for a moment.
	for err = s.Check(t.Context()); err == nil && t.Context().Err() == nil; err = s.Check(t.Context()) {
	}
	if !errors.Is(err, ports.ErrUnavailable) {
		t.Errorf("the connection of before: %v", err)
	}
	for what, call := range calls {
		if err := call(); !errors.Is(err, ports.ErrUnavailable) {
			t.Errorf("%s while the server is down: %v", what, err)
		}
	}
	must(t, server.Restart(t.Context()))
	for what, call := range calls {
		if err := call(); err != nil {
			t.Errorf("%s after the server came back: %v", what, err)
		}
	}
}

func TestAnUnreachableDatabaseCannotBeOpened(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://root:secret@127.0.0.1:1/toeic", "mysql://root:secret@127.0.0.1/toeic", "postgres://", "", "sqlite:/no/such/folder/toeic.db",
	} {
		s, err := entstore.Open(t.Context(), entstore.Config{URL: url})
		if err == nil {
			t.Errorf("%s was opened as %s", url, s.Dialect())
			must(t, s.Close())
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error repeats the password: %v", err)
		}
	}
}

func TestAStoreKnowsItsDialect(t *testing.T) {
	t.Parallel()
	for want, s := range map[migrations.Dialect]*entstore.Store{migrations.SQLite: storetest.SQLite(t), migrations.Postgres: storetest.Postgres(t)} {
		if s.Dialect() != want {
			t.Errorf("%s, want %s", s.Dialect(), want)
		}
	}
}
