package caching

import "math"

// parts is in how many parts the sampled keys are counted to see how much they differ.
const parts = 32

// errors is how many standard errors make a margin. Two would do if the misses of the parts were all that is uncertain.
// They are not: whether one of the hottest keys is in the sample changes the reuse distances of all the others, in all
// parts alike. Over samples of Zipf traffic, a quarter of the predictions is off by more than two standard errors, and
// hardly any by more than three.
const errors = 3

// margin is three standard errors of the predicted hit rate, in points, as far as the choice of the sampled keys causes
// them: the parts of the sample are samples as well, so what they differ by tells what the whole may be off by (the
// method of random groups; Wolter, "Introduction to Variance Estimation", 2007, chapter 2). It is that of the least
// certain of half, the same and double the memory and times to live. It is zero when all keys are sampled. It is wide
// where a few hot keys decide, because the memory holds but a small part of what is read.
func (p *Profile) margin() float64 {
	widest := 0.0
	for setting := range settings {
		sum := 0.0
		for i := range p.Families {
			sum += p.Families[i].variance(setting)
		}
		widest = max(widest, sum)
	}
	return percent(errors*math.Sqrt(widest), p.reads())
}

// settings is how many Parts of a family there are.
const settings = 9

func (f *FamilyProfile) margin() float64 {
	widest := 0.0
	for setting := range settings {
		widest = max(widest, f.variance(setting))
	}
	return percent(errors*math.Sqrt(widest), f.Reads)
}

// variance is that of the number of misses, over all samples of the same rate.
func (f *FamilyProfile) variance(setting int) float64 {
	if f.Rate >= 1 || setting >= len(f.Parts) || len(f.Parts[setting]) < 2 {
		return 0
	}
	missed := f.Parts[setting]
	n, mean, squares := float64(len(missed)), 0.0, 0.0
	for _, v := range missed {
		mean += v / n
	}
	for _, v := range missed {
		squares += (v - mean) * (v - mean)
	}
	return n * squares / (n - 1) * (1 - f.Rate)
}
