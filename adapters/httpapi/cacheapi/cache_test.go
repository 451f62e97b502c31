package cacheapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/toeic-app/toeic/adapters/httpapi/cacheapi"
	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/cacheapp"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

var noon = time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)

type clock struct{}

func (clock) Now() time.Time { return noon }

type ids struct{}

func (ids) New() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// desk is the use cases, which remember what they were asked.
type desk struct {
	t       *testing.T
	url     string
	stats   cacheapp.StatsView
	health  cacheapp.HealthView
	profile caching.Profile
	run     caching.Run
	started []cacheapp.WarmCommand
	cleared []cacheapp.ClearCommand
	set     []cacheapp.SetCommand
	reset   []string
	fails   error
}

// serve serves the routes to operators with any token.
func serve(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t}
	api, err := web.New(web.Config{
		Title: "test", Version: "1", Logger: zap.NewNop(), Clock: clock{}, IDs: ids{}, RequestTimeout: time.Minute,
		Authenticate: func(_ context.Context, token string) (identity.Actor, error) {
			return identity.Actor{UserID: ids{}.New(), Roles: []identity.Role{identity.Role(token)}, Until: noon.Add(time.Hour)}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	family, err := caching.Named(caching.Content)
	if err != nil {
		t.Fatal(err)
	}
	view := func(c caching.Decision) cacheapp.TTLView { return cacheapp.TTLView{Decision: c, InForce: c.TTL} }
	cacheapi.Routes(api, cacheapi.UseCases{
		Stats:  func(context.Context) (cacheapp.StatsView, error) { return d.stats, d.fails },
		Health: func(context.Context) (cacheapp.HealthView, error) { return d.health, d.fails },
		Clear: func(_ context.Context, cmd cacheapp.ClearCommand) (ports.CacheCleared, error) {
			d.cleared = append(d.cleared, cmd)
			_, err := caching.ScopeOf(cmd.Patterns, cmd.Tag)
			return ports.CacheCleared{Keys: map[string]int{caching.Content: 3, caching.Users: 1}, Far: caching.FarPending}, err
		},
		Start: func(_ context.Context, cmd cacheapp.WarmCommand) (cacheapp.Started, error) {
			d.started = append(d.started, cmd)
			return cacheapp.Started{Run: d.run, Begun: true}, d.fails
		},
		Run:    func(context.Context, uuid.UUID) (caching.Run, error) { return d.run, d.fails },
		Cancel: func(context.Context, identity.Caller, uuid.UUID) (caching.Run, error) { return d.run, d.fails },
		TTLs: func(context.Context) ([]cacheapp.TTLView, error) {
			var out []cacheapp.TTLView
			for _, c := range caching.Decide([]caching.Setting{{Family: caching.Attempts, TTL: 500 * time.Millisecond, At: noon, By: uuid.UUID{15: 7}}}, nil) {
				out = append(out, view(c))
			}
			return out, d.fails
		},
		SetTTL: func(_ context.Context, cmd cacheapp.SetCommand) (cacheapp.TTLView, error) {
			d.set = append(d.set, cmd)
			return view(caching.Decision{Family: family, TTL: time.Minute, Source: caching.FromSetting, Setting: &caching.Setting{At: noon}}), d.fails
		},
		Reset: func(_ context.Context, _ identity.Caller, pattern string) (cacheapp.TTLView, error) {
			d.reset = append(d.reset, pattern)
			return view(caching.Decision{Family: family, TTL: time.Hour, Source: caching.FromDefault}), d.fails
		},
		Advise: func(_ context.Context, target *int) (cacheapp.AdviceView, error) {
			aim := 90.0
			if target != nil {
				aim = float64(*target)
			}
			return cacheapp.AdviceView{Advice: caching.Advise(d.profile, aim), Replica: "here"}, d.fails
		},
		Now: clock{}.Now,
	})
	if err := errors.Join(api.Err(), api.DocumentErr()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api.Handler())
	t.Cleanup(server.Close)
	d.url = server.URL + "/api/v1/admin/cache"
	return d
}

// ask sends a request as an operator and reads the reply.
func (d *desk) ask(status int, method, path, body string, headers ...string) map[string]any {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer operator")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	if res.StatusCode != status {
		d.t.Fatalf("%s %s: %d, want %d\n%s", method, path, res.StatusCode, status, text)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		d.t.Fatalf("%s %s: %v\n%s", method, path, err, text)
	}
	return out
}

// is compares a part of a reply, named by a path such as "tiers near hits".
func (d *desk) is(reply map[string]any, want map[string]any) {
	d.t.Helper()
	for path, value := range want {
		var at any = reply
		for step := range strings.FieldsSeq(path) {
			inner, ok := at.(map[string]any)
			if !ok {
				if list, isList := at.([]any); isList && step == "first" && len(list) > 0 {
					at = list[0]
					continue
				}
				d.t.Errorf("there is no %s in %v", path, reply)
				break
			}
			at = inner[step]
		}
		if n, ok := value.(int); ok {
			value = float64(n)
		}
		if diff := cmp.Diff(value, at); diff != "" {
			d.t.Errorf("%s (-want +got)\n%s", path, diff)
		}
	}
}

// busy is two processes that served reads.
func busy() cacheapp.StatsView {
	families := map[string]caching.FamilyFigures{
		caching.Content: {
			Near:  caching.TierFigures{Hits: 700, Misses: 300, Keys: 10, Bytes: 4096, Evictions: map[caching.Reason]uint64{caching.Capacity: 2, caching.Expired: 3}},
			Far:   caching.TierFigures{Hits: 200, Misses: 100, Keys: 40, Bytes: 9000, Errors: 1},
			Loads: 50, Shared: 50, LoadTime: 5 * time.Second, TTLSum: 7000, Stale: 4, Negative: 6, Failures: 1,
		},
	}
	processes := []caching.Figures{
		{Replica: "a", Since: noon, Limit: 1 << 20, Families: families, Server: map[string]string{"maxmemory": "5000", "evicted_keys": "9"}, Top: []caching.KeyCount{
			{Key: "content:exam:1", Count: 9, Error: 1}, {Key: "auth:0123456789abcdef", Count: 5}, {Key: "words", Count: 4}, {Key: "users:a", Count: 3},
		}},
		{Replica: "b", Since: noon, Limit: 1 << 20, Families: families},
	}
	total := caching.Total(processes)
	return cacheapp.StatsView{Total: caching.Overall(total), Families: total, Processes: processes, Top: caching.TopKeys(processes, 50)}
}

func TestStatsTellTheHitRateAndBothTiers(t *testing.T) {
	d := serve(t)
	d.is(d.ask(200, "GET", "/stats", ""), map[string]any{
		"hit_rate": 100, "reads": 0, "warming_up": true, "replicas": []any{}, "tiers near hit_rate": 100, "tiers far hits": 0,
	})
	d.stats = busy()
	d.is(d.ask(200, "GET", "/stats", ""), map[string]any{
		"hit_rate": 90, "reads": 2000, "hits": 1800, "misses": 200, "warming_up": false, "entries": 20, "memory_bytes": 8192, "evictions": 10,
		"tiers near hit_rate": 70, "tiers near hits": 1400, "tiers near misses": 600, "tiers near entries": 20, "tiers near bytes": 8192,
		"tiers near limit_bytes": 2 << 20, "tiers near evictions": 10, "tiers far hit_rate": 66.67, "tiers far hits": 400, "tiers far entries": 40,
		"tiers far bytes": 9000, "tiers far evictions": 9, "tiers far limit_bytes": 5000, "tiers far errors": 2,
		"replicas first replica": "a", "replicas first hit_rate": 90, "replicas first tiers near hits": 700, "replicas first tiers near limit_bytes": 1 << 20,
	})
}

func TestAdvancedStatsTellEachPatternAndHideWhoKeysName(t *testing.T) {
	d := serve(t)
	d.stats = busy()
	reply := d.ask(200, "GET", "/advanced-stats", "")
	d.is(reply, map[string]any{
		"hit_rate": 90, "evictions capacity": 4, "evictions expired": 6, "evictions cleared": 0, "redis maxmemory": "5000",
		"key_patterns content:* keys": 20, "key_patterns content:* bytes": 8192, "key_patterns content:* hits": 1800, "key_patterns content:* misses": 200,
		"key_patterns content:* hit_rate": 90, "key_patterns content:* avg_ttl": 10, "key_patterns content:* loads": 100, "key_patterns content:* load_ms": 100,
		"key_patterns content:* load_seconds": 10, "key_patterns content:* shared": 100, "key_patterns content:* stale": 8, "key_patterns content:* negative": 12,
		"key_patterns content:* near hits": 1400, "key_patterns content:* far hits": 400, "key_patterns users:* hit_rate": 100, "key_patterns users:* keys": 0,
		"replicas first key_patterns content:* hits": 900,
		"top_keys": []any{
			map[string]any{"key": "content:exam:1", "count": 9.0, "error": 1.0},
			map[string]any{"key": "auth:…abcdef", "count": 5.0, "error": 0.0},
			map[string]any{"key": "words:…", "count": 4.0, "error": 0.0},
			map[string]any{"key": "users:…a", "count": 3.0, "error": 0.0},
		},
	})
	if patterns, ok := reply["key_patterns"].(map[string]any); !ok || len(patterns) != len(caching.Families()) {
		t.Errorf("key_patterns: %v", reply["key_patterns"])
	}
}

func TestHealthTellsWhatDoesNotAnswer(t *testing.T) {
	d := serve(t)
	d.health = cacheapp.HealthView{Limit: 4096, Near: caching.FamilyFigures{Near: caching.TierFigures{Bytes: 1024, Keys: 2}}, Processes: 3}
	d.is(d.ask(200, "GET", "/health", ""), map[string]any{"status": "healthy", "far status": "not_configured", "far configured": false, "near full": 25, "replicas": 3, "hit_rate": 100})
	d.health.Configured = true
	d.is(d.ask(200, "GET", "/health", ""), map[string]any{"status": "degraded", "far status": "unreachable", "far configured": true})
	d.health.Answers, d.health.Faults = true, map[caching.Fault]uint64{caching.Slow: 3}
	d.is(d.ask(200, "GET", "/health", ""), map[string]any{"status": "healthy", "far status": "healthy", "far faults slow": 3, "far faults corrupt": 0})
	d.health.Apart = true
	d.is(d.ask(200, "GET", "/health", ""), map[string]any{"status": "degraded", "far status": "apart"})
}

func TestAWarmIsReadAsJSONWhateverTheTypeSaysAndMayBeEmpty(t *testing.T) {
	d := serve(t)
	d.run = caching.Run{
		ID: uuid.UUID{15: 1}, Replica: "a", Outcome: caching.Done, StartedAt: noon, SeenAt: noon, EndedAt: &noon, Cleared: true,
		Families: []caching.Warmed{{Family: caching.Content, Planned: 4, Loaded: 3, Failed: 1}, {Family: caching.Users, Note: "Nothing."}, {Unknown: "words:*", Note: "unknown"}},
		Far:      caching.FarPending,
	}
	const body = `{"patterns": ["users:*", "auth:*", "content:*"]}`
	for _, kind := range []string{"application/x-www-form-urlencoded", "application/json", "text/plain", ""} {
		d.is(d.ask(200, "POST", "/warm", body, "Content-Type", kind), map[string]any{
			"id": d.run.ID.String(), "state": "done", "cleared": true, "loaded": 3, "failed": 1, "replica": "a",
			"patterns content:* planned": 4, "patterns content:* loaded": 3, "patterns content:* failed": 1, "patterns users:* loaded": 0, "patterns users:* note": "Nothing.",
			"patterns words:* note": "unknown", "far": "pending", "begun": true,
		})
		d.ask(200, "POST", "/warm", "", "Content-Type", kind)
	}
	for i, cmd := range d.started {
		if want := (i + 1) % 2 * 3; len(cmd.Patterns) != want || cmd.By.Actor.Nobody() {
			t.Errorf("asked %+v", cmd)
		}
	}
	d.ask(400, "POST", "/warm", "patterns=users")
	d.is(d.ask(422, "POST", "/warm", `{"pattern": "users:*"}`), map[string]any{"errors first field": "pattern"})
	d.is(d.ask(422, "POST", "/warm", `{"patterns": "users:*"}`), map[string]any{"errors first field": "patterns"})
	asked := len(d.started)
	for _, nothing := range []string{`{"patterns": []}`, `{"patterns": null}`} {
		d.is(d.ask(422, "POST", "/warm", nothing), map[string]any{"errors first field": "patterns"})
	}
	if len(d.started) != asked {
		t.Error("who names no pattern had everything cleared")
	}
	d.ask(200, "POST", "/warm", "{}")
	d.fails = caching.ErrRunUnderWay.WithFields(fault.Field{Name: "warm/7", Code: "running", Detail: "This run is under way."})
	d.is(d.ask(409, "POST", "/warm", body), map[string]any{"code": "caching.run_under_way", "errors first field": "warm/7", "errors first code": "running"})
}

func TestARunIsToldAndEnded(t *testing.T) {
	d := serve(t)
	d.run = caching.Run{ID: uuid.UUID{15: 1}, Outcome: caching.Running, SeenAt: noon.Add(-time.Hour), StartedAt: noon}
	path := "/warm/" + d.run.ID.String()
	d.is(d.ask(200, "GET", path, ""), map[string]any{"state": "lost", "ended_at": nil, "patterns": map[string]any{}})
	d.run.Outcome = caching.Cancelled
	d.is(d.ask(200, "DELETE", path, ""), map[string]any{"state": "cancelled"})
	d.fails = caching.ErrNoRun
	d.is(d.ask(404, "GET", path, ""), map[string]any{"code": "caching.no_run"})
	d.is(d.ask(404, "DELETE", path, ""), map[string]any{"code": "caching.no_run"})
	d.ask(404, "GET", "/warm/x", "")
}

func TestTimesToLiveAreListedSetAndReset(t *testing.T) {
	d := serve(t)
	reply := d.ask(200, "GET", "/ttls", "")
	d.is(reply, map[string]any{
		"items first pattern": "attempts:*", "items first ttl_seconds": 0.5, "items first source": "setting", "items first in_force_seconds": 0.5,
		"items first default_seconds": 1, "items first min_seconds": 0.1, "items first max_seconds": 1,
		"items first tiers": []any{"near"}, "items first cost": 1, "items first warmable": false,
		"items first changed_by": "00000000-0000-0000-0000-000000000007", "items first changed_at": "2027-03-14T12:00:00Z",
	})
	d.is(d.ask(200, "PUT", "/ttls", `{"pattern": "content:*", "ttl_seconds": 60}`, "Content-Type", "application/json"), map[string]any{
		"pattern": "content:*", "ttl_seconds": 60, "source": "setting", "tiers": []any{"near", "far"}, "cost": 3, "warmable": true, "changed_by": nil, "changed_at": "2027-03-14T12:00:00Z",
	})
	if len(d.set) != 1 || d.set[0].Pattern != "content:*" || d.set[0].Seconds != 60 || d.set[0].By.Actor.Nobody() {
		t.Errorf("asked %+v", d.set)
	}
	d.is(d.ask(200, "DELETE", "/ttls?pattern=content:*", ""), map[string]any{"source": "default", "ttl_seconds": 3600, "changed_at": nil})
	if len(d.reset) != 1 || d.reset[0] != "content:*" {
		t.Errorf("asked %+v", d.reset)
	}
	for body, field := range map[string]string{`{"pattern":"content:*"}`: "ttl_seconds", `{"ttl_seconds":1}`: "pattern", `{"pattern":"content:*","ttl_seconds":"1"}`: "ttl_seconds"} {
		d.is(d.ask(422, "PUT", "/ttls", body, "Content-Type", "application/json"), map[string]any{"errors first field": field})
	}
	d.is(d.ask(422, "DELETE", "/ttls", ""), map[string]any{"errors first field": "pattern"})
}

func TestClearingNeedsAPatternOrATag(t *testing.T) {
	d := serve(t)
	d.is(d.ask(200, "DELETE", "?pattern=content:*,users:*&tag=exam:1", ""), map[string]any{"total": 4, "far": "pending", "forgotten content:*": 3, "forgotten users:*": 1})
	want := cacheapp.ClearCommand{By: d.cleared[0].By, Patterns: []string{"content:*", "users:*"}, Tag: "exam:1"}
	if diff := cmp.Diff(want, d.cleared[0]); diff != "" {
		t.Errorf("asked (-want +got)\n%s", diff)
	}
	d.ask(200, "DELETE", "?pattern=*", "")
	d.is(d.ask(422, "DELETE", "", ""), map[string]any{"code": "caching.nothing_named"})
	d.is(d.ask(404, "DELETE", "?pattern=words:*", ""), map[string]any{"code": "caching.unknown_pattern", "errors first field": "pattern"})
}

// Whatever was watched, the advice must be one that JSON can hold: no infinity, no absurd number for what has no bound.
func TestAdviceIsGivenWhetherOrNotThereIsTraffic(t *testing.T) {
	d := serve(t)
	now, ttls := noon, caching.TTLsOf(caching.Decide(nil, nil))
	s := caching.NewSampler(caching.SamplerOptions{Limit: 1 << 20, Families: caching.Families(), TTLs: ttls})
	d.profile = s.Profile(now)
	d.is(d.ask(200, "GET", "/advice", ""), map[string]any{
		"enough": false, "missing": "reads", "replica": "here", "target": 90, "changes": []any{}, "key_patterns content:* enough": false, "measured_hit_rate": nil,
	})
	for i := range 20_000 {
		now = now.Add(time.Millisecond)
		key := uint64(i % 3000)
		s.Reference(2, key*0x9E3779B97F4A7C15, 1000, now) // three times what there is room for
	}
	d.profile = s.Profile(now)
	reply := d.ask(200, "GET", "/advice?target=80", "")
	d.is(reply, map[string]any{"enough": true, "margin_points": 0, "ceiling_settled": false, "hit_rate": nil, "target": 80, "reached": false, "reachable": true, "limit_bytes": 1 << 20, "changes first setting": "CACHE_MAX_MEMORY_USAGE"})
	if changes, ok := reply["changes"].([]any); !ok || len(changes) != 1 || changes[0].(map[string]any)["memory_bytes"].(float64) <= 1<<20 {
		t.Errorf("changes: %v", reply["changes"])
	}
	d.is(d.ask(422, "GET", "/advice?target=100", ""), map[string]any{"errors first field": "target"})
}
