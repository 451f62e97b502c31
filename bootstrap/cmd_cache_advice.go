package bootstrap

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/toeic-app/toeic/adapters/httpapi/cacheapi"
)

type cacheAdvice struct {
	remoteFlags

	Target int `help:"The hit rate to aim at, in percent." default:"90"`
}

// Run prints what other settings would bring.
func (cmd *cacheAdvice) Run(ctx context.Context, r *run) error {
	path := cacheRoot + "/advice?target=" + strconv.Itoa(cmd.Target)
	return asked(ctx, r, cmd.remoteFlags, "GET", path, nil, r.advice)
}

func (r *run) advice(a cacheapi.AdviceReply) {
	r.printf("%s: about %d reads, watched for %s\n", a.Replica, a.Reads, time.Duration(a.Span*float64(time.Second)).Round(time.Second))
	if !a.Enough {
		r.printf("too few %s to say anything for certain\n", a.Missing)
	}
	r.printf("hit rate of both tiers, as stats shows it: %s\n", measuredText(a.HitRate))
	near := predictedTexts{a.Reads}
	r.printf("hit rate of the near tier: predicted %s, measured %s, at best %s\n\n",
		near.within(a.Predicted, a.Margin), measuredText(a.Measured), near.settled(a.Ceiling, a.Settled))
	r.table(func(w io.Writer) {
		fmt.Fprintln(w, "memory\tbytes\thit rate")
		for _, p := range a.Memory {
			fmt.Fprintf(w, "× %g\t%s\t%s\n", p.MemoryFactor, bytesText(p.MemoryBytes), near.settled(p.HitRate, p.Settled))
		}
	})
	r.printf("\n")
	r.table(func(w io.Writer) {
		fmt.Fprintln(w, "pattern\treads\thit rate\tpoints\tat best\tnew keys\tchanged\ttimes to live: hit rates")
		for _, pattern := range slices.Sorted(maps.Keys(a.KeyPatterns)) {
			f := a.KeyPatterns[pattern]
			of := predictedTexts{f.Reads}
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n", pattern, f.Reads, of.settled(f.Predicted, presentSettled(f)), of.margin(f.Margin),
				of.settled(f.Ceiling, f.Settled), of.percent(f.New), of.percent(f.Changed), of.ttls(f.TTL))
		}
	})
	r.printf("\n")
	if !allSettled(a) {
		r.printf("%s watched for less than the time to live in question: it will be lower\n", unsettled)
	}
	r.printf("%s", verdict(a))
}

func measuredText(v *float64) string {
	if v == nil {
		return "unknown"
	}
	return percentText(*v)
}

// unsettled marks a hit rate that is too high, nothingRead stands where there is none: of no reads, none is a hit or a miss.
const (
	unsettled   = "*"
	nothingRead = "–"
)

// predictedTexts shows what was found out about so many reads.
type predictedTexts struct{ reads uint64 }

func (t predictedTexts) percent(rate float64) string {
	if t.reads == 0 {
		return nothingRead
	}
	return percentText(rate)
}

func (t predictedTexts) settled(rate float64, settled bool) string {
	if settled || t.reads == 0 {
		return t.percent(rate)
	}
	return percentText(rate) + unsettled
}

func (t predictedTexts) margin(points float64) string {
	if t.reads == 0 {
		return nothingRead
	}
	return fmt.Sprintf("± %.1f", points)
}

func (t predictedTexts) within(rate, points float64) string {
	if t.reads == 0 {
		return nothingRead
	}
	return percentText(rate) + " " + t.margin(points) + " points"
}

func (t predictedTexts) ttls(list []cacheapi.PredictionReply) string {
	if t.reads == 0 {
		return nothingRead
	}
	text := ""
	for _, p := range list {
		text += fmt.Sprintf("%s: %s  ", secondsText(p.TTL), t.settled(p.HitRate, p.Settled))
	}
	return text
}

// presentSettled reports whether the prediction for a family with the present settings is settled.
func presentSettled(f cacheapi.FamilyAdviceReply) bool {
	return !slices.ContainsFunc(f.Memory, func(p cacheapi.PredictionReply) bool { return !p.Settled })
}

// allSettled reports whether nothing that is printed is marked.
func allSettled(a cacheapi.AdviceReply) bool {
	open := func(p cacheapi.PredictionReply) bool { return !p.Settled }
	settled := a.Reads == 0 || a.Settled && !slices.ContainsFunc(a.Memory, open)
	for _, f := range a.KeyPatterns {
		settled = settled && (f.Reads == 0 || f.Settled && presentSettled(f) && !slices.ContainsFunc(f.TTL, open))
	}
	return settled
}

// verdict says what to do.
func verdict(a cacheapi.AdviceReply) string {
	switch {
	case a.Reached:
		return fmt.Sprintf("%s is reached as it is\n", percentText(a.Target))
	case !a.Enough:
		return "no advice yet\n"
	case !a.Reachable:
		return fmt.Sprintf("%s cannot be reached in the near tier by memory and times to live\n", percentText(a.Target))
	}
	text := fmt.Sprintf("the cheapest way to %s in the near tier, which would bring it %s:\n", percentText(a.Target), percentText(a.Then))
	for _, c := range a.Changes {
		if c.MemoryBytes > 0 {
			text += fmt.Sprintf("  %s=%d\n", c.Setting, c.MemoryBytes)
			continue
		}
		text += fmt.Sprintf("  toeic cache ttl set '%s' %g\n", c.Setting, c.TTL)
	}
	return text
}
