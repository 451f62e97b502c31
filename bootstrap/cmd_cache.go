package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/toeic-app/toeic/adapters/httpapi/cacheapi"
	"github.com/toeic-app/toeic/domain/caching"
)

const cacheRoot = "/api/v1/admin/cache"

// table prints lines whose cells are separated by tabs in columns.
func (r *run) table(write func(w io.Writer)) {
	w := tabwriter.NewWriter(r.surroundings.Stdout, 0, 0, 2, ' ', 0)
	write(w)
	_ = w.Flush() // standard output that is gone cannot be told
}

type cacheStats struct{ remoteFlags }

// Run prints how the caches do.
func (cmd *cacheStats) Run(ctx context.Context, r *run) error {
	return asked(ctx, r, cmd.remoteFlags, "GET", cacheRoot+"/stats", nil, func(s cacheapi.StatsReply) {
		r.printf("hit rate %s of %d reads%s\n\n", percentText(s.HitRate), s.Reads, warmingUp(s.WarmingUp))
		r.table(func(w io.Writer) {
			fmt.Fprintln(w, "replica\ttier\thit rate\thits\tmisses\tentries\tmemory\tlimit\tevictions\terrors")
			tierLines(w, "all", s.Tiers)
			for _, replica := range s.Replicas {
				tierLines(w, replica.Replica, replica.Tiers)
			}
		})
	})
}

func warmingUp(yes bool) string {
	if yes {
		return " (too few yet to say anything)"
	}
	return ""
}

// hitText shows the hit rate of so many reads.
func hitText(rate float64, reads uint64) string {
	if reads == 0 {
		return nothingRead
	}
	return percentText(rate)
}

func tierLines(w io.Writer, replica string, t cacheapi.TiersReply) {
	for _, tier := range []struct {
		name string
		cacheapi.TierReply
	}{{"near", t.Near}, {"far", t.Far}} {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\t%d\t%d\n", replica, tier.name, hitText(tier.HitRate, tier.Hits+tier.Misses), tier.Hits, tier.Misses,
			tier.Entries, bytesText(tier.Bytes), limitText(tier.LimitBytes), tier.Evictions, tier.Errors)
		replica = ""
	}
}

type cacheAdvanced struct{ remoteFlags }

// Run prints how each family of keys does.
func (cmd *cacheAdvanced) Run(ctx context.Context, r *run) error {
	return asked(ctx, r, cmd.remoteFlags, "GET", cacheRoot+"/advanced-stats", nil, func(s cacheapi.AdvancedReply) {
		r.printf("hit rate %s of %d reads%s\n\n", percentText(s.HitRate), s.Reads, warmingUp(s.WarmingUp))
		r.table(func(w io.Writer) {
			fmt.Fprintln(w, "pattern\thit rate\thits\tmisses\tnear\tfar\tkeys\tmemory\tavg ttl\tloads\tms a load\tshared\tstale")
			for _, pattern := range slices.Sorted(maps.Keys(s.KeyPatterns)) {
				p := s.KeyPatterns[pattern]
				fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\t%s\t%d\t%s\t%s\t%d\t%g\t%d\t%d\n", pattern, hitText(p.HitRate, p.Hits+p.Misses), p.Hits, p.Misses,
					hitText(p.Near.HitRate, p.Near.Hits+p.Near.Misses), hitText(p.Far.HitRate, p.Far.Hits+p.Far.Misses), p.Keys, bytesText(p.Bytes), secondsText(p.AvgTTL), p.Loads, p.LoadMs, p.Shared, p.Stale)
			}
		})
		r.printf("\n")
		r.table(func(w io.Writer) {
			fmt.Fprintln(w, "evicted because\tvalues")
			for _, reason := range slices.Sorted(maps.Keys(s.Evictions)) {
				fmt.Fprintf(w, "%s\t%d\n", reason, s.Evictions[reason])
			}
		})
		if len(s.TopKeys) > 0 {
			r.printf("\n")
			r.table(func(w io.Writer) {
				fmt.Fprintln(w, "most read\tat least\tat most")
				for _, k := range s.TopKeys {
					fmt.Fprintf(w, "%s\t%d\t%d\n", k.Key, k.Count-k.Error, k.Count)
				}
			})
		}
		if len(s.Redis) > 0 {
			r.printf("\n")
			r.table(func(w io.Writer) {
				for _, name := range slices.Sorted(maps.Keys(s.Redis)) {
					fmt.Fprintf(w, "redis %s\t%s\n", name, s.Redis[name])
				}
			})
		}
	})
}

type cacheHealth struct{ remoteFlags }

// Run prints whether the tiers work, and fails when one does not.
func (cmd *cacheHealth) Run(ctx context.Context, r *run) error {
	h, err := answer(ctx, r, cmd.remoteFlags, "GET", cacheRoot+"/health", nil, func(h cacheapi.HealthReply) {
		r.printf("%s: %s of %s in memory, Redis %s, %d replicas\n", h.Status, bytesText(h.Near.Bytes), bytesText(h.Near.LimitBytes),
			strings.ReplaceAll(h.Far.Status, "_", " "), h.Replicas)
	})
	if err == nil && h.Status == "degraded" {
		err = fmt.Errorf("the caches are degraded: Redis is %s", h.Far.Status)
	}
	return err
}

type cacheClear struct {
	remoteFlags

	Patterns []string `arg:"" optional:"" name:"pattern" help:"Families such as content:*. Quote the star."`
	All      bool     `help:"Clear everything."`
	Tag      string   `help:"Only what depends on that thing, such as exam:IDENTIFIER."`
}

// Run clears caches.
func (cmd *cacheClear) Run(ctx context.Context, r *run) error {
	if cmd.All {
		if len(cmd.Patterns) > 0 || cmd.Tag != "" {
			return misuse{errors.New("--all clears everything: give neither patterns nor --tag with it")}
		}
		cmd.Patterns = []string{caching.Everything}
	}
	if len(cmd.Patterns) == 0 && cmd.Tag == "" {
		return misuse{errors.New("say what to clear: patterns such as 'content:*', --tag, or --all")}
	}
	query := url.Values{}
	if len(cmd.Patterns) > 0 {
		query.Set("pattern", strings.Join(cmd.Patterns, ","))
	}
	if cmd.Tag != "" {
		query.Set("tag", cmd.Tag)
	}
	return asked(ctx, r, cmd.remoteFlags, "DELETE", cacheRoot+"?"+query.Encode(), nil, func(c cacheapi.ClearedReply) {
		for _, pattern := range slices.Sorted(maps.Keys(c.Forgotten)) {
			r.printf("%s  %d\n", pattern, c.Forgotten[pattern])
		}
		r.printf("forgot %d keys; other servers follow within a second%s\n", c.Total, farText(c.Far))
	})
}

// farText says of a clearing what is left to do in Redis.
func farText(far caching.FarClearing) string {
	if far == caching.FarPending {
		return "; Redis does not answer, and is cleared as soon as it does"
	}
	return ""
}

type cacheTTLList struct{ remoteFlags }

// Run prints how long families are kept.
func (cmd *cacheTTLList) Run(ctx context.Context, r *run) error {
	return asked(ctx, r, cmd.remoteFlags, "GET", cacheRoot+"/ttls", nil, func(l cacheapi.TTLsReply) { r.ttls(l.Items) })
}

func (r *run) ttls(list []cacheapi.TTLReply) {
	r.table(func(w io.Writer) {
		fmt.Fprintln(w, "pattern\tkept for\tby\tdefault\tat least\tat most\ttiers\tcost\twarmable\tholds")
		for _, t := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", t.Pattern, secondsText(t.Seconds), ttlSource(t), secondsText(t.Default),
				secondsText(t.Min), secondsText(t.Max), tiersText(t.Tiers), t.Cost, yesNo(t.Warmable), t.About)
		}
	})
}

func tiersText(tiers []caching.Tier) string {
	names := make([]string, len(tiers))
	for i, t := range tiers {
		names[i] = string(t)
	}
	return strings.Join(names, "+")
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func ttlSource(t cacheapi.TTLReply) string {
	if t.At == nil {
		return string(t.Source)
	}
	return "setting of " + t.At.Format(time.DateTime)
}

type cacheTTLSet struct {
	remoteFlags

	Pattern string `arg:"" help:"A family such as content:*. Quote the star."`
	TTL     string `arg:"" help:"Seconds, such as 300, or a duration such as 5m."`
}

// Run sets how long a family is kept.
func (cmd *cacheTTLSet) Run(ctx context.Context, r *run) error {
	ttl, ok := caching.ParseTTL(cmd.TTL)
	if !ok {
		return misuse{fmt.Errorf("%q is neither a positive number of seconds nor a duration such as 5m", cmd.TTL)}
	}
	body := map[string]any{"pattern": cmd.Pattern, "ttl_seconds": ttl.Seconds()}
	return asked(ctx, r, cmd.remoteFlags, "PUT", cacheRoot+"/ttls", body, func(t cacheapi.TTLReply) { r.ttls([]cacheapi.TTLReply{t}) })
}

type cacheTTLReset struct {
	remoteFlags

	Pattern string `arg:"" help:"A family such as content:*. Quote the star."`
}

// Run takes a setting back.
func (cmd *cacheTTLReset) Run(ctx context.Context, r *run) error {
	path := cacheRoot + "/ttls?pattern=" + url.QueryEscape(cmd.Pattern)
	return asked(ctx, r, cmd.remoteFlags, "DELETE", path, nil, func(t cacheapi.TTLReply) { r.ttls([]cacheapi.TTLReply{t}) })
}

func percentText(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) + " %" }

// secondsText shows a time without the zeros at its end: 5m, not 5m0s.
func secondsText(v float64) string {
	text := time.Duration(v * float64(time.Second)).Round(time.Millisecond).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// bytesText shows bytes in the largest unit of which there is one.
func bytesText(n int64) string {
	const step = 1024
	if n < step {
		return strconv.FormatInt(n, 10) + " B"
	}
	v, units := float64(n), "KMGTPE"
	for i := range units {
		if v /= step; v < step || i == len(units)-1 {
			return strconv.FormatFloat(v, 'f', 1, 64) + " " + units[i:i+1] + "B"
		}
	}
	return ""
}

// limitText is empty where there is no limit, or none is known.
func limitText(n int64) string {
	if n == 0 {
		return "-"
	}
	return bytesText(n)
}
