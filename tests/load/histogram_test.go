package main

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAQuantileIsThatOfTheSortedDurationsUpToTheWidthOfABucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Hour)), 1, 300).Draw(t, "durations")
		q := rapid.SampledFrom([]float64{0.01, 0.5, 0.9, 0.99, 1}).Draw(t, "q")
		var a, b histogram
		for i, d := range all {
			if i%2 == 0 {
				a.add(time.Duration(d))
			} else {
				b.add(time.Duration(d))
			}
		}
		a.merge(&b)
		slices.Sort(all)
		rank := 0
		for float64(rank+1) < q*float64(len(all))-1e-6 {
			rank++
		}
		want, got := all[rank], int64(a.quantile(q))
		if got < want || float64(got) > float64(want)*(1+1.0/steps)+1 {
			t.Fatalf("quantile %v of %v is %d, want %d", q, all, got, want)
		}
	})
}

func TestBucketsHaveNoGaps(t *testing.T) {
	for i := range 40 * steps {
		if at := bucket(upper(i)); at != i {
			t.Fatalf("the end of bucket %d is counted in %d", i, at)
		}
		if at := bucket(upper(i) + 1); at != i+1 {
			t.Fatalf("what follows bucket %d is counted in %d", i, at)
		}
	}
	if bucket(-1) != 0 || bucket(1<<63-1) >= doubles*steps {
		t.Error("the ends are out of range")
	}
	if new(histogram).quantile(0.5) != 0 {
		t.Error("the median of nothing is something")
	}
}
