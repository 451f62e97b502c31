package integration

import (
	"testing"
)

// misses is how many reads of a family a server could not answer from its caches.
func (p person) misses(pattern string) float64 {
	p.t.Helper()
	var got struct {
		Patterns map[string]struct{ Misses float64 } `json:"key_patterns"`
	}
	p.want(200, &got, "GET", "/api/v1/admin/cache/advanced-stats", nil)
	return got.Patterns[pattern].Misses
}

// What clients ask for first is in the caches of a process that says that it is ready, and again after a warm.
func TestContentIsAHitInANewProcessAndAfterAWarm(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]func(*testing.T) []string{
		"without Redis": func(*testing.T) []string { return nil },
		"with Redis":    func(t *testing.T) []string { return []string{"REDIS_URL=" + ownRedis(t).URL()} },
	} {
		t.Run(name, func(t *testing.T) {
			f := startFleet(t, env(t)...)
			admin := f.admin(t)
			ann, _ := f.here.register(t)
			reads := func(what string) {
				t.Helper()
				before := admin.at(f.here).misses("content:*")
				exam := ann.exams()[0]
				ann.want(200, nil, "GET", "/api/v1/exams/"+exam.ID, nil)
				attempt := ann.start("exam")
				ann.want(200, nil, "GET", "/api/v1/attempts/"+attempt.ID+"/questions", nil)
				ann.want(200, nil, "POST", "/api/v1/attempts/"+attempt.ID+"/abandon", nil)
				if n := admin.at(f.here).misses("content:*") - before; n != 0 {
					t.Errorf("%s: %v reads of content are no hits", what, n)
				}
			}
			reads("a new process")
			admin.at(f.here).want(200, nil, "DELETE", "/api/v1/admin/cache?pattern=content:*", nil)
			var run struct{ ID, State string }
			admin.at(f.here).want(200, &run, "POST", "/api/v1/admin/cache/warm", map[string]any{"patterns": []string{"content:*"}})
			eventually(t, "the run has ended", func() bool {
				admin.at(f.here).want(200, &run, "GET", "/api/v1/admin/cache/warm/"+run.ID, nil)
				return run.State == "done"
			})
			reads("after a warm")
		})
	}
}
