package integration

import (
	"path/filepath"
	"testing"

	"github.com/toeic-app/toeic/tests/private"
)

func TestWithoutItsDatabaseTheServerSaysSoAndRecoversByItself(t *testing.T) {
	t.Parallel()
	postgres, err := private.StartPostgres(t.Context(), filepath.Join(t.TempDir(), "postgres"))
	private.Need(t, err)
	t.Cleanup(func() {
		if err := postgres.Stop(); err != nil {
			t.Error(err)
		}
	})
	p := place{dir: t.TempDir(), databaseURL: postgres.URL("postgres")}
	s := p.serve(t)
	me, _ := s.register(t)
	a := me.start("practice")

	if err := postgres.Kill(); err != nil {
		t.Fatal(err)
	}
	s.await(t, "/health", 503)
	var health struct{ Status string }
	nobody := person{t: t, server: s}
	nobody.want(503, &health, "GET", "/health", nil)
	if health.Status != "unhealthy" {
		t.Errorf("status %q", health.Status)
	}
	nobody.want(200, nil, "GET", "/health/live", nil)
	nobody.refused(503, "store.unavailable", "GET", "/health/ready", nil)
	got := me.do("PUT", "/api/v1/attempts/"+a.ID+"/answers", answers(answer{1, "A", 1}))
	if got.status != 503 || got.header.Get("Retry-After") == "" {
		t.Errorf("an answer without a database: %d %v %s", got.status, got.header, got.body)
	}

	if err := postgres.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.await(t, "/health/ready", 200)
	me.want(200, nil, "PUT", "/api/v1/attempts/"+a.ID+"/answers", answers(answer{1, "A", 1}))
}
