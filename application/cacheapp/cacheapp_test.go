package cacheapp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/toeic-app/toeic/adapters/entstore"
	"github.com/toeic-app/toeic/adapters/entstore/storetest"
	"github.com/toeic-app/toeic/application/cacheapp"
	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/fault"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
	"github.com/toeic-app/toeic/tests/private"
)

func TestMain(m *testing.M) { private.Main(m) }

// clock stands still.
type clock struct{}

func (clock) Now() time.Time { return noon }

type ids struct{}

func (ids) New() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// entry is a line of the audit log.
type entry struct {
	Action        audit.Action
	Object        string
	Before, After string
}

// recorder remembers what was recorded, or fails.
type recorder struct {
	mu      sync.Mutex
	entries []entry
	fails   error
}

func (r *recorder) Record(_ context.Context, _ ports.AuditLog, _ identity.Caller, what audit.Action, object string, before, after any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fails != nil {
		return r.fails
	}
	b, _ := json.Marshal(before)
	a, _ := json.Marshal(after)
	r.entries = append(r.entries, entry{what, object, string(b), string(a)})
	return nil
}

// engine is the caches of a process.
type engine struct {
	mu      sync.Mutex
	ttls    caching.TTLs
	cleared []ports.CacheScope
	figures []caching.Figures
	fails   error
}

func (e *engine) set(t caching.TTLs) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ttls = t
}

func (e *engine) Figures(context.Context) ([]caching.Figures, error) { return e.figures, e.fails }

func (e *engine) Clear(_ context.Context, scope ports.CacheScope) (ports.CacheCleared, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cleared = append(e.cleared, scope)
	out := ports.CacheCleared{Keys: map[string]int{caching.Content: 3}, Far: caching.FarCleared}
	if e.fails != nil {
		out.Far = caching.FarPending
	}
	return out, e.fails
}

// office is a store, the caches, and an administrator.
type office struct {
	t      *testing.T
	store  *entstore.Store
	clock  clock
	engine *engine
	log    *recorder
	by     identity.Caller
	ttls   cacheapp.TTLs
}

var noon = time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)

func open(t *testing.T) *office {
	t.Helper()
	return openOn(t, storetest.SQLite(t))
}

func openOn(t *testing.T, store *entstore.Store) *office {
	t.Helper()
	o := &office{
		t: t, store: store, clock: clock{}, engine: &engine{}, log: &recorder{},
		by: identity.Caller{Actor: identity.Actor{UserID: ids{}.New()}},
	}
	apply := &cacheapp.Apply{Settings: o.store.CacheSettings(), Environment: caching.TTLs{caching.Users: time.Minute}, To: o.engine.set}
	apply.Defaults()
	o.ttls = cacheapp.TTLs{Clock: o.clock, Apply: apply, Recorder: o.log, Work: o.store.CacheSettingsWork()}
	return o
}

func (o *office) wants(err, want error) {
	o.t.Helper()
	if !errors.Is(err, want) {
		o.t.Fatalf("error %v, want %v", err, want)
	}
}

func (o *office) recorded(want ...entry) {
	o.t.Helper()
	if diff := cmp.Diff(want, o.log.entries); diff != "" {
		o.t.Errorf("recorded (-want +got)\n%s", diff)
	}
}

// family returns what is listed of a family.
func (o *office) family(name string) cacheapp.TTLView {
	o.t.Helper()
	all, err := o.ttls.List(o.t.Context())
	o.wants(err, nil)
	for _, v := range all {
		if v.Family.Name == name {
			return v
		}
	}
	o.t.Fatalf("%s is not listed", name)
	return cacheapp.TTLView{}
}

func (o *office) holds(name string, ttl time.Duration, source caching.Source) {
	o.t.Helper()
	v := o.family(name)
	if v.TTL != ttl || v.Source != source || v.InForce != ttl || o.engine.ttls[name] != ttl {
		o.t.Errorf("%s: %s by %s, in force %s, the caches go by %s; want %s by %s", name, v.TTL, v.Source, v.InForce, o.engine.ttls[name], ttl, source)
	}
}

func TestASettingHoldsAtOnceAndIsRecordedWithWhatItReplaced(t *testing.T) {
	o := open(t)
	o.holds(caching.Users, time.Minute, caching.FromEnvironment)
	o.holds(caching.Content, time.Hour, caching.FromDefault)
	v, err := o.ttls.Set(t.Context(), cacheapp.SetCommand{By: o.by, Pattern: "users:*", Seconds: 90})
	o.wants(err, nil)
	if v.TTL != 90*time.Second || v.InForce != v.TTL || v.Setting == nil || v.Setting.By != o.by.Actor.UserID || !v.Setting.At.Equal(noon) {
		t.Errorf("%+v", v)
	}
	o.holds(caching.Users, 90*time.Second, caching.FromSetting)
	_, err = o.ttls.Set(t.Context(), cacheapp.SetCommand{By: o.by, Pattern: "users:*", Seconds: 0.5 + 60})
	o.wants(err, nil)
	v, err = o.ttls.Reset(t.Context(), o.by, "users:*")
	o.wants(err, nil)
	if v.TTL != time.Minute || v.Source != caching.FromEnvironment || v.Setting != nil {
		t.Errorf("%+v", v)
	}
	o.holds(caching.Users, time.Minute, caching.FromEnvironment)
	_, err = o.ttls.Reset(t.Context(), o.by, "content:*") // which nobody set
	o.wants(err, nil)
	o.recorded(
		entry{audit.CacheTTLChanged, "cache:users:*", `{"ttl_seconds":60,"source":"environment"}`, `{"ttl_seconds":90,"source":"setting"}`},
		entry{audit.CacheTTLChanged, "cache:users:*", `{"ttl_seconds":90,"source":"setting"}`, `{"ttl_seconds":60.5,"source":"setting"}`},
		entry{audit.CacheTTLChanged, "cache:users:*", `{"ttl_seconds":60.5,"source":"setting"}`, `{"ttl_seconds":60,"source":"environment"}`},
		entry{audit.CacheTTLChanged, "cache:content:*", `{"ttl_seconds":3600,"source":"default"}`, `{"ttl_seconds":3600,"source":"default"}`},
	)
}

func TestASettingThatIsNotAllowedChangesNothing(t *testing.T) {
	o := open(t)
	for name, tc := range map[string]struct {
		pattern string
		seconds float64
		err     error
		field   string
	}{
		"too long":      {"auth:*", 61, caching.ErrInvalidTTL, "ttl_seconds"},
		"too short":     {"auth:*", 0.5, caching.ErrInvalidTTL, "ttl_seconds"},
		"nothing":       {"auth:*", 0, caching.ErrInvalidTTL, "ttl_seconds"},
		"negative":      {"auth:*", -1, caching.ErrInvalidTTL, "ttl_seconds"},
		"beyond time":   {"auth:*", 1e300, caching.ErrInvalidTTL, "ttl_seconds"},
		"of no family":  {"words:*", 60, caching.ErrUnknownPattern, "pattern"},
		"no pattern":    {"users", 60, caching.ErrUnknownPattern, "pattern"},
		"of everything": {"*", 60, caching.ErrUnknownPattern, "pattern"},
	} {
		_, err := o.ttls.Set(t.Context(), cacheapp.SetCommand{By: o.by, Pattern: tc.pattern, Seconds: tc.seconds})
		var broken *fault.Error
		if !errors.Is(err, tc.err) || !errors.As(err, &broken) || len(broken.Fields) != 1 || broken.Fields[0].Name != tc.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := o.ttls.Reset(t.Context(), o.by, "words:*")
	o.wants(err, caching.ErrUnknownPattern)
	o.recorded()
	o.holds(caching.Auth, 30*time.Second, caching.FromDefault)
}

func TestASettingThatCannotBeRecordedIsNotMade(t *testing.T) {
	o := open(t)
	o.log.fails = errors.New("the log is full")
	_, err := o.ttls.Set(t.Context(), cacheapp.SetCommand{By: o.by, Pattern: "content:*", Seconds: 60})
	o.wants(err, o.log.fails)
	o.holds(caching.Content, time.Hour, caching.FromDefault)
}

// Of many changes at once, each must have seen the one before: the log then reads as one story.
func TestTheLogOfManyChangesAtOnceIsOneStory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, store *entstore.Store) {
		o := openOn(t, store)
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				_, err := o.ttls.Set(context.WithoutCancel(t.Context()), cacheapp.SetCommand{By: o.by, Pattern: "content:*", Seconds: float64(i + 1)})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		last := `{"ttl_seconds":3600,"source":"default"}`
		for _, e := range o.log.entries {
			if e.Before != last {
				t.Errorf("%s follows %s", e.Before, last)
			}
			last = e.After
		}
		v := o.family(caching.Content)
		if got, _ := json.Marshal(map[string]any{"source": v.Source, "ttl_seconds": v.TTL.Seconds()}); v.InForce != v.TTL || len(o.log.entries) != 8 || !jsonEqual(got, last) {
			t.Errorf("%d entries end with %s; stored %s, in force %s", len(o.log.entries), last, got, v.InForce)
		}
	})
}

func jsonEqual(a []byte, b string) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal([]byte(b), &y) == nil && cmp.Equal(x, y)
}

func TestFiguresAreThoseOfAllProcesses(t *testing.T) {
	o := open(t)
	o.engine.figures = []caching.Figures{
		{Replica: "a", Limit: 10, Families: map[string]caching.FamilyFigures{caching.Users: {Near: caching.TierFigures{Hits: 3, Misses: 1}}}, Top: []caching.KeyCount{{Key: "users:1", Count: 3}}},
		{Replica: "b", Limit: 20, Families: map[string]caching.FamilyFigures{caching.Content: {Near: caching.TierFigures{Hits: 3, Misses: 3}}}, Top: []caching.KeyCount{{Key: "users:1", Count: 2}}},
	}
	v, err := cacheapp.Stats{Figures: o.engine}.Execute(t.Context())
	o.wants(err, nil)
	if v.Total.HitRate() != 60 || v.Limit() != 30 || len(v.Processes) != 2 || v.Families[caching.Users].HitRate() != 75 || v.Top[0].Count != 5 {
		t.Errorf("%+v", v)
	}
}

type probe struct{ fails error }

func (probe) Name() string                  { return "redis" }
func (p probe) Check(context.Context) error { return p.fails }

func TestCachesAreDegradedOnlyWhileARedisThatShouldAnswerDoesNot(t *testing.T) {
	o := open(t)
	o.engine.figures = []caching.Figures{{Limit: 10}, {}}
	var heard error
	for name, tc := range map[string]struct {
		far     ports.Probe
		healthy bool
	}{"none": {nil, true}, "one that answers": {probe{}, true}, "down": {probe{errors.New("down")}, false}} {
		v, err := cacheapp.Health{Far: tc.far, Figures: o.engine, Failed: func(err error) { heard = err }}.Execute(t.Context())
		o.wants(err, nil)
		if v.Healthy() != tc.healthy || v.Configured != (tc.far != nil) || v.Processes != 2 || v.Limit != 10 {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if heard == nil || heard.Error() != "down" {
		t.Errorf("heard %v", heard)
	}
}

func TestClearingIsRecordedBeforeItIsDone(t *testing.T) {
	o := open(t)
	uc := cacheapp.Clear{Replica: "here", Control: o.engine, Recorder: o.log, Work: o.store.CacheRunWork()}
	got, err := uc.Execute(t.Context(), cacheapp.ClearCommand{By: o.by, Patterns: []string{"content:*"}, Tag: "exam:1"})
	o.wants(err, nil)
	if got.Keys[caching.Content] != 3 || got.Far != caching.FarCleared || len(o.engine.cleared) != 1 || o.engine.cleared[0].Families[0].Name != caching.Content || o.engine.cleared[0].Tag != "exam:1" {
		t.Errorf("%v, %+v", got, o.engine.cleared)
	}
	_, err = uc.Execute(t.Context(), cacheapp.ClearCommand{By: o.by, Patterns: []string{"*"}})
	o.wants(err, nil)
	if len(o.engine.cleared) != 2 || o.engine.cleared[1].Families != nil {
		t.Errorf("%+v", o.engine.cleared)
	}
	_, err = uc.Execute(t.Context(), cacheapp.ClearCommand{By: o.by})
	o.wants(err, caching.ErrNothingNamed)
	o.recorded(
		entry{audit.CacheCleared, "cache", "null", `{"patterns":["content:*"],"tag":"exam:1"}`},
		entry{audit.CacheCleared, "cache", "null", `{"patterns":["*"]}`},
	)
	content, err := caching.Named(caching.Content)
	o.wants(err, nil)
	o.noted(ports.CacheScope{Families: []caching.Family{content}, Tag: "exam:1"}, ports.CacheScope{})
	o.log.fails = errors.New("the log is full")
	_, err = uc.Execute(t.Context(), cacheapp.ClearCommand{By: o.by, Patterns: []string{"*"}})
	o.wants(err, o.log.fails)
	if len(o.engine.cleared) != 2 {
		t.Error("what could not be recorded was cleared")
	}
	o.noted(ports.CacheScope{Families: []caching.Family{content}, Tag: "exam:1"}, ports.CacheScope{})
}

// noted compares what the other processes are told to clear.
func (o *office) noted(want ...ports.CacheScope) {
	o.t.Helper()
	all, err := o.store.ActorChanges().Since(o.t.Context(), time.Time{})
	o.wants(err, nil)
	slices.SortFunc(all, func(a, b ports.ActorChange) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	var got []ports.CacheScope
	for _, c := range all {
		scope, by, ok := entstore.ClearingOf(c.Subject)
		if !ok || by != "here" {
			o.t.Errorf("noted %q", c.Subject)
		}
		got = append(got, scope)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		o.t.Errorf("noted (-want +got)\n%s", diff)
	}
}

func TestAClearingStandsThoughRedisDoesNotAnswer(t *testing.T) {
	o := open(t)
	o.engine.fails = errors.New("Redis is down")
	var heard error
	uc := cacheapp.Clear{Control: o.engine, Recorder: o.log, Work: o.store.CacheRunWork(), Failed: func(err error) { heard = err }}
	got, err := uc.Execute(t.Context(), cacheapp.ClearCommand{By: o.by, Patterns: []string{"*"}})
	o.wants(err, nil)
	if got.Keys[caching.Content] != 3 || got.Far != caching.FarPending || !errors.Is(heard, o.engine.fails) {
		t.Errorf("%+v, heard %v", got, heard)
	}
}
