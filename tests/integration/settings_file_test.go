package integration

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// rereadBound is a promise of the interface, not a measure of speed: a server notices a changed settings file by itself.
const rereadBound = 2 * time.Second

// set puts another settings file in the place of the one that is there.
func (p place) set(t *testing.T, lines ...string) {
	t.Helper()
	path := filepath.Join(p.dir, ".env")
	if err := os.WriteFile(path+"~", []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		t.Fatal(err)
	}
}

func TestARunningServerHeedsTheTimesToLiveInItsSettingsFile(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir(), env: []string{"CACHE_TTL_AUTH=20s"}}
	p.set(t, "CACHE_TTL_USERS=300")
	s := p.serve(t)
	r := replicas{p, s, s}
	admin := r.admin(t)
	wants := func(what, pattern string, seconds float64, source string) {
		t.Helper()
		if got := admin.ttl(pattern); got.Seconds != seconds || got.InForce != seconds || got.Source != source {
			t.Errorf("%s: %+v, want %g by %s", what, got, seconds, source)
		}
	}
	wants("as it began", "users:*", 300, "environment")
	ann, _ := s.register(t)
	reads := func() float64 {
		before := admin.misses("users:*")
		ann.want(200, nil, "GET", "/api/v1/users/me", nil)
		return admin.misses("users:*") - before
	}
	eventually(t, "a profile is remembered", func() bool { return reads() == 0 })

	p.set(t, "CACHE_TTL_USERS=1", "CACHE_TTL_AUTH=10", "CACHE_TTL_CONTENT=30m", "JOB_WORKERS=3")
	begun := time.Now()
	eventually(t, "the file is heeded", func() bool { return admin.ttl("users:*").InForce == 1 })
	if took := time.Since(begun); took > rereadBound {
		t.Errorf("a changed file was heeded after %s", took)
	}
	wants("changed", "users:*", 1, "environment")
	wants("the environment of the process wins", "auth:*", 20, "environment")
	wants("what the file did not name", "content:*", 1800, "environment")
	eventually(t, "what was remembered is past its time", func() bool { return reads() > 0 })
	if logs := s.logs.String(); !strings.Contains(logs, `"takes_a_restart":["JOB_WORKERS"]`) {
		t.Errorf("nothing says that a setting takes a restart:\n%s", logs)
	}

	admin.want(200, nil, "PUT", "/api/v1/admin/cache/ttls", map[string]any{"pattern": "content:*", "ttl_seconds": 7200})
	p.set(t, "CACHE_TTL_USERS=60", "CACHE_TTL_CONTENT=10m")
	eventually(t, "the file is heeded again", func() bool { return admin.ttl("users:*").InForce == 60 })
	wants("an administrator wins", "content:*", 7200, "setting")
	admin.want(200, nil, "DELETE", "/api/v1/admin/cache/ttls?pattern=content:*", nil)
	wants("what the administrator set is taken back", "content:*", 600, "environment")

	p.set(t, "CACHE_TTL_USERS=2", "CACHE_TTL_AUTH=2h", "TOKEN_SIGNING_KEY=canary-key")
	eventually(t, "a broken file is told of", func() bool { return strings.Contains(s.logs.String(), "nothing of it is heeded") })
	wants("a broken file changes nothing", "users:*", 60, "environment")
	if err := os.Remove(filepath.Join(p.dir, ".env")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a missing file is told of", func() bool { return strings.Contains(s.logs.String(), "the settings file is gone") })
	wants("a missing file changes nothing", "users:*", 60, "environment")
	p.set(t, "CACHE_TTL_CONTENT=10m")
	eventually(t, "a whole file is heeded", func() bool { return admin.ttl("users:*").Source == "default" })
	if logs := s.logs.String(); strings.Contains(logs, "canary") || strings.Count(logs, "nothing of it is heeded") != 1 {
		t.Errorf("the log quotes what is secret, or tells twice of one file:\n%s", logs)
	}
}
