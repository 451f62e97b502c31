package integration

import (
	"context"
	"encoding/json"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/toeic-app/toeic/tests/private"
)

// settingBound is a promise of the interface, not a measure of speed: a setting holds in every process within a second.
const settingBound = time.Second

type ttlInfo struct {
	Pattern string
	Seconds float64 `json:"ttl_seconds"`
	Source  string
	InForce float64 `json:"in_force_seconds"`
	By      *string `json:"changed_by"`
}

// ttl returns how long a server says that a family is kept.
func (p person) ttl(pattern string) ttlInfo {
	p.t.Helper()
	var got struct{ Items []ttlInfo }
	p.want(200, &got, "GET", "/api/v1/admin/cache/ttls", nil)
	for _, i := range got.Items {
		if i.Pattern == pattern {
			return i
		}
	}
	p.t.Fatalf("%s is not listed", pattern)
	return ttlInfo{}
}

// fleet is three servers on one database.
type fleet struct {
	replicas
	third *server
}

func startFleet(t *testing.T, env ...string) fleet {
	t.Helper()
	p := place{dir: t.TempDir(), databaseURL: emptyPostgres(t), env: append(env, "ENVIRONMENT=staging", "ACCOUNT_VERIFICATION=off", "TOKEN_SIGNING_KEY="+fleetKey)}
	return fleet{replicas{p, p.serve(t), p.serve(t)}, p.serve(t)}
}

const fleetKey = "3KZtBqz8vXo1mJ5yW7nR0cQfT2hL9uGdPaSeVxYb"

func (f fleet) all() []*server { return []*server{f.here, f.there, f.third} }

// setEverywhere sets a time to live at one server and returns how long it took until all went by it.
func (f fleet) setEverywhere(t *testing.T, admin person, seconds float64) time.Duration {
	t.Helper()
	begun := time.Now()
	admin.want(200, nil, "PUT", "/api/v1/admin/cache/ttls", map[string]any{"pattern": "content:*", "ttl_seconds": seconds})
	for _, s := range f.all() {
		eventually(t, "the setting is in force", func() bool { return admin.at(s).ttl("content:*").InForce == seconds })
	}
	return time.Since(begun)
}

func TestATimeToLiveHoldsInThreeProcessesWithinASecondAndAfterARestart(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env    func(*testing.T) []string
		tell   int    // processes that tell each other how they do
		health string // of the far tier
	}{
		"without Redis":          {func(*testing.T) []string { return nil }, 1, "not_configured"},
		"with Redis":             {func(t *testing.T) []string { return []string{"REDIS_URL=" + ownRedis(t).URL()} }, 3, "healthy"},
		"with Redis by its node": {func(t *testing.T) []string { return []string{"REDIS_ADDRS=" + nodeOf(t, ownRedis(t).URL())} }, 3, "healthy"},
		"with a Redis that died": {func(t *testing.T) []string { return []string{"REDIS_URL=" + deadRedis(t)} }, 1, "unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startFleet(t, tc.env(t)...)
			admin := f.admin(t)
			var longest time.Duration
			for i := range 5 {
				longest = max(longest, f.setEverywhere(t, admin, float64(60+i)))
			}
			t.Logf("longest of five: %s", longest.Round(time.Millisecond))
			if longest > settingBound {
				t.Errorf("a setting took %s to hold everywhere", longest)
			}
			for _, s := range f.all() {
				eventually(t, "each process knows of the others", func() bool { return admin.at(s).replicas() == tc.tell })
				eventually(t, "each process knows how Redis does", func() bool { return admin.at(s).farHealth() == tc.health })
			}
			f.third.kill()
			again := admin.at(f.place.serve(t))
			if got := again.ttl("content:*"); got.Seconds != 64 || got.Source != "setting" || got.By == nil {
				t.Errorf("after a restart: %+v", got)
			}
			eventually(t, "a new process goes by the setting", func() bool { return again.ttl("content:*").InForce == 64 })
			var log struct {
				Items []struct {
					Action, Object string
					Before, After  ttlInfo
				}
			}
			admin.want(200, &log, "GET", "/api/v1/admin/audit?limit=2", nil)
			if e := log.Items[0]; e.Action != "cache.ttl" || e.Object != "cache:content:*" || e.Before.Seconds != 63 || e.After.Seconds != 64 {
				t.Errorf("recorded: %+v", log.Items)
			}
			again.want(200, nil, "DELETE", "/api/v1/admin/cache/ttls?pattern=content:*", nil)
			eventually(t, "the reset holds elsewhere", func() bool { return admin.ttl("content:*").InForce == 3600 })
		})
	}
}

func nodeOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// replicas returns how many processes a server knows of.
func (p person) replicas() int {
	p.t.Helper()
	var got struct{ Replicas []struct{ Replica string } }
	p.want(200, &got, "GET", "/api/v1/admin/cache/stats", nil)
	names := map[string]bool{}
	for _, r := range got.Replicas {
		names[r.Replica] = true
	}
	if len(names) != len(got.Replicas) {
		p.t.Errorf("a process is told twice: %+v", got.Replicas)
	}
	return len(names)
}

// farHealth returns how a server finds Redis.
func (p person) farHealth() string {
	p.t.Helper()
	var got struct{ Far struct{ Status string } }
	p.want(200, &got, "GET", "/api/v1/admin/cache/health", nil)
	return got.Far.Status
}

// ownRedis is a Redis that no other test uses.
func ownRedis(t *testing.T) *private.Redis {
	t.Helper()
	private.RedisURL(t) // skips where there is none
	redis, err := private.StartRedis(context.Background(), filepath.Join(t.TempDir(), "redis"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { redis.Kill() })
	return redis
}

// deadRedis is the address of a Redis that was there.
func deadRedis(t *testing.T) string {
	t.Helper()
	redis := ownRedis(t)
	redis.Kill()
	return redis.URL()
}

// clearedOf returns how many values a server's own caches lost to clearings.
func (p person) clearedOf() int {
	p.t.Helper()
	var got struct{ Evictions struct{ Cleared int } }
	p.want(200, &got, "GET", "/api/v1/admin/cache/advanced-stats", nil)
	return got.Evictions.Cleared
}

func TestAClearingReachesEveryProcessWithoutRedis(t *testing.T) {
	t.Parallel()
	f := startFleet(t)
	admin := f.admin(t)
	for name, clears := range map[string]func(){
		"by family": func() { admin.want(200, nil, "DELETE", "/api/v1/admin/cache?pattern=content:*", nil) },
		"of all":    func() { admin.want(200, nil, "DELETE", "/api/v1/admin/cache?pattern=*", nil) },
		"by tag":    func() { admin.want(200, nil, "DELETE", "/api/v1/admin/cache?tag=exam:"+admin.exams()[0].ID, nil) },
		"before a filling": func() {
			eventually(t, "nothing else is under way", func() bool { return admin.do("POST", "/api/v1/admin/cache/warm", nil).status == 200 })
		},
	} {
		before := map[*server]int{}
		for _, s := range f.all() {
			e := admin.at(s).exams()[0]
			admin.at(s).want(200, nil, "GET", "/api/v1/exams/"+e.ID, nil)
			before[s] = admin.at(s).clearedOf()
		}
		begun := time.Now()
		clears()
		for _, s := range f.all() {
			eventually(t, "a clearing "+name+" is heeded", func() bool { return admin.at(s).clearedOf() > before[s] })
		}
		if took := time.Since(begun); took > clearBound {
			t.Errorf("a clearing %s took %s to reach all", name, took)
		}
	}
}

// clearBound is a second, as is promised, and what asking three processes takes on a busy machine.
const clearBound = 2 * time.Second

func TestACachesClearingIsNoFailureWhileRedisIsDown(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env func(*testing.T) []string
		far string
	}{
		"without Redis":          {func(*testing.T) []string { return nil }, "none"},
		"with Redis":             {func(t *testing.T) []string { return []string{"REDIS_URL=" + ownRedis(t).URL()} }, "cleared"},
		"with a Redis that died": {func(t *testing.T) []string { return []string{"REDIS_URL=" + deadRedis(t)} }, "pending"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := place{dir: t.TempDir(), env: tc.env(t)}
			s := p.serve(t)
			p.must(t, password+"\n", "admin", "create", "--email", "chief@example.com", "--password-stdin")
			admin, _ := s.login(t, "chief@example.com")
			var got struct{ Far, State string }
			for _, query := range []string{"pattern=*", "pattern=content:*", "tag=exam:1"} {
				admin.want(200, &got, "DELETE", "/api/v1/admin/cache?"+query, nil)
				if got.Far != tc.far {
					t.Errorf("%s: Redis is %q", query, got.Far)
				}
			}
			var run struct{ ID, State, Far string }
			admin.want(200, &run, "POST", "/api/v1/admin/cache/warm", nil)
			eventually(t, "the run has ended", func() bool {
				admin.want(200, &run, "GET", "/api/v1/admin/cache/warm/"+run.ID, nil)
				return run.State == "done"
			})
			if run.Far != tc.far {
				t.Errorf("of a filling Redis is %q", run.Far)
			}
		})
	}
}

func TestTheEnvironmentDecidesUntilAnAdministratorDoes(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir(), env: []string{"CACHE_TTL_USERS=120", "CACHE_TTL_CONTENT=10m"}}
	s := p.serve(t)
	p.must(t, password+"\n", "admin", "create", "--email", "chief@example.com", "--password-stdin")
	admin, _ := s.login(t, "chief@example.com")
	for pattern, want := range map[string]ttlInfo{
		"users:*": {"users:*", 120, "environment", 120, nil}, "content:*": {"content:*", 600, "environment", 600, nil}, "auth:*": {"auth:*", 30, "default", 30, nil},
	} {
		if got := admin.ttl(pattern); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	admin.want(200, nil, "PUT", "/api/v1/admin/cache/ttls", map[string]any{"pattern": "users:*", "ttl_seconds": 60})
	if got := admin.ttl("users:*"); got.Seconds != 60 || got.Source != "setting" || got.InForce != 60 {
		t.Errorf("%+v", got)
	}
	admin.want(200, nil, "DELETE", "/api/v1/admin/cache/ttls?pattern=users:*", nil)
	if got := admin.ttl("users:*"); got.Seconds != 120 || got.Source != "environment" || got.InForce != 120 {
		t.Errorf("%+v", got)
	}
	if got := admin.refused(422, "caching.invalid_ttl", "PUT", "/api/v1/admin/cache/ttls", map[string]any{"pattern": "auth:*", "ttl_seconds": 61}); got.Errors[0].Field != "ttl_seconds" {
		t.Errorf("%+v", got)
	}
}

func TestARunIsToldByEveryProcessAndSurvivesItsOwn(t *testing.T) {
	t.Parallel()
	f := startFleet(t)
	admin := f.admin(t)
	var run struct{ ID, State, Replica string }
	// As people type it: curl -d sends a form type.
	admin.want(200, &run, "POST", "/api/v1/admin/cache/warm", `{"patterns": ["users:*", "auth:*", "content:*"]}`, "Content-Type", "application/x-www-form-urlencoded")
	for _, s := range f.all() {
		eventually(t, "the run has ended", func() bool {
			admin.at(s).want(200, &run, "GET", "/api/v1/admin/cache/warm/"+run.ID, nil)
			return run.State == "done"
		})
	}
	f.here.kill()
	admin.at(f.there).want(200, &run, "GET", "/api/v1/admin/cache/warm/"+run.ID, nil)
	admin.at(f.there).refused(404, "caching.no_run", "GET", "/api/v1/admin/cache/warm/"+unknownID, nil)
	var part struct {
		State    string
		Patterns map[string]struct {
			Loaded int
			Note   string
		}
	}
	ask := map[string]any{"patterns": []string{"words:*"}}
	eventually(t, "nothing else is under way", func() bool {
		return admin.at(f.there).do("POST", "/api/v1/admin/cache/warm", ask).status == 200
	})
	admin.at(f.there).want(200, &part, "POST", "/api/v1/admin/cache/warm", ask)
	if part.State != "done" || !strings.HasPrefix(part.Patterns["words:*"].Note, "unknown") {
		t.Errorf("%+v", part)
	}
	admin.at(f.there).refused(422, "request.invalid", "POST", "/api/v1/admin/cache/warm", map[string]any{"patterns": []string{}})
}

func TestCachesAreAdministeredOnTheCommandLine(t *testing.T) {
	t.Parallel()
	p := place{dir: t.TempDir()}
	s := p.serve(t)
	p.must(t, password+"\n", "admin", "create", "--email", "chief@example.com", "--password-stdin")
	token := strings.TrimSpace(p.must(t, "", "token", "create", "--email", "chief@example.com", "--name", "n", "--scope", "cache:*", "--ttl", "1h"))
	weak := strings.TrimSpace(p.must(t, "", "token", "create", "--email", "chief@example.com", "--name", "w", "--scope", "cache:read", "--ttl", "1h"))
	bare := p
	p.env = []string{"TOEIC_SERVER=" + s.url, "ADMIN_TOKEN=" + token}
	for name, c := range map[string]struct {
		at   place
		args []string
		code int
		says string
	}{
		"how they do":             {p, []string{"stats"}, 0, `hit rate \d+\.\d\d %`},
		"each family":             {p, []string{"advanced"}, 0, `(?m)^auth:\* +\d+\.\d\d %`},
		"whether they work":       {p, []string{"health"}, 0, `^healthy: .* of 128\.0 MB in memory, Redis not configured, 1 replicas`},
		"times to live":           {p, []string{"ttl"}, 0, `(?m)^auth:\* +30s +default +30s +1s +1m +near +2 +no +sessions`},
		"times to live, in full":  {p, []string{"ttl", "list"}, 0, `(?m)^leaderboards:\* +1m`},
		"a new one":               {p, []string{"ttl", "set", "users:*", "2m"}, 0, `(?m)^users:\* +2m +setting of 20`},
		"one in seconds":          {p, []string{"ttl", "set", "content:*", "300"}, 0, `(?m)^content:\* +5m +setting of 20`},
		"one taken back":          {p, []string{"ttl", "reset", "statistics:*"}, 0, `(?m)^statistics:\* +5m +default`},
		"one too long":            {p, []string{"ttl", "set", "auth:*", "2h"}, 1, `ttl_seconds: Between 1 and 60 seconds`},
		"one that is none":        {p, []string{"ttl", "set", "auth:*", "soon"}, 2, `"soon" is neither`},
		"of no family":            {p, []string{"ttl", "set", "words:*", "60"}, 1, `Not found: There is no such family of keys\.\n  pattern: There is no family "words:\*"`},
		"clearing":                {p, []string{"clear", "content:*", "users:*"}, 0, `forgot \d+ keys`},
		"clearing a thing":        {p, []string{"clear", "--tag", "exam:1"}, 0, `forgot \d+ keys`},
		"clearing everything":     {p, []string{"clear", "--all"}, 0, `forgot \d+ keys`},
		"everything and a family": {p, []string{"clear", "--all", "content:*"}, 2, `neither patterns`},
		"everything and a thing":  {p, []string{"clear", "--all", "--tag", "exam:1"}, 2, `neither patterns`},
		"clearing nothing":        {p, []string{"clear"}, 2, `say what to clear`},
		"filling":                 {p, []string{"warm"}, 0, `(?s)content:\* .* done on .*keys loaded`},
		"filling a family":        {p, []string{"warm", "users:*"}, 0, `users:\* +0 +0 +0 +What it will be asked for is not known`},
		"filling no family":       {p, []string{"warm", "words:*"}, 0, `words:\* +0 +0 +0 +unknown`},
		"advice":                  {p, []string{"advice"}, 0, `predicted .* measured .* at best (?s).*no advice yet`},
		"advice too high":         {p, []string{"advice", "--target", "100"}, 1, `target: `},
		"a token on the line":     {bare, []string{"stats", "--server", s.url + "/", "--token", token}, 0, `hit rate`},
		"no token":                {bare, []string{"stats", "--server", s.url}, 2, `ADMIN_TOKEN`},
		"a token that is none":    {bare, []string{"stats", "--server", s.url, "--token", "x"}, 1, `Not signed in: `},
		"a token that may not":    {bare, []string{"clear", "--all", "--server", s.url, "--token", weak}, 1, `Not permitted: `},
		"a token that may read":   {bare, []string{"ttl", "--server", s.url, "--token", weak}, 0, `auth:\*`},
		"no server":               {bare, []string{"stats", "--server", "http://127.0.0.1:1", "--token", token}, 1, `refused`},
		"no address":              {bare, []string{"stats", "--server", "127.0.0.1", "--token", token}, 2, `no address such as`},
	} {
		got := c.at.run(t, "", append([]string{"cache"}, c.args...)...)
		if got.code != c.code || !regexp.MustCompile(c.says).MatchString(got.stdout+got.stderr) {
			t.Errorf("%s: exit code %d, want %d and %q in\n%s%s", name, got.code, c.code, c.says, got.stdout, got.stderr)
		}
		if (got.code != 0) == (got.stderr == "") {
			t.Errorf("%s: exit code %d, and on standard error %q", name, got.code, got.stderr)
		}
	}
	for _, args := range [][]string{{"stats"}, {"advanced"}, {"health"}, {"ttl"}, {"warm", "content:*"}, {"clear", "--all"}, {"advice"}} {
		var reply map[string]any
		if err := json.Unmarshal([]byte(p.must(t, "", append(append([]string{"cache"}, args...), "--json")...)), &reply); err != nil || len(reply) == 0 {
			t.Errorf("%v --json is no JSON: %v", args, err)
		}
	}
	if code := s.terminate(t); code != 0 {
		t.Errorf("the server ended with %d", code)
	}
}
