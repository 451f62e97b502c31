package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/tests/cachesim"
)

// forever is longer than any trace.
const forever = 10 * 365 * 24 * time.Hour

// report prints predicted and simulated hit rates side by side. It returns errOff when they differ by too much.
func report(out io.Writer, reads []cachesim.Read, o options) error {
	footprint := cachesim.Footprint(reads)
	limit := o.memory
	if limit <= 0 {
		limit = max(1, footprint/10)
	}
	ttl := o.ttl
	if ttl <= 0 {
		ttl = forever
	}
	families := []caching.Family{{Name: "trace", TTL: ttl, Min: 1, Max: 8 * forever}}
	profile := cachesim.Watch(reads, caching.SamplerOptions{
		Limit: limit, Families: families, MaxKeys: o.keys, Rate: o.rate, PerSecond: -1, HalfLife: 8 * forever,
	})
	a := caching.Advise(profile, caching.TargetHitRate)
	fmt.Fprintf(out, "%d reads, %d bytes in all, %d sampled keys (%.3g %%), a cache of %d bytes\n\n", a.Reads, footprint, a.Keys, 100*a.Rate, limit)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "memory\ttime to live\tpredicted %\tsimulated %\toff\t")
	predictions := a.Memory
	if o.ttl > 0 {
		predictions = append(predictions, a.Both...)
	}
	worst := 0.0
	for _, p := range predictions {
		simulated := cachesim.Simulate(reads, p.Memory, cachesim.RulesOf(families, p.TTLFactor)).HitRate()
		worst = max(worst, math.Abs(p.HitRate-simulated))
		fmt.Fprintf(w, "× %g\t× %g\t%.2f\t%.2f\t%+.2f\t\n", p.MemoryFactor, p.TTLFactor, p.HitRate, simulated, p.HitRate-simulated)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nat most %.2f points off, with a margin of %.2f; at best %.2f %% with any memory\n", worst, a.Margin, a.Ceiling)
	if !a.Enough {
		fmt.Fprintf(out, "too few %s to rely on it\n", a.Missing)
	}
	return judge(worst, a.Margin)
}

// tolerated is by how many points beyond its margin a prediction may be off.
const tolerated = 2

var errOff = errors.New("the predictions are off by more than they may be")

// judge returns errOff when a prediction is off by more than two points beyond its margin.
func judge(worst, margin float64) error {
	if worst > tolerated+margin {
		return fmt.Errorf("%w: %.2f points instead of %.2f at most", errOff, worst, tolerated+margin)
	}
	return nil
}
