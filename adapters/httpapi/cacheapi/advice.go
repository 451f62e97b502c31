package cacheapi

import (
	"context"
	"net/http"

	"github.com/toeic-app/toeic/adapters/httpapi/web"
	"github.com/toeic-app/toeic/application/cacheapp"
	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/domain/identity"
)

type adviceQuery struct {
	Target *int `query:"target" json:"-" validate:"omitempty,min=1,max=99" description:"The hit rate to aim at, in percent; 90 unless given."`
}

// PredictionReply is a hit rate with other settings.
type PredictionReply struct {
	MemoryFactor float64 `json:"memory_factor"`
	MemoryBytes  int64   `json:"memory_bytes"`
	TTLFactor    float64 `json:"ttl_factor" description:"0 for the longest that the family allows."`
	TTL          float64 `json:"ttl_seconds" description:"Of the family; 0 where the factor holds for all families."`
	HitRate      float64 `json:"hit_rate"`
	Settled      bool    `json:"settled" description:"false while the traffic was watched for less than the time in question, since the times to live were set; the hit rate is too high then."`
}

// ReuseReply is how many of the repeated reads come within a time, and not within the one before.
type ReuseReply struct {
	Below float64 `json:"below_seconds" description:"0 for any time."`
	Share float64 `json:"share" description:"In percent."`
}

// FamilyAdviceReply is the part of one family.
type FamilyAdviceReply struct {
	Enough    bool              `json:"enough" description:"Whether there was enough traffic to say anything."`
	Reads     uint64            `json:"reads" description:"Of late, about."`
	Share     float64           `json:"share" description:"Of all reads, in percent."`
	Measured  *float64          `json:"measured_hit_rate" description:"Of the near tier, of late; null where it is not known."`
	HitRate   *float64          `json:"hit_rate" description:"What stats shows of the family in this process: of both tiers, since the start, with what is past its time; null where it is not known."`
	Reached   bool              `json:"reached" description:"The target is reached as it is, by hit_rate or by predicted_hit_rate."`
	Predicted float64           `json:"predicted_hit_rate" description:"Of the near tier with the present settings."`
	Margin    float64           `json:"margin_points" description:"By how many points sampling may have moved the prediction at most, nearly always; 0 when all keys are watched. Beyond 2 there is not enough."`
	Ceiling   float64           `json:"ceiling" description:"With all memory in the world and the longest time to live."`
	Settled   bool              `json:"ceiling_settled" description:"false while the traffic was watched for less than the longest time to live; the ceiling is too high then."`
	New       float64           `json:"new" description:"Reads of keys that nobody read before, in percent: no cache answers them."`
	Changed   float64           `json:"changed" description:"Reads of keys that were deleted because what they tell changed, in percent."`
	Memory    []PredictionReply `json:"memory" description:"With other memory and the same time to live."`
	TTL       []PredictionReply `json:"ttl" description:"With the same memory and other times to live."`
	Reuse     []ReuseReply      `json:"reuse" description:"How long after each other the same keys are read."`
}

// PointReply is the hit rate with a memory.
type PointReply struct {
	MemoryBytes int64   `json:"memory_bytes"`
	HitRate     float64 `json:"hit_rate"`
}

// ChangeReply is a setting to change.
type ChangeReply struct {
	Setting     string  `json:"setting" description:"CACHE_MAX_MEMORY_USAGE, or the pattern of a family whose time to live it is."`
	MemoryBytes int64   `json:"memory_bytes,omitempty"`
	TTL         float64 `json:"ttl_seconds,omitempty"`
}

// AdviceReply is what other settings would bring to the caches of one process.
type AdviceReply struct {
	Replica     string                       `json:"replica" description:"The process that was asked; each sees reads of its own."`
	Enough      bool                         `json:"enough" description:"Whether there was enough traffic; if not, the rest is not to be relied on."`
	Missing     string                       `json:"missing" description:"What there is too little of; empty when there is enough."`
	Reads       uint64                       `json:"reads" description:"Of late, about."`
	SampledKeys int                          `json:"sampled_keys"`
	SampleRate  float64                      `json:"sample_rate" description:"The part of the keys that is watched, 0 to 1."`
	Span        float64                      `json:"span_seconds" description:"How long the traffic was watched."`
	LimitBytes  int64                        `json:"limit_bytes" description:"The present memory of the near tier."`
	Measured    *float64                     `json:"measured_hit_rate" description:"Of the near tier, of late; null where it is not known."`
	HitRate     *float64                     `json:"hit_rate" description:"What stats shows of this process, and what the target is of: of both tiers, since the start, with what is past its time; null where it is not known."`
	Predicted   float64                      `json:"predicted_hit_rate" description:"Of the near tier with the present settings, where what is given out past its time counts as a miss."`
	Margin      float64                      `json:"margin_points" description:"By how many points sampling may have moved the predictions at most, nearly always; 0 when all keys are watched. Beyond 2 there is not enough."`
	Ceiling     float64                      `json:"ceiling" description:"Of the near tier with all memory in the world and the longest times to live."`
	Settled     bool                         `json:"ceiling_settled" description:"false while the traffic was watched for less than the longest times to live; the ceiling is too high then."`
	Memory      []PredictionReply            `json:"memory" description:"With other memory and the same times to live."`
	TTL         []PredictionReply            `json:"ttl" description:"With the same memory and half, same and double the times to live."`
	Both        []PredictionReply            `json:"both" description:"With half, same and double of both."`
	KeyPatterns map[string]FamilyAdviceReply `json:"key_patterns"`
	Curve       []PointReply                 `json:"curve" description:"The hit rate over the memory, at the present times to live."`
	Target      float64                      `json:"target"`
	Reached     bool                         `json:"reached" description:"The target is reached as it is: by hit_rate, or by predicted_hit_rate if there is enough."`
	Reachable   bool                         `json:"reachable" description:"The target is reached, or would be with the changes."`
	Changes     []ChangeReply                `json:"changes" description:"The cheapest that reach the target, to be made together; empty when there is nothing to change, or no change is enough."`
	Then        float64                      `json:"then" description:"The hit rate with these changes."`
}

func toPredictions(list []caching.Prediction) []PredictionReply {
	out := make([]PredictionReply, len(list))
	for i, p := range list {
		out[i] = PredictionReply{
			MemoryFactor: p.MemoryFactor, MemoryBytes: p.Memory, TTLFactor: p.TTLFactor, TTL: p.TTL.Seconds(), HitRate: rounded(p.HitRate), Settled: p.Settled,
		}
	}
	return out
}

func roundedOrNot(v *float64) *float64 {
	if v == nil {
		return nil
	}
	return new(rounded(*v))
}

func toFamilyAdvice(a caching.FamilyAdvice) FamilyAdviceReply {
	out := FamilyAdviceReply{
		Enough: a.Enough, Reads: a.Reads, Share: rounded(a.Share), Measured: roundedOrNot(a.Measured), HitRate: roundedOrNot(a.Answered), Reached: a.Reached,
		Predicted: rounded(a.Predicted), Margin: rounded(a.Margin), Ceiling: rounded(a.Ceiling), Settled: a.CeilingSettled,
		New: rounded(a.Cold), Changed: rounded(a.Gone), Memory: toPredictions(a.Memory), TTL: toPredictions(a.TTL), Reuse: make([]ReuseReply, len(a.Reuse)),
	}
	for i, r := range a.Reuse {
		out.Reuse[i] = ReuseReply{Below: r.Below.Seconds(), Share: rounded(r.Share)}
	}
	return out
}

func toAdvice(v cacheapp.AdviceView) AdviceReply {
	out := AdviceReply{
		Replica: v.Replica, Enough: v.Enough, Missing: v.Missing, Reads: v.Reads, SampledKeys: v.Keys, SampleRate: v.Rate, Span: rounded(v.Span.Seconds()),
		LimitBytes: v.Limit, Measured: roundedOrNot(v.Measured), HitRate: roundedOrNot(v.Answered), Predicted: rounded(v.Predicted),
		Margin: rounded(v.Margin), Ceiling: rounded(v.Ceiling), Settled: v.CeilingSettled,
		Memory: toPredictions(v.Memory), TTL: toPredictions(v.TTL), Both: toPredictions(v.Both), KeyPatterns: map[string]FamilyAdviceReply{},
		Curve: make([]PointReply, len(v.Curve)), Target: v.Target, Reached: v.Reached, Reachable: v.Reachable,
		Changes: make([]ChangeReply, len(v.Cheapest)), Then: rounded(v.Then),
	}
	for _, f := range v.Families {
		out.KeyPatterns[caching.Family{Name: f.Family}.Pattern()] = toFamilyAdvice(f)
	}
	for i, p := range v.Curve {
		out.Curve[i] = PointReply{MemoryBytes: p.Memory, HitRate: rounded(p.HitRate)}
	}
	for i, c := range v.Cheapest {
		out.Changes[i] = toChange(c)
	}
	return out
}

func toChange(c caching.Change) ChangeReply {
	if c.Family == "" {
		return ChangeReply{Setting: "CACHE_MAX_MEMORY_USAGE", MemoryBytes: c.Memory}
	}
	return ChangeReply{Setting: caching.Family{Name: c.Family}.Pattern(), TTL: c.TTL.Seconds()}
}

func adviceRoute(api *web.API, uc UseCases) {
	web.Register(api, web.Endpoint[adviceQuery, AdviceReply]{
		Method: http.MethodGet, Path: root + "/advice", Permission: identity.ReadCache,
		Tag: tag, Summary: "Ask what other settings would bring",
		Description: "The predicted hit rate of the near tier with other memory and other times to live, and the cheapest change that reaches the target; for the process that was asked, from a sample of its reads. The target is of the hit rate that stats shows, of both tiers; it is reached when that is as high, or the predicted one.",
		Handle: func(ctx context.Context, _ web.Request, in adviceQuery) (AdviceReply, error) {
			v, err := uc.Advise(ctx, in.Target)
			return toAdvice(v), err
		},
	})
}
