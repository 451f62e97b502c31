package exam

import "time"

// Full-length section times of the real test. Shorter forms get the same time per item.
const (
	FullListeningTime = 45 * time.Minute
	FullReadingTime   = 75 * time.Minute
	FullSectionItems  = 100
	MaxNumber         = 2 * FullSectionItems // the highest item number
)

// Span is the run of consecutive item numbers that one part occupies.
type Span struct {
	Part  Part `json:"part"`
	First int  `json:"first"`
	Count int  `json:"count"`
}

// Has reports whether item n lies in the span.
func (s Span) Has(n int) bool { return n >= s.First && n < s.First+s.Count }

// Outline is what can be known of a form without seeing an item: its parts and their numbers.
type Outline []Span

// Outline returns the form's outline.
func (f Form) Outline() Outline {
	out := make(Outline, 0, len(f.Parts))
	next := 1
	for _, p := range f.Parts {
		n := p.QuestionCount()
		out = append(out, Span{Part: p.Number, First: next, Count: n})
		next += n
	}
	return out
}

// PartOf returns the part to which item n belongs; false when there is no such item.
func (o Outline) PartOf(n int) (Part, bool) {
	for _, s := range o {
		if s.Has(n) {
			return s.Part, true
		}
	}
	return 0, false
}

// Only keeps the given parts; nil parts keeps all.
func (o Outline) Only(parts []Part) Outline {
	if len(parts) == 0 {
		return o
	}
	var out Outline
	for _, s := range o {
		for _, p := range parts {
			if s.Part == p {
				out = append(out, s)
				break
			}
		}
	}
	return out
}

// HasPart reports whether the outline contains part p.
func (o Outline) HasPart(p Part) bool {
	for _, s := range o {
		if s.Part == p {
			return true
		}
	}
	return false
}

// Count is the number of items, in one section or, for "", in all.
func (o Outline) Count(section Section) int {
	n := 0
	for _, s := range o {
		if section == "" || s.Part.Section() == section {
			n += s.Count
		}
	}
	return n
}

// Time is what the real test would allow for the section's items, in whole seconds, rounded up:
// 27 s a Listening item and 45 s a Reading item, which is 45 and 75 minutes for a full form.
func (o Outline) Time(section Section) time.Duration {
	whole := FullReadingTime
	if section == Listening {
		whole = FullListeningTime
	}
	d := whole * time.Duration(o.Count(section)) / FullSectionItems
	return (d + time.Second - 1).Truncate(time.Second)
}
