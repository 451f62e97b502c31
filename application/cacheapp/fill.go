package cacheapp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/ports"
)

const (
	// reportPeriod is how often the progress of a run is stored, for those who ask another process.
	reportPeriod = time.Second
	// reportTime bounds storing it.
	reportTime = 2 * time.Second
	// lastReports is how often it is tried to store how a run ended, and lastPause the time between: what is not stored
	// looks to others as if the process had died.
	lastReports = 4
	lastPause   = 500 * time.Millisecond
)

// Do does the runs that are begun, one after another, until ctx ends.
func (uc *Warm) Do(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case f := <-uc.pending():
			uc.do(ctx, f)
		}
	}
}

// do does one run to its end.
func (uc *Warm) do(ctx context.Context, f *filling) {
	limited, stop := context.WithTimeout(ctx, uc.Limits.Time)
	defer stop()
	work, release := context.WithCancelCause(limited)
	defer release(nil)
	go func() { // a cancellation may have come before the run's turn
		select {
		case <-f.unwanted:
			release(errCancelled)
		case <-work.Done():
		}
	}()
	var reports sync.WaitGroup
	reports.Go(func() { uc.keepReporting(work, f) })
	uc.fill(work, f)
	outcome := caching.Done
	switch {
	case errors.Is(context.Cause(work), errCancelled):
		outcome = caching.Cancelled
	case work.Err() != nil:
		outcome = caching.Interrupted
	}
	release(nil)
	reports.Wait()
	final, now := uc.told(f), uc.Clock.Now()
	final.Outcome, final.EndedAt, final.SeenAt = outcome, &now, now
	uc.reportEnd(context.WithoutCancel(ctx), f, final) // first: who is told here that it has ended is told so everywhere
	uc.note(f, func(r *caching.Run) { *r = final })
	close(f.done)
}

// note changes what is told of a run.
func (uc *Warm) note(f *filling, change func(*caching.Run)) {
	uc.mu.Lock()
	defer uc.mu.Unlock()
	change(&f.run)
}

// keepReporting stores the progress of a run until it ends, and heeds who wants its end.
func (uc *Warm) keepReporting(work context.Context, f *filling) {
	ticks := time.NewTicker(reportPeriod)
	defer ticks.Stop()
	for {
		select {
		case <-work.Done():
			return
		case <-ticks.C:
			_ = uc.report(work, f, uc.told(f)) // the next one is soon
		}
	}
}

// reportEnd stores how a run ended.
func (uc *Warm) reportEnd(ctx context.Context, f *filling, run caching.Run) {
	for try := range lastReports {
		if try > 0 {
			<-time.After(lastPause)
		}
		if err := uc.report(ctx, f, run); err == nil || errors.Is(err, caching.ErrNoRun) {
			return
		}
	}
}

// report stores how far a run has come. That it cannot be stored is no reason to end the run.
func (uc *Warm) report(ctx context.Context, f *filling, run caching.Run) error {
	limited, cancel := context.WithTimeout(ctx, reportTime)
	defer cancel()
	asked, err := uc.Runs.Progress(limited, run)
	if err != nil && ctx.Err() == nil {
		uc.Failed("store the progress", err)
	}
	if asked {
		f.cancel()
	}
	return err
}

// fill loads what is worth having of each family.
func (uc *Warm) fill(ctx context.Context, f *filling) {
	if f.cleared {
		done, err := uc.Control.Clear(ctx, ports.CacheScope{})
		if err != nil {
			uc.Failed("clear the caches first", err)
		}
		uc.note(f, func(r *caching.Run) { r.Far = done.Far })
	}
	var sources []Source
	if uc.Sources != nil {
		sources = uc.Sources()
	}
	for i, family := range f.families {
		if !family.Warmable {
			continue
		}
		steps := uc.plan(ctx, f, i, sources)
		uc.note(f, func(r *caching.Run) { r.Families[i].Planned = len(steps) })
		uc.load(ctx, f, i, steps)
	}
}

// plan asks the sources for the keys of a family, in their order, until there are as many as a run takes.
func (uc *Warm) plan(ctx context.Context, f *filling, i int, sources []Source) []ports.WarmStep {
	var out []ports.WarmStep
	for _, s := range sources {
		left := uc.Limits.Keys - len(out)
		if left <= 0 || ctx.Err() != nil {
			return out
		}
		steps, err := planned(ctx, s, f.families[i], left)
		if err != nil {
			if ctx.Err() == nil {
				uc.Failed("find out what "+s.Name+" has for "+f.families[i].Pattern(), err)
			}
			uc.note(f, func(r *caching.Run) {
				r.Families[i].Note = "What is worth having could not be found out; the log says why."
			})
		}
		out = append(out, steps[:min(len(steps), left)]...)
	}
	if len(out) == 0 {
		uc.note(f, func(r *caching.Run) {
			if r.Families[i].Note == "" {
				r.Families[i].Note = "There is nothing yet that anybody could ask for."
			}
		})
	}
	return out
}

// load takes the steps of a family, some at once.
func (uc *Warm) load(ctx context.Context, f *filling, i int, steps []ports.WarmStep) {
	var (
		workers sync.WaitGroup
		next    = make(chan ports.WarmStep)
	)
	for range min(uc.Limits.Workers, len(steps)) {
		workers.Go(func() {
			for step := range next {
				uc.take(ctx, f, i, step)
			}
		})
	}
feed:
	for _, step := range steps {
		select {
		case next <- step:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	workers.Wait()
}

// take loads one key. What fails because the run ends is not counted.
func (uc *Warm) take(ctx context.Context, f *filling, i int, step ports.WarmStep) {
	err := recovered(ctx, step)
	if err != nil && ctx.Err() != nil {
		return
	}
	first := false
	uc.note(f, func(r *caching.Run) {
		w := &r.Families[i]
		if err == nil {
			w.Loaded++
			return
		}
		w.Failed++
		first = w.Failed == 1
	})
	if first {
		uc.Failed("load "+step.Key, err)
	}
}

// planned asks one source, and makes an error of a panic.
func planned(ctx context.Context, s Source, family caching.Family, limit int) (steps []ports.WarmStep, err error) {
	defer func() {
		if r := recover(); r != nil {
			steps, err = nil, fmt.Errorf("panic: %v", r)
		}
	}()
	return s.Warmer.Plan(ctx, family, limit)
}

// recovered makes an error of a panic: one bad key must not end the process.
func recovered(ctx context.Context, step ports.WarmStep) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return step.Run(ctx)
}
