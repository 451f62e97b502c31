package cacheapi

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/toeic-app/toeic/application/cacheapp"
	"github.com/toeic-app/toeic/domain/caching"
)

// TierReply is how one tier does.
type TierReply struct {
	HitRate    float64 `json:"hit_rate" description:"Of the questions to this tier, in percent; 100 before the first."`
	Hits       uint64  `json:"hits"`
	Misses     uint64  `json:"misses"`
	Entries    int64   `json:"entries"`
	Bytes      int64   `json:"bytes"`
	LimitBytes int64   `json:"limit_bytes,omitempty" description:"That the tier may take; left out where this is not known."`
	Evictions  uint64  `json:"evictions" description:"What left the near tier for whatever reason; of the far tier, what all of Redis evicted since it started."`
	Errors     uint64  `json:"errors" description:"Questions that the tier did not answer; each was treated as a miss."`
}

// TiersReply is how both tiers do.
type TiersReply struct {
	Near TierReply `json:"near" description:"The memory of the process, or of all processes together."`
	Far  TierReply `json:"far" description:"Redis, which is asked for what the near tier has not."`
}

// ReadsReply is how reads were answered.
type ReadsReply struct {
	HitRate float64 `json:"hit_rate" description:"Reads that one of the tiers answered, in percent; 100 before the first read: who was never asked has missed nothing."`
	Reads   uint64  `json:"reads" description:"Since the processes started."`
	Hits    uint64  `json:"hits"`
	Misses  uint64  `json:"misses"`
}

// ReplicaReply is how the caches of one process do.
type ReplicaReply struct {
	ReadsReply
	Replica string     `json:"replica"`
	Since   time.Time  `json:"since"`
	Tiers   TiersReply `json:"tiers"`
}

// StatsReply is how the caches of all processes do.
type StatsReply struct {
	ReadsReply
	WarmingUp   bool           `json:"warming_up" description:"There were fewer than 1000 reads: the hit rate says nothing yet, and is nothing to be alarmed by."`
	Entries     int64          `json:"entries" description:"In the near tiers."`
	MemoryBytes int64          `json:"memory_bytes" description:"That the near tiers take."`
	Evictions   uint64         `json:"evictions" description:"From the near tiers."`
	Tiers       TiersReply     `json:"tiers"`
	Replicas    []ReplicaReply `json:"replicas" description:"The process that was asked first."`
}

// rounded keeps figures readable.
func rounded(v float64) float64 { return math.Round(v*100) / 100 }

func toReads(f caching.FamilyFigures) ReadsReply {
	return ReadsReply{HitRate: rounded(f.HitRate()), Reads: f.Reads(), Hits: f.Hits(), Misses: f.Misses()}
}

func toTier(t caching.TierFigures) TierReply {
	return TierReply{
		HitRate: rounded(t.HitRate()), Hits: t.Hits, Misses: t.Misses, Entries: t.Keys, Bytes: t.Bytes, Evictions: t.Evicted(), Errors: t.Errors,
	}
}

func toTiers(f caching.FamilyFigures, limit int64, server map[string]string) TiersReply {
	out := TiersReply{Near: toTier(f.Near), Far: toTier(f.Far)}
	out.Near.LimitBytes = limit
	out.Far.Evictions = number(server["evicted_keys"])
	out.Far.LimitBytes = int64(min(number(server["maxmemory"]), math.MaxInt64))
	return out
}

// number reads a figure of Redis; zero where there is none.
func number(text string) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func toStats(v cacheapp.StatsView) StatsReply {
	out := StatsReply{
		ReadsReply: toReads(v.Total), WarmingUp: v.Total.Reads() < caching.MinReads, Entries: v.Total.Near.Keys, MemoryBytes: v.Total.Near.Bytes,
		Evictions: v.Total.Near.Evicted(), Tiers: toTiers(v.Total, v.Limit(), server(v.Processes)), Replicas: make([]ReplicaReply, len(v.Processes)),
	}
	for i, p := range v.Processes {
		sum := caching.Overall(p.Families)
		out.Replicas[i] = ReplicaReply{ReadsReply: toReads(sum), Replica: p.Replica, Since: p.Since, Tiers: toTiers(sum, p.Limit, p.Server)}
	}
	return out
}

// server is what Redis says of itself, to the first process that it answers.
func server(processes []caching.Figures) map[string]string {
	for _, p := range processes {
		if len(p.Server) > 0 {
			return p.Server
		}
	}
	return nil
}

// PatternReply is how one family does.
type PatternReply struct {
	ReadsReply
	Keys         int64     `json:"keys" description:"In the near tiers."`
	Bytes        int64     `json:"bytes" description:"That they take there."`
	AvgTTL       float64   `json:"avg_ttl" description:"Seconds that were left of the life of values, on average, when they were given out."`
	Loads        uint64    `json:"loads" description:"From the store."`
	LoadFailures uint64    `json:"load_failures"`
	LoadMs       float64   `json:"load_ms" description:"How long a load takes, on average."`
	LoadSeconds  float64   `json:"load_seconds" description:"How long all loads took."`
	Shared       uint64    `json:"shared" description:"Reads that waited for a load which somebody else had begun; they are misses."`
	Stale        uint64    `json:"stale" description:"Reads that were given what was past its time."`
	Negative     uint64    `json:"negative" description:"Reads that were told from memory that there is no such thing; they are hits."`
	Near         TierReply `json:"near"`
	Far          TierReply `json:"far"`
}

func toPattern(f caching.FamilyFigures) PatternReply {
	return PatternReply{
		ReadsReply: toReads(f), Keys: f.Near.Keys, Bytes: f.Near.Bytes, AvgTTL: rounded(f.AverageTTL().Seconds()),
		Loads: f.Loads, LoadFailures: f.Failures, LoadMs: rounded(1000 * f.AverageLoad().Seconds()), LoadSeconds: rounded(f.LoadTime.Seconds()),
		Shared: f.Shared, Stale: f.Stale, Negative: f.Negative, Near: toTier(f.Near), Far: toTier(f.Far),
	}
}

func toPatterns(families map[string]caching.FamilyFigures) map[string]PatternReply {
	out := map[string]PatternReply{}
	for _, f := range caching.Families() {
		out[f.Pattern()] = toPattern(families[f.Name])
	}
	return out
}

// KeyReply is one of the most read keys.
type KeyReply struct {
	Key   string `json:"key" description:"Of families that name people or hold secrets, only its end."`
	Count uint64 `json:"count" description:"How often it was read, at most."`
	Error uint64 `json:"error" description:"By how much count may be too high."`
}

// ReplicaPatternsReply is how the caches of one process do, by pattern.
type ReplicaPatternsReply struct {
	Replica     string                  `json:"replica"`
	Since       time.Time               `json:"since"`
	HitRate     float64                 `json:"hit_rate"`
	KeyPatterns map[string]PatternReply `json:"key_patterns"`
}

// AdvancedReply is how the caches of all processes do, by pattern.
type AdvancedReply struct {
	ReadsReply
	WarmingUp   bool                    `json:"warming_up" description:"As in stats."`
	KeyPatterns map[string]PatternReply `json:"key_patterns" description:"By pattern, such as content:*; every family is there."`
	Evictions   map[string]uint64       `json:"evictions" description:"From the near tiers, by reason: capacity (made room), rejected (not let in), expired, invalidated (what it tells changed), cleared."`
	TopKeys     []KeyReply              `json:"top_keys" description:"The most read, about; at most 20."`
	Redis       map[string]string       `json:"redis" description:"What Redis says of itself; empty without it."`
	Replicas    []ReplicaPatternsReply  `json:"replicas" description:"The process that was asked first."`
}

func toAdvanced(v cacheapp.StatsView) AdvancedReply {
	out := AdvancedReply{
		ReadsReply: toReads(v.Total), WarmingUp: v.Total.Reads() < caching.MinReads, KeyPatterns: toPatterns(v.Families),
		Evictions: map[string]uint64{}, TopKeys: make([]KeyReply, len(v.Top)), Redis: server(v.Processes),
		Replicas: make([]ReplicaPatternsReply, len(v.Processes)),
	}
	if out.Redis == nil {
		out.Redis = map[string]string{}
	}
	for _, reason := range caching.Reasons() {
		out.Evictions[string(reason)] = v.Total.Near.Evictions[reason]
	}
	for i, k := range v.Top {
		out.TopKeys[i] = KeyReply{Key: shown(k.Key), Count: k.Count, Error: k.Error}
	}
	for i, p := range v.Processes {
		out.Replicas[i] = ReplicaPatternsReply{
			Replica: p.Replica, Since: p.Since, HitRate: rounded(caching.Overall(p.Families).HitRate()), KeyPatterns: toPatterns(p.Families),
		}
	}
	return out
}

// shownOf is how much is shown of a key that is private, in bytes from its end: enough to tell two apart.
const shownOf = 6

// shown is a key as administrators see it. What stays in the memory of a process does so because it names people or holds
// secrets; what is unknown is treated alike.
func shown(key string) string {
	name, rest, _ := strings.Cut(key, ":")
	if f, err := caching.Named(name); err == nil && f.Far {
		return key
	}
	return name + ":…" + strings.ToValidUTF8(rest[max(0, len(rest)-shownOf):], "")
}
