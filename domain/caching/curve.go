package caching

import "math"

// CurvePoint is the hit rate, 0 to 100, with a memory in bytes.
type CurvePoint struct {
	Memory  int64
	HitRate float64
}

// Curve is the hit rate over the memory at the present times to live, in steps of a quarter of a power of two from a 64th
// of the present memory to 64 times. It ends where more memory brings nothing. It takes a value for expired when it would
// be so with unlimited memory; the predictions for the memories that were tried out do not simplify like this, and differ
// from the curve by a little where both memory and time to live are short.
func (p *Profile) Curve() []CurvePoint {
	reads := p.reads()
	if reads == 0 {
		return nil
	}
	best := p.hitRate(columns-1, presentLevel)
	var out []CurvePoint
	for step := -4 * 6; step <= 4*6; step++ {
		bytes := scaled(p.Limit, math.Exp2(float64(step)/4))
		missed := 0.0
		for i := range p.Families {
			missed += p.Families[i].missedWith(bytes)
		}
		point := CurvePoint{Memory: bytes, HitRate: percent(reads-missed, reads)}
		out = append(out, point)
		if point.HitRate >= best-0.001 {
			break
		}
	}
	return out
}
