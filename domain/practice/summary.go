package practice

import "github.com/toeic-app/toeic/domain/exam"

// Tally counts questions.
type Tally struct {
	Total    int
	Answered int
	Correct  int
}

func (t *Tally) add(m Mark) {
	t.Total++
	if m.Answered {
		t.Answered++
	}
	if m.Correct {
		t.Correct++
	}
}

// Mark is one question of a set, judged.
type Mark struct {
	Part     exam.Part
	Ability  exam.Ability
	Answered bool
	Correct  bool
}

// PartTally is the tally of one part.
type PartTally struct {
	Part exam.Part
	Tally
}

// AbilityTally is the tally of one ability.
type AbilityTally struct {
	Ability exam.Ability
	Tally
}

// Summary is the outcome of a set. It has no score: a set is no form.
type Summary struct {
	Tally
	Parts     []PartTally    // those of the set, in test order
	Abilities []AbilityTally // those of the set, in report order
}

// Summarise counts the questions of a set.
func Summarise(marks []Mark) Summary {
	var out Summary
	parts, abilities := map[exam.Part]*Tally{}, map[exam.Ability]*Tally{}
	for _, m := range marks {
		if parts[m.Part] == nil {
			parts[m.Part] = new(Tally)
		}
		if abilities[m.Ability] == nil {
			abilities[m.Ability] = new(Tally)
		}
		out.add(m)
		parts[m.Part].add(m)
		abilities[m.Ability].add(m)
	}
	for _, p := range exam.Parts() {
		if t := parts[p]; t != nil {
			out.Parts = append(out.Parts, PartTally{p, *t})
		}
	}
	for _, a := range exam.Abilities() {
		if t := abilities[a]; t != nil {
			out.Abilities = append(out.Abilities, AbilityTally{a, *t})
		}
	}
	return out
}
