package integration

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
)

// backlog is work with effects in the database that waits to be done.
type backlog struct {
	t       *testing.T
	db      *sql.DB
	exports int
	erased  []string // accounts
	letters int      // that were ordered before
}

func (b *backlog) exec(query string, args ...any) {
	b.t.Helper()
	if _, err := b.db.Exec(query, args...); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
}

func (b *backlog) count(query string, args ...any) (n int) {
	b.t.Helper()
	if err := b.db.QueryRow("SELECT count(*) FROM "+query, args...).Scan(&n); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func (b *backlog) job(kind, payload string) {
	b.t.Helper()
	now := stamp(time.Now())
	b.exec("INSERT INTO jobs (id, kind, payload, run_at, tries, last_error, created_at) VALUES ($1, $2, $3, $4, 0, '', $4)",
		uuid.Must(uuid.NewV7()).String(), kind, []byte(payload), now)
}

// newBacklog orders exports for one account and erasures of others, as the server would have.
func newBacklog(t *testing.T, p place, user string, each int) *backlog {
	t.Helper()
	b := &backlog{t: t, db: p.database(t), exports: each}
	b.letters = b.count("jobs WHERE kind = 'send_letter'")
	long := stamp(time.Now().Add(-15 * 24 * time.Hour))
	for i := range each {
		export, leaver := uuid.Must(uuid.NewV7()).String(), uuid.Must(uuid.NewV7()).String()
		b.exec("INSERT INTO account_exports (id, user_id, status, size, created_at, expires_at) VALUES ($1, $2, 'pending', 0, $3, $4)",
			export, user, stamp(time.Now()), stamp(time.Now().Add(time.Hour)))
		b.job("export_data", fmt.Sprintf(`{"Export":%q,"User":%q}`, export, user))
		b.exec(`INSERT INTO users (id, email, password_hash, roles, display_name, locale, created_at, version, deleted_at)
			SELECT $1, $2, password_hash, roles, display_name, locale, created_at, version, $3 FROM users WHERE id = $4`,
			leaver, fmt.Sprintf("leaver-%d@example.com", i), long, user)
		b.job("erase_account", fmt.Sprintf("%q", leaver))
		b.erased = append(b.erased, leaver)
	}
	return b
}

const underWay = "jobs WHERE leased_until IS NOT NULL AND done_at IS NULL AND dead_at IS NULL AND kind <> 'send_letter'"

// passLease makes the time pass after which a job of a dead process is anybody's, and returns how many there were.
func (b *backlog) passLease() int {
	b.t.Helper()
	n := b.count(underWay)
	b.exec("UPDATE jobs SET leased_until = $1 WHERE leased_until IS NOT NULL AND done_at IS NULL", stamp(time.Now().Add(-time.Second)))
	return n
}

func (b *backlog) open() int {
	b.t.Helper()
	return b.count("jobs WHERE done_at IS NULL AND kind <> 'send_letter'")
}

// A process that is killed at any moment leaves the effect of each of its jobs once, or leaves the job to the next one.
func TestTheEffectOfEveryJobIsThereOnceHoweverOftenTheServerIsKilled(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p place) {
		const kills, each = 8, 100
		seed := uint64(time.Now().UnixNano()) //nolint:gosec // any bits will do
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		idle := p
		idle.env = append(idle.env, "JOB_WORKERS=0") // while the work is ordered
		s := idle.serve(t)
		_, me := s.register(t)
		s.kill()
		b := newBacklog(t, p, me.User.ID, each)
		interrupted := 0
		for range kills {
			s = p.serve(t)
			time.AfterFunc(time.Duration(random.IntN(60))*time.Millisecond, func() { _ = s.cmd.Process.Kill() })
			<-s.ended
			interrupted += b.passLease()
		}
		left := b.open()
		t.Logf("%d jobs were under way when the server was killed, and %d were left", interrupted, left)
		if interrupted == 0 {
			t.Error("no job was interrupted: the test shows nothing")
		}
		p.serve(t)
		eventually(t, "all jobs are done", func() bool { return b.open() == 0 })

		if n := b.count("account_exports WHERE status = 'ready'"); n != b.exports {
			t.Errorf("%d exports are ready, want %d", n, b.exports)
		}
		if n := b.count("jobs WHERE kind = 'send_letter'") - b.letters; n != b.exports {
			t.Errorf("%d letters tell of %d exports", n, b.exports)
		}
		for _, user := range b.erased {
			if n := b.count("audit_entries WHERE action = 'user.erase' AND object = $1", "user:"+user); n != 1 {
				t.Errorf("account %s was erased %d times", user, n)
			}
			if b.count("users WHERE id = $1", user) != 0 || b.count("erasures WHERE user_id = $1", user) != 1 {
				t.Errorf("account %s is not erased", user)
			}
		}
		p.must(t, "", "audit", "verify")
	})
}
