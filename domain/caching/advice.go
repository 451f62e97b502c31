package caching

import (
	"slices"
	"time"
)

// TargetHitRate is the hit rate, 0 to 100, that is aimed at unless somebody says otherwise.
const TargetHitRate = 90

// With fewer reads, or fewer sampled keys of many, nothing can be said.
const (
	fewestReads    = 10_000
	fewestSampled  = 1_000
	fewestOfFamily = 1_000 // reads
	fewestKeys     = 100   // unless all keys are sampled
	widestMargin   = 2     // points
)

// Advice is what more or less memory and time to live would bring to the caches of one process. Hit rates go from 0 to
// 100. All but Answered are of the near tier, and what is given out past its time counts as a miss in them; predictions
// are for LRU. So they are below what a cache with two tiers reaches in all, and the target, which is of that, is reached
// when either is as high.
type Advice struct {
	Enough         bool          // whether there was enough traffic to say anything; if not, the rest is not to be relied on
	Missing        string        // what there is too little of: MissingReads, MissingKeys, MissingTime; empty when Enough
	Reads          uint64        // about, of late
	Keys           int           // that are sampled now
	Rate           float64       // the share of keys that is sampled, 0 to 1, about
	Span           time.Duration // that was watched
	Limit          int64         // bytes that the near tier may take
	Target         float64
	Measured       *float64 // of late; nil unless the cache counts
	Answered       *float64 // by any tier since the start, as figures show it; nil unless the cache counts that
	Predicted      float64  // with the present settings
	Margin         float64  // points that sampling may have moved it by, at most, nearly always; zero when all keys are sampled
	Ceiling        float64  // with unlimited memory and the longest times to live: only keys that are new or were deleted are missed
	CeilingSettled bool     // as in Prediction

	Memory   []Prediction // other memory, same times to live
	TTL      []Prediction // same memory, half, same and double the times to live of all families
	Both     []Prediction // half, same and double the memory with half, same and double the times to live
	Families []FamilyAdvice
	Curve    []CurvePoint // the hit rate over the memory, at the present times to live

	Reached   bool     // the target is reached as it is: by Answered, or else by Predicted, if there is Enough
	Reachable bool     // the target is reached, or would be with the changes in Cheapest
	Cheapest  []Change // to be made together; empty when nothing need be changed, or no change is enough
	Then      float64  // the hit rate with these changes
}

// What there can be too little of.
const (
	MissingReads = "reads"
	MissingKeys  = "sampled keys"
	MissingTime  = "time since a time to live was changed"
)

// Prediction is a hit rate with other settings. Settled is false while the traffic was watched for less than the times to
// live in question, with the times to live of now, as some of what would expire did not yet; the hit rate is too high then.
type Prediction struct {
	MemoryFactor float64
	Memory       int64
	TTLFactor    float64       // zero for the longest time to live that is allowed
	TTL          time.Duration // of the family in question, within its bounds; zero for all families
	HitRate      float64
	Settled      bool
}

// FamilyAdvice is the part of one family.
type FamilyAdvice struct {
	Family         string
	Enough         bool    // as in Advice; no change is proposed for the family otherwise
	Reads          uint64  // about, of late
	Rate           float64 // the share of its keys that is sampled, 0 to 1
	Share          float64 // of all reads, 0 to 100
	Measured       *float64
	Answered       *float64
	Reached        bool // as in Advice
	Predicted      float64
	Margin         float64 // as in Advice
	Ceiling        float64
	CeilingSettled bool
	Cold           float64      // reads of new keys, of all reads of the family, 0 to 100
	Gone           float64      // reads of keys that were deleted as they changed, likewise
	Memory         []Prediction // other memory, same times to live
	TTL            []Prediction // same memory, other times to live
	Reuse          []ReuseShare // how long after each other the same keys are read, without empty ends
}

// ReuseShare is how many of the repeated reads of a family come within a time, and not within the one before.
type ReuseShare struct {
	Below time.Duration // zero: any time
	Share float64       // 0 to 100
}

// Change is a setting to change: the memory, when Family is empty, or the time to live of a family.
type Change struct {
	Family string
	Memory int64
	TTL    time.Duration
}

// Advise tells what a profile means, and the cheapest changes that would bring the hit rate, 0 to 100, to target.
func Advise(p Profile, target float64) Advice {
	a := Advice{
		Keys: p.Keys, Rate: p.rate(), Span: p.Span, Limit: p.Limit, Target: target, Curve: p.Curve(),
	}
	a.Reads = uint64(p.reads())
	a.Missing = p.missing()
	a.Enough = a.Missing == ""
	a.Measured = p.measured()
	a.Margin = p.margin()
	a.Predicted = p.hitRate(presentColumn, presentLevel)
	a.Ceiling = p.hitRate(columns-1, levels-1)
	a.CeilingSettled = p.settled(levels - 1)
	for column, factor := range memoryFactors {
		a.Memory = append(a.Memory, p.predict(column, presentLevel, factor, 1))
	}
	for _, level := range halfSameDouble(ttlFactors[:]) {
		a.TTL = append(a.TTL, p.predict(presentColumn, level, 1, ttlFactors[level]))
	}
	for _, column := range halfSameDouble(memoryFactors[:]) {
		for _, level := range halfSameDouble(ttlFactors[:]) {
			a.Both = append(a.Both, p.predict(column, level, memoryFactors[column], ttlFactors[level]))
		}
	}
	for i := range p.Families {
		a.Families = append(a.Families, p.adviseFamily(&p.Families[i], target))
	}
	asked, answered := p.answered()
	a.Answered = answeredOf(asked, answered)
	a.Reached = reaches(asked, answered, target) || a.Enough && a.Predicted >= target
	a.Reachable = a.Reached
	a.Then = a.Predicted
	if a.Enough && !a.Reached {
		a.Cheapest, a.Then, a.Reachable = p.cheapest(target)
	}
	return a
}

// halfSameDouble are the places of these factors.
func halfSameDouble(factors []float64) []int {
	var out []int
	for i, factor := range factors {
		if factor == 0.5 || factor == 1 || factor == 2 {
			out = append(out, i)
		}
	}
	return out
}

func (p *Profile) missing() string {
	switch {
	case p.reads() < fewestReads || p.Sampled < fewestSampled:
		return MissingReads
	case p.rate() < 1 && p.Keys < fewestKeys, p.margin() > widestMargin:
		return MissingKeys
	case slices.ContainsFunc(p.Families, func(f FamilyProfile) bool { return f.Reads > 0 && f.fresh() }):
		return MissingTime
	}
	return ""
}

// fresh reports whether the family is counted with another time to live than before, and not yet for as long as that.
// Most of what it is asked for is there already and does not expire for now, so that it seems to be hit far more often
// than it will be. When a process has just begun, this is not so: whatever is asked for is missed once.
func (f *FamilyProfile) fresh() bool { return f.Tuned && f.Span < f.TTL }

// watched reports whether a family was watched for as long as a time to live, with the one that it has now.
func (p *Profile) watched(f *FamilyProfile, ttl time.Duration) bool {
	return ttl <= min(p.Span, f.Span)
}

// enough reports whether something can be said of a family by itself.
func (f *FamilyProfile) enough() bool {
	return f.Reads >= fewestOfFamily && (f.Rate == 1 || f.Keys >= fewestKeys) && f.margin() <= widestMargin && !f.fresh()
}

// rate is the share of the keys of all families that is sampled.
func (p *Profile) rate() float64 {
	sampled, all := 0.0, 0.0
	for i := range p.Families {
		sampled += float64(p.Families[i].Keys)
		all += float64(p.Families[i].Keys) / p.Families[i].Rate
	}
	if all == 0 {
		return 1
	}
	return sampled / all
}

func (p *Profile) reads() float64 {
	sum := 0.0
	for i := range p.Families {
		sum += p.Families[i].Reads
	}
	return sum
}

// measured is the hit rate that the cache counted.
func (p *Profile) measured() *float64 {
	reads, hits := 0.0, 0.0
	for i := range p.Families {
		if !p.Families[i].Counted {
			return nil
		}
		reads += p.Families[i].CountedOf
		hits += p.Families[i].Hits
	}
	return measuredOf(hits, reads)
}

// answered adds up what any tier was asked and answered.
func (p *Profile) answered() (asked, answered uint64) {
	for i := range p.Families {
		asked += p.Families[i].Asked
		answered += p.Families[i].Answered
	}
	return asked, answered
}

// answeredOf is the hit rate that figures show; nil when it is not known.
func answeredOf(asked, answered uint64) *float64 {
	if asked == 0 {
		return nil
	}
	rate := hitRate(answered, asked)
	return &rate
}

// reaches reports whether the hit rate that figures show is known well enough, and is as high as the target.
func reaches(asked, answered uint64, target float64) bool {
	return asked >= MinReads && hitRate(answered, asked) >= target
}

func measuredOf(hits, reads float64) *float64 {
	if reads == 0 {
		return nil
	}
	rate := 100 * hits / reads
	return &rate
}

// percent is zero when there is nothing to divide by.
func percent(part, of float64) float64 {
	if of <= 0 {
		return 0
	}
	return 100 * part / of
}

// hitRate is that of all families together, with the same factor on the time to live of each.
func (p *Profile) hitRate(column, level int) float64 {
	missed := 0.0
	for i := range p.Families {
		missed += p.Families[i].missed(column, level)
	}
	return percent(p.reads()-missed, p.reads())
}

func (f *FamilyProfile) hitRate(column, level int) float64 {
	return percent(f.Reads-f.missed(column, level), f.Reads)
}

// settled reports whether each family that is read was watched for as long as its time to live at a level.
func (p *Profile) settled(level int) bool {
	return !slices.ContainsFunc(p.Families, func(f FamilyProfile) bool { return f.Reads > 0 && !p.watched(&f, f.TTLs[level]) })
}

func (p *Profile) predict(column, level int, memory, ttl float64) Prediction {
	return Prediction{
		MemoryFactor: memory, Memory: p.Memories[column], TTLFactor: ttl, HitRate: p.hitRate(column, level), Settled: p.settled(level),
	}
}

func (p *Profile) adviseFamily(f *FamilyProfile, target float64) FamilyAdvice {
	a := FamilyAdvice{
		Family: f.Family, Enough: f.enough(), Reads: uint64(f.Reads), Rate: f.Rate, Share: percent(f.Reads, p.reads()),
		Predicted: f.hitRate(presentColumn, presentLevel), Ceiling: f.hitRate(columns-1, levels-1),
		Cold: percent(f.Cold, f.Reads), Gone: percent(f.Gone, f.Reads), Reuse: f.reuse(),
	}
	a.Margin = f.margin()
	a.Answered = answeredOf(f.Asked, f.Answered)
	a.Reached = reaches(f.Asked, f.Answered, target) || a.Enough && a.Predicted >= target
	if f.Counted {
		a.Measured = measuredOf(f.Hits, f.CountedOf)
	}
	at := func(column, level int, memory, ttl float64) Prediction {
		return Prediction{
			MemoryFactor: memory, Memory: p.Memories[column], TTLFactor: ttl, TTL: f.TTLs[level],
			HitRate: f.hitRate(column, level), Settled: p.watched(f, f.TTLs[level]),
		}
	}
	for column, factor := range memoryFactors {
		a.Memory = append(a.Memory, at(column, presentLevel, factor, 1))
	}
	for level, factor := range ttlFactors {
		a.TTL = append(a.TTL, at(presentColumn, level, 1, factor))
	}
	a.TTL = append(a.TTL, at(presentColumn, levels-1, 1, 0))
	a.CeilingSettled = p.watched(f, f.TTLs[levels-1])
	return a
}

// reuse is the histogram of the times between reads of the same key, without its empty ends.
func (f *FamilyProfile) reuse() []ReuseShare {
	first, last, sum := len(f.Reuse), -1, 0.0
	for i, n := range f.Reuse {
		if n > 0 {
			first, last, sum = min(first, i), i, sum+n
		}
	}
	var out []ReuseShare
	for i := first; i <= last; i++ {
		out = append(out, ReuseShare{Below: ReuseBelow(i), Share: percent(f.Reuse[i], sum)})
	}
	return out
}
