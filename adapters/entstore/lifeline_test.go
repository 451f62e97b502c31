package entstore_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/ports"
	"github.com/toeic-app/toeic/tests/private"
)

// watched opens a migrated store on a server of the test's own, and hears what it is told of the server.
func watched(t *testing.T) (*private.Postgres, *entstore.Store, *news) {
	t.Helper()
	server, err := private.StartPostgres(t.Context(), t.TempDir())
	private.Need(t, err)
	t.Cleanup(func() { must(t, server.Stop()) })
	heard := &news{}
	s, err := entstore.Open(t.Context(), entstore.Config{URL: server.URL("postgres"), Lost: heard.tell, Pool: entstore.Pool{MaxOpen: 4, MinIdle: 4}})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	_, err = s.Migrate(t.Context())
	must(t, err)
	return server, s, heard
}

// news counts how often the server was lost and found.
type news struct {
	mu          sync.Mutex
	lost, found int
}

func (n *news) tell(reason error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if reason != nil {
		n.lost++
	} else {
		n.found++
	}
}

func (n *news) count() (lost, found int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.lost, n.found
}

// The driver would wait for ever, and so would this test.
func TestWhoWaitsForAStalledPostgreSQLIsToldSo(t *testing.T) {
	t.Parallel()
	server, s, heard := watched(t)
	u := learner("ann@example.com")
	must(t, s.Users().Add(t.Context(), u))
	for round := 1; round <= 2; round++ {
		met := make(chan error)
		go func() { // somebody is in the middle of a transaction
			met <- s.Identity().Do(t.Context(), func(ctx context.Context, r ports.IdentityRepos) error {
				met <- nil
				<-met
				_, err := r.Users.ByID(ctx, u.ID)
				return err
			})
		}()
		must(t, <-met)
		private.Need(t, server.Stall())
		t.Cleanup(func() { _ = server.Resume() })
		met <- nil
		if err := <-met; !errors.Is(err, ports.ErrUnavailable) {
			t.Errorf("a transaction under way: %v", err)
		}
		for range 8 { // more than there are connections
			if err := s.Users().Add(t.Context(), learner(uuid.NewString()+"@example.com")); !errors.Is(err, ports.ErrUnavailable) {
				t.Errorf("a write: %v", err)
			}
		}
		if err := s.Check(t.Context()); !errors.Is(err, ports.ErrUnavailable) {
			t.Errorf("a check: %v", err)
		}
		must(t, server.Resume())
		found := func() error { _, err := s.Users().ByID(t.Context(), u.ID); return err }
		for err := found(); err != nil && t.Context().Err() == nil; err = found() {
			if !errors.Is(err, ports.ErrUnavailable) {
				t.Fatal(err)
			}
		}
		if lost, again := heard.count(); lost != round || again != round {
			t.Errorf("round %d: lost %d times, found %d times", round, lost, again)
		}
	}
}

func TestAStatementThatTakesLongIsLeftAlone(t *testing.T) {
	t.Parallel()
	_, s, heard := watched(t)
	_, err := s.DB().ExecContext(t.Context(), "SELECT pg_sleep(2)") // longer than all that a stalled server is given
	must(t, err)
	if lost, _ := heard.count(); lost != 0 {
		t.Errorf("the server was lost %d times", lost)
	}
}

// What takes connections and says nothing is no better than what refuses them.
func TestAServerThatSaysNothingIsUnavailable(t *testing.T) {
	t.Parallel()
	mute, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { must(t, mute.Close()) })
	at := url.URL{Scheme: "postgres", User: url.User("nobody"), Host: mute.Addr().String(), Path: "/x", RawQuery: "connect_timeout=3600"}
	_, err = entstore.Open(t.Context(), entstore.Config{URL: at.String()})
	if err == nil || !errors.Is(entstore.Translate(err), ports.ErrUnavailable) {
		t.Errorf("opened with %v", err)
	}
}
