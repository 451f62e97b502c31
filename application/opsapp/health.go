// Package opsapp holds the use cases of whoever operates the service.
package opsapp

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/toeic-app/toeic/ports"
)

// Status is how well something works.
type Status string

// The statuses, from best to worst.
const (
	Healthy   Status = "healthy"
	Degraded  Status = "degraded"  // works, without something it can do without
	Unhealthy Status = "unhealthy" // does not work
)

// Check is the outcome of one probe.
type Check struct {
	Name     string
	Status   Status
	Took     time.Duration
	Required bool
}

// Report is how the service is.
type Report struct {
	Status Status
	Checks []Check
}

// Dependency is something that the service uses.
type Dependency struct {
	Probe    ports.Probe
	Required bool // without it the service is unhealthy, else merely degraded
}

// probeTime is how long a dependency has to answer.
const probeTime = time.Second

// Health asks every dependency how it is.
type Health struct {
	Clock        ports.Clock
	Dependencies []Dependency
	// Failed is told why a probe failed; the report itself tells nobody.
	Failed func(name string, err error)
}

// Execute asks all dependencies at once and takes no longer than the slowest, at most a second.
func (uc Health) Execute(ctx context.Context) Report {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	r := Report{Status: Healthy, Checks: make([]Check, len(uc.Dependencies))}
	var wait sync.WaitGroup
	for i, d := range uc.Dependencies {
		wait.Go(func() { r.Checks[i] = uc.check(ctx, d) })
	}
	wait.Wait()
	for _, c := range r.Checks {
		switch {
		case c.Status == Healthy:
		case c.Required:
			r.Status = Unhealthy
		case r.Status == Healthy:
			r.Status = Degraded
		}
	}
	return r
}

func (uc Health) check(ctx context.Context, d Dependency) Check {
	start := uc.Clock.Now()
	c := Check{Name: d.Probe.Name(), Status: Healthy, Required: d.Required}
	if err := d.Probe.Check(ctx); err != nil {
		c.Status = Unhealthy
		if uc.Failed != nil {
			uc.Failed(c.Name, err)
		}
	}
	c.Took = uc.Clock.Now().Sub(start)
	return c
}

// Readiness tells whether this process wants requests. It starts wanting none.
type Readiness struct{ ready atomic.Bool }

// Set changes it.
func (r *Readiness) Set(ready bool) { r.ready.Store(ready) }

// Ready reports it.
func (r *Readiness) Ready() bool { return r.ready.Load() }
