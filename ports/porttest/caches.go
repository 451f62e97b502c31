package porttest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

func cacheTests() map[string]func(*fixture) {
	return map[string]func(*fixture){
		"SettingsComeBackAsTheyWerePut":           settingRoundTrip,
		"EverySettingIsAChangeThatProcessesHear":  settingHeard,
		"OfManyWhoSetOneFamilyNoneFails":          settingsTogether,
		"ASettingThatIsTakenBackLeavesNothing":    settingRolledBack,
		"ARunIsToldAsItsProcessSaidLast":          runRoundTrip,
		"AClearingIsAChangeThatProcessesHear":     clearingHeard,
		"ARunHearsThatSomebodyWantsItsEnd":        runCancelled,
		"ARunThatEndedIsNotCancelled":             runOver,
		"RunsAreForgottenAfterAWeekAndNotEarlier": runsSwept,
	}
}

func (f *fixture) setting(fn func(context.Context, ports.CacheSettingsDesk) error) error {
	return f.store.CacheSettingsWork().Do(f.ctx, func(ctx context.Context, r ports.CacheSettingsRepos) error { return fn(ctx, r.Settings) })
}

func (f *fixture) put(s caching.Setting) {
	f.Helper()
	f.must(f.setting(func(ctx context.Context, d ports.CacheSettingsDesk) error { return d.Put(ctx, s) }))
}

func (f *fixture) remove(family string) (there bool) {
	f.Helper()
	f.must(f.setting(func(ctx context.Context, d ports.CacheSettingsDesk) error {
		var err error
		there, err = d.Remove(ctx, family)
		return err
	}))
	return there
}

func (f *fixture) settingsAre(want ...caching.Setting) {
	f.Helper()
	got, err := f.store.CacheSettings().All(f.ctx)
	f.must(err)
	f.equal("settings", got, want)
}

func settingRoundTrip(f *fixture) {
	f.settingsAre()
	users := caching.Setting{Family: caching.Users, TTL: 90 * time.Second, By: f.id(), At: noon}
	content := caching.Setting{Family: caching.Content, TTL: 1500 * time.Millisecond, At: noon}
	f.put(users)
	f.put(content)
	f.settingsAre(content, users)
	users.TTL, users.By, users.At = time.Minute, uuid.Nil, noon.Add(time.Hour) // by the command line now
	f.put(users)
	f.settingsAre(content, users)
	f.equal("removed", f.remove(caching.Content), true)
	f.equal("removed again", f.remove(caching.Content), false)
	f.settingsAre(users)
}

// heard counts the changes of settings that processes are told of.
func (f *fixture) heard() int {
	f.Helper()
	all, err := f.store.ActorChanges().Since(f.ctx, time.Time{})
	f.must(err)
	n := 0
	for _, c := range all {
		if c.Subject == "cache-settings" {
			n++
		}
	}
	return n
}

func settingHeard(f *fixture) {
	s := caching.Setting{Family: caching.Users, TTL: time.Minute, At: noon}
	f.put(s)
	f.equal("after the first", f.heard(), 1)
	s.TTL = 2 * time.Minute
	f.put(s)
	f.equal("after the second", f.heard(), 2)
	f.remove(caching.Users)
	f.equal("after the removal", f.heard(), 3)
	f.remove(caching.Users)
	f.equal("after the removal of nothing", f.heard(), 3)
}

func settingsTogether(f *fixture) {
	n := f.together(8, func(i int) bool {
		s := caching.Setting{Family: caching.Users, TTL: time.Duration(i+1) * time.Second, At: noon}
		err := f.setting(func(ctx context.Context, d ports.CacheSettingsDesk) error { return d.Put(ctx, s) })
		if err != nil {
			f.Error(err)
		}
		return err == nil
	})
	f.equal("succeeded", n, 8)
	got, err := f.store.CacheSettings().All(f.ctx)
	f.must(err)
	f.equal("settings", len(got), 1)
}

func settingRolledBack(f *fixture) {
	no := errors.New("no")
	f.wants(f.setting(func(ctx context.Context, d ports.CacheSettingsDesk) error {
		if err := d.Put(ctx, caching.Setting{Family: caching.Users, TTL: time.Minute, At: noon}); err != nil {
			return err
		}
		return no
	}), no)
	f.settingsAre()
	f.equal("changes", f.heard(), 0)
}

func clearingHeard(f *fixture) {
	no := errors.New("no")
	note := func(tag string, fails error) error {
		return f.store.CacheRunWork().Do(f.ctx, func(ctx context.Context, repos ports.CacheRunRepos) error {
			return errors.Join(repos.Runs.NoteClearing(ctx, ports.CacheScope{Tag: tag}, "here"), fails)
		})
	}
	f.must(note("exam:1", nil))
	f.wants(note("exam:2", no), no)
	all, err := f.store.ActorChanges().Since(f.ctx, time.Time{})
	f.must(err)
	f.equal("changes", len(all), 1)
	f.equal("the subject tells the tag", strings.Contains(all[0].Subject, "exam:1"), true)
}

// warming stores a run that has just begun.
func (f *fixture) warming(at time.Time) caching.Run {
	f.Helper()
	r := caching.Run{
		ID: f.id(), Replica: "here", By: f.id(), Families: []caching.Warmed{{Family: caching.Content}}, Cleared: true,
		StartedAt: at, SeenAt: at, Outcome: caching.Running,
	}
	f.must(f.store.CacheRunWork().Do(f.ctx, func(ctx context.Context, repos ports.CacheRunRepos) error { return repos.Runs.Add(ctx, r) }))
	return r
}

func (f *fixture) cancel(id uuid.UUID) (out caching.Run, err error) {
	f.Helper()
	err = f.store.CacheRunWork().Do(f.ctx, func(ctx context.Context, repos ports.CacheRunRepos) error {
		out, err = repos.Runs.Cancel(ctx, id)
		return err
	})
	return out, err
}

func (f *fixture) progress(r caching.Run, asked bool) {
	f.Helper()
	got, err := f.store.CacheRuns().Progress(f.ctx, r)
	f.must(err)
	f.equal("somebody asked for the end", got, asked)
}

func (f *fixture) runIs(want caching.Run) {
	f.Helper()
	got, err := f.store.CacheRuns().Run(f.ctx, want.ID)
	f.must(err)
	f.equal("run", got, want)
}

func runRoundTrip(f *fixture) {
	_, err := f.store.CacheRuns().Run(f.ctx, f.id())
	f.wants(err, caching.ErrNoRun)
	r, end := f.warming(noon), noon.Add(time.Minute)
	f.runIs(r)
	r.Families[0] = caching.Warmed{Family: caching.Content, Planned: 3, Loaded: 1, Failed: 1, Note: "so it goes"}
	r.SeenAt, r.Far = noon.Add(time.Second), caching.FarPending
	f.progress(r, false)
	f.runIs(r)
	r.SeenAt, r.EndedAt, r.Outcome = end, &end, caching.Done
	f.progress(r, false)
	f.runIs(r)
	r.ID = f.id()
	_, err = f.store.CacheRuns().Progress(f.ctx, r)
	f.wants(err, caching.ErrNoRun)
}

func runCancelled(f *fixture) {
	r := f.warming(noon)
	other := f.warming(noon)
	got, err := f.cancel(r.ID)
	f.must(err)
	want := r
	want.Cancelling = true
	f.equal("run", got, want)
	_, err = f.cancel(r.ID)
	f.must(err)
	f.progress(r, true) // which says nothing of it itself
	f.runIs(want)
	f.progress(other, false)
	_, err = f.cancel(f.id())
	f.wants(err, caching.ErrNoRun)
}

func runOver(f *fixture) {
	r, end := f.warming(noon), noon.Add(time.Minute)
	r.SeenAt, r.EndedAt, r.Outcome = end, &end, caching.Done
	f.progress(r, false)
	got, err := f.cancel(r.ID)
	f.must(err)
	f.equal("run", got, r)
}

func runsSwept(f *fixture) {
	week := 7 * 24 * time.Hour
	old, young := f.warming(noon.Add(-week-time.Second)), f.warming(noon.Add(-week+time.Second))
	_, err := f.store.Housekeeping().Sweep(f.ctx, noon)
	f.must(err)
	f.runIs(young)
	_, err = f.store.CacheRuns().Run(f.ctx, old.ID)
	f.wants(err, caching.ErrNoRun)
}
