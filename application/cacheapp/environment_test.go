package cacheapp_test

import (
	"context"
	"testing"
	"time"

	"github.com/toeic-app/toeic/application/cacheapp"
	"github.com/toeic-app/toeic/domain/audit"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

func TestAnEnvironmentThatChangesDecidesForFamiliesThatNobodySet(t *testing.T) {
	o := open(t)
	_, err := o.ttls.Set(t.Context(), cacheapp.SetCommand{By: o.by, Pattern: "content:*", Seconds: 90})
	o.wants(err, nil)
	o.ttls.Apply.Provide(caching.TTLs{caching.Content: 2 * time.Hour, caching.Auth: 10 * time.Second})
	if v := o.family(caching.Auth); v.TTL != 10*time.Second || v.InForce != 30*time.Second {
		t.Errorf("before it is applied: %+v", v)
	}
	o.wants(o.ttls.Apply.Execute(t.Context()), nil)
	o.holds(caching.Auth, 10*time.Second, caching.FromEnvironment)
	o.holds(caching.Users, 5*time.Minute, caching.FromDefault) // which it says nothing of any more
	o.holds(caching.Content, 90*time.Second, caching.FromSetting)
	_, err = o.ttls.Reset(t.Context(), o.by, "content:*")
	o.wants(err, nil)
	o.holds(caching.Content, 2*time.Hour, caching.FromEnvironment)
}

// slow are settings that take as long to read as the test says.
type slow struct {
	ports.CacheSettings

	reading, done chan struct{}
}

func (s slow) All(ctx context.Context) ([]caching.Setting, error) {
	close(s.reading)
	<-s.done
	return s.CacheSettings.All(ctx)
}

// witness says when something is recorded.
type witness struct {
	ports.Recorder

	recorded chan struct{}
}

func (r witness) Record(ctx context.Context, log ports.AuditLog, by identity.Caller, what audit.Action, object string, before, after any) error {
	close(r.recorded)
	return r.Recorder.Record(ctx, log, by, what, object, before, after)
}

// A change holds a connection to the database, perhaps the only one, for which Execute waits.
func TestAChangeDoesNotWaitForWhoAppliesTheSettings(t *testing.T) {
	o := open(t)
	settings := slow{o.store.CacheSettings(), make(chan struct{}), make(chan struct{})}
	recorder := witness{o.log, make(chan struct{})}
	apply := &cacheapp.Apply{Settings: settings, To: o.engine.set}
	o.ttls.Apply, o.ttls.Recorder = apply, recorder
	ended := make(chan error, 2)
	go func() { ended <- apply.Execute(context.WithoutCancel(t.Context())) }()
	<-settings.reading
	apply.Settings = o.store.CacheSettings()
	go func() {
		_, err := o.ttls.Set(context.WithoutCancel(t.Context()), cacheapp.SetCommand{By: o.by, Pattern: "content:*", Seconds: 90})
		ended <- err
	}()
	select {
	case <-recorder.recorded:
	case <-time.After(10 * time.Second):
		t.Error("a change waits for who applies the settings")
	}
	close(settings.done)
	for range cap(ended) {
		o.wants(<-ended, nil)
	}
	o.holds(caching.Content, 90*time.Second, caching.FromSetting)
}
