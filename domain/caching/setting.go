package caching

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/toeic-app/toeic/domain/fault"
)

// Source is who decided how long a family keeps what it holds.
type Source string

// The sources; a later one gives way to an earlier one.
const (
	FromSetting     Source = "setting"     // an administrator, while the service ran
	FromEnvironment Source = "environment" // whoever configured the process
	FromDefault     Source = "default"     // the table of families
)

// Decision is how long a family keeps what it holds, and who said so.
type Decision struct {
	Family  Family
	TTL     time.Duration
	Source  Source
	Setting *Setting // nil unless an administrator said so
}

// Decide settles for each family, by name, how long it keeps what it holds. A setting that this version of the program
// would refuse, as its bounds are narrower than those of the version that stored it, is brought within them. Settings of
// families that it does not know are of no effect.
func Decide(settings []Setting, environment TTLs) []Decision {
	stored := map[string]Setting{}
	for _, s := range settings {
		stored[s.Family] = s
	}
	out := make([]Decision, 0, len(Families()))
	for _, f := range Families() {
		d := Decision{Family: f, TTL: f.TTL, Source: FromDefault}
		if ttl, ok := environment[f.Name]; ok {
			d.TTL, d.Source = ttl, FromEnvironment
		}
		if s, ok := stored[f.Name]; ok {
			d.TTL, d.Source, d.Setting = s.TTL, FromSetting, &s
		}
		d.TTL = min(max(d.TTL, f.Min), f.Max)
		out = append(out, d)
	}
	return out
}

// TTLsOf returns what was decided, by family.
func TTLsOf(decisions []Decision) TTLs {
	out := TTLs{}
	for _, d := range decisions {
		out[d.Family.Name] = d.TTL
	}
	return out
}

// ParseTTL reads a number of seconds, such as 300 or 0.5, or a duration such as 5m, to the millisecond.
func ParseTTL(text string) (time.Duration, bool) {
	seconds, err := strconv.ParseFloat(text, 64)
	if err == nil {
		return FromSeconds(seconds)
	}
	d, err := time.ParseDuration(text)
	d = d.Round(time.Millisecond)
	return d, err == nil && d > 0
}

// maxSeconds is more than any family allows and far less than a duration can hold.
const maxSeconds = 1e9

// FromSeconds makes a duration, to the millisecond. It is false for what is no number, too short or far too long.
func FromSeconds(seconds float64) (time.Duration, bool) {
	if !(seconds > 0 && seconds <= maxSeconds) {
		return 0, false
	}
	d := time.Duration(seconds * float64(time.Second)).Round(time.Millisecond)
	return d, d > 0
}

// ScopeOf reads what to clear: patterns such as "content:*", or the single pattern "*" for everything, and a tag such as
// "exam:<id>", of which one may be missing. No families are all of them. ErrUnknownPattern, ErrNothingNamed, and
// ErrInvalidTag.
func ScopeOf(patterns []string, tag string) ([]Family, error) {
	if len(patterns) == 0 && tag == "" {
		return nil, ErrNothingNamed
	}
	if err := checkTag(tag); err != nil {
		return nil, err
	}
	if len(patterns) == 1 && patterns[0] == Everything {
		return nil, nil
	}
	return OfPatterns("pattern", patterns)
}

// Everything is the pattern of all keys.
const Everything = "*"

// OfPatterns returns the families of patterns, each once; ErrUnknownPattern names the field that held each wrong one.
func OfPatterns(field string, patterns []string) ([]Family, error) {
	var (
		out   []Family
		wrong []fault.Field
		seen  = map[string]bool{}
	)
	for _, p := range patterns {
		f, err := OfPattern(p)
		switch {
		case err != nil:
			wrong = append(wrong, fault.Field{Name: field, Code: "unknown", Detail: "There is no family " + strconv.Quote(excerpt(p)) + "; there are " + known() + "."})
		case !seen[f.Name]:
			seen[f.Name] = true
			out = append(out, f)
		}
	}
	if len(wrong) > 0 {
		return nil, ErrUnknownPattern.WithFields(wrong...)
	}
	return out, nil
}

// PatternsOf returns the families of patterns, each once, or all of them for the single pattern "*"; and the patterns that
// name none, each once, as much of them as is shown.
func PatternsOf(patterns []string) (families []Family, unknown []string) {
	if len(patterns) == 1 && patterns[0] == Everything {
		return Families(), nil
	}
	for _, p := range patterns {
		f, err := OfPattern(p)
		switch {
		case err != nil && !slices.Contains(unknown, excerpt(p)):
			unknown = append(unknown, excerpt(p))
		case err == nil && !slices.ContainsFunc(families, func(g Family) bool { return g.Name == f.Name }):
			families = append(families, f)
		}
	}
	return families, unknown
}

// UnknownNote says of a pattern that it names no family, and what there is.
func UnknownNote() string { return "unknown: there is no such family; there are " + known() + "." }

// maxTag bounds the name of a tag; maxShown how much of a wrong pattern is repeated. Both in bytes.
const (
	maxTag   = 200
	maxShown = 40
)

func excerpt(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxShown)], "") }

func known() string {
	var names []string
	for _, f := range Families() {
		names = append(names, f.Pattern())
	}
	return strings.Join(names, ", ")
}

// checkTag returns ErrInvalidTag unless the tag names a kind of thing and one of that kind, or is empty.
func checkTag(tag string) error {
	kind, name, _ := strings.Cut(tag, ":")
	if tag == "" || (kind != "" && name != "" && len(tag) <= maxTag) {
		return nil
	}
	return ErrInvalidTag.WithFields(fault.Field{Name: "tag", Code: "format", Detail: "A tag names a kind and one of that kind, such as exam:0190f5c2-…."})
}
