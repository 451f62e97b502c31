//go:build unix

package integration

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/toeic-app/toeic/tests/private"
)

// A database that takes connections and never answers is the worst kind of outage: nothing fails by itself. The time
// that a request may take is an hour here, so that only the server's own attention ends the wait.
func TestAStalledDatabaseIsToldAtOnceAndTheServerRecoversByItself(t *testing.T) {
	t.Parallel()
	postgres, err := private.StartPostgres(t.Context(), filepath.Join(t.TempDir(), "postgres"))
	private.Need(t, err)
	t.Cleanup(func() {
		if err := postgres.Stop(); err != nil {
			t.Error(err)
		}
	})
	p := place{dir: t.TempDir(), databaseURL: postgres.URL("postgres"), env: []string{"REQUEST_TIMEOUT=1h"}}
	s := p.serve(t)
	me, _ := s.register(t)
	a := me.start("practice")
	nobody := person{t: t, server: s}
	requests := []struct {
		who          person
		method, path string
		body         any
	}{
		{me, "PUT", "/api/v1/attempts/" + a.ID + "/answers", answers(answer{1, "A", 1})},
		{me, "GET", "/api/v1/attempts", nil},
		{me, "GET", "/api/v1/practice/sets", nil},
		{me, "PATCH", "/api/v1/users/me", map[string]any{"target_score": 700}},
		{nobody, "POST", "/api/v1/auth/login", map[string]any{"email": "somebody@example.com", "password": password}},
	}
	for range 2 {
		private.Need(t, postgres.Stall())
		t.Cleanup(func() { _ = postgres.Resume() })
		var longest time.Duration
		for range 3 {
			for _, r := range requests {
				began := time.Now()
				got := r.who.do(r.method, r.path, r.body)
				longest = max(longest, time.Since(began))
				r.who.refused(503, "store.unavailable", r.method, r.path, r.body)
				if got.status != 503 || got.header.Get("Retry-After") == "" {
					t.Errorf("%s %s: %d, %v", r.method, r.path, got.status, got.header)
				}
			}
		}
		t.Logf("the longest of %d requests took %s", 3*len(requests), longest)
		var health struct{ Status string }
		nobody.want(503, &health, "GET", "/health", nil)
		if health.Status != "unhealthy" {
			t.Errorf("status %q", health.Status)
		}
		nobody.want(200, nil, "GET", "/health/live", nil)

		if err := postgres.Resume(); err != nil {
			t.Fatal(err)
		}
		s.await(t, "/health", 200)
		me.want(200, nil, "PUT", "/api/v1/attempts/"+a.ID+"/answers", answers(answer{1, "A", 1}))
		me.want(200, nil, "GET", "/api/v1/exams", nil)
	}
}
