package bootstrap

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/toeic-app/toeic/application/cacheapp"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/exam"
	"github.com/toeic-app/toeic/domain/identity"
	"github.com/toeic-app/toeic/ports"
)

// counted counts how often a part of the list of exams is asked for.
type counted struct {
	ports.Catalogue

	asked map[uuid.UUID]int
	fails error
}

func (c *counted) List(ctx context.Context, which ports.ExamFilter, page ports.Page) (ports.Slice[exam.Summary], error) {
	c.asked[page.After]++
	if c.fails != nil {
		return ports.Slice[exam.Summary]{}, c.fails
	}
	return c.Catalogue.List(ctx, which, page)
}

// started is a process on a database of its own, with these settings.
func started(t *testing.T, settings ...string) *App {
	t.Helper()
	c, problems := Load(t.TempDir(), append(settings, "SERVER_ADDRESS=127.0.0.1:0"), "", nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	app, err := Start(t.Context(), c, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Close(); err != nil {
			t.Error(err)
		}
	})
	return app
}

func TestARunOfWarmingListsTheExamsOnceForAllFamiliesAndReplies(t *testing.T) {
	app := started(t)
	list := &counted{Catalogue: app.core.store.Catalogue(), asked: map[uuid.UUID]int{}}
	warm := app.core.caches.warm
	warm.Limits.Patience = time.Minute
	warm.Sources = func() []cacheapp.Source { return app.core.warmers(list) }
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { warm.Do(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	for run := 1; run <= 2; run++ {
		done, err := warm.Start(t.Context(), cacheapp.WarmCommand{By: identity.Caller{}})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range done.Families {
			if f.Loaded == 0 || f.Failed > 0 {
				t.Errorf("run %d: %+v", run, f)
			}
		}
		if content := done.Families[0]; content.Planned != 6 { // the list, the exam and its form; three replies about them
			t.Errorf("run %d: %+v", run, content)
		}
		if n := list.asked[uuid.Nil]; n != run || len(list.asked) != 1 {
			t.Errorf("after run %d the exams were listed %v times", run, list.asked)
		}
	}
}

func TestAListThatCouldNotBeReadIsReadAgain(t *testing.T) {
	app := started(t)
	list := &counted{Catalogue: app.core.store.Catalogue(), asked: map[uuid.UUID]int{}, fails: errors.New("the store is down")}
	sources := app.core.warmers(list)
	content, err := caching.Named(caching.Content)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		if _, err := s.Warmer.Plan(t.Context(), content, 100); !errors.Is(err, list.fails) {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
	list.fails = nil
	for _, s := range sources {
		if steps, err := s.Warmer.Plan(t.Context(), content, 100); err != nil || len(steps) != 3 {
			t.Errorf("%s: %d steps, %v", s.Name, len(steps), err)
		}
	}
	if n := list.asked[uuid.Nil]; n != 3 {
		t.Errorf("listed %d times", n)
	}
}
