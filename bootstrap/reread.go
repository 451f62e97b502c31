package bootstrap

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/toeic-app/toeic/domain/caching"
)

// rereadPeriod is how often a server looks at its settings file. What it finds there twice in a row is heeded: a file that is
// being written does not stay the same for that long.
const rereadPeriod = 500 * time.Millisecond

// reread heeds changes of the settings file while a server runs. How long caches keep things is settled anew; of everything
// else that changed it says that it takes a restart.
type reread struct {
	from  source
	begun Config             // what the process was started with
	apply func(caching.TTLs) // hears what the environment says now
	log   *zap.Logger

	ages         map[string]Age // as they are in force
	last, heeded *glance        // nil before the first
	there        bool           // the file was heeded at least once
}

// glance is what the settings file was at a time.
type glance struct {
	text  string
	fault string // why it cannot be read; "" if it can
	gone  bool
}

func newReread(from source, begun Config, apply func(caching.TTLs), log *zap.Logger) *reread {
	return &reread{from: from, begun: begun, ages: begun.ages(), apply: apply, log: log}
}

// glance looks at the file. It compares contents: the time of a change is too coarse on some file systems, and the same after
// some ways to put another file in the place of one. A pipe has given what it had to give at the start.
func (s source) glance() glance {
	info, err := os.Stat(s.path())
	if err == nil && !info.Mode().IsRegular() {
		return glance{fault: "cannot be read again: it is not a regular file"}
	}
	text, err := s.read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return glance{gone: true}
	case err != nil:
		return glance{fault: unreadable(err)}
	}
	return glance{text: string(text)}
}

// look heeds the file if it has changed and is the same as at the look before.
func (r *reread) look() {
	now := r.from.glance()
	settled := r.last != nil && *r.last == now
	r.last = &now
	if settled && (r.heeded == nil || *r.heeded != now) {
		r.heeded = &now
		r.heed(now)
	}
}

func (r *reread) heed(g glance) {
	if g.gone {
		if r.there {
			r.log.Warn("the settings file is gone; what it said holds until the next start", zap.String("file", r.from.file))
		}
		return
	}
	r.there = true
	c, problems := r.from.config([]byte(g.text))
	if g.fault != "" {
		problems = []Problem{{Setting: r.from.file, Detail: g.fault}}
	}
	if len(problems) > 0 {
		r.log.Warn("the settings file is wrong, and nothing of it is heeded", zap.Stringers("problems", problems))
		return
	}
	var told []zap.Field
	if changed := r.changes(c); len(changed) > 0 {
		r.ages = c.ages()
		r.apply(c.cacheTTLs())
		told = append(told, zap.Strings("heeded", changed))
	}
	if restart := r.begun.differing(c); len(restart) > 0 {
		told = append(told, zap.Strings("takes_a_restart", restart))
	}
	if len(told) > 0 {
		r.log.Info("the settings file changed", told...)
	}
}

// changes lists the ages that are others than those in force, with their values.
func (r *reread) changes(c Config) []string {
	var out []string
	ages := c.ages()
	for _, family := range slices.Sorted(maps.Keys(ages)) {
		if ages[family] != r.ages[family] {
			out = append(out, ageSetting(family)+"="+ages[family].String())
		}
	}
	return out
}

// differing names the settings whose values are others in as, but for those that are heeded while the server runs.
func (c Config) differing(as Config) []string {
	var out []string
	a, b := reflect.ValueOf(c), reflect.ValueOf(as)
	for i := range a.NumField() {
		field := a.Type().Field(i)
		name := field.Tag.Get("env")
		if name != "-" && field.Type != reflect.TypeFor[Age]() && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			out = append(out, name)
		}
	}
	for _, p := range c.OIDC {
		for _, q := range as.OIDC {
			if p.Name == q.Name {
				out = append(out, p.differing(q)...)
			}
		}
	}
	return out
}

// follow makes the server heed changes of its settings file. Call it before Run.
func (a *App) follow(from source) {
	if from.path() == "" {
		return
	}
	a.settings = newReread(from, a.config, func(environment caching.TTLs) {
		a.core.caches.apply.Provide(environment)
		wake(a.core.retune)
	}, a.log)
}

// followSettings looks at the settings file until ctx ends.
func (a *App) followSettings(ctx context.Context, running *sync.WaitGroup) {
	if a.settings != nil {
		running.Go(func() { every(ctx, rereadPeriod, func(context.Context) { a.settings.look() }) })
	}
}
