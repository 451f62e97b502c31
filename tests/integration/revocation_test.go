package integration

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/toeic-app/toeic/tests/private"
)

// replicas are two servers on one database.
type replicas struct {
	place place
	here  *server
	there *server
}

func startReplicas(t *testing.T, redis string) replicas {
	t.Helper()
	p := place{dir: t.TempDir(), databaseURL: emptyPostgres(t), env: []string{
		"REDIS_URL=" + redis, "ENVIRONMENT=staging", "ACCOUNT_VERIFICATION=off",
		"TOKEN_SIGNING_KEY=3KZtBqz8vXo1mJ5yW7nR0cQfT2hL9uGdPaSeVxYb",
	}}
	return replicas{p, p.serve(t), p.serve(t)}
}

// keepAsking uses a session on one server until it is refused, and returns how long that took from the start.
func (p person) keepAsking(start time.Time) time.Duration {
	p.t.Helper()
	eventually(p.t, "the session is refused", func() bool { return p.do("GET", "/api/v1/users/me", nil).status == 401 })
	return time.Since(start)
}

// at is the same person at another server.
func (p person) at(s *server) person { return person{t: p.t, server: s, token: p.token} }

// endSecond signs somebody in three times, ends the second session here, and says how long it took there.
func (r replicas) endSecond(t *testing.T, admin person) time.Duration {
	t.Helper()
	first, s := r.here.register(t)
	second, victim := r.here.login(t, s.User.Email)
	third, _ := r.here.login(t, s.User.Email)
	for _, p := range []person{first, second, third} { // so that both servers remember all three
		p.want(200, nil, "GET", "/api/v1/users/me", nil)
		p.at(r.there).want(200, nil, "GET", "/api/v1/users/me", nil)
	}
	admin.want(204, nil, "DELETE", "/api/v1/admin/sessions/"+victim.SessionID, nil)
	took := second.at(r.there).keepAsking(time.Now())
	second.refused(401, "auth.session_ended", "GET", "/api/v1/users/me", nil) // at once where it was ended
	for name, p := range map[string]person{"the first": first, "the third": third} {
		for _, s := range []*server{r.here, r.there} {
			if got := p.at(s).do("GET", "/api/v1/users/me", nil); got.status != 200 {
				t.Errorf("%s session died too: %d", name, got.status)
			}
		}
	}
	return took
}

func (r replicas) admin(t *testing.T) person {
	t.Helper()
	r.place.must(t, password+"\n", "admin", "create", "--email", "chief@example.com", "--password-stdin")
	p, _ := r.here.login(t, "chief@example.com")
	return p
}

// The bound is a promise of the interface, not a measure of speed: what a server remembers of a session is believed
// for less than a second, whatever happens to Redis.
const revocationBound = time.Second

func TestARevokedSessionIsRefusedOnEveryServerWithinASecond(t *testing.T) {
	t.Parallel()
	for name, redis := range map[string]func(*testing.T) string{
		"without Redis": func(*testing.T) string { return "" },
		"with Redis":    func(t *testing.T) string { return private.RedisURL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startReplicas(t, redis(t))
			admin := r.admin(t)
			var longest time.Duration
			for range 5 {
				longest = max(longest, r.endSecond(t, admin))
			}
			t.Logf("longest of five: %s", longest.Round(time.Millisecond))
			if longest > revocationBound {
				t.Errorf("a revoked session was good for %s elsewhere", longest)
			}
		})
	}
}

func TestRevocationHoldsWhenRedisDies(t *testing.T) {
	t.Parallel()
	private.RedisURL(t) // skips where there is none
	redis, err := private.StartRedis(context.Background(), filepath.Join(t.TempDir(), "redis"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { redis.Kill() })
	r := startReplicas(t, redis.URL())
	admin := r.admin(t)
	r.endSecond(t, admin)
	redis.Kill()
	if took := r.endSecond(t, admin); took > revocationBound {
		t.Errorf("without Redis a revoked session was good for %s elsewhere", took)
	}
}

func TestWhatAnAdministratorChangesHoldsOnEveryServerWithinASecond(t *testing.T) {
	t.Parallel()
	r := startReplicas(t, "")
	admin := r.admin(t)
	somebody := func() (person, session) {
		p, s := r.here.register(t)
		p.at(r.there).want(200, nil, "GET", "/api/v1/users/me", nil)
		return p.at(r.there), s
	}
	p, s := somebody()
	admin.want(200, nil, "POST", "/api/v1/admin/users/"+s.User.ID+"/suspend", map[string]any{"reason": "test"})
	p.keepAsking(time.Now())

	p, s = somebody()
	admin.want(200, nil, "PUT", "/api/v1/admin/users/"+s.User.ID+"/roles", map[string]any{"roles": []string{"operator"}})
	eventually(t, "the new role is known", func() bool { return p.do("GET", "/api/v1/admin/sessions", nil).status == 200 })
	admin.want(200, nil, "PUT", "/api/v1/admin/users/"+s.User.ID+"/roles", map[string]any{"roles": []string{"learner"}})
	eventually(t, "the lost role is known", func() bool { return p.do("GET", "/api/v1/admin/sessions", nil).status == 403 })

	admin.want(201, nil, "POST", "/api/v1/admin/roles", map[string]any{"name": "watcher", "permissions": []string{"sessions:read"}})
	admin.want(200, nil, "PUT", "/api/v1/admin/users/"+s.User.ID+"/roles", map[string]any{"roles": []string{"watcher"}})
	eventually(t, "the defined role is known", func() bool { return p.do("GET", "/api/v1/admin/sessions", nil).status == 200 })
	admin.want(200, nil, "PUT", "/api/v1/admin/roles/watcher", map[string]any{"permissions": []string{"audit:read"}})
	eventually(t, "the changed role is known", func() bool { return p.do("GET", "/api/v1/admin/sessions", nil).status == 403 })
}
