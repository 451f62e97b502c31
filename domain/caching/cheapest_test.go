package caching_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/toeic-app/toeic/domain/caching"
	"github.com/toeic-app/toeic/tests/cachesim"
)

const mib = 1 << 20

// profile is one of families of 100,000 reads each and times to live of an hour; misses gives those of each for a memory
// and a time to live.
func profile(families int, misses func(family, column, level int) float64) caching.Profile {
	p := caching.Profile{Limit: 64 * mib, Sampled: 100_000, Keys: 1000, Span: 1000 * time.Hour}
	for _, factor := range []float64{0.5, 1, 1.25, 1.5, 2, 3, 4, 8} {
		p.Memories = append(p.Memories, int64(factor*64*mib))
	}
	p.Memories = append(p.Memories, caching.Unlimited)
	for i := range families {
		f := caching.FamilyProfile{Family: string(rune('a' + i)), TTL: time.Hour, Span: p.Span, Rate: 1, Keys: 1000, Reads: 100_000}
		for level, hours := range []float64{0.5, 1, 2, 4, 8, 16, 168} {
			f.TTLs = append(f.TTLs, time.Duration(hours*float64(time.Hour)))
			var row []float64
			for column := range p.Memories {
				row = append(row, misses(i, column, level))
			}
			f.Misses = append(f.Misses, row)
		}
		p.Families = append(p.Families, f)
	}
	return p
}

func TestTheCheapestChangeIsFound(t *testing.T) {
	cases := []struct {
		name   string
		misses func(family, column, level int) float64
		want   []caching.Change
	}{
		{"memory", func(_, column, _ int) float64 { return []float64{40, 20, 15, 9, 8, 7, 6, 5, 4}[column] * 1000 }, []caching.Change{{Memory: 96 * mib}}},
		{"a time to live", func(family, _, level int) float64 {
			return []float64{1 + float64(family)*29, 1 + float64(family)*24, 1 + float64(family)*15, 1, 1, 1, 1}[level] * 1000
		}, []caching.Change{{Family: "b", TTL: 2 * time.Hour}}},
		{"both", func(_, column, level int) float64 {
			if column >= 4 && level >= 2 {
				return 5000
			}
			return 30_000
		}, []caching.Change{{Memory: 128 * mib}, {Family: "a", TTL: 2 * time.Hour}, {Family: "b", TTL: 2 * time.Hour}}},
		{"nothing", func(int, int, int) float64 { return 30_000 }, nil},
		{"unlimited memory only", func(_, column, _ int) float64 { return []float64{40, 20, 20, 20, 20, 20, 20, 20, 4}[column] * 1000 }, nil},
	}
	for _, c := range cases {
		a := caching.Advise(profile(2, c.misses), 90)
		if !cmp.Equal(a.Cheapest, c.want) || a.Reached || a.Reachable != (c.want != nil) || !a.Enough {
			t.Errorf("%s: %+v", c.name, a.Cheapest)
		}
		if c.want != nil && a.Then < 90 {
			t.Errorf("%s: then %g", c.name, a.Then)
		}
	}
	reached := caching.Advise(profile(2, func(int, int, int) float64 { return 10_000 }), 90)
	if !reached.Reached || !reached.Reachable || reached.Cheapest != nil {
		t.Errorf("%+v", reached)
	}
}

// Of all settings that reach the target, none is cheaper.
func TestNothingCheaperReachesTheTarget(t *testing.T) {
	factors := []float64{0, 1, 1.25, 1.5, 2, 3, 4, 8}
	hours := []float64{0, 1, 2, 4, 8, 16, 168}
	rapid.Check(t, func(t *rapid.T) {
		scale := rapid.SliceOfN(rapid.Float64Range(0.02, 0.6), 2, 2).Draw(t, "scale")
		steep := rapid.SliceOfN(rapid.Float64Range(0, 1), 4, 4).Draw(t, "steep")
		misses := func(family, column, level int) float64 {
			return 100_000 * scale[family] * math.Exp(-steep[family]*float64(column)) * math.Exp(-steep[2+family]*float64(level))
		}
		best := math.Inf(1)
		price := func(factor float64) float64 {
			if factor == 1 {
				return 0
			}
			return 1 + math.Log2(factor)
		}
		for column := 1; column < len(factors); column++ {
			for a := 1; a < len(hours); a++ {
				for b := 1; b < len(hours); b++ {
					if misses(0, column, a)+misses(1, column, b) <= 20_000 {
						best = min(best, price(factors[column])+price(hours[a])+price(hours[b]))
					}
				}
			}
		}
		got := caching.Advise(profile(2, misses), 90)
		paid := 0.0
		for _, c := range got.Cheapest {
			if c.Family == "" {
				paid += price(float64(c.Memory) / (64 * mib))
			} else {
				paid += price(c.TTL.Hours())
			}
		}
		if got.Reachable == math.IsInf(best, 1) || got.Reachable && math.Abs(paid-best) > 1e-9 || got.Reachable && got.Then < 90-1e-9 {
			t.Errorf("%+v costs %g instead of %g", got.Cheapest, paid, best)
		}
	})
}

func TestNothingIsSaidOfTooLittle(t *testing.T) {
	misses := func(_, column, level int) float64 { return 50_000 / float64(1+column+level) }
	cases := map[string]struct {
		change  func(*caching.Profile)
		missing string
	}{
		"few reads":         {func(p *caching.Profile) { p.Families[0].Reads, p.Families[1].Reads = 4999, 5000 }, caching.MissingReads},
		"few sampled reads": {func(p *caching.Profile) { p.Sampled = 999 }, caching.MissingReads},
		"few sampled keys": {func(p *caching.Profile) {
			p.Keys, p.Families[0].Keys, p.Families[0].Rate, p.Families[1].Keys = 99, 60, 0.1, 39
		}, caching.MissingKeys},
		"enough": {func(*caching.Profile) {}, ""},
	}
	for name, c := range cases {
		p := profile(2, misses)
		c.change(&p)
		a := caching.Advise(p, 90)
		if a.Missing != c.missing || a.Enough != (c.missing == "") || (a.Cheapest != nil) != a.Enough {
			t.Errorf("%s: %q, %+v", name, a.Missing, a.Cheapest)
		}
	}
}

// What nobody has seen yet is not proposed: neither times to live that are longer than the traffic was watched, nor those
// of a family that was hardly read.
func TestTimesToLiveAreProposedOnlyAsFarAsTheyWereWatched(t *testing.T) {
	misses := func(_, _, level int) float64 { return []float64{30, 30, 30, 4, 4, 4, 4}[level] * 1000 }
	p := profile(1, misses)
	p.Span = 3 * time.Hour
	a := caching.Advise(p, 90)
	if a.Reachable || a.Ceiling != 96 || !a.Families[0].TTL[2].Settled || a.Families[0].TTL[3].Settled {
		t.Errorf("%+v", a)
	}
	p.Span = 4 * time.Hour
	if a := caching.Advise(p, 90); len(a.Cheapest) != 1 || a.Cheapest[0].TTL != 4*time.Hour {
		t.Errorf("%+v", a.Cheapest)
	}
	p.Families[0].Rate, p.Families[0].Keys = 0.5, 99
	other := profile(1, func(int, int, int) float64 { return 0 }).Families[0]
	other.Family = "b"
	p.Families, p.Families[0].Reads = append(p.Families, other), 60_000
	if a := caching.Advise(p, 90); a.Reachable || a.Families[0].Enough {
		t.Errorf("%+v", a.Cheapest)
	}
}

func TestTimesToLiveAreTriedWithinTheBoundsOfTheFamily(t *testing.T) {
	s := caching.NewSampler(caching.SamplerOptions{Limit: mib, Families: caching.Families(), TTLs: caching.TTLs{caching.Users: 40 * time.Minute}})
	for i, f := range s.Profile(cachesim.Epoch).Families {
		family := caching.Families()[i]
		for _, ttl := range f.TTLs {
			if family.Check(ttl) != nil {
				t.Errorf("%s: %s", f.Family, ttl)
			}
		}
		if f.TTLs[6] != family.Max || f.TTLs[1] != f.TTL {
			t.Errorf("%s: %v", f.Family, f.TTLs)
		}
	}
}

func TestTheMarginIsThreeStandardErrors(t *testing.T) {
	p := profile(2, func(int, int, int) float64 { return 8000 })
	for i := range p.Families {
		p.Families[i].Rate, p.Families[i].Parts = 0.75, [][]float64{{1000, 1000}, {500, 1500, 500, 1500, 500, 1500, 500, 1500}, {900, 1100}}
	}
	// Eight parts of a variance of 8/7 × 500² make one of 64/7 × 500², and a quarter of it is left when three of four keys
	// are sampled.
	want := 3 * 500 * math.Sqrt(64.0/7/4) / 1000
	a := caching.Advise(p, 90)
	near(t, "of a family", a.Families[0].Margin, want, 1e-9)
	near(t, "of all", a.Margin, want/math.Sqrt2, 1e-9)
	p.Families[1].Rate = 1
	near(t, "of a family that is watched as a whole", caching.Advise(p, 90).Families[1].Margin, 0, 0)
}
