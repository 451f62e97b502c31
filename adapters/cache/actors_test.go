package cache_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/adapters/cache"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// registry is a store of actors and of what changed about them. It counts the questions.
type registry struct {
	mu      sync.Mutex
	version int // grows with each change; actors carry it as the number of their roles
	changes []ports.ActorChange
	asked   int
	down    bool
}

var (
	errDown            = errors.New("down")
	theUser, theDevice = uuid.UUID{15: 1}, uuid.UUID{15: 2}
)

func (r *registry) actor(now time.Time) (identity.Actor, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.down {
		return identity.Actor{}, errDown
	}
	return identity.Actor{UserID: theUser, SessionID: theDevice, Roles: make([]identity.Role, r.version), Until: now.Add(time.Hour)}, nil
}

func (r *registry) OfSession(_ context.Context, _ uuid.UUID, now time.Time) (identity.Actor, error) {
	return r.actor(now)
}

func (r *registry) OfToken(_ context.Context, _ string, now time.Time) (identity.Actor, error) {
	return r.actor(now)
}

func (r *registry) Since(context.Context, time.Time) ([]ports.ActorChange, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		return nil, errDown
	}
	return slices.Clone(r.changes), nil
}

// change makes whatever is remembered of a subject out of date.
func (r *registry) change(subject string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.version++
	r.changes = append(r.changes, ports.ActorChange{ID: uuid.New(), Subject: subject})
}

type realClock struct{}

func (realClock) Now() time.Time { return time.Now().UTC() }

// office is a cache of actors before a registry, in a bubble where time passes at once.
type office struct {
	t        *testing.T
	registry *registry
	actors   *cache.Actors
	heard    []string
}

// inOffice runs a test in a bubble.
func inOffice(t *testing.T, test func(o *office)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := &office{t: t, registry: &registry{}}
		a, err := cache.NewActors(newEngine(t, cache.Options{MaxBytes: plenty}), o.registry, o.registry, realClock{}, func(subject string) { o.heard = append(o.heard, subject) })
		if err != nil {
			t.Fatal(err)
		}
		o.actors = a
		time.Sleep(time.Millisecond) // nothing real is loaded in the very moment of the start
		test(o)
	})
}

func (o *office) sync() {
	o.t.Helper()
	if _, err := o.actors.Sync(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
}

// ask returns the version of the actor, and whether the registry was asked.
func (o *office) ask() (version int, asked bool) {
	o.t.Helper()
	before := o.registry.asked
	a, err := o.actors.OfSession(o.t.Context(), theDevice, time.Now())
	if err != nil {
		o.t.Fatal(err)
	}
	cache.WaitForActors(o.actors)
	return len(a.Roles), o.registry.asked > before
}

func (o *office) wants(what string, version int, asked bool) {
	o.t.Helper()
	if v, a := o.ask(); v != version || a != asked {
		o.t.Errorf("%s: version %d, asked %t; want %d, %t", what, v, a, version, asked)
	}
}

func TestAnActorIsRememberedWhileTheChangesAreRead(t *testing.T) {
	inOffice(t, func(o *office) {
		o.wants("before anything was read", 0, true)
		o.wants("still", 0, true)
		o.sync()
		o.wants("loaded before", 0, false)
		time.Sleep(800 * time.Millisecond)
		o.wants("soon after", 0, false)
		time.Sleep(200 * time.Millisecond)
		o.wants("too long after", 0, true)
		o.sync()
		o.wants("read again", 0, false)
	})
}

func TestAnActorIsForgottenWhenSomethingAboutItChanges(t *testing.T) {
	for subject, forgotten := range map[string]bool{
		"user:" + theUser.String(): true, "session:" + theDevice.String(): true, "roles": true,
		"user:" + uuid.Max.String(): false, "session:" + uuid.Max.String(): false, "token:" + uuid.Max.String(): false, "keys": false,
	} {
		inOffice(t, func(o *office) {
			o.sync()
			o.ask()
			time.Sleep(time.Millisecond)
			o.registry.change(subject)
			o.wants("before it is read", 0, false)
			o.sync()
			time.Sleep(time.Millisecond) // what is loaded in the very moment of a reading is not believed
			want := 0
			if forgotten {
				want = 1
			}
			o.wants(subject, want, forgotten)
			o.sync() // the same change again is no news
			o.wants(subject+" again", want, false)
			if !slices.Equal(o.heard, []string{subject}) {
				t.Errorf("heard %v", o.heard)
			}
		})
	}
}

func TestALoadThatBeganBeforeAChangeIsNotBelievedAfterIt(t *testing.T) {
	inOffice(t, func(o *office) {
		o.sync()
		time.Sleep(time.Millisecond)
		slow := &slowly{o.registry, func() {
			time.Sleep(time.Millisecond)
			o.registry.change("user:" + theUser.String())
			o.sync()
		}}
		a, err := cache.NewActors(newEngine(o.t, cache.Options{MaxBytes: plenty}), slow, o.registry, realClock{}, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.Sync(o.t.Context()); err != nil {
			t.Fatal(err)
		}
		slow.meanwhile = func() {
			time.Sleep(time.Millisecond)
			o.registry.change("user:" + theUser.String())
			if _, err := a.Sync(o.t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := a.OfSession(o.t.Context(), theDevice, time.Now()); err != nil {
			t.Fatal(err)
		}
		cache.WaitForActors(a)
		slow.meanwhile = func() {}
		got, err := a.OfSession(o.t.Context(), theDevice, time.Now())
		if err != nil || len(got.Roles) != 1 {
			t.Errorf("version %d, %v", len(got.Roles), err)
		}
	})
}

// slowly lets something happen between the reading of an actor and its return.
type slowly struct {
	*registry
	meanwhile func()
}

func (s *slowly) OfSession(ctx context.Context, id uuid.UUID, now time.Time) (identity.Actor, error) {
	a, err := s.registry.OfSession(ctx, id, now)
	s.meanwhile()
	return a, err
}

func TestWhileTheChangesCannotBeReadTheStoreDecides(t *testing.T) {
	inOffice(t, func(o *office) {
		o.sync()
		o.ask()
		o.registry.down = true
		if _, err := o.actors.Sync(o.t.Context()); !errors.Is(err, errDown) {
			t.Fatal(err)
		}
		o.wants("for a moment", 0, false)
		time.Sleep(time.Second)
		if _, err := o.actors.OfSession(o.t.Context(), theDevice, time.Now()); !errors.Is(err, errDown) {
			t.Errorf("an actor is believed though nothing can be read: %v", err)
		}
	})
}

func TestWhatWasRememberedBeforeALongSilenceIsForgotten(t *testing.T) {
	inOffice(t, func(o *office) {
		o.sync()
		o.ask()
		time.Sleep(10 * time.Minute)
		o.sync()
		o.wants("afterwards", 0, true)
	})
}

func TestAnActorEndsWithItsCredential(t *testing.T) {
	inOffice(t, func(o *office) {
		o.sync()
		o.ask()
		before := o.registry.asked
		if _, err := o.actors.OfSession(o.t.Context(), theDevice, time.Now().Add(2*time.Hour)); err != nil || o.registry.asked != before+1 {
			t.Errorf("an ended credential is remembered: %v", err)
		}
	})
}

func TestAProcessHeedsItsOwnChangesAtOnceAndTellsOthers(t *testing.T) {
	inOffice(t, func(o *office) {
		published := 0
		work := cache.Synced[int](unitOf(func() { o.registry.change("user:" + theUser.String()) }), o.actors, func() { published++ })
		nothing := cache.Synced[int](unitOf(func() {}), o.actors, func() { published++ })
		o.sync()
		o.ask()
		time.Sleep(time.Millisecond)
		if err := nothing.Do(o.t.Context(), nil); err != nil || published != 0 {
			t.Errorf("nothing changed: published %d, %v", published, err)
		}
		o.wants("nothing changed", 0, false)
		if err := work.Do(o.t.Context(), nil); err != nil || published != 1 {
			t.Errorf("published %d, %v", published, err)
		}
		o.wants("its own change", 1, true)
		failing := cache.Synced[int](unitOf(func() { o.registry.down = true }), o.actors, func() { published++ })
		if err := failing.Do(o.t.Context(), nil); err != nil {
			t.Errorf("a unit of work that was stored fails: %v", err)
		}
		o.registry.down = false
		o.wants("when the changes could not be read", 1, true)
	})
}

// unitOf is a unit of work that does one thing.
type unitOf func()

func (u unitOf) Do(context.Context, func(context.Context, int) error) error {
	u()
	return nil
}

func TestAnActorOlderThanAChangeIsNeverBelievedOnceTheChangeWasRead(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{"ask", "ask", "sync", "change", "pause", "long pause"}), 1, 60).Draw(rt, "steps")
		inOffice(t, func(o *office) {
			read := 0 // the version that the last reading saw
			for _, step := range steps {
				time.Sleep(time.Millisecond)
				switch step {
				case "ask":
					if v, _ := o.ask(); v < read {
						rt.Fatalf("version %d is believed after %d was read: %v", v, read, steps)
					}
				case "sync":
					o.sync()
					read = o.registry.version
				case "change":
					o.registry.change("user:" + theUser.String())
				case "pause":
					time.Sleep(400 * time.Millisecond)
				case "long pause":
					time.Sleep(3 * time.Minute)
				}
			}
		})
	})
}

func TestTheUseOfATokenIsNotedOnceAMinute(t *testing.T) {
	noted := &touches{}
	tokens := cache.Tokens(noted)
	now := time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)
	for range 10 {
		for _, id := range []uuid.UUID{theUser, theDevice} {
			if err := tokens.Touch(t.Context(), id, now); err != nil {
				t.Fatal(err)
			}
		}
		now = now.Add(20 * time.Second)
	}
	if noted.n != 8 { // at 0, 60, 120 and 180 s, for each of two
		t.Errorf("noted %d times", noted.n)
	}
}

type touches struct {
	ports.APITokenList
	n int
}

func (c *touches) Touch(context.Context, uuid.UUID, time.Time) error {
	c.n++
	return nil
}
