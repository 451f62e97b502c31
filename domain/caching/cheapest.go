package caching

import "math"

// plan is a memory and a time to live for each family, as places in what was tried out.
type plan struct {
	column int
	levels []int
	price  float64
}

// The price of a plan: each setting that is changed costs one, as somebody must change and watch it, and one more for each
// doubling. Memory and time to live are priced alike: twice the memory costs as much as values that are twice as old.
func changePrice(factor float64) float64 { return 1 + math.Log2(factor) }

// search looks for the plan of the lowest price that reaches a target.
type search struct {
	profile *Profile
	allowed float64 // misses
	best    plan
	trial   plan
	rest    []float64 // for the family of a place and those after it: misses at least, whatever their time to live
}

// cheapest returns the changes of the lowest price that bring the hit rate to target, and the hit rate then. Times to live
// are only made longer up to the time for which the family was watched: beyond it, nobody can say.
func (p *Profile) cheapest(target float64) (changes []Change, then float64, ok bool) {
	s := &search{profile: p, allowed: p.reads() * (1 - target/100), best: plan{price: math.Inf(1)}}
	for column := presentColumn; column < columns-1; column++ {
		s.trial = plan{column: column, levels: make([]int, len(p.Families))}
		if column > presentColumn {
			s.trial.price = changePrice(memoryFactors[column])
		}
		s.bound()
		s.choose(0, 0)
	}
	if math.IsInf(s.best.price, 1) {
		return nil, p.hitRate(presentColumn, presentLevel), false
	}
	return p.changes(s.best), percent(p.reads()-p.missedBy(s.best), p.reads()), true
}

// bound computes the least misses that are possible with the memory of the trial.
func (s *search) bound() {
	s.rest = make([]float64, len(s.profile.Families)+1)
	for i := len(s.profile.Families) - 1; i >= 0; i-- {
		f := &s.profile.Families[i]
		least := math.Inf(1)
		for _, level := range s.profile.choices(f) {
			least = min(least, f.missed(s.trial.column, level))
		}
		s.rest[i] = s.rest[i+1] + least
	}
}

// choices are the times to live that a family may be given: the present one and longer ones that were watched.
func (p *Profile) choices(f *FamilyProfile) []int {
	out := []int{presentLevel}
	if !f.enough() {
		return out
	}
	for level := presentLevel + 1; level < levels; level++ {
		if ttl := f.TTLs[level]; ttl > f.TTLs[out[len(out)-1]] && p.watched(f, ttl) {
			out = append(out, level)
		}
	}
	return out
}

// choose tries all times to live for the family at a place and those after it.
func (s *search) choose(place int, missed float64) {
	if s.trial.price >= s.best.price || missed+s.rest[place] > s.allowed {
		return
	}
	if place == len(s.profile.Families) {
		s.best = s.trial
		s.best.levels = append([]int{}, s.trial.levels...)
		return
	}
	f, before := &s.profile.Families[place], s.trial.price
	for _, level := range s.profile.choices(f) {
		s.trial.levels[place] = level
		s.trial.price = before
		if level > presentLevel {
			s.trial.price += changePrice(float64(f.TTLs[level]) / float64(f.TTL))
		}
		s.choose(place+1, missed+f.missed(s.trial.column, level))
	}
	s.trial.price = before
}

func (p *Profile) missedBy(chosen plan) float64 {
	sum := 0.0
	for i, level := range chosen.levels {
		sum += p.Families[i].missed(chosen.column, level)
	}
	return sum
}

// changes tells a plan as settings: the memory first.
func (p *Profile) changes(chosen plan) []Change {
	var out []Change
	if chosen.column > presentColumn {
		out = append(out, Change{Memory: p.Memories[chosen.column]})
	}
	for i, level := range chosen.levels {
		if level > presentLevel {
			out = append(out, Change{Family: p.Families[i].Family, TTL: p.Families[i].TTLs[level]})
		}
	}
	return out
}
