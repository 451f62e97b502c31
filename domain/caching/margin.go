package caching

import "math"

// parts is in how many parts the sampled keys are counted to see how much they differ.
const parts = 8

// margin is two standard errors of the predicted hit rate, in points, as far as the choice of the sampled keys causes
// them: the parts of the sample are samples as well, so what they differ by tells what the whole may be off by (the
// method of random groups; Wolter, "Introduction to Variance Estimation", 2007, chapter 2). With eight parts it is a rough
// estimate. It is zero when all keys are sampled. It is wide where a few hot keys decide, because the memory holds but a
// small part of what is read.
func (p *Profile) margin() float64 {
	sum := 0.0
	for i := range p.Families {
		sum += p.Families[i].variance()
	}
	return percent(2*math.Sqrt(sum), p.reads())
}

func (f *FamilyProfile) margin() float64 { return percent(2*math.Sqrt(f.variance()), f.Reads) }

// variance is that of the number of misses, over all samples of the same rate.
func (f *FamilyProfile) variance() float64 {
	if f.Rate >= 1 || len(f.Parts) < 2 {
		return 0
	}
	n, mean, squares := float64(len(f.Parts)), 0.0, 0.0
	for _, v := range f.Parts {
		mean += v / n
	}
	for _, v := range f.Parts {
		squares += (v - mean) * (v - mean)
	}
	return n * squares / (n - 1) * (1 - f.Rate)
}
