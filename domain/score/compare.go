package score

import (
	"math"

	"github.com/toeic-app/toeic/domain/exam"
)

// confident is the quantile of the normal distribution beyond which, on both sides, one in twenty differences lies
// that chance alone makes.
const confident = 1.96

// hair keeps a difference of exactly one standard error from exceeding it by what floating point leaves over.
const hair = 1e-9

// Verdict says what may be said of a difference between two scores, and no more.
type Verdict string

// The verdicts, from the weakest.
const (
	WithinError Verdict = "within_error" // no more than one standard error: no change is shown
	BeyondError Verdict = "beyond_error" // more than that, but chance makes such a difference more often than one time in twenty
	Significant Verdict = "significant"  // chance alone makes such a difference less often than one time in twenty
)

// Difference is a later score less an earlier one, with the error that both bring in.
type Difference struct {
	Points        int
	StandardError float64 // √(SEM₁² + SEM₂²): 35 for two full sections, 50 for two totals of full forms
	Threshold     float64 // 1.96 standard errors: 69 and 98
	Verdict       Verdict
}

// Comparison holds the differences of what both results have a scaled score for.
type Comparison struct {
	Sections map[exam.Section]Difference
	Total    *Difference
}

// Empty reports whether the results had nothing to compare.
func (c Comparison) Empty() bool { return len(c.Sections) == 0 && c.Total == nil }

// Compare tells how a result differs from an earlier one.
func Compare(later, earlier Result) Comparison {
	out := Comparison{Sections: map[exam.Section]Difference{}}
	variance := 0.0
	for _, s := range exam.Sections() {
		a, b := later.Sections[s], earlier.Sections[s]
		if a.Scaled == nil || b.Scaled == nil {
			continue
		}
		v := square(StandardError(a.Items)) + square(StandardError(b.Items))
		variance += v
		out.Sections[s] = differ(a.Scaled.Score-b.Scaled.Score, v)
	}
	if later.Total != nil && earlier.Total != nil {
		d := differ(later.Total.Score-earlier.Total.Score, variance)
		out.Total = &d
	}
	return out
}

func square(x float64) float64 { return x * x }

func differ(points int, variance float64) Difference {
	d := Difference{Points: points, StandardError: math.Sqrt(variance), Verdict: WithinError}
	d.Threshold = confident * d.StandardError
	switch size := math.Abs(float64(points)); {
	case size > d.Threshold+hair:
		d.Verdict = Significant
	case size > d.StandardError+hair:
		d.Verdict = BeyondError
	}
	return d
}
