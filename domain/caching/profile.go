package caching

import "time"

// Profile is what a Sampler saw, for the caches of one process. Replicas have memories of their own and see different
// reads, so profiles of several are not to be added up: each process has an advice of its own.
//
// Counts stand for all keys, not for the sampled ones alone, and those of the past count less.
type Profile struct {
	Limit    int64         // bytes that the near tier may take
	Memories []int64       // that were tried out, ascending; the second is Limit, the last Unlimited
	Keys     int           // that are sampled now
	Sampled  uint64        // reads that were taken in since the start
	Span     time.Duration // since the first of them
	Families []FamilyProfile
}

// FamilyProfile is the part of one family in a Profile.
type FamilyProfile struct {
	Family    string
	TTL       time.Duration
	TTLs      []time.Duration // that were tried out, ascending; the second is TTL, the last the longest the family allows
	Tuned     bool            // whether the TTL was changed after the first read of all
	Span      time.Duration   // for how long it was watched with this TTL
	Rate      float64         // the share of its keys that is sampled, 0 to 1
	Keys      int             // of it that are sampled now
	Reads     float64         // of which it can be said whether they were hits
	Counted   bool            // whether the cache counted its reads; Hits are of CountedOf reads then
	CountedOf float64
	Hits      float64
	Asked     uint64 // reads since the start, of which Answered were answered by any tier; zero when that is not known
	Answered  uint64
	Misses    [][]float64 // for each of TTLs, for each of Memories
	Parts     [][]float64 // misses by equal parts of the keys, for half, the same and double the memory and TTL, memory by memory
	Cold      float64     // reads of keys that were not read before, or not since the sample was begun
	Gone      float64     // reads of keys that were deleted since their last read
	Distances []float64   // reads within the TTL, by the memory that would have been enough; see Curve
	Reuse     []float64   // reads by the time since the last of the same key; see ReuseBelow
}

// Profile returns what was seen until now.
func (s *Sampler) Profile(now time.Time) Profile {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := Profile{
		Limit: s.limit, Memories: append([]int64{}, s.keys.stack.sizes[:]...),
		Keys: len(s.keys.index), Sampled: s.sampled,
	}
	if s.begun != 0 {
		p.Span = time.Duration(max(0, now.UnixNano()-s.begun))
	}
	for i := range s.families {
		f := s.families[i].profile(i, s.counted)
		f.Keys = len(s.keys.highest[i].items)
		if s.counted != nil && s.answered != nil {
			f.Asked, _ = s.counted(i)
			f.Answered = min(f.Asked, s.answered(i))
		}
		if since := s.families[i].since; since != 0 {
			f.Span = time.Duration(max(0, now.UnixNano()-since))
		}
		p.Families = append(p.Families, f)
	}
	return p
}

func (f *watched) profile(family int, counted func(int) (reads, hits uint64)) FamilyProfile {
	p := FamilyProfile{
		Family: f.Name, TTL: f.ttl, Tuned: f.tuned, TTLs: append([]time.Duration{}, f.ttls[:]...), Rate: 1 / f.scale,
		Reads: f.estimated, Counted: counted != nil, Cold: f.cold, Gone: f.gone,
		Distances: append([]float64{}, f.distances[:]...), Reuse: append([]float64{}, f.reuse[:]...),
	}
	if counted != nil {
		p.CountedOf, p.Hits = f.counted(family, counted)
		p.Reads = p.CountedOf
	}
	p.Reads = max(0, p.Reads-f.unknown)
	for level := range levels {
		row := make([]float64, columns)
		for column := range row {
			row[column] = f.missesAt(column, level)
		}
		p.Misses = append(p.Misses, row)
	}
	for _, column := range halfSameDouble(memoryFactors[:]) {
		for _, level := range halfSameDouble(ttlFactors[:]) {
			p.Parts = append(p.Parts, f.partsAt(column, level))
		}
	}
	p.correct(f.estimated - f.unknown)
	return p
}

// partsAt are the misses of each part of the keys.
func (f *watched) partsAt(column, level int) []float64 {
	out := make([]float64, parts)
	for part := range out {
		out[part] = f.misses[part][cell(column, level)]
	}
	return out
}

func (f *watched) missesAt(column, level int) float64 {
	sum := 0.0
	for _, n := range f.partsAt(column, level) {
		sum += n
	}
	return sum
}

// correct puts the reads that the sample has too few of where hot keys are: at the shortest reuse times.
func (p *FamilyProfile) correct(seen float64) {
	p.Reuse[0] = max(0, p.Reuse[0]+p.Reads-seen)
}

// missed is how many reads would have been misses.
func (p *FamilyProfile) missed(column, level int) float64 {
	return min(p.Misses[level][column], p.Reads)
}

// missedWith is how many reads would have been misses with any memory, at the present time to live.
func (p *FamilyProfile) missedWith(bytes int64) float64 {
	return min(p.missed(columns-1, presentLevel)+beyond(p.Distances, bytes), p.Reads)
}
