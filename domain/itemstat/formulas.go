package itemstat

import "math"

// moments are the sums that means, variances and correlations follow from. With up to ten million takers of 200 items
// they and their products with n are exact.
type moments struct{ n, sum, squares int64 }

func (s scale) moments() moments {
	m := moments{n: int64(s.n)}
	for score, takers := range s.scores {
		v, n := int64(score), int64(takers)
		m.sum += v * n
		m.squares += v * v * n
	}
	return m
}

// spread is n² times the variance of the population; zero when all are alike.
func (m moments) spread() int64 { return m.n*m.squares - m.sum*m.sum }

func (s scale) report() Scale {
	m := s.moments()
	out := Scale{Takers: s.n, Items: len(s.rights), Mean: ratio(m.sum, m.n), Frequencies: append([]int{}, s.scores...)}
	if s.n < 2 {
		return out
	}
	sd := math.Sqrt(float64(m.spread()) / float64(m.n*(m.n-1)))
	out.SD, out.KR20 = &sd, alpha(len(s.rights), s.unexplained(), m.spread())
	if out.KR20 != nil {
		sem := sd * math.Sqrt(1-max(0, *out.KR20))
		out.SEM = &sem
	}
	return out
}

// unexplained is n² times the sum of the variances of the items.
func (s scale) unexplained() int64 {
	sum := int64(0)
	for i := range s.rights {
		sum += s.spreadOf(i)
	}
	return sum
}

// spreadOf is n² times the variance of an item: p times 1 - p.
func (s scale) spreadOf(i int) int64 { return int64(s.rights[i]) * int64(s.n-s.rights[i]) }

// alpha is the reliability of a sum of items: from their number, and the same multiple of the sum of their variances and
// of the variance of their sum. It is nil for one item, and where all scores are alike.
func alpha(items int, unexplained, spread int64) *float64 {
	if items < 2 || spread <= 0 {
		return nil
	}
	k := float64(items)
	a := k / (k - 1) * (1 - float64(unexplained)/float64(spread))
	return &a
}

// discrimination correlates right or wrong on item i with the score of the section, with and without the item, and
// gives the reliability of the section without it.
func (t *tally) discrimination(i int) (plain, corrected, without *float64) {
	m, right := t.moments(), int64(t.rights[i])
	both := int64(0) // sum of the scores of those who got it right
	for score, takers := range t.with(i, t.items[i].Key) {
		both += int64(score) * int64(takers)
	}
	own := moments{n: m.n, sum: right, squares: right}
	rest := moments{n: m.n, sum: m.sum - right, squares: m.squares - 2*both + right}
	plain = correlation(own, m, both)
	corrected = correlation(own, rest, both-right)
	without = alpha(len(t.items)-1, t.unexplained()-t.spreadOf(i), rest.spread())
	return plain, corrected, without
}

// correlation is Pearson's, of which products is the sum of the products; nil when one of both does not vary.
func correlation(x, y moments, products int64) *float64 {
	if x.spread() <= 0 || y.spread() <= 0 {
		return nil
	}
	r := float64(x.n*products-x.sum*y.sum) / math.Sqrt(float64(x.spread())*float64(y.spread()))
	r = max(-1, min(1, r)) // rounding may carry it over by the last digit
	return &r
}

// ratio is nil when there is nothing to divide by.
func ratio[N int | int64](part, of N) *float64 {
	if of == 0 {
		return nil
	}
	r := float64(part) / float64(of)
	return &r
}

// below is false for what is not defined.
func below(v *float64, threshold float64) bool { return v != nil && *v < threshold }
